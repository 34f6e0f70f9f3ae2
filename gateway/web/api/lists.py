"""Lists of messages, one message, batches: what was asked, where it is."""

from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import csvout, french
from gateway.accounts import pages
from gateway.caller import Caller, Scope
from gateway.problem import Problem
from gateway.registry import KnownSchool, Registry
from gateway.requests import Body
from gateway.states import FINAL, Status
from gateway.store import labels, reports
from gateway.store.selection import Order, Selection, Sort
from gateway.views import cost_view
from gateway.web.answers.messages import BatchView, IgnoredList, MessageList, MessageView
from gateway.web.api.filters import PENDING, ListQuery, Paging, order_of, read_cursor, selection, write_cursor
from gateway.web.api.views import masked, message_view, number_of, shown_label, shown_number, stamp
from gateway.web.files import headers
from gateway.web.route import Call, Reply, Route

READ = frozenset({Scope.READ})
NEWEST = Order(Sort.CREATED, descending=True)
OLDEST = Order(Sort.CREATED)
IGNORED_HEADINGS = {
    "excel-fr": ("Ligne", "Destinataire", "N° de téléphone", "Raison"),
    "rfc4180": ("row", "label", "number", "reason"),
}


class DialectQuery(Body):
    """How a file is written."""

    dialect: csvout.Dialect = "excel-fr"


# ---- whose it is ----


def known_school(registry: Registry, caller: Caller, asked: str | None) -> KnownSchool:
    """The school of a request. Raises ``school_forbidden``, ``school_required``, ``unknown_school``."""
    school = registry.school(caller.school(asked))
    if school is None:
        raise Problem("unknown_school", "Cet établissement n'est pas dans la configuration.")
    return school


def not_found(what: str) -> Problem:
    """Unknown, or another school's: the answer is the same."""
    return Problem("not_found", f"{what} de vos établissements ne porte cet identifiant.")


async def own_message(call: Call) -> Any:
    """The row of the message in the address. Raises ``not_found``."""
    ulid = number_of(call.path["id"], "msg")
    row = await call.parts.store.read(lambda conn: reports.find(conn, ulid)) if ulid else None
    if row is None or not call.caller.sees(row.school, row.user):
        raise not_found("Aucun message")
    return row


async def own_batch(call: Call) -> Any:
    """The row of the batch in the address. Raises ``not_found``."""
    ulid = number_of(call.path["id"], "bat")
    row = await call.parts.store.read(lambda conn: reports.find_batch(conn, ulid)) if ulid else None
    if row is None or not call.caller.sees(row.school, row.user):
        raise not_found("Aucun envoi groupé")
    return row


# ---- lists ----


async def read_page(
    call: Call, wanted: Selection, order: Order, paging: Paging, *, total: bool
) -> tuple[Sequence[Any], dict[str, Any]]:
    """The rows of one page and what ``page`` says of it."""
    after = read_cursor(paging.cursor, wanted, order)

    async def question(conn: AsyncConnection) -> tuple[Sequence[Any], tuple[int, bool] | None]:
        found = await labels.resolved(conn, wanted)
        rows = await reports.page(conn, found, order, after, paging.limit + 1)
        return rows, await reports.count(conn, found) if total else None

    return cut(*await call.parts.store.read(question), wanted, order, paging)


def cut(
    rows: Sequence[Any], found: tuple[int, bool] | None, wanted: Selection, order: Order, paging: Paging
) -> tuple[Sequence[Any], dict[str, Any]]:
    """One row more than a page has, cut to it, and what ``page`` says; ``found``: the total, and if there are more."""
    more = len(rows) > paging.limit
    rows = rows[: paging.limit]
    page = {"next_cursor": write_cursor(wanted, order, rows[-1]) if more else None, "limit": paging.limit}
    return rows, {**page, **total_view(found)}


def total_view(found: tuple[int, bool] | None) -> dict[str, Any]:
    """``total``, and ``total_is``: whether it is the whole."""
    if found is None:
        return {"total": None, "total_is": None}
    return {"total": found[0], "total_is": "at_least" if found[1] else "exact"}


async def _reply(call: Call, wanted: Selection, order: Order, query: ListQuery) -> Reply:
    total = query.count or wanted.statuses == {Status.HELD}
    rows, page = await read_page(call, wanted, order, query, total=total)
    zone = call.parts.registry.zone(wanted.school)
    hidden = masked(call.caller)
    return Reply({"data": [message_view(row, zone, masked=hidden) for row in rows], "page": page})


async def list_messages(call: Call) -> Reply:
    """``GET /v1/messages``: newest first; what is followed up (``pending``) with the uncertain first."""
    query: ListQuery = call.query
    wanted = selection(query, known_school(call.parts.registry, call.caller, query.school), call.caller)
    default = Order(Sort.STATUS) if PENDING in query.status else NEWEST
    return await _reply(call, wanted, order_of(query.sort, default), query)


async def list_event(call: Call) -> Reply:
    """``GET /v1/events/{id}/messages``: the history of an absence."""
    query: ListQuery = call.query
    school = known_school(call.parts.registry, call.caller, query.school)
    wanted = selection(query.model_copy(update={"event": call.path["id"]}), school, call.caller)
    return await _reply(call, wanted, order_of(query.sort, OLDEST), query)


async def list_batch(call: Call) -> Reply:
    """``GET /v1/batches/{id}/messages``."""
    batch = await own_batch(call)
    query: ListQuery = call.query
    if query.school not in (None, batch.school):
        raise not_found("Aucun envoi groupé")
    school = known_school(call.parts.registry, call.caller, batch.school)
    wanted = selection(query.model_copy(update={"batch": batch.ulid}), school, call.caller)
    return await _reply(call, wanted, order_of(query.sort, OLDEST), query)


async def show_message(call: Call) -> Reply:
    """``GET /v1/messages/{id}``."""
    row = await own_message(call)
    return Reply(message_view(row, call.parts.registry.zone(row.school), masked=masked(call.caller)))


# ---- batches ----


async def show_batch(call: Call) -> Reply:
    """``GET /v1/batches/{id}``: how many messages are in each state."""
    row = await own_batch(call)
    states = await call.parts.store.read(lambda conn: reports.batch_states(conn, row.id))
    return Reply(
        {
            "id": f"bat_{row.ulid}",
            "school": row.school,
            "action": row.action,
            "created_at": stamp(row.created_at, call.parts.registry.zone(row.school)),
            "recipients": row.recipients,
            "accepted": row.accepted,
            "ignored": row.ignored,
            "parts": row.parts,
            "cost": cost_view(row.amount),
            "counts": {status.value: number for status, number in states.items()},
            "pending": sum(number for status, number in states.items() if status not in FINAL),
            "selection": orjson.loads(row.selection) if row.selection else None,
        }
    )


async def list_ignored(call: Call) -> Reply:
    """``GET /v1/batches/{id}/ignored``: « Destinataires ignorés », each with its reason."""
    batch = await own_batch(call)
    rows, page = await read_page(call, _ignored(batch), OLDEST, call.query, total=call.query.count)
    return Reply({"data": [_ignored_view(row, masked(call.caller)) for row in rows], "page": page})


def _ignored(batch: Any) -> Selection:
    return Selection(batch.school, statuses=frozenset({Status.IGNORED}), batch=batch.ulid)


def _ignored_view(row: Any, hide: bool) -> dict[str, Any]:
    return {
        "row": row.batch_row,
        "id": f"msg_{row.ulid}",
        "label": shown_label(row),
        "to": shown_number(row, masked=hide),
        "reason": row.reason,
        "reason_label": french.reason_label(row.reason or "", row.detail or ""),
    }


async def ignored_csv(call: Call) -> web.StreamResponse:
    """``GET /v1/batches/{id}/ignored.csv``."""
    batch = await own_batch(call)
    dialect: csvout.Dialect = call.query.dialect
    body = csvout.begin(IGNORED_HEADINGS[dialect], dialect)
    zone = call.parts.registry.zone(batch.school)
    async for rows in pages(call.parts.store, _ignored(batch), OLDEST, zone):
        body += csvout.lines((_ignored_cells(row, dialect, masked(call.caller)) for row in rows), dialect)
    return csv_response(body, f"ignores-bat_{batch.ulid}.csv")


def _ignored_cells(row: Any, dialect: csvout.Dialect, hide: bool) -> list[csvout.Cell]:
    label, number = csvout.recipient(row, dialect, masked=hide)
    french_reason = french.reason_label(row.reason or "", row.detail or "")
    return [row.batch_row, label, number, row.reason if dialect == "rfc4180" else french_reason]


def csv_response(body: bytes, name: str) -> web.Response:
    """A file that is already whole."""
    return web.Response(body=body, headers=headers(name))


_LIST_PROBLEMS = ("invalid_cursor", "malformed_query", "school_required", "school_forbidden")

ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/messages", list_messages, READ, "Lister les messages, filtrés et triés"),
        query=ListQuery,
        answer=MessageList,
        tag="messages",
        problems=_LIST_PROBLEMS,
    ),
    Route(
        *("GET", "/v1/messages/{id}", show_message, READ, "Un message"),
        answer=MessageView,
        tag="messages",
        problems=("not_found",),
    ),
    Route(
        *("GET", "/v1/events/{id}/messages", list_event, READ, "L'historique d'un évènement : ses messages"),
        query=ListQuery,
        answer=MessageList,
        tag="messages",
        problems=_LIST_PROBLEMS,
    ),
    Route(
        *("GET", "/v1/batches/{id}", show_batch, READ, "Un envoi groupé, avec le nombre de messages par état"),
        answer=BatchView,
        tag="batches",
        problems=("not_found",),
    ),
    Route(
        *("GET", "/v1/batches/{id}/messages", list_batch, READ, "Les messages d'un envoi groupé"),
        query=ListQuery,
        answer=MessageList,
        tag="batches",
        problems=("not_found", *_LIST_PROBLEMS),
    ),
    Route(
        *("GET", "/v1/batches/{id}/ignored", list_ignored, READ, "Les destinataires ignorés, avec la raison"),
        query=Paging,
        answer=IgnoredList,
        tag="batches",
        problems=("not_found", "invalid_cursor"),
    ),
    Route(
        *("GET", "/v1/batches/{id}/ignored.csv", ignored_csv, READ, "Les destinataires ignorés, pour tableur"),
        query=DialectQuery,
        tag="batches",
        problems=("not_found",),
    ),
)
