"""« Effacer un numéro »: a person asks for it. First it is counted, then confirmed.

As on « Consentements », the number is asked for by a form, never by the address of a page.
"""

from typing import Any

from aiohttp import web

from gateway.caller import Scope
from gateway.problem import Problem
from gateway.web.console.visit import Page, Visit

_ADMIN = frozenset({Scope.ADMIN})


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/effacement``."""
    return _page(visit)


async def erase(visit: Visit) -> web.StreamResponse:
    """``POST /console/effacement``: what there is; with ``sure`` it is erased."""
    number, sure = str(visit.form.get("number", "")).strip(), "sure" in visit.form
    body = {"number": number, "dry_run": not sure}
    try:
        found = await visit.ask("POST", "/v1/persons/erase", body=body, everywhere=True)
    except Problem as problem:
        if problem.status != 422:
            raise
        return _page(visit, problem, number=number)
    names = {school.uai: school.name for school in visit.schools()}
    return _page(visit, number=number, found=found, names=names)


def _page(visit: Visit, problem: Problem | None = None, **values: Any) -> web.Response:
    shown: dict[str, Any] = {"number": "", "found": None, "names": {}}
    return visit.render("effacement.html", problem.status if problem else 200, problem=problem, **{**shown, **values})


PAGES: tuple[Page, ...] = (
    Page("GET", "/effacement", show, _ADMIN, menu="Effacer un numéro", group="Administration"),
    Page("POST", "/effacement", erase, _ADMIN),
)
