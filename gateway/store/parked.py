"""Receipts that nobody knows yet: parked under every form of their id until a part of theirs is found.

Rules: an acceptance looks for the receipt that overtook it; a receipt that may be of several parts is looked at again
when less is in doubt; an uncertain part looks for one of its number. What was there before the part left is not of
it: ids come round again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.matching import Said
from gateway.provider import Accepted, Form, Outcome
from gateway.states import Status
from gateway.store.bulk import fetch, select_in, update_rows
from gateway.store.desk import Desk, Rules
from gateway.store.direct import Conn
from gateway.store.doubt import NEAR, apply, doubts, settled_by
from gateway.store.evidence import Evidence
from gateway.store.receipts import EXACT, Match, adopt, unpark
from gateway.store.tables import receipt

#: Receipts looked at again in one transaction.
LOT = 500

_COLUMNS = "id, account, provider_id, number, sender, submitted, received_at, status, state || ' ' || error"
_BY_KEY = "SELECT DISTINCT receipt FROM parked WHERE account = ? AND key IN (#)"
_BY_ID = f"SELECT {_COLUMNS} FROM receipt WHERE part IS NULL AND id IN (#) ORDER BY id"
# The first condition is the partial index's own: it is used only where that is written out.
_WAITING = f"SELECT {_COLUMNS} FROM receipt WHERE part IS NULL AND account = ? AND waits ORDER BY id LIMIT {LOT}"
_UNKNOWN = f"""SELECT {_COLUMNS} FROM receipt
  WHERE account = ? AND part IS NULL AND received_at >= ? AND NOT waits ORDER BY id"""


@dataclass(frozen=True, slots=True)
class Parked:
    """A receipt that has no part yet, as it was stored."""

    id: int
    account: str
    said: Said
    status: Status | None
    words: str


async def _parked(conn: Conn, rows: Sequence[Any]) -> list[Parked]:
    """Rows of ``_COLUMNS`` with their keys."""
    keys: dict[int, list[tuple[str, str]]] = defaultdict(list)
    sql = "SELECT receipt, form, key FROM parked WHERE receipt IN (#)"
    for receipt_id, form, key in await select_in(conn, sql, [row[0] for row in rows]):
        keys[receipt_id].append((form, key))
    return [
        Parked(row[0], row[1], _said(row, keys[row[0]]), Status(row[7]) if row[7] else None, row[8].strip())
        for row in rows
    ]


def _said(row: Any, keys: Sequence[tuple[str, str]]) -> Said:
    _, _, provider_id, to, sender, submitted, at, *_ = row
    own = (Form.SAME, EXACT)
    return Said(
        provider_id,
        tuple(key for form, key in keys if form in own),
        tuple((Form(form), key) for form, key in keys if form not in own),
        any(form == EXACT for form, _ in keys),
        to,
        sender,
        datetime.fromisoformat(submitted) if submitted else None,
        at,
    )


async def with_keys(conn: Conn, ids: Sequence[int]) -> list[Parked]:
    """Those of these receipts that have no part, with the keys under which they are parked, in their order."""
    return await _parked(conn, await select_in(conn, _BY_ID, ids))


# ---- overtaken acceptances ----


async def overtaken(conn: Conn, answers: Sequence[tuple[str, Outcome]]) -> list[Parked]:
    """The parked receipts that may be of these acceptances."""
    keys: dict[str, list[str]] = defaultdict(list)
    for account, outcome in answers:
        if isinstance(outcome, Accepted) and outcome.key:
            keys[account].append(outcome.key)
    found: set[int] = set()
    for account, wanted in keys.items():
        found.update(row[0] for row in await select_in(conn, _BY_KEY, wanted, account))
    return await with_keys(conn, sorted(found)) if found else []


async def apply_overtaken(conn: Conn, desk: Desk, part_ids: Iterable[int], found: Sequence[Parked]) -> None:
    """Apply to each of the parts that were just answered the parked receipts of its id, and unpark these."""
    if not found:
        return
    answered = set(part_ids)
    evidence = await Evidence.of(conn, ((one.account, one.said) for one in found), desk)
    done: list[Match] = []
    waiting: list[tuple[int, bool]] = []
    for one in found:
        choice = await evidence.choose(conn, one.account, one.said)
        row = desk.parts.get(choice.part) if choice.part in answered else None
        if row is not None:
            at = max(one.said.at, row.answered_at or one.said.at)
            apply(desk, row, one.status, at, "id", one.words)
            done.append((one.id, row.id, row.answered_at or one.said.at, "id"))
        elif choice.waits or choice.part is not None:
            waiting.append((one.id, True))
    await evidence.keep(conn, max(one.said.at for one in found))
    await update_rows(conn, receipt, ("waits",), waiting)
    await unpark(conn, done)


# ---- looked at again ----


async def settle_parked(conn: Conn, account: str, now: int, rules: Rules) -> int:
    """Match the receipts that waited, then those of uncertain parts; how many found their part."""
    return await _settle_waiting(conn, account, now, rules) + await _settle_doubts(conn, account, now, rules)


async def _settle_waiting(conn: Conn, account: str, now: int, rules: Rules) -> int:
    """Receipts that could have been of several parts, or of one in doubt, when they came."""
    waiting = await _parked(conn, await fetch(conn, _WAITING, (account,)))
    if not waiting:
        return 0
    evidence = await Evidence.of(conn, ((account, one.said) for one in waiting))
    choices = [(one, await evidence.choose(conn, account, one.said)) for one in waiting]
    desk = await Desk.take(conn, rules, [choice.part >> 8 for _, choice in choices if choice.part is not None])
    done: list[Match] = []
    for one, choice in choices:
        if choice.part is not None:
            apply(desk, desk.parts[choice.part], one.status, now, "id", one.words)
            done.append((one.id, choice.part, now, "id"))
    await desk.put_back(conn)
    await evidence.keep(conn, now)
    await unpark(conn, done)
    # What is of nobody any more may settle a doubt.
    over = [(one.id, False) for one, choice in choices if choice.part is not None or not choice.waits]
    await update_rows(conn, receipt, ("waits",), over)
    return len(done)


async def _settle_doubts(conn: Conn, account: str, now: int, rules: Rules) -> int:
    """Settle by number the uncertain parts whose receipt came first."""
    known = await doubts(conn, account)
    if not any(doubt.state != Status.SENDING for doubt in known):
        return 0
    oldest = min(doubt.claimed_at or now for doubt in known) - int(NEAR.total_seconds() * 1000)
    desk = await Desk.take(conn, rules, [doubt.part >> 8 for doubt in known])
    settled: dict[str, int] = {}  # the provider's id -> part
    done: list[Match] = []
    for one in await _parked(conn, await fetch(conn, _UNKNOWN, (account, oldest))):
        said = one.said
        by, part_id = "id", settled.get(said.id)
        if part_id is None:
            open_ = [doubt for doubt in known if doubt.part not in settled.values()]
            by, part_id = "number", settled_by(open_, (said.to, said.sender, said.submitted), rules)
        if part_id is None:
            continue
        adopt(desk, desk.parts[part_id], said)
        settled[said.id or f"receipt {one.id}"] = part_id
        apply(desk, desk.parts[part_id], one.status, now, by, one.words)
        done.append((one.id, part_id, now, by))
    await desk.put_back(conn)
    await unpark(conn, done)
    return len(done)


async def to_settle(conn: Conn, account: str) -> bool:
    """Whether this account has receipts that waited, or both parts in doubt and receipts that nobody knows."""
    # The first condition on the state is the partial index's own: it is used only where that is written out.
    sql = (
        "SELECT EXISTS (SELECT 1 FROM receipt WHERE part IS NULL AND account = ? AND waits) "
        "OR (EXISTS (SELECT 1 FROM part WHERE account = ? AND state IN ('sending', 'uncertain') "
        "AND state = 'uncertain') AND EXISTS (SELECT 1 FROM receipt WHERE account = ? AND part IS NULL))"
    )
    return bool((await fetch(conn, sql, (account, account, account)))[0][0])
