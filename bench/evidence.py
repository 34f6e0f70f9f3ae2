"""What the driver's log and the SMSC's log prove together: which accepted messages were lost or sent twice."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

#: Seconds of the machine's monotonic clock, the same for both logs.
Seconds = float


@dataclass(frozen=True, slots=True)
class Request:
    """What became of the request for one number; ``replied`` is 0 when no answer came."""

    replied: Seconds
    accepted: bool


def requests(path: Path) -> dict[str, Request]:
    """Number -> its request. Lines: to, due, sent, replied, status, accepted."""
    rows = (line.split() for line in path.read_text().splitlines())
    return {row[0]: Request(float(row[3]), row[5] == "1") for row in rows}


def submits(path: Path) -> dict[str, list[Seconds]]:
    """Number -> when each of its accepted submit_sm came. Lines: time, to, from, message id (0: throttled)…"""
    seen: dict[str, list[Seconds]] = defaultdict(list)
    for line in path.read_text().splitlines():
        at, to, _, message_id, *_ = line.split()
        if message_id != "0":
            seen[to].append(float(at))
    return seen


def account(asked: dict[str, Request], seen: dict[str, list[Seconds]]) -> dict[str, int]:
    """Accepted, lost, duplicated, and what was submitted without anyone having asked."""
    accepted = {to for to, request in asked.items() if request.accepted}
    unanswered = {to for to, request in asked.items() if not request.replied}
    return {
        "accepted": len(accepted),
        "lost": len(accepted - seen.keys()),
        "duplicated": sum(len(times) > 1 for times in seen.values()),
        "unanswered": len(unanswered),
        "unanswered_but_submitted": len(unanswered & seen.keys()),
        "strangers": len(seen.keys() - asked.keys()),
    }
