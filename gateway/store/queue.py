"""The queue: what may leave is claimed, what became of it is recorded.

Rules: a claim commits before anything is written to a provider, and what is claimed is prepared before that
commit, so a crash leaves at most what the window had room for in doubt. Nothing is claimed past its validity.
An uncertain part that is sent once more stays with its account.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import assert_never

from gateway.fairness import Turns
from gateway.provider import Accepted, Cause, Outcome, Part, Prepared, Refused, Throttled, Unavailable, Unknown
from gateway.states import Status
from gateway.store import parked
from gateway.store.bulk import fetch
from gateway.store.desk import Desk, Head, PartRow, Rules
from gateway.store.direct import Conn
from gateway.store.moves import doubt, too_late
from gateway.text import Encoding

_FIRST = """(SELECT id FROM part WHERE state = 'queued' AND (account IS NULL OR account = ?1) {}
  ORDER BY mode, priority, school, due_at LIMIT 1)"""

#: Every (mode, priority, school) with parts queued for an account, by leaps over the index: its cost is that of the
#: answer, not of the queue. (A comparison of row values would seek the mode only, and walk the rest.)
LINES = f"""WITH RECURSIVE line(mode, priority, school, due_at) AS (
  SELECT mode, priority, school, due_at FROM part WHERE id = {_FIRST.format("")}
  UNION ALL
  SELECT p.mode, p.priority, p.school, p.due_at FROM line JOIN part AS p ON p.id = COALESCE(
    {_FIRST.format("AND mode = line.mode AND priority = line.priority AND school > line.school")},
    {_FIRST.format("AND mode = line.mode AND priority > line.priority")},
    {_FIRST.format("AND mode > line.mode")})
) SELECT mode, priority, school, due_at FROM line"""

HEADS_OF_LINE = """SELECT * FROM (SELECT school, id FROM part
  WHERE state = 'queued' AND mode = ? AND priority = ? AND school = ? AND due_at <= ?
  AND (account IS NULL OR account = ?) ORDER BY due_at, id LIMIT ?)"""

#: Terms of one compound statement at most (SQLite allows 500).
_TERMS = 100


@dataclass(frozen=True, slots=True)
class ClaimOrder:
    """What a lane asks for: parts of these modes, for this account, as many as there is room for."""

    account: str
    modes: tuple[str, ...]
    room: int
    now: int
    turns: Turns
    prepare: Callable[[Part], Prepared | Refused]
    rules: Rules


@dataclass(slots=True)
class Claimed:
    """What a claim brought: parts ready to be written, and whether more was waiting."""

    prepared: list[Prepared] = field(default_factory=list)
    accepted_at: dict[int, int] = field(default_factory=dict)  # part -> when its message could first leave
    more: bool = False
    next_due: int | None = None


async def claim(conn: Conn, orders: Sequence[ClaimOrder]) -> Sequence[Claimed]:
    """Claim for every order of a group, one after the other."""
    return [await _claim(conn, order) for order in orders]


async def _claim(conn: Conn, order: ClaimOrder) -> Claimed:
    result = Claimed()
    chosen = await _choose(conn, order, result)
    result.more = len(chosen) >= order.room
    if not chosen:
        return result
    desk = await Desk.take(conn, order.rules, (part_id >> 8 for part_id in chosen))
    for part_id in chosen:
        row = desk.parts[part_id]
        if row.state is Status.QUEUED:
            _take(desk, row, order, result)
    for row in desk.parts.values():
        if row.state is Status.QUEUED and row.due_at <= order.now and row.account in (None, order.account):
            order.turns.unfinished(desk.heads[row.message].school)
    await desk.put_back(conn)
    return result


def _take(desk: Desk, row: PartRow, order: ClaimOrder, result: Claimed) -> None:
    """One part of a claim: expired, refused by its own adapter, or ready to be written."""
    head, now = desk.heads[row.message], order.now
    if head.until <= now:
        too_late(desk, head, row, now)
        return
    ready = order.prepare(as_part(head, row, now))
    if isinstance(ready, Refused):
        row.account, row.error = order.account, ready.code
        _refuse(desk, row, now, ready)
        return
    row.account, row.claimed_at, row.answered_at = order.account, now, None
    row.tries += 1
    desk.move(row, Status.SENDING, now, "")
    result.prepared.append(ready)
    result.accepted_at[row.id] = row.due_at


def as_part(head: Head, row: PartRow, now: int) -> Part:
    """What a provider gets of a part."""
    return Part(
        row.id,
        head.number,
        head.sender,
        row.content,
        Encoding(head.encoding),
        row.number,
        head.parts,
        head.concat,
        max(1, (head.until - now) // 1000),
        head.service_code,
    )


async def _choose(conn: Conn, order: ClaimOrder, result: Claimed) -> list[int]:
    """The parts to claim: highest priority first, schools in turn."""
    lines: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for mode, priority, school, due_at in await fetch(conn, LINES, (order.account,)):
        if mode not in order.modes:
            continue
        if due_at <= order.now:
            lines[priority].append((mode, school))
        elif result.next_due is None or due_at < result.next_due:
            result.next_due = due_at
    chosen: list[int] = []
    for priority in sorted(lines):
        if (room := order.room - len(chosen)) <= 0:
            break
        waiting = await _waiting(conn, order, priority, lines[priority], room)
        chosen += order.turns.deal(waiting, room)
    return chosen


async def _waiting(
    conn: Conn, order: ClaimOrder, priority: int, lines: Sequence[tuple[str, str]], room: int
) -> dict[str, list[int]]:
    """The first parts of each school's queue: an equal share, then more of those who could fill what is left."""
    modes = defaultdict(list)
    for mode, school in lines:
        modes[school].append(mode)
    schools = order.turns.order(list(modes))[:room]
    share = ceil(room / len(schools))
    asked = [(mode, school) for school in schools for mode in modes[school]]
    found = await _heads_of_lines(conn, order, priority, asked, share)
    if sum(map(len, found.values())) < room and len(schools) > 1:
        longer = [(mode, school) for mode, school in asked if len(found[school]) >= share]
        found |= await _heads_of_lines(conn, order, priority, longer, room)
    return found


async def _heads_of_lines(
    conn: Conn, order: ClaimOrder, priority: int, asked: Sequence[tuple[str, str]], limit: int
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for start in range(0, len(asked), _TERMS):
        terms = asked[start : start + _TERMS]
        values: list[object] = []
        for mode, school in terms:
            values += (mode, priority, school, order.now, order.account, limit)
        sql = " UNION ALL ".join([HEADS_OF_LINE] * len(terms))
        for school, part_id in await fetch(conn, sql, tuple(values)):
            found[school].append(part_id)
    return found


# ---- what became of it ----


@dataclass(slots=True)
class Settled:
    """The outcome of a claimed part, to be recorded. ``not_before`` delays the next try, in milliseconds."""

    part: int
    account: str
    outcome: Outcome
    at: int
    rules: Rules


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
            _refuse(desk, row, at, outcome)
        case Throttled():
            _give_back(desk, row, at, at, count=False)
        case Unavailable():
            _try_again(desk, row, outcome, at)
        case Unknown():
            doubt(desk, row, at, outcome.why)
        case _:
            assert_never(outcome)


def _accept(desk: Desk, row: PartRow, account: str, outcome: Accepted, at: int) -> None:
    head = desk.heads[row.message]
    desk.touch_part(row)
    row.provider_id, row.provider_key, row.error = outcome.id, outcome.key or None, None
    if head.sent_at is None:
        head.sent_at = row.claimed_at
    desk.bill(row, account, at, "accepted")
    desk.move(row, Status.IN_TRANSIT, at, "")


def _refuse(desk: Desk, row: PartRow, at: int, outcome: Refused) -> None:
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
        _refuse(desk, row, at, Refused(outcome.why))


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
        _refuse(desk, row, item.at, item.outcome)
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
