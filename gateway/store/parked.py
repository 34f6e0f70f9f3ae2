"""Receipts that nobody knows yet: parked under every form of their id until a part of theirs is found.

Rules: an acceptance looks for the receipt that overtook it; an uncertain part for one of its number. What was
there before the part left is not of it: ids come round again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway import numbers
from gateway.provider import Accepted, Outcome
from gateway.states import Status
from gateway.store.bulk import fetch, select_in, update_rows
from gateway.store.desk import Desk, PartRow, Rules
from gateway.store.direct import Conn
from gateway.store.doubt import NEAR, apply, doubts, settled_by
from gateway.store.tables import receipt


@dataclass(frozen=True, slots=True)
class Overtaking:
    """A parked receipt found under the id of an acceptance."""

    receipt: int
    status: Status | None
    words: str
    at: int
    exact: bool  # the id as the provider wrote it, not another form of it
    to: str

    def may_be_of(self, row: PartRow, number: str) -> bool:
        """Not one that was there before the part left: ids come round again."""
        before = (row.claimed_at or self.at) - int(NEAR.total_seconds() * 1000)
        return self.at >= before and (self.exact or numbers.same(self.to, number) is True)


async def overtaken(conn: Conn, answers: Sequence[tuple[str, Outcome]]) -> dict[tuple[str, str], list[Overtaking]]:
    """The parked receipts of these acceptances, by (account, key)."""
    keys: dict[str, list[str]] = defaultdict(list)
    for account, outcome in answers:
        if isinstance(outcome, Accepted) and outcome.key:
            keys[account].append(outcome.key)
    found: dict[tuple[str, str], list[Overtaking]] = defaultdict(list)
    sql = (
        "SELECT k.account, k.key, r.id, r.status, r.state || ' ' || r.error, r.received_at, r.provider_id, r.number "
        "FROM parked AS k "
        "JOIN receipt AS r ON r.id = k.receipt WHERE k.account = ? AND k.key IN (#) ORDER BY r.id"
    )
    for account, wanted in keys.items():
        for owner, key, receipt_id, status, words, at, said, to in await select_in(conn, sql, wanted, account):
            late = Overtaking(
                receipt_id, Status(status) if status else None, words.strip(), at, _same_id(said, key), to
            )
            found[(owner, key)].append(late)
    return found


def _same_id(said: str, key: str) -> bool:
    """Whether a key is the id itself, but for its case and the noughts in front."""
    return said.strip().lower().lstrip("0") == key.lower().lstrip("0")


async def apply_overtaken(
    conn: Conn, desk: Desk, part_ids: Iterable[int], found: dict[tuple[str, str], list[Overtaking]]
) -> None:
    """Apply to each part the parked receipts of its id, and take them out of the park."""
    if not found:
        return
    done: list[tuple[int, int, int, str]] = []
    for part_id in part_ids:
        row = desk.parts.get(part_id)
        if row is None:
            continue
        for one in found.pop((row.account or "", row.provider_key or ""), ()):
            if not one.may_be_of(row, desk.heads[row.message].number):
                continue
            apply(desk, row, one.status, max(one.at, row.answered_at or one.at), "id", one.words)
            done.append((one.receipt, part_id, row.answered_at or one.at, "id"))
    await _unpark(conn, done)


async def _unpark(conn: Conn, done: Sequence[tuple[int, int, int, str]]) -> None:
    if done:
        await update_rows(conn, receipt, ("part", "matched_at", "matched_by"), done)
        await select_in(conn, "DELETE FROM parked WHERE receipt IN (#) RETURNING receipt", [row[0] for row in done])


_UNKNOWN = """SELECT id, number, sender, submitted, status, state || ' ' || error, provider_id FROM receipt
  WHERE account = ? AND part IS NULL AND received_at >= ? ORDER BY id"""


async def settle_parked(conn: Conn, account: str, now: int, rules: Rules) -> int:
    """Settle by number the uncertain parts whose receipt came first; how many receipts found their part."""
    known = await doubts(conn, account)
    if not any(doubt.state != Status.SENDING for doubt in known):
        return 0
    oldest = min(doubt.claimed_at or now for doubt in known) - int(NEAR.total_seconds() * 1000)
    desk = await Desk.take(conn, rules, [doubt.part >> 8 for doubt in known])
    settled: dict[str, int] = {}  # the provider's id -> part
    done: list[tuple[int, int, int, str]] = []
    for receipt_id, to, sender, submitted, status, words, said in await fetch(conn, _UNKNOWN, (account, oldest)):
        by, part_id = "id", settled.get(said)
        if part_id is None:
            day = datetime.fromisoformat(submitted) if submitted else None
            open_ = [doubt for doubt in known if doubt.part not in settled.values()]
            by, part_id = "number", settled_by(open_, (to, sender, day), rules)
        if part_id is None:
            continue
        row = desk.parts[part_id]
        if row.provider_id is None:
            key = await _key(conn, receipt_id, said)
            for one in desk.together(row):
                one.provider_id, one.provider_key = said, key
        settled[said or f"receipt {receipt_id}"] = part_id
        apply(desk, row, Status(status) if status else None, now, by, words.strip())
        done.append((receipt_id, part_id, now, by))
    await desk.put_back(conn)
    await _unpark(conn, done)
    return len(done)


async def _key(conn: Conn, receipt_id: int, said: str) -> str | None:
    """The form of a parked receipt's id under which the next ones will be looked up."""
    forms: list[str] = [row[0] for row in await fetch(conn, "SELECT key FROM parked WHERE receipt = ?", (receipt_id,))]
    return next((form for form in forms if _same_id(said, form)), forms[0] if forms else None)


async def to_settle(conn: Conn, account: str) -> bool:
    """Whether this account has both parts in doubt and receipts that nobody knows."""
    # The first condition on the state is the partial index's own: it is used only where that is written out.
    sql = (
        "SELECT EXISTS (SELECT 1 FROM part WHERE account = ? AND state IN ('sending', 'uncertain') "
        "AND state = 'uncertain') AND EXISTS (SELECT 1 FROM receipt WHERE account = ? AND part IS NULL)"
    )
    return bool((await fetch(conn, sql, (account, account)))[0][0])
