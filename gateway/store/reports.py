"""Questions about messages: lists, one message with all its steps, batches, the recap's totals, what waits."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.states import FINAL, Status
from gateway.store.answers import key_of
from gateway.store.bulk import fetch, select_in
from gateway.store.selection import MOST, After, Order, Selection, condition, paged
from gateway.store.tables import answered, awaited, batch, event, message, part, receipt

#: A row; one of ``message`` has ``batch_ulid``, ``event_key``, ``answered_at`` and ``answer_due_at`` too.
AnyRow = Row[*tuple[Any, ...]]

_EVENT = key_of(message.c)
_ANSWERED = and_(answered.c.school == message.c.school, answered.c.event == _EVENT)
_AWAITED = and_(
    *(awaited.c.school == message.c.school, awaited.c.event == _EVENT, awaited.c.action == message.c.action),
    message.c.sent_at.is_not(None),
)
_MORE = (
    *(batch.c.ulid.label("batch_ulid"), _EVENT.label("event_key")),
    *(answered.c.at.label("answered_at"), awaited.c.due_at.label("answer_due_at")),
)
_MESSAGES: Select[*tuple[Any, ...]] = select(message, *_MORE).select_from(
    message.outerjoin(batch, batch.c.id == message.c.batch).outerjoin(answered, _ANSWERED).outerjoin(awaited, _AWAITED)
)


async def page(
    conn: AsyncConnection, wanted: Selection, order: Order, after: After | None, limit: int
) -> Sequence[AnyRow]:
    """The messages of a selection that come after ``after``, ``limit`` at most."""
    return (await conn.execute(paged(_MESSAGES.where(condition(wanted)), order, after, limit))).all()


async def count(conn: AsyncConnection, wanted: Selection) -> tuple[int, bool]:
    """How many messages a selection holds; True: at least so many, of which no more were counted.

    What is not final yet is always counted whole: it is little, and a person decides about all of it.
    """
    some = select(message.c.id).where(condition(wanted))
    if not wanted.statuses or wanted.statuses & FINAL:
        some = some.limit(MOST + 1)
    found: int = (await conn.execute(select(func.count()).select_from(some.subquery()))).scalar_one()
    if wanted.statuses and not wanted.statuses & FINAL:
        return found, False
    return min(found, MOST), found > MOST


async def of_ids(conn: AsyncConnection, ids: Sequence[int]) -> Sequence[AnyRow]:
    """The messages of these internal ids, in their order."""
    rows = (await conn.execute(_MESSAGES.where(message.c.id.in_(ids)))).all() if ids else []
    found = {row.id: row for row in rows}
    return [found[id_] for id_ in ids if id_ in found]


async def ids(conn: AsyncConnection, wanted: Selection) -> Sequence[int]:
    """The internal ids of a selection, oldest first."""
    return (await conn.execute(select(message.c.id).where(condition(wanted)).order_by(message.c.id))).scalars().all()


class Owner(NamedTuple):
    """Whose message it is."""

    id: int
    school: str
    app: str
    user: str | None


async def owners(conn: AsyncConnection, ulids: Sequence[str]) -> Mapping[str, Owner]:
    """Whose each of these messages is; those that do not exist are left out."""
    rows = await select_in(conn, "SELECT ulid, id, school, app, user FROM message WHERE ulid IN (#)", ulids)
    return {row[0]: Owner(*row[1:]) for row in rows}


async def ulids(conn: AsyncConnection, ids: Sequence[int]) -> Mapping[int, str]:
    """The ULIDs of messages by their internal ids."""
    rows = await select_in(conn, "SELECT id, ulid FROM message WHERE id IN (#)", ids)
    return dict(rows)


# ---- one message ----


async def find(conn: AsyncConnection, ulid: str) -> AnyRow | None:
    """The message of a ULID, of whichever school."""
    return (await conn.execute(_MESSAGES.where(message.c.ulid == ulid))).first()


async def parts_of(conn: AsyncConnection, message_id: int) -> Sequence[AnyRow]:
    """Its parts in order."""
    return (await conn.execute(select(part).where(part.c.message == message_id).order_by(part.c.id))).all()


async def events_of(conn: AsyncConnection, message_id: int) -> Sequence[AnyRow]:
    """Its events, oldest first."""
    return (await conn.execute(select(event).where(event.c.message == message_id).order_by(event.c.id))).all()


async def receipts_of(conn: AsyncConnection, message_id: int) -> Sequence[AnyRow]:
    """The receipts matched to its parts, oldest first."""
    first = message_id * 256
    question = select(receipt).where(receipt.c.part > first, receipt.c.part < first + 256, receipt.c.part.is_not(None))
    return (await conn.execute(question.order_by(receipt.c.id))).all()


# ---- batches ----


async def find_batch(conn: AsyncConnection, ulid: str) -> AnyRow | None:
    """The batch of a ULID, of whichever school, with the user of its messages."""
    user = select(message.c.user).where(message.c.batch == batch.c.id).limit(1).scalar_subquery().label("user")
    return (await conn.execute(select(batch, user).where(batch.c.ulid == ulid))).first()


async def batch_states(conn: AsyncConnection, batch_id: int) -> Mapping[Status, int]:
    """How many messages of a batch are in each state; states without any are left out."""
    question = select(message.c.status, func.count()).where(message.c.batch == batch_id).group_by(message.c.status)
    return {Status(status): number for status, number in (await conn.execute(question)).all()}


# ---- accounts ----


async def queued_by_mode(conn: AsyncConnection) -> Mapping[str, int]:
    """How many parts wait in the queue, by mode."""
    rows = await fetch(conn, "SELECT mode, COUNT(*) FROM part WHERE state = 'queued' GROUP BY mode")
    return dict(rows)


async def in_hand(conn: AsyncConnection) -> Mapping[tuple[str, Status], int]:
    """How many parts of each account are being sent, or uncertain."""
    # The states stand in the statement itself, so that the partial index is used.
    rows = await fetch(
        conn, "SELECT account, state, COUNT(*) FROM part WHERE state IN ('sending', 'uncertain') GROUP BY 1, 2"
    )
    return {(account, Status(state)): number for account, state, number in rows}
