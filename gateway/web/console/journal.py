"""Journal: who did what, when, from where."""

from aiohttp import web

from gateway.caller import Scope
from gateway.french import ACTS
from gateway.web.console.visit import Page, Visit

_FILTERS = ("actor", "act", "from", "to", "cursor")


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/journal``."""
    asked = {name: visit.request.query.get(name, "") for name in _FILTERS}
    given = {name: value for name, value in asked.items() if value}
    found = await visit.ask("GET", "/v1/audit", query={**given, "limit": "50"}, everywhere=True)
    return visit.render("journal.html", acts=found["data"], page=found["page"], asked=asked, kinds=ACTS)


PAGES: tuple[Page, ...] = (
    Page("GET", "/journal", show, frozenset({Scope.ADMIN}), menu="Journal", group="Administration"),
)
