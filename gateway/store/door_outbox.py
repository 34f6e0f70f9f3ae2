"""What upstream systems are told later: reports on their submissions and what telephones wrote, kept until taken.

Rules: a submission ends once, in one transaction with the row that reports it; who asked for nothing gets none.
What ended is found by the events written since the last look, so that a message that came by no door costs
nothing; ``left_over`` finds what ended while nobody looked.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.door import Delivery, PhoneText, Report, Wants
from gateway.states import Status
from gateway.store.bulk import fetch, insert_rows, select_in
from gateway.store.direct import Conn
from gateway.store.tables import door_outbox

#: How long a report is kept for a system that does not come for it, and a submission after its end: seven days.
KEPT_MS = 7 * 24 * 3600 * 1000

#: Rows deleted in one transaction.
_LOT = 5_000

_ROW = ("app", "submission", "progress", "status", "reason", "at", "created_at", "due_at", "tries")

_ENDED = """SELECT DISTINCT d.id FROM event AS e CROSS JOIN door_submission AS d ON d.message = e.message
  JOIN message AS m ON m.id = e.message
  WHERE e.id > ? AND e.id <= ? AND d.ended_at IS NULL AND m.deadline_at IS NULL"""
_LEFT_OVER = """SELECT d.id FROM door_submission AS d JOIN message AS m ON m.id = d.message
  WHERE d.ended_at IS NULL AND m.deadline_at IS NULL"""
_UNDER_WAY = """SELECT d.id FROM door_submission AS d JOIN message AS m ON m.id = d.message
  WHERE d.wants >= 4 AND d.ended_at IS NULL AND m.status = 'in_transit'"""


async def latest_event(conn: Conn) -> int:
    """The number of the newest event."""
    return int((await fetch(conn, "SELECT COALESCE(MAX(id), 0) FROM event"))[0][0])


async def ended_since(conn: Conn, event: int, until: int) -> list[int]:
    """The submissions whose message had an event after ``event``, ``until`` included, and is over."""
    return [row[0] for row in await fetch(conn, _ENDED, (event, until))]


async def left_over(conn: Conn) -> list[int]:
    """The submissions whose message is over and that were not ended yet."""
    return [row[0] for row in await fetch(conn, _LEFT_OVER)]


async def under_way(conn: Conn) -> list[int]:
    """The submissions that asked for a report of progress and can have it."""
    return [row[0] for row in await fetch(conn, _UNDER_WAY)]


async def end(conn: Conn, ids: Sequence[int], now: int) -> int:
    """End submissions whose message is over; how many reports that makes."""
    sql = (
        "SELECT d.id, d.app, d.wants, m.status, COALESCE(m.reason, ''), m.status_at FROM door_submission AS d "
        "JOIN message AS m ON m.id = d.message WHERE d.id IN (#) AND d.ended_at IS NULL ORDER BY m.status_at, d.id"
    )
    rows = [_Ended(*row) for row in await select_in(conn, sql, list(ids))]
    await select_in(conn, "UPDATE door_submission SET ended_at = ? WHERE id IN (#)", [row.id for row in rows], now)
    return await _report(conn, rows, now)


async def end_pieces(conn: Conn, ids: Sequence[int], status: Status, reason: str, now: int) -> int:
    """End pieces of a text that never became whole, or was refused; how many there were."""
    sql = (
        "UPDATE door_submission SET ended_at = ?, octets = NULL, charset = NULL, form = NULL "
        "WHERE id IN (#) AND octets IS NOT NULL RETURNING id, app, wants"
    )
    found = await select_in(conn, sql, list(ids), now)
    rows = [_Ended(id_, app, wants, status, reason, now) for id_, app, wants in found]
    await _report(conn, rows, now)
    return len(rows)


async def note_progress(conn: Conn, ids: Sequence[int], now: int) -> int:
    """Report that submissions are under way, to who asked for that, once."""
    sql = (
        "UPDATE door_submission SET wants = wants - 4 WHERE id IN (#) AND wants >= 4 AND ended_at IS NULL "
        "RETURNING id, app"
    )
    rows = await select_in(conn, sql, list(ids))
    made = [(app, id_, True, Status.IN_TRANSIT, "", now, now, now, 0) for id_, app in rows]
    await insert_rows(conn, door_outbox, _ROW, made)
    return len(made)


@dataclass(frozen=True, slots=True)
class _Ended:
    """A submission that ends, and as what."""

    id: int
    app: str
    wants: int
    status: Status | str
    reason: str
    at: int

    def asked(self) -> bool:
        """Whether this ending is to be reported."""
        delivered = self.status == Status.DELIVERED
        return bool(self.wants & (Wants.SUCCESS if delivered else Wants.FAILURE))


async def _report(conn: Conn, rows: Sequence[_Ended], now: int) -> int:
    made = [(row.app, row.id, False, row.status, row.reason, row.at, now, now, 0) for row in rows if row.asked()]
    await insert_rows(conn, door_outbox, _ROW, made)
    return len(made)


# ---- what telephones wrote ----

#: Up to which message from a telephone was looked at: a counter, since those taken leave nothing here.
_LOOKED_AT = "door:inbound"
_FROM_PHONES = """INSERT INTO door_outbox (app, inbound, progress, status, reason, at, created_at, due_at, tries)
  SELECT COALESCE(i.app, w.value), i.id, FALSE, '', '', i.received_at, ?, ?, 0
  FROM inbound AS i LEFT JOIN json_each(?) AS w ON w.key = i.school
  WHERE i.id > ? AND i.id <= ? AND COALESCE(i.app, w.value) IN (SELECT value FROM json_each(?))"""
_LOOKED = "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


async def latest_inbound(conn: Conn) -> int:
    """The number of the newest message from a telephone."""
    return int((await fetch(conn, "SELECT COALESCE(MAX(id), 0) FROM inbound"))[0][0])


async def take_inbound(conn: Conn, apps: Collection[str], of_school: Mapping[str, str], now: int) -> None:
    """Put what telephones wrote since the last look where it waits for its application, one of ``apps``.

    It is the application whose message was answered; where none was, ``of_school`` may know who takes a school's.
    """
    until = await latest_inbound(conn)
    found = await fetch(conn, "SELECT value FROM counter WHERE name = ?", (_LOOKED_AT,))
    if found:  # else it begins now: what came before there was a door is nobody's
        names, schools = json.dumps(sorted(apps)), json.dumps(dict(of_school))
        await fetch(conn, _FROM_PHONES, (now, now, schools, found[0][0], until, names))
    await fetch(conn, _LOOKED, (_LOOKED_AT, until))


# ---- delivering ----


_DUE = """SELECT o.id, o.app, o.tries, d.public, o.status, o.reason, d.created_at, o.at, o.progress, d.echo,
  i.number, i."to", i.text
  FROM door_outbox AS o LEFT JOIN door_submission AS d ON d.id = o.submission LEFT JOIN inbound AS i ON i.id = o.inbound
  WHERE o.app = ? AND o.due_at <= ? ORDER BY o.due_at, o.id LIMIT ?"""


async def due(conn: Conn, app: str, now: int, limit: int) -> list[Delivery]:
    """What waits for an application, oldest first."""
    return [_read(row) for row in await fetch(conn, _DUE, (app, now, limit))]


def _read(row: tuple[Any, ...]) -> Delivery:
    delivery, app, tries, public, status, reason, submitted, at, progress, echo, number, to, text = row
    if public is None:
        return PhoneText(delivery, app, number or "", to or "", text or "", tries)
    return Report(delivery, app, public, Status(status), reason, submitted, at, bool(progress), tries, echo)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of deliveries: those that are over, and those that come again at an instant."""

    over: Sequence[int]
    again: Sequence[tuple[int, int]]  # id, due_at


async def settle(conn: Conn, items: Sequence[Done]) -> Sequence[None]:
    """Forget what is over; put off what comes again."""
    await select_in(conn, "DELETE FROM door_outbox WHERE id IN (#)", [id_ for item in items for id_ in item.over])
    for item in items:
        for id_, due_at in item.again:
            await fetch(conn, "UPDATE door_outbox SET due_at = ?, tries = tries + 1 WHERE id = ?", (due_at, id_))
    return [None] * len(items)


async def waiting(conn: Conn) -> dict[str, int]:
    """How many deliveries wait, by application."""
    return dict(await fetch(conn, "SELECT app, COUNT(*) FROM door_outbox GROUP BY app"))


async def forget(conn: Conn, before: int) -> int:
    """Delete deliveries nobody came for since ``before``, and submissions that ended earlier; how many of the first."""
    lot = "SELECT id FROM door_outbox WHERE created_at < ? LIMIT ?"
    lost = await fetch(conn, f"DELETE FROM door_outbox WHERE id IN ({lot}) RETURNING id", (before, _LOT))
    if len(lost) < _LOT:  # else some may still be spoken of
        old = "SELECT id FROM door_submission WHERE ended_at < ? LIMIT ?"
        await fetch(conn, f"DELETE FROM door_submission WHERE id IN ({old})", (before, _LOT))
    return len(lost)
