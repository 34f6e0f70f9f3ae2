"""What people and the clock do to messages: release, cancel, resend; due, expired, without receipt.

Each verb of a person answers one ``Move`` an id and may be repeated without harm.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.deadlines import SENDING_MS, may_resend
from gateway.states import FINAL, UNSENT, Status
from gateway.store import people, sealed
from gateway.store.bulk import fetch, select_in
from gateway.store.desk import Desk, Head, PartRow, Rules
from gateway.store.direct import Conn


@dataclass(frozen=True, slots=True)
class Move:
    """What became of one id: done, or skipped with the state it is in and why."""

    id: int
    done: bool
    status: Status
    code: str = ""


async def _each(conn: Conn, ids: Sequence[int], rules: Rules, deed: Callable[[Desk, Head], Move]) -> list[Move]:
    """Do a deed to each message that exists, once, in the order asked."""
    desk = await Desk.take(conn, rules, ids)
    moves = [deed(desk, desk.heads[id_]) for id_ in dict.fromkeys(ids) if id_ in desk.heads]
    await desk.put_back(conn)
    return moves


async def release(conn: Conn, ids: Sequence[int], now: int, actor: str, rules: Rules) -> list[Move]:
    """Held messages leave: at once, or at their ``send_at``. Validity runs from then."""
    return await _each(conn, ids, rules, lambda desk, head: _release(desk, head, now, actor))


def _release(desk: Desk, head: Head, now: int, actor: str) -> Move:
    if head.status is not Status.HELD:
        released = head.released_at is not None
        return Move(head.id, False, head.status, "already_released" if released else "not_held")
    if head.hold_until <= now:
        return Move(head.id, False, head.status, "held_too_long")
    start = max(now, head.send_at or now)
    desk.touch(head)
    head.released_at, head.released_by = now, actor
    if head.valid_until is None:
        head.valid_until = start + head.validity_ms
    leaves = max(now, head.leaves_at or now)
    new = Status.SCHEDULED if leaves > now else Status.QUEUED
    for row in desk.parts_of(head):
        row.due_at = leaves
        desk.move(row, new, now, "")
    desk.note(head, now, "released", actor=actor)
    return Move(head.id, True, head.status)


async def cancel(conn: Conn, ids: Sequence[int], now: int, actor: str, rules: Rules) -> list[Move]:
    """Messages of which nothing was handed over end here. A message in doubt is never cancelled."""
    return await _each(conn, ids, rules, lambda desk, head: _cancel(desk, head, now, actor))


def _cancel(desk: Desk, head: Head, now: int, actor: str) -> Move:
    parts = desk.parts_of(head)
    if head.status is Status.CANCELLED:
        return Move(head.id, False, head.status, "already_cancelled")
    if not parts or any(row.state not in UNSENT or row.resends for row in parts):
        return Move(head.id, False, head.status, "already_final" if head.status in FINAL else "already_submitted")
    for row in parts:
        desk.move(row, Status.CANCELLED, now, "")
    desk.note(head, now, "cancelled", actor=actor)
    return Move(head.id, True, head.status)


async def stop(
    conn: Conn, school: str, numbers: Sequence[str], sender: str | None, now: int, actor: str, rules: Rules
) -> int:
    """What waits for people who opted out from ``sender`` (None: from all) does not leave; how many messages end.

    What was handed over stays as it is, but is not sent once more: not when it is in doubt, nor when the provider
    turns out not to have taken it, for its validity is over.
    """
    sql = "SELECT id FROM message WHERE number IN (#) AND deadline_at IS NOT NULL"
    desk = await Desk.take(conn, rules, [row[0] for row in await select_in(conn, sql, sealed.forms(conn, numbers))])
    ended = 0
    for head in desk.heads.values():
        if head.school == school and sender in (None, head.sender.upper()):
            ended += _stop(desk, head, now, actor)
    await desk.put_back(conn)
    return ended


def _stop(desk: Desk, head: Head, now: int, actor: str) -> bool:
    parts = desk.parts_of(head)
    if any(row.state is Status.SENDING for row in parts):
        desk.touch(head)
        head.valid_until = min(head.until, now)
    stopped = [row for row in parts if _may_leave(head, row)]
    if not stopped:
        return False
    desk.touch(head)
    head.reason = "opted_out"
    kind = "stopped" if len(stopped) < len(parts) else ""
    for row in stopped:
        again = row.state is Status.UNCERTAIN or row.resends > 0
        desk.move(row, Status.NO_RECEIPT if again else Status.CANCELLED, now, kind, actor=actor)
    if not kind:
        desk.note(head, now, "stopped", actor=actor)
    return True


def _may_leave(head: Head, row: PartRow) -> bool:
    """Whether it waits to be sent, or to be sent once more."""
    wait = head.resend_wait_ms if head.resend else None
    return row.state in UNSENT or (row.state is Status.UNCERTAIN and may_resend(row, head.until, wait))


async def resend(conn: Conn, ids: Sequence[int], now: int, actor: str, rules: Rules) -> list[Move]:
    """Send the uncertain parts of messages once more, knowing that they may arrive twice; not to who opted out."""
    out = set()
    for id_, school, sender, number in await select_in(conn, _WHOM, ids):
        if (await people.verdicts(conn, school, sender, [number]))[number][1]:
            out.add(id_)
    return await _each(conn, ids, rules, lambda desk, head: _resend(desk, head, now, actor, head.id in out))


_WHOM = "SELECT id, school, sender, number FROM message WHERE id IN (#)"


def _resend(desk: Desk, head: Head, now: int, actor: str, opted_out: bool) -> Move:
    doubtful = [row for row in desk.parts_of(head) if _in_doubt(row)]
    if not doubtful:
        return Move(head.id, False, head.status, "not_uncertain")
    if opted_out:
        return Move(head.id, False, head.status, "opted_out")
    if not head.number or any(not row.content for row in doubtful):
        return Move(head.id, False, head.status, "text_wiped")
    desk.touch(head)
    if head.until <= now:
        # A person decides: the message is worth sending again for as long as it was at first.
        head.valid_until = now + head.validity_ms
    for row in doubtful:
        _again(desk, row, now, actor)
    return Move(head.id, True, head.status)


def _in_doubt(row: PartRow) -> bool:
    unanswered = row.state is Status.NO_RECEIPT and row.provider_id is None
    return row.state is Status.UNCERTAIN or unanswered


def _again(desk: Desk, row: PartRow, now: int, actor: str) -> None:
    head = desk.heads[row.message]
    row.resends += 1
    row.tries = 0
    head.possibly_double = True
    desk.move(row, Status.QUEUED, now, "resent", detail="possibly_double", actor=actor)


# ---- the clock ----


DUE = "SELECT id FROM message WHERE deadline_at IS NOT NULL AND deadline_at <= ? ORDER BY deadline_at LIMIT ?"


async def due(conn: Conn, now: int, rules: Rules, limit: int = 500) -> int:
    """Judge the messages whose deadline has passed, oldest first; how many were looked at."""
    ids = [row[0] for row in await fetch(conn, DUE, (now, limit))]
    if not ids:
        return 0
    desk = await Desk.take(conn, rules, ids)
    for head in desk.heads.values():
        _judge(desk, head, now)
    await desk.put_back(conn)
    return len(ids)


async def next_deadline(conn: Conn) -> int | None:
    """The earliest deadline, in milliseconds."""
    rows = await fetch(conn, "SELECT min(deadline_at) FROM message WHERE deadline_at IS NOT NULL")
    value: int | None = rows[0][0]
    return value


def _judge(desk: Desk, head: Head, now: int) -> None:
    """Every part that waited long enough moves on; the deadline is set anew either way."""
    desk.touch(head)
    for row in desk.parts_of(head):
        match row.state:
            case Status.HELD if head.hold_until <= now:
                head.reason = "held_too_long"
                desk.move(row, Status.EXPIRED, now, "expired", detail="held_too_long")
            case Status.SCHEDULED | Status.QUEUED if head.until <= now:
                too_late(desk, head, row, now)
            case Status.SCHEDULED if (head.leaves_at or 0) <= now:
                row.due_at = max(row.due_at, head.leaves_at or 0)
                desk.move(row, Status.QUEUED, now, "due" if (head.send_at or 0) <= now else "due_ahead")
            case Status.UNCERTAIN if _may_go_again(head, row, now):
                _again(desk, row, now, "")
            case Status.SENDING if head.until + desk.rules.receipts_wait() <= now:
                doubt(desk, row, now, "no answer was ever recorded")
            case Status.UNCERTAIN | Status.IN_TRANSIT if head.until + desk.rules.receipts_wait() <= now:
                head.reason = head.reason or "no_receipt"
                desk.move(row, Status.NO_RECEIPT, now, "no_receipt")
    desk.rejudge(head, now)
    if head.deadline_at is not None and head.deadline_at <= now:
        head.deadline_at = now + SENDING_MS  # nothing to do yet: its answer is still waited for


def doubt(desk: Desk, row: PartRow, at: int, why: str) -> None:
    """A part that was handed over without an answer: it may have been sent, and is billed."""
    desk.touch_part(row)
    desk.sent(row)
    desk.bill(row, row.account or "", at, "uncertain")
    desk.move(row, Status.UNCERTAIN, at, "uncertain", detail=why)


def too_late(desk: Desk, head: Head, row: PartRow, now: int) -> None:
    """Its validity is over: it does not leave any more. One that may have left already is not called expired."""
    if row.resends:
        desk.move(row, Status.NO_RECEIPT, now, "no_receipt", detail="validity_over")
    else:
        head.reason = "validity_over"
        desk.move(row, Status.EXPIRED, now, "expired", detail="validity_over")


def _may_go_again(head: Head, row: PartRow, now: int) -> bool:
    wait = head.resend_wait_ms if head.resend else None
    return may_resend(row, head.until, wait) and (row.uncertain_at or row.state_at) + (wait or 0) <= now
