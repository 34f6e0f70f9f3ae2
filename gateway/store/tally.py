"""The counters behind the synthesis: what a message adds to them, and how they move.

Rules: a message with a ledger line not reversed counts once in ``total``, in the month and account of its first
line, and in ``delivered`` while it is delivered. One that ended without a line counts in ``not_submitted``, in the
month it was accepted. Parts and amounts come from the lines themselves. A month that was closed never moves: what
changes it later is counted in the month in which it comes, as a régularisation of the closed one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.states import Status
from gateway.store.bulk import fetch
from gateway.store.direct import Conn

if TYPE_CHECKING:
    from gateway.store.desk import Head

_NOT_SUBMITTED = frozenset({Status.INVALID, Status.REJECTED, Status.EXPIRED, Status.CANCELLED})
_COLUMNS = 5


class Share(NamedTuple):
    """What one message adds: the counter's key, then total, delivered, not_submitted."""

    school: str
    month: str
    action: str
    mode: str
    account: str
    total: int
    delivered: int
    not_submitted: int


def share(head: "Head", month: Callable[[str, int], str]) -> Share | None:
    """The share of a message in the counters, as it is now; None when it has none yet."""
    if head.lines > 0:
        delivered = int(head.status is Status.DELIVERED)
        return Share(head.school, head.month or "", head.action, head.mode, head.account or "", 1, delivered, 0)
    if head.status in _NOT_SUBMITTED:
        return Share(head.school, month(head.school, head.created_at), head.action, head.mode, "", 0, 0, 1)
    return None


class Change(NamedTuple):
    """The share of a message before and after, and when it changed (milliseconds)."""

    before: Share | None
    after: Share | None
    at: int


def changes(
    heads: Iterable["Head"],
    before: Mapping[int, Share | None],
    lines: Iterable[Sequence[Any]],
    month: Callable[[str, int], str],
) -> list[Change]:
    """The change of each message since ``before``; of what its ledger lines changed, at the time of the last."""
    at = {line[1]: line[2] for line in lines}
    return [Change(before[head.id], share(head, month), max(head.status_at, at.get(head.id, 0))) for head in heads]


class Regularised(NamedTuple):
    """Changes as counters, and ledger lines, once what touches a closed month was moved to the month it came in."""

    moved: dict[tuple[str, ...], list[int]]
    lines: Sequence[Sequence[Any]]


async def regularised(
    conn: Conn, changes: Sequence[Change], lines: Sequence[Sequence[Any]], month: Callable[[str, int], str]
) -> Regularised:
    """What each counter moves by. A closed month's never move: the month in which the change came has it instead."""
    changes = [change for change in changes if change.before != change.after]
    closed = await _closed(conn, _old(changes, lines, month))

    def key(own: tuple[str, ...], at: int) -> tuple[str, ...]:
        if closed and own[:2] in closed:
            return (own[0], month(own[0], at), *own[2:5], own[1])
        return (*own[:5], "")

    moved: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * _COLUMNS)
    for change in changes:
        for one, sign in ((change.before, -1), (change.after, 1)):
            if one is not None:
                sums = moved[key(one[:5], change.at)]
                sums[0] += sign * one.total
                sums[1] += sign * one.delivered
                sums[4] += sign * one.not_submitted
    written = []
    for line in lines:
        where = key((line[3], line[4], *line[5:8]), line[2])
        sums = moved[where]
        sums[2] += line[9]
        sums[3] += line[10]
        written.append((*line[:4], where[1], *line[5:11], where[5]) if where[5] else line)
    return Regularised(moved, written)


def _old(
    changes: Sequence[Change], lines: Sequence[Sequence[Any]], month: Callable[[str, int], str]
) -> set[tuple[str, str]]:
    """The schools and months of these that are over, and so may be closed."""
    found = {(line[3], line[4]) for line in lines if line[4] != month(line[3], line[2])}
    for change in changes:
        for one in change[:2]:
            if one is not None and one.month != month(one.school, change.at):
                found.add((one.school, one.month))
    return found


async def _closed(conn: Conn, months: set[tuple[str, str]]) -> set[tuple[str, str]]:
    if not months:
        return set()
    rows = await fetch(conn, "SELECT school, month FROM month_close")
    return {(school, month) for school, month in rows} & months


async def move(conn: Conn, moved: Mapping[tuple[str, ...], Sequence[int]]) -> None:
    """Move the counters."""
    rows = [(*key, *sums) for key, sums in moved.items() if any(sums)]
    if rows:
        marks = ",".join(["(?,?,?,?,?,?,?,?,?,?,?)"] * len(rows))
        await fetch(conn, _UPSERT.format(marks), [value for row in rows for value in row])


_UPSERT = """INSERT INTO tally
  (school, month, action, mode, account, of_month, total, delivered, parts, amount, not_submitted)
VALUES {}
ON CONFLICT (school, month, action, mode, account, of_month) DO UPDATE SET
  total = tally.total + excluded.total, delivered = tally.delivered + excluded.delivered,
  parts = tally.parts + excluded.parts, amount = tally.amount + excluded.amount,
  not_submitted = tally.not_submitted + excluded.not_submitted"""
