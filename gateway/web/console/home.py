"""Accueil: what one may do here, what waits, at a glance, and the way to it."""

from dataclasses import dataclass

from aiohttp import web

from gateway.caller import Scope
from gateway.periods import local
from gateway.web.console.visit import Page, Visit

#: A tile: its words, the states it counts, the page it leads to.
_TILES = (
    ("SMS à diffuser", "held", "a-diffuser"),
    ("SMS à suivre", "pending", "suivi"),
    ("SMS incertains", "uncertain", "suivi"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that one comes here for, the page where it is done, and what it is."""

    words: str
    path: str
    why: str


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console``."""
    counts, accounts, steps = [], [], list[Step]()
    if visit.may(Scope.SEND) and visit.caller.schools:
        steps.append(Step("Écrire aux familles", "/envoi", "Un SMS ou un envoi groupé, vérifié avant de partir."))
    if visit.may(Scope.READ) and visit.caller.schools:
        for words, status, page in _TILES:
            query = {"status": status, "limit": "1", "count": "true"}
            found = await visit.ask("GET", "/v1/messages", query=query)
            counts.append((words, page, found["page"]["total"]))
        steps.append(Step("Suivre les SMS", "/suivi", "Ce qui est délivré, ce qui ne l'est pas, et pourquoi."))
        steps += await _months(visit)
    if visit.may(Scope.READ, Scope.ACCOUNTS, Scope.OPERATE):
        accounts = (await visit.ask("GET", "/v1/accounts"))["data"]
    return visit.render("accueil.html", steps=steps, counts=counts, accounts=accounts)


async def _months(visit: Visit) -> list[Step]:
    """This month's statement, and each month that is over, in which something was sent, to be closed."""
    today = local(visit.parts.clock(), visit.school.zone).date()
    steps = list[Step]()
    for year in (today.year - 1, today.year) if visit.may(Scope.ACCOUNTS) else (today.year,):
        months = (await visit.ask("GET", "/v1/months", query={"year": year}))["data"]
        view = await visit.ask("GET", "/v1/synthesis", query={"year": year})
        sent = {month["month"] for month in view["months"] if month["total"]}
        for month in months:
            path = f"/mois/{month['month']}"
            if month["state"] == "current":
                steps.append(
                    Step("Exporter le mois", path, f"Le relevé de {month['label']}, ses fichiers, à imprimer.")
                )
            elif month["state"] == "over" and month["month"] in sent and visit.may(Scope.ACCOUNTS):
                steps.append(Step(f"Clore {month['label']}", path, "Ses chiffres ne bougeront plus."))
    return steps


PAGES: tuple[Page, ...] = (
    Page("GET", "", show, frozenset(Scope), menu="Accueil", group=""),
    Page("GET", "/", show, frozenset(Scope)),
)
