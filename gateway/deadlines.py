"""When a message must be judged again. Pure: instants are milliseconds and arguments.

Rules: a part waits for exactly one thing, and the message's deadline is the earliest of its parts'.
Held: the end of ``hold_max``. Scheduled: its hour. Queued: the end of its validity. In transit or uncertain: its
validity plus the time receipts are waited for; an uncertain part that may be sent once more: its wait.
"""

from collections.abc import Iterable
from typing import Protocol

from gateway.states import Status

#: A part being sent has its own timer (the answer's); it is looked at again after this long.
SENDING_MS = 60_000


class Waiting(Protocol):
    """What of a part decides its deadline."""

    state: Status
    state_at: int
    resends: int
    uncertain_at: int | None


def deadline(
    parts: Iterable[Waiting],
    *,
    until: int,
    held_until: int,
    send_at: int | None,
    receipts_wait: int,
    resend_wait: int | None,
) -> int | None:
    """The earliest instant at which something is due; None when all parts are final.

    ``until``: end of validity. ``resend_wait``: None when the action waits for the receipt of an uncertain part.
    """
    no_receipt = until + receipts_wait
    earliest: int | None = None
    for part in parts:
        instant = _due(part, until, held_until, send_at, no_receipt, resend_wait)
        if instant is not None and (earliest is None or instant < earliest):
            earliest = instant
    return earliest


def _due(
    part: Waiting, until: int, held_until: int, send_at: int | None, no_receipt: int, resend_wait: int | None
) -> int | None:
    match part.state:
        case Status.HELD:
            return held_until
        case Status.SCHEDULED:
            return until if send_at is None else min(send_at, until)
        case Status.QUEUED:
            return until
        case Status.SENDING:
            return max(until, part.state_at + SENDING_MS)
        case Status.UNCERTAIN if may_resend(part, until, resend_wait):
            return (part.uncertain_at or part.state_at) + (resend_wait or 0)
        case Status.UNCERTAIN | Status.IN_TRANSIT:
            return no_receipt
    return None


def may_resend(part: Waiting, until: int, resend_wait: int | None) -> bool:
    """Whether an uncertain part is still to be sent once more: allowed, not done yet, and in time."""
    if resend_wait is None or part.resends > 0:
        return False
    return (part.uncertain_at or part.state_at) + resend_wait < until
