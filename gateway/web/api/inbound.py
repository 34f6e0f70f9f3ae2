"""What telephones wrote: answers, STOP, and what nobody can tell the school of."""

from dataclasses import astuple
from datetime import tzinfo
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import csvout, numbers
from gateway.caller import Caller
from gateway.model import Uai
from gateway.periods import begin, end
from gateway.problem import Problem
from gateway.registry import Registry
from gateway.requests import Short
from gateway.store import replies
from gateway.store.replies import Wanted
from gateway.web.answers.inbound import InboundList
from gateway.web.api import cursors
from gateway.web.api.filters import Emptiable, Moment, Paging
from gateway.web.api.lists import READ, known_school
from gateway.web.api.views import masked, number_of, shown_text, stamp
from gateway.web.route import Call, Reply, Route

Kind = Literal["reply", "stop", "start", "message", "unattached"]


class InboundQuery(Emptiable, Paging):
    """Which messages from telephones. A date is a whole local day, ``to`` included; a timestamp excludes ``to``."""

    school: Uai | None = None
    unattached: bool = Field(False, description="true: those whose school is not known; for keys of every school")
    from_: Moment | None = Field(None, alias="from", description="date, or timestamp with its offset")
    to: Moment | None = Field(None, description="date (included), or timestamp (excluded)")
    number: Short | None = Field(None, description="in any usual form")
    account: Short | None = None
    message: Annotated[str, Field(max_length=40)] | None = Field(None, description="the message that is answered")
    kind: Kind | None = None


async def list_inbound(call: Call) -> Reply:
    """``GET /v1/inbound``: newest first."""
    query: InboundQuery = call.query
    wanted, zone = _wanted(query, call.parts.registry, call.caller)
    after = cursors.read_after(query.cursor, *astuple(wanted))

    async def question(conn: AsyncConnection) -> tuple[list[Any], int | None]:
        rows = await replies.page(conn, wanted, after, query.limit + 1)
        return list(rows), await replies.count(conn, wanted) if query.count else None

    rows, total = await call.parts.store.read(question)
    shown = rows[: query.limit]
    cursor = cursors.after(shown[-1].id, *astuple(wanted)) if len(rows) > query.limit else None
    hide = masked(call.caller)
    return Reply(
        {
            "data": [_view(row, zone, hide) for row in shown],
            "page": {"next_cursor": cursor, "limit": query.limit, "total": total},
        }
    )


def _wanted(query: InboundQuery, registry: Registry, caller: Caller) -> tuple[Wanted, tzinfo]:
    if query.unattached:
        _check_every_school(registry, caller)
        school, zone, region = None, registry.home, registry.settings.defaults.region
    else:
        known = known_school(registry, caller, query.school)
        school, zone, region = known.uai, known.zone, known.region
    return (
        Wanted(
            school=school,
            since=begin(query.from_, zone) if query.from_ else None,
            before=end(query.to, zone) if query.to else None,
            number=numbers.read_address(query.number, region) if query.number is not None else None,
            account=query.account,
            message=number_of(query.message, "msg") if query.message is not None else None,
            kind=query.kind,
            user=caller.person if caller.own_only else None,
        ),
        zone,
    )


def _check_every_school(registry: Registry, caller: Caller) -> None:
    """What may be any school's is for who may see all of them. Raises ``school_forbidden``."""
    if caller.own_only or not registry.whole(caller.schools):
        cure = "Ce qui n'est rattaché à aucun établissement est réservé aux clés de tous les établissements."
        raise Problem("school_forbidden", cure)


def _view(row: Any, zone: tzinfo, hide: bool) -> dict[str, Any]:
    gone = row.people_erased_at is not None
    return {
        "id": f"in_{row.ulid}",
        "received_at": stamp(row.received_at, zone),
        "account": row.account,
        "number": None if gone else csvout.hidden(row.number) if hide else row.number,
        "to": row.to,
        "text": shown_text(row),
        "encoding": row.encoding,
        "parts": row.parts,
        "missing": orjson.loads(row.missing),
        "kind": row.kind,
        "school": row.school,
        "message": f"msg_{row.message_ulid}" if row.message_ulid else None,
        "event": row.event_id,
        "action": row.action,
    }


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/inbound", list_inbound, READ, "Les SMS reçus : réponses, STOP, et ce qui n'est à personne"),
        query=InboundQuery,
        answer=InboundList,
        tag="inbound",
        problems=("invalid_cursor", "malformed_query", "school_required", "school_forbidden"),
    ),
)
