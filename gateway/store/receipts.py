"""Receipts: stored first, then matched from both sides.

Rules: the key is (account, id), never the connection. A receipt whose id nobody has yet is kept with the forms of
its id parked, so that the acceptance it overtook finds it. One whose id stays unknown may settle the oldest
uncertain part of the same account, sender and number, when it was submitted within ten minutes of our claim; not
while a part to that number is still being answered, for then the receipt may be that part's.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

from gateway.provider import Accepted, Outcome, Receipt
from gateway.states import FINAL, Status
from gateway.store.bulk import fetch, insert_rows, select_in, update_rows
from gateway.store.counters import reserve
from gateway.store.desk import Desk, PartRow, Rules
from gateway.store.direct import Conn
from gateway.store.tables import parked, receipt

#: How far the provider's submit date may be from our claim.
NEAR = timedelta(minutes=10)

_RECEIPT = (
    *("id", "account", "received_at", "provider_id", "state", "status", "error", "sender", "number"),
    *("submitted", "done", "intermediate", "raw", "tlvs", "part", "matched_at", "matched_by"),
)
_IN_DOUBT = """SELECT p.id, p.state, p.claimed_at, m.number, m.sender, m.school FROM part AS p
  JOIN message AS m ON m.id = p.message WHERE p.account = ? AND p.state IN ('sending', 'uncertain')
  UNION ALL
  SELECT p.id, p.state, p.claimed_at, m.number, m.sender, m.school FROM part AS p
  JOIN message AS m ON m.id = p.message WHERE p.account = ? AND p.state = 'queued' AND p.resends > 0
  ORDER BY 1"""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A receipt as it came, for ``receive``."""

    account: str
    receipt: Receipt
    at: int
    rules: Rules


@dataclass(frozen=True, slots=True)
class Matched:
    """What a receipt was matched to; ``part`` None: kept, unmatched. ``sent_at`` is the claim it answers."""

    part: int | None
    by: str
    sent_at: int | None = None


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A part whose outcome is not known yet."""

    part: int
    state: str
    claimed_at: int | None
    number: str
    sender: str
    school: str


async def receive(conn: Conn, items: Sequence[Incoming]) -> Sequence[Matched]:
    """Store the receipts of a group, match them, and move their parts."""
    rules = items[0].rules
    matches = await _match_ids(conn, items)
    await _match_numbers(conn, items, matches)
    await _store(conn, items, matches)
    desk = await Desk.take(conn, rules, [m.part >> 8 for m in matches if m.part is not None])
    results = []
    for item, match in zip(items, matches, strict=True):
        row = desk.parts.get(match.part) if match.part is not None else None
        results.append(Matched(match.part, match.by, row.claimed_at if row else None))
        if row is not None:
            _adopt(row, item.receipt, match)
            apply(desk, row, item.receipt.status, item.at, match.by, _words(item.receipt))
    await desk.put_back(conn)
    return results


def _adopt(row: PartRow, receipt: Receipt, match: Matched) -> None:
    """A part settled by its number takes the id that the receipt says."""
    if match.by == "number" and row.provider_id is None and receipt.id:
        row.provider_id, row.provider_key = receipt.id, receipt.keys[0] if receipt.keys else receipt.id


def apply(desk: Desk, row: PartRow, status: Status | None, at: int, by: str, words: str) -> None:
    """Move a part by what a receipt says. What it may not move is left: states only go forward."""
    kind = "matched_by_number" if by == "number" else "receipt"
    if status is None or status is Status.IN_TRANSIT:
        if row.state in (Status.UNCERTAIN, Status.QUEUED):
            desk.move(row, Status.IN_TRANSIT, at, kind, detail=words)
        return
    if row.state is Status.NO_RECEIPT or row.state in FINAL:
        kind = "late_receipt"
    if status is not Status.DELIVERED:
        row_head = desk.heads[row.message]
        if row.state not in FINAL or row.state is Status.NO_RECEIPT:
            desk.touch_part(row)
            row.error = row_head.reason = words
    desk.move(row, status, at, kind, detail=words)


def _words(receipt: Receipt) -> str:
    """The provider's state and error, as the report shows them: ``UNDELIV 001``."""
    return f"{receipt.state} {receipt.error}".strip()


# ---- matching ----


async def _match_ids(conn: Conn, items: Sequence[Incoming]) -> list[Matched]:
    """By (account, id): exact forms first; another form of the id only with the right number."""
    keys: dict[str, set[str]] = defaultdict(set)
    for item in items:
        keys[item.account].update(item.receipt.keys)
    found: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    sql = (
        "SELECT p.id, p.provider_key, m.number FROM part AS p JOIN message AS m ON m.id = p.message "
        "WHERE p.account = ? AND p.provider_key IN (#) ORDER BY p.id DESC"
    )
    for account, wanted in keys.items():
        for part_id, key, number in await select_in(conn, sql, list(wanted), account):
            found[(account, key)].append((part_id, number))
    return [_best(item, found) for item in items]


def _best(item: Incoming, found: dict[tuple[str, str], list[tuple[int, str]]]) -> Matched:
    """Of the parts with one of the receipt's ids: the newest to its number, else the newest with the exact id."""
    said = item.receipt
    for key in said.keys:
        for part_id, number in found.get((item.account, key), ()):
            if same_number(said.to, number):
                return Matched(part_id, "id")
    for key in said.keys[:1]:
        for part_id, _number in found.get((item.account, key), ()):
            return Matched(part_id, "id")
    return Matched(None, "")


async def _match_numbers(conn: Conn, items: Sequence[Incoming], matches: list[Matched]) -> None:
    """Settle uncertain parts by receipts whose id nobody knows; the next ones with that id are of the same part."""
    taken: set[int] = set()
    of_id: dict[tuple[str, str], int] = {}
    doubts: dict[str, list[_Doubt]] = {}
    for place, item in enumerate(items):
        if matches[place].part is not None:
            continue
        said = item.receipt
        if (item.account, said.id) in of_id:
            matches[place] = Matched(of_id[item.account, said.id], "id")
            continue
        if item.account not in doubts:
            doubts[item.account] = await _doubts(conn, item.account)
        part_id = _settled_by(
            [doubt for doubt in doubts[item.account] if doubt.part not in taken],
            (said.to, said.sender, said.submitted),
            item.rules,
        )
        if part_id is not None:
            taken.add(part_id)
            if said.id:
                of_id[item.account, said.id] = part_id
            matches[place] = Matched(part_id, "number")


async def _doubts(conn: Conn, account: str) -> list[_Doubt]:
    return [_Doubt(*row) for row in await fetch(conn, _IN_DOUBT, (account, account))]


def _settled_by(doubts: Iterable[_Doubt], said: tuple[str, str, datetime | None], rules: Rules) -> int | None:
    """The oldest uncertain part that a receipt (number, sender, submit date) may be of."""
    to, sender, submitted = said
    alike = [doubt for doubt in doubts if same_number(to, doubt.number) and _same_sender(sender, doubt.sender)]
    if any(doubt.state == Status.SENDING for doubt in alike):
        return None
    return next((doubt.part for doubt in alike if _near(submitted, doubt, rules)), None)


def same_number(said: str, ours: str) -> bool:
    """Whether the provider's writing of a number is ours: national and international forms end alike."""
    digits, own = said.lstrip("+0"), ours.lstrip("+")
    return bool(digits) and (own == digits or (len(digits) >= 8 and own.endswith(digits[-9:])))


def _same_sender(said: str, ours: str) -> bool:
    return not said or said.casefold() == ours.casefold()


def _near(submitted: datetime | None, doubt: _Doubt, rules: Rules) -> bool:
    """Whether the submit date is within ten minutes of our claim, read as UTC or in the school's zone."""
    if submitted is None or doubt.claimed_at is None:
        return False
    claimed = datetime.fromtimestamp(doubt.claimed_at / 1000, UTC)
    return any(
        abs(claimed.astimezone(zone).replace(tzinfo=None) - submitted) <= NEAR
        for zone in (UTC, rules.zone(doubt.school))
    )


# ---- keeping ----


async def _store(conn: Conn, items: Sequence[Incoming], matches: Sequence[Matched]) -> None:
    first = await reserve(conn, "receipt", len(items))
    rows, forms = [], []
    for receipt_id, item, match in zip(range(first, first + len(items)), items, matches, strict=True):
        rows.append(_row(receipt_id, item, match))
        if match.part is None:
            forms += [(item.account, key, receipt_id) for key in item.receipt.keys]
    await insert_rows(conn, receipt, _RECEIPT, rows)
    await insert_rows(conn, parked, ("account", "key", "receipt"), forms)


def _row(receipt_id: int, item: Incoming, match: Matched) -> tuple[object, ...]:
    said = item.receipt
    return (
        *(receipt_id, item.account, item.at, said.id, said.state, said.status, said.error, said.sender, said.to),
        *(_iso(said.submitted), _iso(said.done), said.intermediate, said.raw),
        orjson.dumps({str(tag): value.hex() for tag, value in said.tlvs.items()}).decode(),
        *(match.part, item.at if match.part is not None else None, match.by or None),
    )


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant is not None else None


# ---- receipts that overtook their acceptance ----


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
        return self.at >= before and (self.exact or same_number(self.to, number))


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
    doubts = await _doubts(conn, account)
    if not any(doubt.state != Status.SENDING for doubt in doubts):
        return 0
    oldest = min(doubt.claimed_at or now for doubt in doubts) - int(NEAR.total_seconds() * 1000)
    desk = await Desk.take(conn, rules, [doubt.part >> 8 for doubt in doubts])
    settled: dict[str, int] = {}  # the provider's id -> part
    done: list[tuple[int, int, int, str]] = []
    for receipt_id, to, sender, submitted, status, words, said in await fetch(conn, _UNKNOWN, (account, oldest)):
        by, part_id = "id", settled.get(said)
        if part_id is None:
            day = datetime.fromisoformat(submitted) if submitted else None
            open_ = [doubt for doubt in doubts if doubt.part not in settled.values()]
            by, part_id = "number", _settled_by(open_, (to, sender, day), rules)
        if part_id is None:
            continue
        row = desk.parts[part_id]
        if row.provider_id is None:
            row.provider_id, row.provider_key = said, await _key(conn, receipt_id, said)
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
