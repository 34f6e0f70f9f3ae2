"""Answers that are waited for: an event is told to be answered, and what stays without an answer is overdue."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import tzinfo
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.caller import Scope
from gateway.model import Uai
from gateway.problem import Problem
from gateway.requests import Body, Short
from gateway.store import answers, audit
from gateway.store.answers import Answer, Wanted
from gateway.web.answers.base import Deleted
from gateway.web.answers.inbound import AnsweredView, OverdueList
from gateway.web.api import cursors
from gateway.web.api.filters import Paging
from gateway.web.api.lists import READ, known_school, not_found
from gateway.web.api.views import masked, shown_label, shown_number, stamp
from gateway.web.route import Call, Reply, Route


class AnsweredBody(Body):
    """An answer that came another way: by telephone, on paper, at the gate."""

    by: Short | None = None
    school: Uai | None = None


class SchoolQuery(Body):
    """Of which school."""

    school: Uai | None = None


class OverdueQuery(Paging):
    """A page of what stays without an answer."""

    school: Uai | None = None


async def mark_answered(call: Call) -> Reply:
    """``POST /v1/events/{id}/answered``: the first answer stays; telling it again is harmless."""
    body: AnsweredBody = call.body
    school = known_school(call.parts.registry, call.caller, body.school)
    answer = Answer(school.uai, call.path["id"], call.parts.clock(), body.by, call.caller.actor)
    entry = call.act("answered", subject=answer.event, school=school.uai)

    async def verb(conn: AsyncConnection) -> Any:
        users = await answers.senders_of(conn, answer.school, answer.event)
        if not any(call.caller.sees(school.uai, user) for user in users):
            raise not_found("Aucun message")
        if await answers.mark(conn, answer):
            await audit.note(conn, entry)
        return await answers.of_event(conn, answer.school, answer.event)

    row = await call.parts.store.write(verb)
    return Reply(_answered_view(row, school.zone))


async def take_back(call: Call) -> Reply:
    """``DELETE /v1/events/{id}/answered``: it was no answer, or not to this event; it is waited for again."""
    query: SchoolQuery = call.query
    school = known_school(call.parts.registry, call.caller, query.school)
    event = call.path["id"]
    entry = call.act("answer_taken_back", subject=event, school=school.uai)

    async def verb(conn: AsyncConnection) -> None:
        users = await answers.senders_of(conn, school.uai, event)
        if not any(call.caller.sees(school.uai, user) for user in users):
            raise not_found("Aucun message")
        if await answers.of_event(conn, school.uai, event) is None:
            raise Problem("not_found", "Aucune réponse n'est notée pour cet évènement.")
        await answers.take_back(conn, school.uai, event)
        await audit.note(conn, entry)

    await call.parts.store.write(verb)
    return Reply({"code": event, "deleted": True})


def _answered_view(row: Any, zone: tzinfo) -> dict[str, Any]:
    return {
        "event": row.event,
        "school": row.school,
        "answered_at": stamp(row.at, zone),
        "how": row.how,
        "by": row.by or row.label or None,
        "actor": row.actor,
    }


async def list_overdue(call: Call) -> Reply:
    """``GET /v1/actions/{code}/overdue``: what waits longest first."""
    query: OverdueQuery = call.query
    registry, caller = call.parts.registry, call.caller
    if registry.action(call.path["code"]) is None:
        raise Problem("not_found", "Aucune action n'a ce code : voir GET /v1/actions.")
    school = known_school(registry, caller, query.school)
    user = caller.person if caller.own_only else None
    wanted = Wanted(school.uai, call.path["code"], call.parts.clock(), user)
    after = _read_cursor(query.cursor, wanted)

    async def question(conn: AsyncConnection) -> tuple[Sequence[Any], Sequence[Any], int | None]:
        rows = await answers.overdue(conn, wanted, after, query.limit + 1)
        found = await answers.messages_of(conn, wanted, rows[: query.limit])
        return rows, found, await answers.count(conn, wanted) if query.count else None

    rows, found, total = await call.parts.store.read(question)
    shown = rows[: query.limit]
    last = shown[-1] if len(rows) > query.limit else None
    cursor = cursors.write(_mark(wanted), last.due_at, last.id) if last is not None else None
    data = [_view(row, found, school.zone, masked(caller)) for row in shown]
    return Reply({"data": data, "page": {"next_cursor": cursor, "limit": query.limit, "total": total}})


def _view(row: Any, found: Sequence[Any], zone: tzinfo, hide: bool) -> dict[str, Any]:
    own = [one for one in found if one.id == row.id or (row.event_id is not None and one.event_id == row.event_id)]
    return {
        "event": row.event_id,
        "event_label": row.event_label,
        "subject": orjson.loads(row.subject) if row.subject is not None else None,
        "sent_at": stamp(row.first_sent_at, zone),
        "due_at": stamp(row.due_at, zone),
        "messages": [_message_view(one, zone, hide) for one in own],
    }


def _message_view(row: Any, zone: tzinfo, hide: bool) -> dict[str, Any]:
    return {
        "id": f"msg_{row.ulid}",
        "recipient_label": shown_label(row),
        "to": shown_number(row, masked=hide),
        "status": row.status,
        "sent_at": stamp(row.sent_at, zone),
    }


def _read_cursor(cursor: str | None, wanted: Wanted) -> tuple[int, int] | None:
    if cursor is None:
        return None
    mark, due_at, last = cursors.read(cursor, 3)
    if mark != _mark(wanted) or not (cursors.is_place(due_at) and cursors.is_place(last)):
        raise cursors.invalid()
    return due_at, last


def _mark(wanted: Wanted) -> str:
    """What names the list: its filters, not the moment."""
    school, action, _now, user = astuple(wanted)
    return sha256(orjson.dumps((school, action, user))).hexdigest()[:12]


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/actions/{code}/overdue", list_overdue, READ, "Les évènements sans réponse dans le délai"),
        query=OverdueQuery,
        answer=OverdueList,
        tag="actions",
        problems=("not_found", "invalid_cursor", "school_required", "school_forbidden"),
    ),
    Route(
        *(
            "POST",
            "/v1/events/{id}/answered",
            mark_answered,
            frozenset({Scope.SEND}),
            "Noter la réponse à un évènement",
        ),
        body=AnsweredBody,
        answer=AnsweredView,
        tag="inbound",
        problems=("not_found", "school_required", "school_forbidden"),
    ),
    Route(
        *(
            "DELETE",
            "/v1/events/{id}/answered",
            take_back,
            frozenset({Scope.SEND}),
            "Reprendre une réponse notée à tort",
        ),
        query=SchoolQuery,
        answer=Deleted,
        tag="inbound",
        problems=("not_found", "school_required", "school_forbidden"),
    ),
)
