"""Months that were closed, and budgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.bulk import fetch
from gateway.store.tables import budget, month_close, receipt, tally


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed month: when (milliseconds), by whom, and the figures as JSON."""

    month: str
    at: int
    actor: str
    statement: str


async def closed(conn: AsyncConnection, school: str) -> Mapping[str, Closed]:
    """The closed months of a school."""
    rows = (await conn.execute(select(month_close).where(month_close.c.school == school))).all()
    return {row.month: Closed(row.month, row.closed_at, row.actor, row.statement) for row in rows}


async def close(conn: AsyncConnection, school: str, month: str, statement: str, actor: str, now: int) -> bool:
    """Close a month: from the next transaction on its counters do not move. False, and nothing, if it was closed."""
    last = (await conn.execute(select(func.max(receipt.c.id)))).scalar() or 0
    row = {"school": school, "month": month, "closed_at": now, "actor": actor, "last_receipt": last}
    done = await conn.execute(insert(month_close).values({**row, "statement": statement}).on_conflict_do_nothing())
    return done.rowcount > 0


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent in a period, in millionths of a euro before tax. ``action`` empty: the whole school."""

    school: str
    action: str
    period: str  # month, year, school_year
    amount: int
    stop: bool


async def budgets(conn: AsyncConnection) -> Sequence[Budget]:
    """Every budget of every school."""
    rows = (await conn.execute(select(budget).order_by(budget.c.school, budget.c.action))).all()
    return [Budget(row.school, row.action, row.period, row.amount, bool(row.stop)) for row in rows]


async def put_budget(conn: AsyncConnection, wanted: Budget, actor: str, now: int) -> None:
    """Set it, or change it."""
    row = {"period": wanted.period, "amount": wanted.amount, "stop": wanted.stop, "updated_at": now, "actor": actor}
    keys = {"school": wanted.school, "action": wanted.action}
    statement = insert(budget).values({**keys, **row})
    await conn.execute(statement.on_conflict_do_update(index_elements=["school", "action"], set_=row))


async def delete_budget(conn: AsyncConnection, school: str, action: str) -> bool:
    """Lift it; says whether there was one."""
    gone = await conn.execute(delete(budget).where(budget.c.school == school, budget.c.action == action))
    return gone.rowcount > 0


async def spent(conn: AsyncConnection, school: str, action: str, months: Sequence[str]) -> int:
    """What the ledger says was spent in these months, for an action or in all."""
    question = select(func.sum(tally.c.amount)).where(tally.c.school == school, tally.c.month.in_(months))
    if action:
        question = question.where(tally.c.action == action)
    return (await conn.execute(question)).scalar() or 0


async def committed(conn: AsyncConnection, school: str, action: str) -> int:
    """What messages that wait, or are on their way without a line yet, will cost as it was shown at acceptance."""
    sql = (
        "SELECT SUM(amount) FROM message WHERE deadline_at IS NOT NULL AND school = ? AND status IN ({}) AND lines = 0"
    )
    states = "'held', 'scheduled', 'queued', 'sending', 'uncertain'"
    more, values = (" AND action = ?", (school, action)) if action else ("", (school,))
    return (await fetch(conn, sql.format(states) + more, values))[0][0] or 0
