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

from gateway.elimination import told_together
from gateway.matching import NEAR, Choice, Said
from gateway.provider import Accepted, Form, Outcome
from gateway.states import Status
from gateway.store.bulk import fetch, select_in, update_rows
from gateway.store.desk import Desk, Rules
from gateway.store.direct import Conn
from gateway.store.doubt import apply, doubts, settled_by
from gateway.store.evidence import Evidence, told_since
from gateway.store.receipts import EXACT, Match, adopt, unpark
from gateway.store.tables import receipt

#: Receipts looked at again in one transaction.
LOT = 500

#: Milliseconds for which a receipt is looked at again each time, and for which it waits at all: longer than parts are
#: in doubt, and than providers deliver again.
YOUNG = 10 * 60_000
PATIENCE = 10 * 86_400_000

_COLUMNS = "id, account, provider_id, number, sender, submitted, received_at, status, state || ' ' || error"
_BY_KEY = "SELECT DISTINCT receipt FROM parked WHERE account = ? AND key IN (#)"
_BY_ID = f"SELECT {_COLUMNS} FROM receipt WHERE part IS NULL AND id IN (#) ORDER BY id"
# The first condition is the partial index's own: it is used only where that is written out.
_WAITS = "part IS NULL AND account = ? AND waits"
_DUE = f"{_WAITS} AND received_at >= ?"
_WAITING = f"SELECT {_COLUMNS} FROM receipt WHERE {_DUE} ORDER BY id DESC LIMIT {LOT}"
_WAITED_ENOUGH = f"UPDATE receipt SET waits = 0 WHERE {_WAITS} AND received_at < ?"
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
    evidence = await Evidence.of(conn, ((one.account, one.said) for one in found), desk.rules.zone, desk)
    done: list[Match] = []
    waiting: list[tuple[int, bool]] = []
    for one in found:
        choice = await evidence.choose(conn, one.account, one.said)
        row = desk.parts.get(choice.part) if choice.part in answered else None
        if row is not None:
            evidence.learn(one.account, one.said, choice)
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
    await fetch(conn, _WAITED_ENOUGH, (account, now - PATIENCE))
    waiting = await _parked(conn, (await fetch(conn, _WAITING, (account, _looked_at_since(now))))[::-1])
    if not waiting:
        return 0
    evidence = await Evidence.of(conn, ((account, one.said) for one in waiting), rules.zone)
    choices = await _choices(conn, evidence, account, waiting)
    desk = await Desk.take(conn, rules, [choice.part >> 8 for choice in choices.values() if choice.part is not None])
    done: list[Match] = []
    for one in waiting:
        part = choices[one.id].part
        if part is not None:
            apply(desk, desk.parts[part], one.status, now, "id", one.words)
            done.append((one.id, part, now, "id"))
    await desk.put_back(conn)
    await evidence.keep(conn, now)
    await unpark(conn, done)
    # What is of nobody any more may settle a doubt.
    over = [(one.id, False) for one in waiting if choices[one.id].part is not None or not choices[one.id].waits]
    await update_rows(conn, receipt, ("waits",), over)
    return len(done)


async def _choices(conn: Conn, evidence: Evidence, account: str, waiting: Sequence[Parked]) -> dict[int, Choice]:
    """One by one, then together."""
    sure = evidence.habit(account).sure is not None
    told = await told_since(conn, account, waiting[0].id) if sure else 0
    choices: dict[int, Choice] = {}
    for one in waiting:
        choice = choices[one.id] = await evidence.choose(conn, account, one.said, still=one.id <= told)
        if choice.part is not None:
            alone = not evidence.case(account, one.said).asks_for_heard
            evidence.learn(account, one.said, choice, again=alone)
    cases = {one.id: evidence.case(account, one.said) for one in waiting if choices[one.id].waits}
    if cases:
        heard = await evidence.heard(conn, {part for case in cases.values() for part in case.asks_for_heard})
        together = told_together(cases, await evidence.doubts(conn, account), heard)
        for id_, choice in together.items():
            evidence.learn(account, cases[id_].said, choice)
        choices |= together
    return choices


def _looked_at_since(now: int) -> int:
    """Since when receipts have come that are looked at now: the young ones always, all of them once an hour."""
    return 0 if now // 60_000 % 60 == 0 else now - YOUNG


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


async def to_settle(conn: Conn, account: str, now: int) -> bool:
    """Whether this account has receipts to look at again, or both parts in doubt and receipts that nobody knows."""
    # The first condition on the state is the partial index's own: it is used only where that is written out.
    sql = (
        f"SELECT EXISTS (SELECT 1 FROM receipt WHERE {_DUE}) "
        "OR (EXISTS (SELECT 1 FROM part WHERE account = ? AND state IN ('sending', 'uncertain') "
        "AND state = 'uncertain') AND EXISTS (SELECT 1 FROM receipt WHERE account = ? AND part IS NULL))"
    )
    return bool((await fetch(conn, sql, (account, _looked_at_since(now), account, account)))[0][0])
