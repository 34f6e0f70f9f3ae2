"""Claiming: what may leave is chosen, prepared and called « sending ».

Rules: a claim commits before anything is written to a provider, and what is claimed is prepared before that
commit, so a crash leaves at most what the window had room for in doubt. Nothing is claimed past its validity.
An account that takes messages whole gets all parts of a message in one piece, or none. What another account has
begun goes on by one whose parts the phone joins to those that left; else it waits for the one that began it.
To one number one message at a time is on its way, in the order of the queue: a part is not claimed while another
message to its number is in hand, and what comes back, refused as too fast or for want of a link, has its old place.
What waits for a later try after a temporary error lets younger ones pass: it is mostly that message, or its number,
that the provider cannot take, and an alert does not wait a minute and a half for it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

import orjson

from gateway.fairness import Turns
from gateway.provider import Apart, Part, Prepared, Refused
from gateway.states import UNSENT, Status
from gateway.store import sealed
from gateway.store.bulk import fetch
from gateway.store.desk import Desk, Head, PartRow, Rules
from gateway.store.direct import Conn
from gateway.store.moves import too_late
from gateway.store.queue import refuse
from gateway.text import Encoding, is_narrow

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

_LINE = """SELECT school, id FROM part WHERE state = 'queued' AND mode = ? AND priority = ? AND school = ?
  AND due_at <= ? AND (account IS NULL OR account = ?) ORDER BY due_at, id LIMIT ?"""
HEADS_OF_LINE = f"""SELECT head.school, head.id, message.number FROM ({_LINE}) AS head
  CROSS JOIN message ON message.id = head.id >> 8"""

#: The same, but for some numbers; looks no further than a part of the line, so that the cost stays bounded.
BEHIND = f"""{HEADS_OF_LINE} WHERE message.number NOT IN (SELECT value FROM json_each(?)) LIMIT ?"""
_LOOKED_AT = 5000

#: Terms of one compound statement at most (SQLite allows 500).
_TERMS = 100


@dataclass(frozen=True, slots=True)
class Whole:
    """How an account that takes messages in one piece is asked: the last of a claim may have more parts than there
    is room for, as long as all come to no more than ``most``; one larger than any window leaves when ``idle``."""

    most: int
    idle: bool


@dataclass(slots=True)
class ClaimOrder:
    """What a lane asks for: parts of these modes, for this account, as many as there is room for."""

    account: str
    modes: tuple[str, ...]
    room: int
    now: int  # when its transaction begins
    turns: Turns
    prepare: Callable[[Part], Prepared | Refused | Apart]
    rules: Rules
    whole: Whole | None = None
    continues: Callable[[str], bool] = lambda _account: True  # whether it may go on with what this account began
    ahead: bool = False  # whether its provider waits for a message's hour
    waits: Callable[[str, int], bool] = lambda _number, _message: False  # for another message to the number


@dataclass(slots=True)
class Claimed:
    """What a claim brought: parts ready to be written, and whether more was waiting."""

    prepared: list[Prepared] = field(default_factory=list)
    accepted_at: dict[int, int] = field(default_factory=dict)  # part -> when its message could first leave
    more: bool = False
    blocked: bool = False  # the next message is whole, and waits until there is room for all of it
    held: bool = False  # something waits for another message to its number
    next_due: int | None = None
    left_out: dict[int, str] = field(default_factory=dict)  # message -> what it says that its provider is not told

    @property
    def parts(self) -> int:
        """How many parts leave."""
        return sum(ready.part.carries for ready in self.prepared)


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
    if order.whole is not None:
        _take_messages(desk, chosen, order, order.whole, result)
    else:
        for part_id in chosen:
            _take_part(desk, desk.parts[part_id], order, result)
    await _tell_left_out(conn, desk, order, result.left_out)
    for row in desk.parts.values():
        if row.state is Status.QUEUED and row.due_at <= order.now and row.account in (None, order.account):
            order.turns.unfinished(desk.heads[row.message].school)
    await desk.put_back(conn)
    return result


def _take_messages(desk: Desk, chosen: Sequence[int], order: ClaimOrder, whole: Whole, result: Claimed) -> None:
    """Each message in one piece, up to the first for which there is no room."""
    for part_id in chosen:
        if desk.parts[part_id].state is not Status.QUEUED:
            continue  # it left with the part before
        if (taken := result.parts) >= order.room:
            result.more = True
            return
        head = desk.heads[part_id >> 8]
        rows = desk.parts_of(head)
        if any(row.state is not Status.QUEUED for row in rows):  # some left in parts: the others follow
            _take_part(desk, desk.parts[part_id], order, result)
            continue
        if taken + len(rows) > whole.most and (taken or not whole.idle):
            result.more = result.blocked = True
            return
        last = max(row.due_at for row in rows)
        if last > order.now:
            _wait(desk, rows, last)
        else:
            _take(desk, head, rows, order, result)


def _too_early(desk: Desk, head: Head, rows: Sequence[PartRow], order: ClaimOrder) -> bool:
    """Queued ahead of its hour for accounts whose providers wait, which this one's does not: it waits here."""
    if head.send_at is None or head.send_at <= order.now or order.ahead:
        return False
    _wait(desk, rows, head.send_at)
    return True


def _wait(desk: Desk, rows: Iterable[PartRow], until: int) -> None:
    for row in rows:
        desk.touch_part(row)
        row.due_at = until


def _take_part(desk: Desk, row: PartRow, order: ClaimOrder, result: Claimed) -> None:
    head = desk.heads[row.message]
    if row.state is not Status.QUEUED or row.due_at > order.now or row.account not in (None, order.account):
        return
    if (owner := _begun_elsewhere(desk, head, order)) is not None:
        desk.touch_part(row)
        row.account = owner
        desk.note(head, order.now, "waits_for_account", row=row, detail=owner)
        return
    _take(desk, head, [row], order, result)


def _begun_elsewhere(desk: Desk, head: Head, order: ClaimOrder) -> str | None:
    """The account with which parts of this message left, where this one cannot go on with it."""
    if head.parts == 1:
        return None
    left = (row.account for row in desk.parts_of(head) if row.state not in UNSENT or row.resends)
    return next((one for one in left if one and one != order.account and not order.continues(one)), None)


def _take(desk: Desk, head: Head, rows: Sequence[PartRow], order: ClaimOrder, result: Claimed) -> None:
    """What leaves in one piece: expired, refused by its own adapter, or ready to be written."""
    now = order.now
    if _too_early(desk, head, rows, order):
        return
    if head.until <= now:
        for row in rows:
            too_late(desk, head, row, now)
        return
    part = as_part(head, rows, now, narrow=_is_narrow(desk, head, rows))
    ready = order.prepare(part)
    if isinstance(ready, Apart):
        for row in rows:
            if row.state is Status.QUEUED:  # one that is refused ends those after it
                _take(desk, head, [row], order, result)
        return
    if isinstance(ready, Refused):
        rows[0].account, rows[0].error = order.account, ready.code
        refuse(desk, rows[0], now, ready)
        return
    for row in rows:
        row.account, row.claimed_at, row.answered_at = order.account, now, None
        row.joined = len(rows) > 1
        row.tries += 1
        desk.move(row, Status.SENDING, now, "")
    if part.tlvs and (left := part.tlvs.keys() - (ready.part.tlvs or {}).keys()):
        result.left_out[head.id] = ", ".join(sorted(left))
    result.prepared.append(ready)
    result.accepted_at[rows[0].id] = rows[0].due_at


def _is_narrow(desk: Desk, head: Head, rows: Sequence[PartRow]) -> bool:
    """Asked of what leaves in parts: its accounts may have been others when it was cut."""
    alone = len(rows) == head.parts
    return alone or is_narrow((row.content for row in desk.parts_of(head)), Encoding(head.encoding))


def as_part(head: Head, rows: Sequence[PartRow], now: int, *, narrow: bool = True) -> Part:
    """What a provider gets of the parts that leave in one piece."""
    return Part(
        id=rows[0].id,
        to=head.number,
        sender=head.sender,
        content="".join(row.content for row in rows),
        encoding=Encoding(head.encoding),
        number=rows[0].number,
        of=head.parts,
        reference=head.concat,
        validity=max(1, (head.until - now) // 1000),
        service_code=head.service_code,
        carries=len(rows),
        narrow=narrow,
        until=head.until,
        starts=head.send_at if (head.send_at or 0) > now else None,
        flash=bool(head.flash),
        tlvs=orjson.loads(head.tlvs) if head.tlvs else None,
    )


async def _tell_left_out(conn: Conn, desk: Desk, order: ClaimOrder, left_out: Mapping[int, str]) -> None:
    """Note once for each account what a message says that it leaves without."""
    for message_id, names in left_out.items():
        detail = f"{order.account}: {names}"
        if not await fetch(conn, _TOLD, (message_id, detail)):
            desk.note(desk.heads[message_id], order.now, "tlvs_left_out", detail=detail)


_TOLD = "SELECT 1 FROM event WHERE message = ? AND kind = 'tlvs_left_out' AND detail = ?"


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
    line = _Line(order)
    for priority in sorted(lines):
        if (room := order.room - len(chosen)) <= 0:
            break
        chosen += order.turns.deal(await _waiting(conn, line, priority, lines[priority], room), room)
    result.held = bool(line.passed_over)
    return chosen


class _Line:
    """Who is next to each number: one message, for the whole of a claim."""

    def __init__(self, order: ClaimOrder) -> None:
        self.order = order
        self.passed_over: set[str] = set()  # numbers to which more waits
        self.next: dict[str, int] = {}  # number -> its message of this claim

    def may_leave(self, part_id: int, number: str) -> bool:
        """Whether this part's message is the next to its number."""
        message = part_id >> 8
        if self.order.waits(number, message) or self.next.setdefault(number, message) != message:
            self.passed_over.add(number)
            return False
        return True


async def _waiting(
    conn: Conn, line: _Line, priority: int, lines: Sequence[tuple[str, str]], room: int
) -> dict[str, list[int]]:
    """The first parts of each school's queue: an equal share, then more of those who could fill what is left."""
    modes = defaultdict(list)
    for mode, school in lines:
        modes[school].append(mode)
    schools = line.order.turns.order(list(modes))[:room]
    share = ceil(room / len(schools))
    asked = [(mode, school) for school in schools for mode in modes[school]]
    found = await _heads_of_lines(conn, line, priority, asked, share)
    if sum(map(len, found.values())) < room and len(schools) > 1:
        longer = [(mode, school) for mode, school in asked if len(found[school]) >= share]
        found |= await _heads_of_lines(conn, line, priority, longer, room)
    return found


async def _heads_of_lines(
    conn: Conn, line: _Line, priority: int, asked: Sequence[tuple[str, str]], limit: int
) -> dict[str, list[int]]:
    """At most ``limit`` parts of each line that may leave now, and where others stand before them, those behind."""
    found: dict[str, list[int]] = defaultdict(list)
    seen: dict[str, set[str]] = defaultdict(set)
    for start in range(0, len(asked), _TERMS):
        terms = asked[start : start + _TERMS]
        values: list[object] = []
        for mode, school in terms:
            values += (mode, priority, school, line.order.now, line.order.account, limit)
        sql = " UNION ALL ".join([HEADS_OF_LINE] * len(terms))
        for school, part_id, number in await fetch(conn, sql, tuple(values)):
            seen[school].add(number)
            if line.may_leave(part_id, number):
                found[school].append(part_id)
    for mode, school in asked:
        if len(found[school]) < limit and not seen[school].isdisjoint(line.passed_over):
            found[school] += await _behind(conn, line, (mode, priority, school), seen[school], limit)
    return found


async def _behind(conn: Conn, line: _Line, where: tuple[str, int, str], seen: set[str], limit: int) -> Sequence[int]:
    """Parts of a line to other numbers than those seen, ``limit`` if there are as many."""
    found: list[int] = []
    for page in (4 * limit, 8 * limit, 16 * limit, 32 * limit):
        known = sealed.listed(conn, seen.union(line.next))
        values = (*where, line.order.now, line.order.account, _LOOKED_AT, known, page)
        rows = await fetch(conn, sealed.by_list(conn, BEHIND), values)
        seen.update(number for _, _, number in rows)
        found += [part_id for _, part_id, number in rows if line.may_leave(part_id, number)]
        if len(found) >= limit or len(rows) < page:
            break
    return found[:limit]
