"""The fixtures of the console too: attackers come by both ways."""

import pytest

from gateway.web.console import signin
from gateway.web.console.signing import Attempts
from tests.web.console.conftest import browser, people

__all__ = ["browser", "people"]


@pytest.fixture(autouse=True)
def forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong passwords of other tests, at the same instant and from the same address, do not count."""
    monkeypatch.setattr(signin, "_attempts", Attempts())
