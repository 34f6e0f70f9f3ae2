"""« Suivi des SMS »: what became of each message, in tabs, and the « rapport d'envoi » of one."""

from collections.abc import Mapping

from aiohttp import web

from gateway.caller import Scope
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
    query = {"status": states} | {name: kept[name] for name in ("batch", "event") if name in kept}
    found = await listing(visit, "/v1/messages", query, kept)
    columns = {**SORTS, "État de diffusion": "status"}
    return visit.render("suivi.html", found=found, sorts=columns, tabs=TABS, tab=tab, words=words)


async def report(visit: Visit) -> web.StreamResponse:
    """``GET /console/messages/{id}``: the « rapport d'envoi », to print too."""
    found = await visit.ask("GET", "/v1/messages/{id}/report", visit.request.match_info["id"])
    return visit.render("rapport.html", report=found, message=found["message"], resend=visit.may(Scope.RELEASE))


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
