"""« Récapitulatif des SMS envoyés »: what was handed to providers, its totals by mode, and the file of it."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from urllib.parse import urlencode

from aiohttp import web

from gateway.caller import Scope
from gateway.french import MODE_WORDS
from gateway.periods import local, year_of
from gateway.states import FRENCH, Status
from gateway.web.console.followup import group
from gateway.web.console.lists import listing
from gateway.web.console.visit import Page, Visit

READ = frozenset({Scope.READ})

#: The filters of the form, then those that other pages come with.
FILTERS = ("from", "to", "user", "workstation", "number", "status", "action", "label", "mode", "batch", "event")

#: The states that something handed over may be in.
STATES = {
    status.value: FRENCH[status]
    for status in (
        *(Status.DELIVERED, Status.IN_TRANSIT, Status.UNCERTAIN, Status.NO_RECEIPT),
        *(Status.UNDELIVERED, Status.INVALID, Status.EXPIRED, Status.REJECTED),
    )
}


def _asked(visit: Visit) -> Mapping[str, str]:
    """The filters of the address; of a page that is opened without any, the school year from its beginning."""
    given = visit.request.query
    if not given:
        today = local(visit.parts.clock(), visit.school.zone).date()
        return {"from": f"{year_of(today, school_year=True)}-09-01"}
    return {name: value for name in FILTERS if (value := given.get(name, "").strip())}


def _told(visit: Visit, kept: Mapping[str, str]) -> list[str]:
    """The filters in words, for a printed page."""
    words = {
        **{"from": "du", "to": "au", "user": "utilisateur", "workstation": "poste", "number": "n°"},
        **{"label": "destinataire", "status": "état", "action": "action", "mode": "mode", "batch": "envoi groupé"},
        "event": "évènement",
    }
    known: Mapping[str, Callable[[str], str | None]] = {
        "status": STATES.get,
        "mode": MODE_WORDS.get,
        "action": visit.action_label,
    }
    shown = {name: (known.get(name, str)(value) or value) for name, value in kept.items()}
    days = {name: "/".join(reversed(value.split("-"))) for name, value in shown.items() if name in ("from", "to")}
    return [f"{words[name]} {value}" for name, value in {**shown, **days}.items()]


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/recapitulatif``: oldest first, as sent."""
    kept = _asked(visit)
    found = await listing(visit, "/v1/recap", kept, kept)
    return visit.render(
        "recapitulatif.html",
        found=found,
        asked={name: kept.get(name, "") for name in FILTERS},
        origins=await visit.ask("GET", "/v1/origins"),
        actions=(await visit.ask("GET", "/v1/actions"))["data"],
        states=STATES,
        modes=MODE_WORDS,
        told=_told(visit, kept),
        batch=await group(visit, kept.get("batch", "")),
        totals=found.whole["totals_by_mode"],
        whole=found.whole,
        at_least=found.whole["totals_are"] == "at_least",
        file=urlencode(kept),
    )


async def download(visit: Visit) -> web.StreamResponse:
    """``GET /console/recapitulatif.csv`` and ``.xlsx``: the whole selection for a spreadsheet."""
    return await visit.file(f"/v1/recap{PurePosixPath(visit.request.path).suffix}", query=_asked(visit))


PAGES: tuple[Page, ...] = (
    Page("GET", "/recapitulatif", show, READ, menu="Récapitulatif", group="Comptes"),
    Page("GET", "/recapitulatif.csv", download, READ),
    Page("GET", "/recapitulatif.xlsx", download, READ),
)
