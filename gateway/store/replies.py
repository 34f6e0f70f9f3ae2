"""Questions about what telephones wrote: a page of it, what answers a message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.reports import AnyRow
from gateway.store.sealed import stands_for
from gateway.store.tables import inbound, message


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of them. ``school`` None: those that belong to no school. Instants are milliseconds."""

    school: str | None
    since: int | None = None
    before: int | None = None
    number: str | None = None
    account: str | None = None
    message: str | None = None  # the ULID of the one that is answered
    kind: str | None = None
    user: str | None = None  # who sent the message that is answered


_in = inbound.c
_JOINED = inbound.outerjoin(message, message.c.id == inbound.c.message)
_ROWS: Select[*tuple[Any, ...]] = select(inbound, message.c.ulid.label("message_ulid")).select_from(_JOINED)


def _condition(wanted: Wanted) -> ColumnElement[bool]:
    of_school = _in.school.is_(None) if wanted.school is None else _in.school == wanted.school
    # What one telephone wrote, or answers one message, is rarer than what a school got.
    rare = wanted.number is not None or wanted.message is not None
    terms: list[ColumnElement[bool]] = [func.likely(of_school) if rare else of_school]
    if wanted.since is not None:
        terms.append(_in.received_at >= wanted.since)
    if wanted.before is not None:
        terms.append(_in.received_at < wanted.before)
    if wanted.message is not None:
        terms.append(_in.message == select(message.c.id).where(message.c.ulid == wanted.message).scalar_subquery())
    alike = (
        *((_in.account, wanted.account), (_in.kind, wanted.kind)),
        (message.c.user, wanted.user),
    )
    if wanted.number is not None:
        terms.append(stands_for(_in.number, wanted.number))
    return and_(*terms, *(column == value for column, value in alike if value is not None))


async def page(conn: AsyncConnection, wanted: Wanted, after: int | None, limit: int) -> Sequence[AnyRow]:
    """The messages from telephones, newest first, that come after the one with this internal id."""
    question = _ROWS.where(_condition(wanted))
    if after is not None:
        question = question.where(_in.id < after)
    return (await conn.execute(question.order_by(_in.id.desc()).limit(limit))).all()


async def count(conn: AsyncConnection, wanted: Wanted) -> int:
    """How many there are."""
    return (await conn.execute(select(func.count()).select_from(_JOINED).where(_condition(wanted)))).scalar_one()


async def to_message(conn: AsyncConnection, message_id: int) -> Sequence[AnyRow]:
    """What answers a message, oldest first."""
    question = select(inbound).where(_in.message == message_id, _in.message.is_not(None))
    return (await conn.execute(question.order_by(_in.id))).all()
