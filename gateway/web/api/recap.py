"""« Récapitulatif des SMS envoyés »: what was handed to a provider, oldest first, with the totals by mode."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import accounts, csvout, workbooks
from gateway.accounts import Viewer
from gateway.model import Uai
from gateway.registry import KnownSchool
from gateway.requests import Body
from gateway.store import labels
from gateway.store import recap as store
from gateway.store.recap import Totals
from gateway.store.selection import Order, Sort
from gateway.web.answers.accounts import Origins, Recap
from gateway.web.api.filters import Filters, ListQuery, order_of, read_cursor, selection
from gateway.web.api.lists import READ, cut, known_school, total_view
from gateway.web.api.views import masked
from gateway.web.files import exported, stream, workbook
from gateway.web.route import Call, Reply, Route

OLDEST_SENT = Order(Sort.SENT)


class OriginsQuery(Body):
    """Of which school."""

    school: Uai | None = None


class RecapFile(Filters):
    """Filters of a recap written as a file."""

    dialect: csvout.Dialect = "excel-fr"


def _viewer(call: Call, school: KnownSchool) -> Viewer:
    return Viewer(school.zone, call.parts.registry, masked(call.caller))


async def recap(call: Call) -> Reply:
    """``GET /v1/recap``: a page of rows; the totals are those of the whole selection."""
    query: ListQuery = call.query
    school = known_school(call.parts.registry, call.caller, query.school)
    wanted = selection(query, school, call.caller, submitted=True)
    order = order_of(query.sort, OLDEST_SENT)
    after = read_cursor(query.cursor, wanted, order)

    async def question(conn: AsyncConnection) -> tuple[Sequence[Any], Totals]:
        found = await labels.resolved(conn, wanted)
        rows = await store.page(conn, found, order, after, query.limit + 1, school.zone)
        return rows, await store.totals(conn, found, school.zone)

    rows, totals = await call.parts.store.read(question)
    counted = (totals.messages, totals.at_least)
    rows, page = cut(rows, counted if query.count else None, wanted, order, query)
    viewer = _viewer(call, school)
    return Reply(
        {
            "data": [accounts.recap_view(row, viewer) for row in rows],
            "totals_by_mode": accounts.totals_by_mode(totals.parts),
            "totals_are": total_view(counted)["total_is"],
            **accounts.recap_cost(totals, call.parts.registry.settings.defaults.letter_price),
            "page": page,
        }
    )


async def origins(call: Call) -> Reply:
    """``GET /v1/origins``: of who sees only their own messages, their own."""
    school = known_school(call.parts.registry, call.caller, call.query.school)
    own = call.caller.person if call.caller.own_only else None
    users, workstations = await call.parts.store.read(lambda conn: store.origins(conn, school.uai, own))
    return Reply({"users": users, "workstations": workstations})


async def recap_csv(call: Call) -> web.StreamResponse:
    """``GET /v1/recap.csv``: the whole selection, sent as it is read."""
    query: RecapFile = call.query
    school = known_school(call.parts.registry, call.caller, query.school)
    wanted = selection(query, school, call.caller, submitted=True)
    await exported(call, "récapitulatif (CSV)", school.uai)
    pieces = accounts.recap_csv(call.parts.store, wanted, _viewer(call, school), query.dialect)
    return await stream(call, f"recapitulatif-{school.uai}.csv", pieces)


async def recap_xlsx(call: Call) -> web.StreamResponse:
    """``GET /v1/recap.xlsx``: the whole selection as a workbook."""
    school = known_school(call.parts.registry, call.caller, call.query.school)
    wanted = selection(call.query, school, call.caller, submitted=True)
    await exported(call, "récapitulatif (XLSX)", school.uai)

    async def write(file: Path) -> None:
        await workbooks.recap(call.parts.store, wanted, _viewer(call, school), file)

    return await workbook(call, f"recapitulatif-{school.uai}.xlsx", write)


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/recap", recap, READ, "Le récapitulatif des SMS envoyés, avec les totaux par mode d'envoi"),
        query=ListQuery,
        answer=Recap,
        tag="accounts",
        problems=("invalid_cursor", "school_required"),
    ),
    Route(
        *("GET", "/v1/origins", origins, READ, "Les utilisateurs et les postes qui figurent au récapitulatif"),
        query=OriginsQuery,
        answer=Origins,
        tag="accounts",
        problems=("school_required",),
    ),
    Route(
        *("GET", "/v1/recap.csv", recap_csv, READ, "Le récapitulatif, pour tableur"),
        query=RecapFile,
        tag="accounts",
        problems=("school_required",),
    ),
    Route(
        *("GET", "/v1/recap.xlsx", recap_xlsx, READ, "Le récapitulatif, en classeur"),
        query=Filters,
        tag="accounts",
        problems=("school_required", "too_many_rows"),
    ),
)
