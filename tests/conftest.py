"""What all tests share; and ``--sealed``: the same tests with a key, by which every database is sealed at rest."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from gateway.sealing import Sealer
from gateway.store import database

# A machine that is busy with something else is no fault of the code.
settings.register_profile("vaguemestre", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vaguemestre")

SEALER = Sealer([b"s" * 32])


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--sealed``."""
    parser.addoption("--sealed", action="store_true", help="every database of this process is sealed by a key")


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module takes hold of what opens databases."""
    if config.getoption("sealed"):
        plain = database.open_store

        def sealed(url: str, metrics: Any = None, *, sealer: Sealer | None = None) -> Any:
            return plain(url, metrics, sealer=sealer or SEALER)

        database.open_store = sealed


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What looks for words in a file that is not sealed has nothing to look for."""
    if config.getoption("sealed"):
        items[:] = [item for item in items if item.get_closest_marker("unsealed") is None]
