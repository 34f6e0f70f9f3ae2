"""« Réponses »: what telephones wrote, and the events that nobody answered in time."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from gateway.caller import Scope
from gateway.problem import Problem
from gateway.web.console.visit import Page, Visit

_READ = frozenset({Scope.READ})

#: What a message from a telephone is, in French.
KINDS: Mapping[str, str] = {
    "reply": "Réponse",
    "stop": "STOP",
    "start": "START",
    "message": "Message",
    "unattached": "À personne",
}

_FILTERS = ("kind", "number", "from", "to", "message", "cursor")


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/reponses``."""
    asked = {name: visit.request.query.get(name, "") for name in (*_FILTERS, "unattached")}
    given = {name: value for name, value in asked.items() if value}
    every = _sees_all(visit)
    if not every:
        given.pop("unattached", None)
    problem = None
    try:
        query = {**given, "limit": "100", "count": "true"}
        found = await visit.ask("GET", "/v1/inbound", query=query, everywhere="unattached" in given)
    except Problem as wrong:
        if wrong.status not in (400, 422):
            raise
        problem, found = wrong, {"data": [], "page": {"next_cursor": None, "total": 0}}
    values: dict[str, Any] = {"rows": found["data"], "page": found["page"], "asked": asked, "problem": problem}
    return visit.render("reponses.html", problem.status if problem else 200, **values, kinds=KINDS, every=every)


def _sees_all(visit: Visit) -> bool:
    """Whether the person may see what is nobody's: those of every school, who see what others sent."""
    known = visit.parts.registry.schools()
    return len(visit.schools()) == len(known) and not visit.caller.own_only


async def overdue(visit: Visit) -> web.StreamResponse:
    """``GET /console/reponses/retard``: of one action that has a « délai de réponse »."""
    actions = [one for one in (await visit.ask("GET", "/v1/actions"))["data"] if one["response_delay_days"]]
    codes = [one["code"] for one in actions]
    asked = visit.request.query.get("action", "")
    code = asked if asked in codes else next(iter(codes), "")
    found: Any = {"data": [], "page": {"next_cursor": None, "total": 0}}
    if code:
        cursor = visit.request.query.get("cursor", "")
        query = {"limit": "100", "count": "true", **({"cursor": cursor} if cursor else {})}
        found = await visit.ask("GET", "/v1/actions/{code}/overdue", code, query=query)
    mark = visit.may(Scope.SEND)
    values = {"rows": found["data"], "page": found["page"], "actions": actions, "action": code, "mark": mark}
    values["noted"] = visit.request.query.get("evenement", "") if mark else ""
    return visit.render("retard.html", **values)


async def answered(visit: Visit) -> web.StreamResponse:
    """``POST /console/reponses/retard``: « Marquer comme répondu »."""
    by = str(visit.form.get("by", "")).strip() or None
    await visit.ask("POST", "/v1/events/{id}/answered", str(visit.form.get("event", "")), body={"by": by})
    return _back(visit, "repondu")


async def take_back(visit: Visit) -> web.StreamResponse:
    """``POST /console/reponses/reprendre``: « répondu » was wrong."""
    await visit.ask("DELETE", "/v1/events/{id}/answered", str(visit.form.get("event", "")))
    return _back(visit, "repris-en-attente")


def _back(visit: Visit, done: str) -> web.StreamResponse:
    """To the report or the list where it was noted; the list offers to take it back."""
    form = {name: str(visit.form.get(name, "")) for name in ("message", "action", "event")}
    if re.fullmatch(r"msg_[0-9A-Z]{26}", form["message"]):
        return visit.go(f"/messages/{form['message']}", done)
    words = {"action": form["action"]} if visit.parts.registry.action(form["action"]) else {}
    words |= {"evenement": form["event"]} if done == "repondu" else {}
    return visit.go(f"/reponses/retard?{urlencode(words)}", done)


PAGES: tuple[Page, ...] = (
    Page("GET", "/reponses", show, _READ, menu="Réponses", group="Envoi aux familles"),
    Page("GET", "/reponses/retard", overdue, _READ),
    Page("POST", "/reponses/retard", answered, frozenset({Scope.SEND})),
    Page("POST", "/reponses/reprendre", take_back, frozenset({Scope.SEND})),
)
