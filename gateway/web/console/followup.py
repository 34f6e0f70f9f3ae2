"""« Suivi des SMS »: what became of each message, in tabs, and the « rapport d'envoi » of one."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from gateway.caller import Scope
from gateway.problem import Problem
from gateway.web.console.lists import SORTS, listing
from gateway.web.console.visit import Page, Visit

READ = frozenset({Scope.READ})

#: Tab -> its words, the states in it; without states: a page of its own.
TABS: Mapping[str, tuple[str, str]] = {
    "suivi": ("Suivi des SMS", "pending"),
    "delivres": ("SMS délivrés", "delivered"),
    "non-remis": ("SMS invalides ou non remis", "invalid,undelivered,expired,rejected,no_receipt"),
    "synthese": ("Synthèse", ""),
    "ignores": ("Destinataires ignorés", "ignored,cancelled"),
}


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/suivi``: « Mettre à jour » asks the same page again, without a reload where scripts run."""
    asked = visit.request.query
    tab = asked.get("onglet", "suivi")
    words, states = TABS.get(tab, TABS["suivi"])
    if not states:
        return visit.go(f"/{tab}")
    kept = {name: value for name in ("onglet", "batch", "event") if (value := asked.get(name, ""))}
    query: dict[str, str] = {name: kept[name] for name in ("batch", "event") if name in kept}
    if "event" in kept and "onglet" not in kept:
        tab, words = "", "Historique des actions"
    else:
        query["status"] = states
    found = await listing(visit, "/v1/messages", query, kept)
    columns = {**SORTS, "État de diffusion": "status"}
    batch = await group(visit, kept.get("batch", ""))
    only = {name: value for name, value in kept.items() if name != "onglet"}
    also = f"&{urlencode(only)}" if only else ""
    values: dict[str, Any] = {"found": found, "sorts": columns, "tabs": TABS, "tab": tab, "words": words}
    return visit.render("suivi.html", **values, batch=batch, also=also)


async def group(visit: Visit, batch: str) -> Any:
    """A group send, with the criteria of its selection in words; None when nobody asked for one, or there is none."""
    if not batch:
        return None
    try:
        found = await visit.ask("GET", "/v1/batches/{id}", batch)
    except Problem as problem:
        if problem.code != "not_found":
            raise
        return None
    return {**found, "criteria": list(_criteria(found["selection"] or {}))}


def _criteria(selection: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """What an application chose by, in its own words: « 2024-2025, classe », « 6A, 6B »."""
    for name, value in selection.items():
        words = f"{within}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            yield from _criteria(value, f"{words}, ")
        elif value not in (None, "", []):
            yield words, _said(value)


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    return {True: "oui", False: "non"}[value] if isinstance(value, bool) else str(value)


async def report(visit: Visit) -> web.StreamResponse:
    """``GET /console/messages/{id}``: the « rapport d'envoi », to print too."""
    found = await visit.ask("GET", "/v1/messages/{id}/report", visit.request.match_info["id"])
    return visit.render(
        "rapport.html",
        report=found,
        message=found["message"],
        resend=visit.may(Scope.RELEASE),
        mark=visit.may(Scope.SEND),
    )


async def resend(visit: Visit) -> web.StreamResponse:
    """``POST /console/messages/{id}/renvoyer``: an uncertain one once more."""
    message = visit.request.match_info["id"]
    done = await visit.ask("POST", "/v1/messages/resend", body={"ids": [message]})
    return visit.go(f"/messages/{message}", "renvoyes" if done["done"] else "rien-renvoye", done["done"])


PAGES: tuple[Page, ...] = (
    Page("GET", "/suivi", show, READ, menu="Suivi des SMS", group="Envoi aux familles"),
    Page("GET", "/messages/{id}", report, READ, within="/suivi"),
    Page("POST", "/messages/{id}/renvoyer", resend, frozenset({Scope.RELEASE}), within="/suivi"),
)
