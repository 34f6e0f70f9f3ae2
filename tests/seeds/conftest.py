"""The gateway and the browser of the tests of the web."""

from tests.web.conftest import gateway, parts, sealer
from tests.web.console.conftest import browser, people

__all__ = ["browser", "gateway", "parts", "people", "sealer"]
