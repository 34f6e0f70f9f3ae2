"""« Consentements »: what is known of one number, a file of them, and who opted out.

A number is asked for by a form, never by the address of a page, which browsers and proxies keep.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.caller import Scope
from gateway.problem import Problem
from gateway.web.api.consents import CSV
from gateway.web.console.visit import Page, Visit

_SEE = frozenset({Scope.READ, Scope.CONSENTS})
_CHANGE = frozenset({Scope.CONSENTS})

#: What a person may note -> the API's body.
_WISHES: Mapping[str, Mapping[str, bool | None]] = {
    "accord": {"consent": True},
    "refus": {"consent": False},
    "oubli": {"consent": None},
    "oppose": {"opted_out": True},
    "leve": {"opted_out": False},
}

#: What the history says of each change.
CHANGES = {
    "consent": "Accord",
    "refusal": "Refus",
    "forgotten": "Accord ou refus oublié",
    "opt_out": "Opposé aux SMS",
    "opt_in": "Opposition levée",
}

#: Sources that are ours, in French; others are shown as they were given.
SOURCES = {"mo_stop": "STOP reçu du téléphone", "mo_start": "START reçu du téléphone", "api": "application"}

#: Refused rows of an import that are shown.
_SHOWN = 500


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/consentements``."""
    return await _page(visit)


async def _page(visit: Visit, problem: Problem | None = None, **values: Any) -> web.Response:
    cursor = visit.request.query.get("cursor", "") if visit.request.method == "GET" else ""
    query = {"limit": "100", "count": "true", **({"cursor": cursor} if cursor else {})}
    found = await visit.ask("GET", "/v1/opt-outs", query=query)
    shown: dict[str, Any] = {"person": None, "number": "", "imported": None, "done": False, "refused": ()}
    return visit.render(
        "consentements.html",
        problem.status if problem else 200,
        **{**shown, **values},
        opt_outs=found["data"],
        page=found["page"],
        change=visit.may(Scope.CONSENTS),
        changes=CHANGES,
        sources=SOURCES,
        problem=problem,
    )


async def search(visit: Visit) -> web.StreamResponse:
    """``POST /console/consentements``: one number; with ``deed`` something is noted of it first."""
    number = str(visit.form.get("number", "")).strip()
    deed = str(visit.form.get("deed", ""))
    try:
        if deed in _WISHES:
            source = str(visit.form.get("source", "")).strip() or "console"
            body = {**_WISHES[deed], "source": source}
            person = await visit.ask("PUT", "/v1/consents/{number}", number, body=body)
        else:
            person = await visit.ask("GET", "/v1/consents/{number}", number)
    except Problem as problem:
        if problem.status != 422:
            raise
        return await _page(visit, problem, number=number)
    return await _page(visit, person=person, number=number, done=deed in _WISHES)


async def take(visit: Visit) -> web.StreamResponse:
    """``POST /console/consentements/import``: a CSV or XLSX file; what became of each row."""
    raw = visit.form.get("file")
    try:
        if not isinstance(raw, bytes) or not raw:
            raise Problem("malformed_body", "Choisissez d'abord un fichier CSV ou XLSX.")
        query = {"source": "import"}
        found = await visit.ask("POST", "/v1/consents/import", query=query, upload=(raw, CSV))
    except Problem as problem:
        return await _page(visit, problem)
    refused = [line for line in found["report"] if line["outcome"] == "refused"]
    return await _page(visit, imported=found, refused=refused[:_SHOWN])


PAGES: tuple[Page, ...] = (
    Page("GET", "/consentements", show, _SEE, menu="Consentements", group="Envoi aux familles"),
    Page("POST", "/consentements", search, _SEE),
    Page("POST", "/consentements/import", take, _CHANGE, max_bytes=16 * 1024 * 1024 + 65_536),
)
