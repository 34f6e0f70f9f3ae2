"""The counters behind the synthesis: what a message adds to them, and how they move.

Rules: a message with a ledger line not reversed counts once in ``total``, in the month and account of its first
line, and in ``delivered`` while it is delivered. One that ended without a line counts in ``not_submitted``, in the
month it was accepted. Parts and amounts come from the lines themselves.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

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


async def move(
    conn: Conn,
    shares: Sequence[tuple[Share | None, Share | None]],
    lines: Sequence[Sequence[object]],
) -> None:
    """Move the counters by the difference of each (before, after), and by the ledger lines written."""
    moved: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0] * _COLUMNS)
    for before, after in shares:
        if before == after:
            continue
        for one, sign in ((before, -1), (after, 1)):
            if one is not None:
                sums = moved[one[:5]]
                sums[0] += sign * one.total
                sums[1] += sign * one.delivered
                sums[4] += sign * one.not_submitted
    for _part, _message, _at, school, month, action, mode, account, _kind, parts, amount in lines:
        sums = moved[(school, month, action, mode, account)]
        sums[2] += parts  # type: ignore[operator]
        sums[3] += amount  # type: ignore[operator]
    rows = [(*key, *sums) for key, sums in moved.items() if any(sums)]
    if rows:
        marks = ",".join(["(?,?,?,?,?,?,?,?,?,?)"] * len(rows))
        await fetch(conn, _UPSERT.format(marks), [value for row in rows for value in row])


_UPSERT = """INSERT INTO tally (school, month, action, mode, account, total, delivered, parts, amount, not_submitted)
VALUES {}
ON CONFLICT (school, month, action, mode, account) DO UPDATE SET
  total = tally.total + excluded.total, delivered = tally.delivered + excluded.delivered,
  parts = tally.parts + excluded.parts, amount = tally.amount + excluded.amount,
  not_submitted = tally.not_submitted + excluded.not_submitted"""
