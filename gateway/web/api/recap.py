"""« Récapitulatif des SMS envoyés »: what was handed to a provider, oldest first, with the totals by mode."""

from contextlib import suppress

from aiohttp import web

from gateway import accounts, csvout
from gateway.accounts import Viewer
from gateway.registry import KnownSchool
from gateway.store.selection import Order, Sort
from gateway.web.answers.accounts import Recap
from gateway.web.api.filters import Filters, ListQuery, order_of, selection
from gateway.web.api.lists import READ, csv_headers, known_school, read_page
from gateway.web.api.views import masked
from gateway.web.route import Call, Reply, Route

OLDEST_SENT = Order(Sort.SENT)


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
    rows, page = await read_page(call, wanted, order_of(query.sort, OLDEST_SENT), query, total=query.count)
    totals = await call.parts.store.read(lambda conn: accounts.totals_by_mode(conn, wanted))
    viewer = _viewer(call, school)
    return Reply({"data": [accounts.recap_view(row, viewer) for row in rows], "totals_by_mode": totals, "page": page})


async def recap_csv(call: Call) -> web.StreamResponse:
    """``GET /v1/recap.csv``: the whole selection, sent as it is read."""
    query: RecapFile = call.query
    school = known_school(call.parts.registry, call.caller, query.school)
    wanted = selection(query, school, call.caller, submitted=True)
    pieces = accounts.recap_csv(call.parts.store, wanted, _viewer(call, school), query.dialect)
    # The first piece is made before anything is answered, so that a store in trouble is still a problem.
    first = await anext(pieces)
    headers = csv_headers(f"recapitulatif-{school.uai}.csv")
    if call.request.method == "HEAD":
        return web.Response(headers=headers)
    response = web.StreamResponse(headers=headers)
    await response.prepare(call.request)
    with suppress(ConnectionError):  # the reader has gone: nobody is left to be told
        await response.write(first)
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    return response


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/recap", recap, READ, "Le récapitulatif des SMS envoyés, avec les totaux par mode d'envoi"),
        query=ListQuery,
        answer=Recap,
        tag="accounts",
        problems=("invalid_cursor", "school_required"),
    ),
    Route(
        *("GET", "/v1/recap.csv", recap_csv, READ, "Le récapitulatif, pour tableur"),
        query=RecapFile,
        tag="accounts",
        problems=("school_required",),
    ),
)
