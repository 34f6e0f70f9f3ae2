"""Messages and parts taken out of the store, changed in memory, and put back in a few statements.

Rules: every change of a part's state goes through ``Desk.move``, which refuses moves that ``states`` does not
know, writes the event, and judges the message again; ledger lines go through ``Desk.bill`` and ``Desk.reverse``.
``put_back`` writes parts, messages, events, lines and counters in the transaction that took them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from gateway import deadlines
from gateway.attachment import InboundRules
from gateway.periods import answer_due
from gateway.states import FINAL, Status, judge, may_move
from gateway.store import answers, credits, daily, tally
from gateway.store.bulk import insert_rows, select_in, update_rows
from gateway.store.direct import Conn
from gateway.store.tables import event, ledger, message, part


@dataclass(frozen=True, slots=True)
class Rules:
    """What the store must know to move a message: zones, prices, and how long receipts are waited for."""

    zone: Callable[[str], ZoneInfo]  # of a school
    price: Callable[[str, date, str, str], int]  # account, day, mode, number -> millionths of a euro
    receipts_wait: Callable[[], int]  # milliseconds
    moved: Callable[[str, str, Status], None]  # is told school, action and new state of each message that moved
    inbound: InboundRules = field(default_factory=InboundRules)
    response_days: Callable[[str], int] = lambda _action: 0  # « délai de réponse » of an action; 0: none
    bills: Callable[[str, Status], bool] = lambda _account, _status: True  # an account, a part that ended so

    def month(self, school: str, at: int) -> str:
        """The accounting month of an instant: ``2026-11`` in the school's zone."""
        day = self.day(school, at)
        return f"{day.year:04}-{day.month:02}"

    def day(self, school: str, at: int) -> date:
        """The day of an instant in the school's zone."""
        return _day(self.zone(school), at // _QUARTER)


#: Milliseconds of a quarter of an hour: no zone changes its day within one.
_QUARTER = 900_000


@lru_cache(maxsize=64)
def _day(zone: ZoneInfo, quarter: int) -> date:
    return datetime.fromtimestamp(quarter * _QUARTER / 1000, zone).date()


@dataclass(slots=True)
class Head:
    """A message, as far as moving and sending it needs."""

    id: int
    ulid: str
    school: str
    action: str
    mode: str
    priority: int
    sender: str
    number: str
    encoding: str
    parts: int
    sensitive: bool
    created_at: int
    send_at: int | None
    ahead_ms: int
    validity_ms: int
    hold_until: int
    resend: bool
    resend_wait_ms: int
    service_code: str
    flash: bool
    tlvs: str | None
    concat: int
    user: str | None
    workstation: str | None
    status: Status
    status_at: int
    final_parts: int
    reason: str | None
    detail: str | None
    released_at: int | None
    released_by: str | None
    sent_at: int | None
    valid_until: int | None
    deadline_at: int | None
    possibly_double: bool
    month: str | None
    account: str | None
    lines: int
    billed: int  # millionths of a euro: the sum of its ledger lines

    @property
    def leaves_at(self) -> int | None:
        """When it may be handed over: at ``send_at``, or so much before that its providers wait themselves."""
        return None if self.send_at is None else self.send_at - self.ahead_ms

    @property
    def until(self) -> int:
        """The end of its validity; before release, as if it were released now at the latest."""
        return self.valid_until if self.valid_until is not None else self.hold_until + self.validity_ms


@dataclass(slots=True)
class PartRow:
    """A part, whole."""

    id: int
    message: int
    state: Status
    state_at: int
    due_at: int
    content: str
    account: str | None
    tries: int
    resends: int
    claimed_at: int | None
    answered_at: int | None
    provider_id: str | None
    provider_key: str | None
    error: str | None
    uncertain_at: int | None
    line_open: bool
    joined: bool
    credited: bool

    @property
    def number(self) -> int:
        """1-based, within its message."""
        return self.id & 0xFF


_HEAD = tuple(Head.__dataclass_fields__)
_HEAD_FIXED = _HEAD.index("status")
_HEAD_MOVING = _HEAD[_HEAD_FIXED:]
_PART = tuple(PartRow.__dataclass_fields__)
_PART_MOVING = tuple(name for name in _PART if name not in ("id", "message"))
#: What a claim changes; most messages are claimed once, so these columns are worth a statement of their own.
_HEAD_CLAIMED = ("status", "status_at", "final_parts", "deadline_at")
_PART_CLAIMED = ("state", "state_at", "account", "tries", "claimed_at", "answered_at", "joined")
_SELECT_HEAD = 'SELECT "{}" FROM message WHERE id IN (#)'.format('","'.join(_HEAD))
_SELECT_PART = f"SELECT {','.join(_PART)} FROM part WHERE id IN (#)"
_EVENT = ("message", "part", "at", "kind", "status", "detail", "actor")
_LEDGER = (
    *("part", "message", "at", "school", "month", "action", "mode", "account", "kind", "parts", "amount"),
    "of_month",
)


def part_ids(message_id: int, parts: int) -> range:
    """The ids of a message's parts."""
    return range(message_id * 256 + 1, message_id * 256 + parts + 1)


class Desk:
    """The unit of work of one transaction. Made by ``Desk.take``."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.heads: dict[int, Head] = {}
        self.parts: dict[int, PartRow] = {}
        self._changed_heads: dict[int, bool] = {}  # whether more changed than a claim does
        self._changed_parts: dict[int, bool] = {}
        self._events: list[tuple[object, ...]] = []
        self._lines: list[tuple[Any, ...]] = []
        self._credits: list[tuple[PartRow, int, int]] = []
        self._before: dict[int, tally.Share | None] = {}
        self._places: dict[int, daily.Place] = {}
        self._was: dict[int, Status] = {}
        self._awaited: dict[int, list[int]] = defaultdict(list)  # when their answers are overdue -> messages

    @classmethod
    async def take(cls, conn: Conn, rules: Rules, message_ids: Iterable[int]) -> "Desk":
        """The messages of these ids, with all their parts. Unknown ids are left out."""
        desk = cls(rules)
        wanted = list(dict.fromkeys(message_ids))
        for row in await select_in(conn, _SELECT_HEAD, wanted):
            head = Head(*row)
            head.status = Status(head.status)
            desk.heads[head.id] = head
        ids = [part_id for head in desk.heads.values() for part_id in part_ids(head.id, head.parts)]
        for row in await select_in(conn, _SELECT_PART, ids):
            taken = PartRow(*row)
            taken.state = Status(taken.state)
            desk.parts[taken.id] = taken
        return desk

    def parts_of(self, head: Head) -> list[PartRow]:
        """Its parts in order."""
        return [self.parts[part_id] for part_id in part_ids(head.id, head.parts) if part_id in self.parts]

    def together(self, row: PartRow) -> list[PartRow]:
        """The parts that left in one piece with this one, itself included: what is said of one is said of all."""
        if not row.joined:
            return [row]
        parts = self.parts_of(self.heads[row.message])
        return [one for one in parts if one.joined and (one.account, one.claimed_at) == (row.account, row.claimed_at)]

    def touch(self, head: Head, *, whole: bool = True) -> None:
        """Say that a message's own columns change, before they do; not ``whole``: only what a claim changes."""
        if head.id in self._changed_heads:
            self._changed_heads[head.id] |= whole
        else:
            self._changed_heads[head.id] = whole
            self._before[head.id] = tally.share(head, self.rules.month)
            self._places[head.id] = daily.place(head, self.rules.day)
            self._was[head.id] = head.status

    def touch_part(self, row: PartRow, *, whole: bool = True) -> None:
        """Say that a part's columns change; not ``whole``: only what a claim changes."""
        self._changed_parts[row.id] = self._changed_parts.get(row.id, False) or whole
        self.touch(self.heads[row.message], whole=whole)

    def note(
        self, head: Head, at: int, kind: str, *, row: PartRow | None = None, detail: str = "", actor: str = ""
    ) -> None:
        """Write an event, with the state of its part, or of the message, as it is now."""
        status = row.state if row is not None else head.status
        self._events.append((head.id, row.number if row else None, at, kind, status, detail or None, actor or None))

    def move(self, row: PartRow, new: Status, at: int, kind: str, *, detail: str = "", actor: str = "") -> bool:
        """Move a part and judge its message; False, and nothing, if it may not move there."""
        if not may_move(row.state, new):
            return False
        head = self.heads[row.message]
        self.touch_part(row, whole=new is not Status.SENDING)
        row.state, row.state_at = new, at
        if new is Status.UNCERTAIN:
            row.uncertain_at = at
        if row.line_open and (new in credits.FREE or row.credited):
            self._credit(row, new, at)
        if new in FINAL and head.sensitive:
            row.content = ""
        self.rejudge(head, at)
        if kind:
            self.note(head, at, kind, row=row, detail=detail, actor=actor)
        return True

    def rejudge(self, head: Head, at: int) -> None:
        """The message's state and deadline from those of its parts."""
        parts = self.parts_of(head)
        status = parts[0].state if len(parts) == 1 else judge([row.state for row in parts])
        if status is not head.status:
            head.status, head.status_at = status, at
            if status is Status.DELIVERED:
                head.reason = head.detail = None  # what was feared before did not happen
        head.final_parts = sum(row.state in FINAL for row in parts)
        head.deadline_at = deadlines.deadline(
            parts,
            until=head.until,
            held_until=head.hold_until,
            send_at=head.leaves_at,
            receipts_wait=self.rules.receipts_wait(),
            resend_wait=head.resend_wait_ms if head.resend else None,
        )

    def end_unsent(self, head: Head, new: Status, at: int, kind: str) -> None:
        """After a part was refused: those that have not left end with it, for a torn message helps nobody."""
        for row in self.parts_of(head):
            if row.state is Status.QUEUED:
                self.move(row, new, at, kind)

    def sent(self, row: PartRow) -> None:
        """A part was handed over: with the first of a message its answer begins to be waited for, if one is."""
        head = self.heads[row.message]
        if head.sent_at is not None or row.claimed_at is None:
            return
        head.sent_at = row.claimed_at
        if days := self.rules.response_days(head.action):
            self._awaited[answer_due(row.claimed_at, days, self.rules.zone(head.school))].append(head.id)

    # ---- the accounts ----

    def bill(self, row: PartRow, account: str, at: int, kind: str) -> None:
        """A ledger line for a try of this part: ``accepted`` or ``uncertain``."""
        head = self.heads[row.message]
        self.touch_part(row)
        if head.month is None or head.lines == 0:
            head.month, head.account = self.rules.month(head.school, at), account
        head.lines += 1
        row.line_open = True
        amount = self.rules.price(account, self.rules.day(head.school, at), head.mode, head.number)
        self._line(row, head, account, at, kind, 1, amount)

    def reverse(self, row: PartRow, at: int, amount: int) -> None:
        """Take back the line of a part that was proved refused. ``amount`` is that of the line."""
        head = self.heads[row.message]
        if not row.line_open or row.account is None:
            return
        self.touch_part(row)
        row.line_open = False
        head.lines -= 1
        self._line(row, head, row.account, at, "reversal", -1, -amount)

    def _line(self, row: PartRow, head: Head, account: str, at: int, kind: str, parts: int, amount: int) -> None:
        month = head.month or self.rules.month(head.school, at)
        head.billed += amount
        self._lines.append(
            (row.id, head.id, at, head.school, month, head.action, head.mode, account, kind, parts, amount, "")
        )

    def _credit(self, row: PartRow, new: Status, at: int) -> None:
        """A part that its account does not bill for what became of it; or that it bills after all."""
        free = new in credits.FREE and not self.rules.bills(row.account or "", new)
        if free != bool(row.credited):
            row.credited = free
            self._credits.append((row, at, -1 if free else 1))

    async def put_back(self, conn: Conn) -> None:
        """Write all that changed."""
        if self._credits:
            price = await credits.prices(conn, {row.message for row, _, _ in self._credits}, self._lines)
            for row, at, sign in self._credits:
                head, account = self.heads[row.message], row.account or ""
                self._line(row, head, account, at, credits.KIND[sign], sign, sign * price[row.id])
        heads = [self.heads[key] for key in self._changed_heads]
        for whole, part_columns, head_columns in (
            (True, _PART_MOVING, _HEAD_MOVING),
            (False, _PART_CLAIMED, _HEAD_CLAIMED),
        ):
            parts = [self.parts[key] for key, kind in self._changed_parts.items() if kind is whole]
            await update_rows(conn, part, part_columns, list(map(attrgetter("id", *part_columns), parts)))
            moved = [self.heads[key] for key, kind in self._changed_heads.items() if kind is whole]
            await update_rows(conn, message, head_columns, list(map(attrgetter("id", *head_columns), moved)))
        if self._events:
            await insert_rows(conn, event, _EVENT, self._events)
        changes = tally.changes(heads, self._before, self._lines, self.rules.month)
        now = await tally.regularised(conn, changes, self._lines, self.rules.month)
        if now.lines:
            await insert_rows(conn, ledger, _LEDGER, now.lines)
        await tally.move(conn, now.moved)
        await daily.move(conn, [(self._places[head.id], daily.place(head, self.rules.day)) for head in heads])
        for due_at, ids in self._awaited.items():
            await answers.wait(conn, ids, due_at)
        for head in heads:
            if head.status is not self._was[head.id]:
                self.rules.moved(head.school, head.action, head.status)
