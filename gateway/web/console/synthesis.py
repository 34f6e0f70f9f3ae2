"""« Synthèse des SMS envoyés »: a year by month and action, each month's statement, and its closing."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from gateway.caller import Scope
from gateway.french import SHORT_MONTHS
from gateway.web.console.chart import FOOT, HEIGHT, TOP, WIDTH, bars
from gateway.web.console.followup import TABS
from gateway.web.console.visit import Page, Visit

SEE = frozenset({Scope.READ, Scope.ACCOUNTS})
SIGN = frozenset({Scope.ACCOUNTS})

#: The state of a month -> its words.
STATES = {"closed": "clos", "over": "à clore", "current": "en cours", "to_come": "à venir"}


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/synthese``; ``year``, and ``school_year=true`` for 1 September to 31 August."""
    asked = {name: value for name in ("year", "school_year") if (value := visit.request.query.get(name, ""))}
    view = await visit.ask("GET", "/v1/synthesis", query=asked)
    months = (await visit.ask("GET", "/v1/months", query=asked))["data"]
    return visit.render(
        "synthese.html",
        view=view,
        months=[(month, _rows(view, month["month"]), _total(view, month["month"])) for month in months],
        states=STATES,
        tabs=TABS,
        bars=bars([_bar(view, month) for month in months]),
        size=(WIDTH, HEIGHT, TOP, FOOT),
        drill=drill if visit.may(Scope.READ) else None,
        year_of=lambda step: urlencode(_year(view, view["year"] + step)),
        other=urlencode(
            {"year": view["year"]} if view["school_year"] else {"year": view["year"], "school_year": "true"}
        ),
        file=urlencode(_year(view, view["year"])) if visit.may(Scope.ACCOUNTS) else None,
    )


def _year(view: Mapping[str, Any], year: int) -> dict[str, str]:
    return {"year": str(year)} | ({"school_year": "true"} if view["school_year"] else {})


def _rows(view: Mapping[str, Any], month: str) -> list[Any]:
    return [row for row in view["rows"] if row["month"] == month]


def _total(view: Mapping[str, Any], month: str) -> Any:
    return next((total for total in view["months"] if total["month"] == month), None)


def _bar(view: Mapping[str, Any], month: Mapping[str, Any]) -> tuple[str, str, int, int]:
    total = _total(view, month["month"]) or {"delivered": 0, "total": 0}
    return SHORT_MONTHS[int(month["month"][5:]) - 1], month["label"], total["delivered"], total["total"]


def drill(month: str, action: str = "", status: str = "") -> str:
    """The address's words of the recap of a month, an action, a state."""
    last = monthrange(int(month[:4]), int(month[5:]))[1]
    words = {"from": f"{month}-01", "to": f"{month}-{last:02}", "action": action, "status": status}
    return urlencode({name: value for name, value in words.items() if value})


async def download(visit: Visit) -> web.StreamResponse:
    """``GET /console/synthese.csv`` and ``.xlsx``."""
    asked = {name: value for name in ("year", "school_year") if (value := visit.request.query.get(name, ""))}
    return await visit.file(f"/v1/synthesis{PurePosixPath(visit.request.path).suffix}", query=asked)


# ---- a month ----


async def month(visit: Visit) -> web.StreamResponse:
    """``GET /console/mois/{month}``: its statement, as it is now or as it was signed, to print too."""
    found = await visit.ask("GET", "/v1/months/{month}", visit.request.match_info["month"])
    listed = await visit.ask("GET", "/v1/months", query={"year": found["month"][:4]})
    state = next(one["state"] for one in listed["data"] if one["month"] == found["month"])
    return visit.render(
        "mois.html",
        month=found,
        state=state,
        states=STATES,
        detail=drill(found["month"]) if visit.may(Scope.READ) else "",
        ledger=visit.may(Scope.ACCOUNTS),
        rows=_ordered(found["actions"]),
        drill=drill if visit.may(Scope.READ) else None,
        sign=visit.may(Scope.ACCOUNTS) and state == "over",
    )


def _ordered(actions: Sequence[Any]) -> list[tuple[str | None, list[Any]]]:
    """The month's own, then what regularises each closed month."""
    mine = sorted(actions, key=lambda row: row["regularises"] or "")
    return [(of_month, list(rows)) for of_month, rows in groupby(mine, key=lambda row: row["regularises"])]


async def ledger(visit: Visit) -> web.StreamResponse:
    """``GET /console/mois/{month}/registre.csv`` and ``.xlsx``: every line of the ledger."""
    suffix = PurePosixPath(visit.request.path).suffix
    return await visit.file(f"/v1/months/{{month}}/ledger{suffix}", visit.request.match_info["month"])


async def close(visit: Visit) -> web.StreamResponse:
    """``POST /console/mois/{month}/clore``, once the box that says what it means is ticked."""
    name = visit.request.match_info["month"]
    if visit.form.get("sure") != "yes":
        return visit.go(f"/mois/{name}", "a-confirmer")
    await visit.ask("POST", "/v1/months/{month}/close", name)
    return visit.go(f"/mois/{name}", "mois-clos")


PAGES: tuple[Page, ...] = (
    Page("GET", "/synthese", show, SEE, menu="Synthèse", group="Comptes"),
    Page("GET", "/synthese.csv", download, SIGN),
    Page("GET", "/synthese.xlsx", download, SIGN),
    Page("GET", "/mois/{month}", month, SEE, within="/synthese"),
    Page("GET", "/mois/{month}/registre.csv", ledger, SIGN, within="/synthese"),
    Page("GET", "/mois/{month}/registre.xlsx", ledger, SIGN, within="/synthese"),
    Page("POST", "/mois/{month}/clore", close, SIGN, within="/synthese"),
)
