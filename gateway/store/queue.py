"""What became of the parts that left: their outcomes are recorded.

Rules: only a part that is being sent, by the account that claimed it, is moved by an outcome. An uncertain part that
is sent once more stays with its account. Parts that left in one piece are answered and in doubt together.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from gateway.provider import Accepted, Cause, Outcome, Part, Refused, Throttled, Unavailable, Unknown
from gateway.states import Status
from gateway.store import parked
from gateway.store.bulk import fetch
from gateway.store.desk import Desk, PartRow, Rules
from gateway.store.direct import Conn
from gateway.store.moves import doubt


@dataclass(slots=True)
class Settled:
    """The outcome of a claimed part, to be recorded."""

    part: int
    account: str
    outcome: Outcome
    at: int
    rules: Rules


def settled(part: Part, account: str, outcome: Outcome, at: int, rules: Rules) -> list[Settled]:
    """One for each part that was handed over: one answer is of all that left in one piece."""
    return [Settled(one, account, outcome, at, rules) for one in part.ids]


async def record(conn: Conn, lots: Sequence[Sequence[Settled]]) -> Sequence[None]:
    """Record the outcomes of a group; receipts that overtook an acceptance are applied at once."""

    async def each(desk: Desk, row: PartRow, item: Settled) -> None:
        settle(desk, row, item.account, item.outcome, item.at)

    return await _for_each(conn, lots, each)


async def _for_each(
    conn: Conn, lots: Sequence[Sequence[Settled]], deed: Callable[[Desk, PartRow, Settled], Awaitable[None]]
) -> Sequence[None]:
    """Do a deed to each part of a group, then apply the receipts that waited for its id."""
    items = [item for lot in lots for item in lot]
    overtaken = await parked.overtaken(conn, [(item.account, item.outcome) for item in items])
    desk = await Desk.take(conn, items[0].rules, [item.part >> 8 for item in items])
    for item in items:
        row = desk.parts.get(item.part)
        if row is not None:
            await deed(desk, row, item)
    await parked.apply_overtaken(conn, desk, [item.part for item in items], overtaken)
    await desk.put_back(conn)
    return [None] * len(lots)


def settle(desk: Desk, row: PartRow, account: str, outcome: Outcome, at: int) -> None:
    """Move a claimed part by its outcome. A part that is no longer being sent keeps what it has become."""
    if row.state is not Status.SENDING or row.account != account:
        return
    row.answered_at = at
    match outcome:
        case Accepted():
            _accept(desk, row, account, outcome, at)
        case Refused():
            row.error = outcome.code
            refuse(desk, row, at, outcome)
        case Throttled():
            _give_back(desk, row, at, at, count=False)
        case Unavailable():
            _try_again(desk, row, outcome, at)
        case Unknown():
            doubt(desk, row, at, outcome.why)
        case _:
            assert_never(outcome)


def _accept(desk: Desk, row: PartRow, account: str, outcome: Accepted, at: int) -> None:
    desk.touch_part(row)
    row.provider_id, row.provider_key, row.error = outcome.id, outcome.key or None, None
    desk.sent(row)
    desk.bill(row, account, at, "accepted")
    desk.move(row, Status.IN_TRANSIT, at, "")


def refuse(desk: Desk, row: PartRow, at: int, outcome: Refused) -> None:
    """It will never be taken: what of its message has not left ends with it."""
    head = desk.heads[row.message]
    new = Status.INVALID if outcome.cause is Cause.DESTINATION else Status.REJECTED
    desk.touch(head)
    head.reason, head.detail = outcome.code, outcome.cause.value
    desk.move(row, new, at, "refused", detail=outcome.code)
    desk.end_unsent(head, new, at, "not_sent")


def _give_back(desk: Desk, row: PartRow, at: int, due_at: int, *, count: bool) -> None:
    """Into the queue again. After an uncertain try it stays with its account."""
    row.due_at = max(row.due_at, due_at) if count else row.due_at
    if not count:
        row.tries -= 1
    if row.resends == 0:
        row.account = None
    desk.move(row, Status.QUEUED, at, "")


def _try_again(desk: Desk, row: PartRow, outcome: Unavailable, at: int) -> None:
    if not outcome.counts:
        _give_back(desk, row, at, at, count=False)
    elif row.tries < outcome.tries:
        desk.note(desk.heads[row.message], at, "retry", row=row, detail=outcome.why)
        row.error = outcome.why
        _give_back(desk, row, at, at + int(outcome.delay * 1000), count=True)
    else:
        row.error = outcome.why
        refuse(desk, row, at, Refused(outcome.why))


async def late(conn: Conn, lots: Sequence[Sequence[Settled]]) -> Sequence[None]:
    """Record answers that came after their part was called uncertain."""

    async def each(desk: Desk, row: PartRow, item: Settled) -> None:
        if _in_doubt(row) and row.account == item.account:
            await _late(conn, desk, row, item)

    return await _for_each(conn, lots, each)


def _in_doubt(row: PartRow) -> bool:
    """Uncertain, or waiting to be sent once more because it was."""
    return row.state is Status.UNCERTAIN or (row.state is Status.QUEUED and row.resends > 0)


async def _late(conn: Conn, desk: Desk, row: PartRow, item: Settled) -> None:
    """Accepted after all; or proved not taken, which reverses its line: refused, or back into the queue."""
    row.answered_at = item.at
    if isinstance(item.outcome, Unknown):
        return
    if isinstance(item.outcome, Accepted):
        row.provider_id, row.provider_key = item.outcome.id, item.outcome.key or None
        desk.move(row, Status.IN_TRANSIT, item.at, "late_answer")
        return
    sql = "SELECT amount FROM ledger WHERE part = ? AND parts > 0 ORDER BY id DESC LIMIT 1"
    amount: int = (await fetch(conn, sql, (row.id,)))[0][0]
    desk.reverse(row, item.at, amount)
    if isinstance(item.outcome, Refused):
        row.error = item.outcome.code
        refuse(desk, row, item.at, item.outcome)
    elif row.state is Status.UNCERTAIN:
        row.account = row.account if row.resends else None
        desk.move(row, Status.QUEUED, item.at, "not_taken")


async def doubt_orphans(conn: Conn, account: str, now: int, rules: Rules, why: str) -> int:
    """Call uncertain every part of this account still claimed by a process that is gone. How many there were.

    Only who holds the account's lane may call this.
    """
    sql = "SELECT id FROM part WHERE account = ? AND state = 'sending'"
    ids: list[int] = [found[0] for found in await fetch(conn, sql, (account,))]
    desk = await Desk.take(conn, rules, (part_id >> 8 for part_id in ids))
    for part_id in ids:
        settle(desk, desk.parts[part_id], account, Unknown(why), now)
    await desk.put_back(conn)
    return len(ids)
