"""Parts whose provider is asked: what became of those that no receipt came for, and whether it takes some back.

Rules: a part is asked about once, after its validity, which its event (``queried``, ``query_failed``) remembers. What
the provider says is stored and applied as a receipt is. What it takes back is ``cancelled``, and keeps its ledger line:
it was handed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from gateway.provider import Cancelled, CancelOutcome, Refused, Sent, Told
from gateway.states import FINAL, UNSENT, Status
from gateway.store.bulk import select_in
from gateway.store.desk import Desk, Head, Rules
from gateway.store.direct import Conn
from gateway.store.moves import Move
from gateway.store.receipts import Incoming, take

_ASKED = "p.id, p.account, p.provider_id, m.number, m.sender, m.service_code"
_TO_QUERY = f"""SELECT {_ASKED} FROM message AS m JOIN part AS p ON p.message = m.id
WHERE m.deadline_at > ? AND m.deadline_at <= ? AND m.valid_until <= ? AND p.state = 'in_transit'
AND p.provider_id <> ''
AND NOT EXISTS (SELECT 1 FROM event AS e
  WHERE e.message = m.id AND e.part = (p.id & 255) AND e.kind IN ('queried', 'query_failed'))
AND p.account IN (#) ORDER BY m.deadline_at LIMIT """
_TO_CANCEL = f"""SELECT {_ASKED} FROM message AS m JOIN part AS p ON p.message = m.id
WHERE p.state = 'in_transit' AND p.provider_id <> '' AND m.id IN (#) ORDER BY p.id"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A part to ask its provider about."""

    part: int
    account: str
    sent: Sent


@dataclass(frozen=True, slots=True)
class Answered:
    """What the provider said of one."""

    asked: Asked
    told: Told


def _asked(row: tuple[int, str, str, str, str, str]) -> Asked:
    part, account, provider_id, number, sender, service_code = row
    return Asked(part, account, Sent(provider_id, number, sender, service_code))


# ---- late ones ----


async def to_query(conn: Conn, accounts: Sequence[str], now: int, late: int, rules: Rules, limit: int) -> list[Asked]:
    """Parts of these accounts whose validity is over since ``late`` milliseconds, and not asked about yet."""
    last = now - late + rules.receipts_wait()
    rows = await select_in(conn, f"{_TO_QUERY}{limit}", list(accounts), now, last, now - late)
    return [_asked(row) for row in rows]


async def queried(conn: Conn, answers: Sequence[Answered], at: int, rules: Rules) -> None:
    """Store what providers said, and move the parts by it."""
    said = [(one.asked, one.told.receipt) for one in answers if one.told.receipt]
    await take(conn, [(Incoming(one.account, receipt, at, rules), one.part) for one, receipt in said], "query")
    silent = [one for one in answers if not one.told.receipt]
    desk = await Desk.take(conn, rules, [one.asked.part >> 8 for one in silent])
    for one in silent:
        row = desk.parts[one.asked.part]
        desk.note(desk.heads[row.message], at, "query_failed", row=row, detail=one.told.why)
    await desk.put_back(conn)


# ---- cancelled ones ----


async def to_cancel(conn: Conn, messages: Sequence[int]) -> list[Asked]:
    """The parts of these messages that their providers took and have not reported on."""
    return [_asked(row) for row in await select_in(conn, _TO_CANCEL, list(messages))]


async def cancelled(
    conn: Conn, answers: Sequence[tuple[Asked, CancelOutcome]], at: int, actor: str, rules: Rules
) -> list[Move]:
    """Move what providers took back; what became of each message that they were asked about."""
    desk = await Desk.take(conn, rules, [one.part >> 8 for one, _ in answers])
    ordered = sorted(answers, key=lambda pair: pair[0].part)
    moves = [
        _take_back(desk, desk.heads[message], {one.part: outcome for one, outcome in group}, at, actor)
        for message, group in groupby(ordered, key=lambda pair: pair[0].part >> 8)
    ]
    await desk.put_back(conn)
    return moves


def _take_back(desk: Desk, head: Head, outcomes: Mapping[int, CancelOutcome], at: int, actor: str) -> Move:
    for part, outcome in outcomes.items():
        row = desk.parts[part]
        if isinstance(outcome, Cancelled):
            for one in desk.together(row):
                desk.move(one, Status.CANCELLED, at, "cancelled", detail="cancel_sm", actor=actor)
        else:
            why = outcome.code if isinstance(outcome, Refused) else outcome.why
            desk.note(head, at, "not_cancelled", row=row, detail=why, actor=actor)
    rows = desk.parts_of(head)
    if any(row.state is Status.CANCELLED for row in rows):
        for row in rows:
            if row.state in UNSENT and not row.resends:
                desk.move(row, Status.CANCELLED, at, "cancelled", actor=actor)
    done = all(row.state in FINAL for row in rows) and any(row.state is Status.CANCELLED for row in rows)
    return Move(head.id, done, head.status, "" if done else "not_taken_back")
