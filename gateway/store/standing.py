"""How the queue stands, for the gauges: what waits, how old, what is in doubt, which receipts nobody knows."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model import MODES
from gateway.states import Status
from gateway.store.bulk import fetch
from gateway.store.direct import Conn

_WAITING = """SELECT mode, status, COUNT(*), MIN(created_at) FROM message
  WHERE deadline_at IS NOT NULL AND status IN ('held', 'scheduled', 'queued') GROUP BY mode, status"""
_OLDEST = "SELECT mode, MIN(due_at) FROM part WHERE state = 'queued' GROUP BY mode"
# Both conditions: the first is the partial index's own, which is used only where it is written out.
_UNCERTAIN = (
    "SELECT account, COUNT(*) FROM part WHERE state IN ('sending', 'uncertain') AND state = 'uncertain' GROUP BY 1"
)
_UNMATCHED = "SELECT account, COUNT(*) FROM receipt WHERE part IS NULL GROUP BY account"


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts at one moment; ``oldest`` are instants at which the oldest queued part of a mode could leave."""

    waiting: Mapping[tuple[str, str], int]
    oldest: Mapping[str, int | None]
    uncertain: Mapping[str, int]
    unmatched: Mapping[str, int]


async def ask(conn: Conn) -> Standing:
    """Count, every mode and state present even at nought."""
    waiting = {(mode, state): 0 for mode in MODES for state in (Status.HELD, Status.SCHEDULED, Status.QUEUED)}
    waiting |= {(row[0], Status(row[1])): row[2] for row in await fetch(conn, _WAITING)}
    oldest: dict[str, int | None] = dict.fromkeys(MODES)
    oldest |= {row[0]: row[1] for row in await fetch(conn, _OLDEST)}
    uncertain = {row[0]: row[1] for row in await fetch(conn, _UNCERTAIN)}
    unmatched = {row[0]: row[1] for row in await fetch(conn, _UNMATCHED)}
    return Standing({(mode, str(state)): n for (mode, state), n in waiting.items()}, oldest, uncertain, unmatched)
