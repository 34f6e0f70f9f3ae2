"""Parts in doubt, and which receipt may settle them by its number alone.

Rules: a receipt whose id stays unknown may settle the oldest uncertain part of the same account, sender and number,
when it was submitted within ten minutes of our claim; not while a part to that number is still being answered, for
then the receipt may be that part's. A provider writes its dates in UTC or in the school's zone: one that may be of two
parts, an hour or two apart, is of the one that it names in UTC.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from gateway import numbers
from gateway.matching import NEAR, later_than
from gateway.states import FINAL, Status
from gateway.store.bulk import fetch
from gateway.store.desk import Desk, PartRow, Rules
from gateway.store.direct import Conn

_IN_DOUBT = """SELECT p.id, p.state, p.claimed_at, m.number, m.sender, m.school FROM part AS p
  JOIN message AS m ON m.id = p.message WHERE p.account = ? AND p.state IN ('sending', 'uncertain')
  AND (NOT p.joined OR p.id & 255 = 1)
  UNION ALL
  SELECT p.id, p.state, p.claimed_at, m.number, m.sender, m.school FROM part AS p
  JOIN message AS m ON m.id = p.message WHERE p.account = ? AND p.state = 'queued' AND p.resends > 0
  AND (NOT p.joined OR p.id & 255 = 1)
  ORDER BY 1"""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A part whose outcome is not known yet; the first of those that left in one piece."""

    part: int
    state: str
    claimed_at: int | None
    number: str
    sender: str
    school: str

    @classmethod
    def on(cls, desk: Desk, row: PartRow) -> "Doubt":
        """A part that is on the desk."""
        head = desk.heads[row.message]
        return cls(row.id, row.state, row.claimed_at, head.number, head.sender, head.school)


def in_doubt(row: PartRow) -> bool:
    """Whether its id is not known: being sent, uncertain, or waiting to be sent once more because it was."""
    return row.state in (Status.SENDING, Status.UNCERTAIN) or (row.state is Status.QUEUED and row.resends > 0)


async def doubts(conn: Conn, account: str) -> list[Doubt]:
    """An account's parts in doubt, the oldest first."""
    return [Doubt(*row) for row in await fetch(conn, _IN_DOUBT, (account, account))]


def settled_by(doubts: Iterable[Doubt], said: tuple[str, str, datetime | None], rules: Rules) -> int | None:
    """The oldest uncertain part that a receipt (number, sender, submit date) may be of."""
    to, sender, submitted = said
    alike = [doubt for doubt in doubts if numbers.same(to, doubt.number) and _same_sender(sender, doubt.sender)]
    if any(doubt.state == Status.SENDING for doubt in alike):
        return None
    zones: tuple[Callable[[Doubt], tzinfo], ...] = (lambda _: UTC, lambda doubt: rules.zone(doubt.school))
    near = (doubt.part for zone in zones for doubt in alike if _near(submitted, doubt, zone(doubt)))
    return next(near, None)


def _same_sender(said: str, ours: str) -> bool:
    return not said or said.casefold() == ours.casefold()


def _near(submitted: datetime | None, doubt: Doubt, zone: tzinfo) -> bool:
    """Whether the submit date, read in a zone, is within ten minutes of our claim."""
    if submitted is None or doubt.claimed_at is None:
        return False
    return abs(later_than(submitted, doubt.claimed_at, zone)) <= NEAR


def apply(desk: Desk, row: PartRow, status: Status | None, at: int, by: str, words: str) -> None:
    """Move a part, and those that left in one piece with it, by what a receipt says."""
    for one in desk.together(row):
        _apply(desk, one, status, at, by, words)


def _apply(desk: Desk, row: PartRow, status: Status | None, at: int, by: str, words: str) -> None:
    """What a receipt may not move is left: states only go forward."""
    kind = {"number": "matched_by_number", "query": "queried"}.get(by, "receipt")
    if status is None or status is Status.IN_TRANSIT:
        if row.state in (Status.UNCERTAIN, Status.QUEUED):
            desk.move(row, Status.IN_TRANSIT, at, kind, detail=words)
        elif by == "query":
            desk.note(desk.heads[row.message], at, kind, row=row, detail=words)
        return
    if by != "query" and (row.state is Status.NO_RECEIPT or row.state in FINAL):
        kind = "late_receipt"
    if status is not Status.DELIVERED:
        row_head = desk.heads[row.message]
        if row.state not in FINAL or row.state is Status.NO_RECEIPT:
            desk.touch_part(row)
            row.error = row_head.reason = words
    desk.move(row, status, at, kind, detail=words)
