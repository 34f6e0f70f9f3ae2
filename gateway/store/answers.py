"""Events that were answered, and answers that are waited for.

Rules: an event is answered once, whoever of its recipients answers and whichever action asked; so is a message that
has no event. What is waited for begins with the first message sent, and is over with the answer, in time or late,
unless a person takes that back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.bulk import fetch, insert_rows, select_in
from gateway.store.direct import Conn
from gateway.store.tables import answered, awaited, inbound, message

#: The event of a message ``m`` as it is named here.
KEY = "COALESCE(m.event_id, 'msg_' || m.ulid)"
_WAIT = f"""INSERT OR IGNORE INTO awaited (school, event, action, message, sent_at, due_at, answered_at)
  SELECT m.school, {KEY}, m.action, m.id, m.sent_at, ?, a.at FROM message AS m
  LEFT JOIN answered AS a ON a.school = m.school AND a.event = {KEY} WHERE m.id IN (#) ORDER BY m.id"""


def key_of(columns: Any) -> ColumnElement[str]:
    """The same, of the columns of ``message``."""
    return func.coalesce(columns.event_id, "msg_" + columns.ulid)


async def wait(conn: Conn, message_ids: Sequence[int], due_at: int) -> None:
    """From now on answers to these messages are waited for, and overdue at ``due_at``."""
    await select_in(conn, _WAIT, message_ids, due_at)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to an event of a school: by a message from a telephone, or as an application tells it."""

    school: str
    event: str
    at: int
    by: str | None = None
    actor: str | None = None
    inbound: int | None = None


async def mark(conn: Conn, answer: Answer) -> bool:
    """Note that an event is answered, if it was not; whether it is new."""
    sql = "SELECT 1 FROM answered WHERE school = ? AND event = ?"
    if await fetch(conn, sql, (answer.school, answer.event)):
        return False
    how = "api" if answer.inbound is None else "reply"
    row = (answer.school, answer.event, answer.at, how, answer.by, answer.actor, answer.inbound)
    await insert_rows(conn, answered, ("school", "event", "at", "how", "by", "actor", "inbound"), [row])
    sql = "UPDATE awaited SET answered_at = ? WHERE school = ? AND event = ?"
    await fetch(conn, sql, (answer.at, answer.school, answer.event))
    return True


async def take_back(conn: Conn, school: str, event: str) -> None:
    """An event is waited for again, as before it was answered."""
    await fetch(conn, "DELETE FROM answered WHERE school = ? AND event = ?", (school, event))
    await fetch(conn, "UPDATE awaited SET answered_at = NULL WHERE school = ? AND event = ?", (school, event))


# ---- questions ----


async def of_event(conn: AsyncConnection, school: str, event: str) -> Any | None:
    """The answer of an event: its columns, and of a reply ``message`` and ``label``, of the recipient who wrote."""
    question = (
        select(answered, inbound.c.message, message.c.label)
        .select_from(
            answered.outerjoin(inbound, inbound.c.id == answered.c.inbound).outerjoin(
                message, message.c.id == inbound.c.message
            )
        )
        .where(answered.c.school == school, answered.c.event == event)
    )
    return (await conn.execute(question)).first()


async def senders_of(conn: AsyncConnection, school: str, event: str) -> Sequence[str | None]:
    """The users who sent the messages of an event, or the message that is its own; empty when there is none."""
    alone = and_(message.c.ulid == event.removeprefix("msg_"), message.c.event_id.is_(None))
    of_event = or_(message.c.event_id == event, alone)
    question = select(message.c.user).where(func.likely(message.c.school == school), of_event).distinct()
    return (await conn.execute(question)).scalars().all()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which answers are overdue: of a school and an action, ``now``; ``user``: who sent the messages."""

    school: str
    action: str
    now: int
    user: str | None = None


def _overdue(wanted: Wanted) -> ColumnElement[bool]:
    a = awaited.c
    terms = [a.school == wanted.school, a.action == wanted.action, a.answered_at.is_(None), a.due_at <= wanted.now]
    # A message that was refused after all waits for nothing.
    terms.append(message.c.lines > 0)
    if wanted.user is not None:
        terms.append(message.c.user == wanted.user)
    return and_(*terms)


_AWAITED = awaited.join(message, message.c.id == awaited.c.message)


def page_of(wanted: Wanted, after: tuple[int, int] | None, limit: int) -> Select[*tuple[Any, ...]]:
    """The question ``overdue`` asks."""
    a = awaited.c
    first = (a.event.label("key"), a.sent_at.label("first_sent_at"), a.due_at)
    question = select(*first, message).select_from(_AWAITED).where(_overdue(wanted))
    if after is not None:
        question = question.where(tuple_(a.due_at, a.message) > tuple_(*after))
    return question.order_by(a.due_at, a.message).limit(limit)


async def overdue(conn: AsyncConnection, wanted: Wanted, after: tuple[int, int] | None, limit: int) -> Sequence[Any]:
    """What is overdue, the longest first, after (due_at, message); each with its first message's columns."""
    return (await conn.execute(page_of(wanted, after, limit))).all()


async def count(conn: AsyncConnection, wanted: Wanted) -> int:
    """How many answers are overdue."""
    question = select(func.count()).select_from(_AWAITED).where(_overdue(wanted))
    return (await conn.execute(question)).scalar_one()


async def messages_of(conn: AsyncConnection, wanted: Wanted, rows: Sequence[Any]) -> Sequence[Any]:
    """The messages sent of the events of ``rows``, oldest first; those without event are their own."""
    events = [row.event_id for row in rows if row.event_id is not None]
    alone = [row.id for row in rows if row.event_id is None]
    mine = (message.c.event_id.in_(events) & (func.likely(message.c.school == wanted.school))) | message.c.id.in_(alone)
    sent = and_(mine, message.c.action == wanted.action, message.c.sent_at.is_not(None))
    return (await conn.execute(select(message).where(sent).order_by(message.c.id))).all()
