"""« SMS à diffuser »: what waits for a person, who releases or deletes it."""

from aiohttp import web

from gateway.caller import Scope
from gateway.web.console.lists import SORTS, listing
from gateway.web.console.visit import Page, Visit

_HELD = {"status": "held"}


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/a-diffuser``; ``tout=1``: all boxes are ticked, for who has no script."""
    found = await listing(visit, "/v1/messages", _HELD, {})
    ticked = visit.request.query.get("tout") == "1"
    return visit.render("a_diffuser.html", found=found, sorts=SORTS, ticked=ticked, release=visit.may(Scope.RELEASE))


async def act(visit: Visit) -> web.StreamResponse:
    """``POST /console/a-diffuser``: release or delete those that are ticked, or all that wait."""
    wanted = visit.form.get("all") or visit.form.get("deed")
    deed, path = ("diffuses", "release") if wanted == "release" else ("supprimes", "cancel")
    ids = [str(one) for one in visit.fields.get("id", [])]
    if visit.form.get("all"):
        expected = str(visit.form.get("expected", ""))
        body = {"filter": _HELD, "expected_count": int(expected) if expected.isdigit() else 0}
    elif ids:
        body = {"ids": ids}
    else:
        return visit.go("/a-diffuser", "aucun-choisi")
    done = await visit.ask("POST", f"/v1/messages/{path}", body=body)
    return visit.go("/a-diffuser", deed, done["done"])


PAGES: tuple[Page, ...] = (
    Page("GET", "/a-diffuser", show, frozenset({Scope.READ}), menu="SMS à diffuser", group="Envoi aux familles"),
    Page("POST", "/a-diffuser", act, frozenset({Scope.RELEASE, Scope.SEND}), max_bytes=2 * 1024 * 1024),
)
