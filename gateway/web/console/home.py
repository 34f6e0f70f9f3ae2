"""Accueil: what waits, at a glance, and the way to it."""

from aiohttp import web

from gateway.caller import Scope
from gateway.web.console.visit import Page, Visit

#: A tile: its words, the states it counts, the page it leads to.
_TILES = (
    ("SMS à diffuser", "held", "a-diffuser"),
    ("SMS à suivre", "pending", "suivi"),
    ("SMS incertains", "uncertain", "suivi"),
)


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console``."""
    counts = []
    if visit.may(Scope.READ) and visit.caller.schools:
        for words, status, page in _TILES:
            query = {"status": status, "limit": "1", "count": "true"}
            found = await visit.ask("GET", "/v1/messages", query=query)
            counts.append((words, page, found["page"]["total"]))
    accounts = []
    if visit.may(Scope.READ, Scope.ACCOUNTS, Scope.OPERATE):
        accounts = (await visit.ask("GET", "/v1/accounts"))["data"]
    return visit.render("accueil.html", counts=counts, accounts=accounts)


PAGES: tuple[Page, ...] = (
    Page("GET", "", show, frozenset(Scope), menu="Accueil", group=""),
    Page("GET", "/", show, frozenset(Scope)),
)
