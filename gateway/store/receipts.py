"""Receipts: stored first, then matched from both sides.

Rules: the key is (account, id), never the connection. A receipt whose id nobody has yet may settle a part in doubt
(see ``doubt``); else it is kept with the forms of its id parked, so that the acceptance it overtook finds it (see
``parked``).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from gateway import numbers
from gateway.provider import Receipt
from gateway.store.bulk import insert_rows, select_in
from gateway.store.counters import reserve
from gateway.store.desk import Desk, PartRow, Rules
from gateway.store.direct import Conn
from gateway.store.doubt import Doubt, apply, doubts, settled_by
from gateway.store.tables import parked, receipt

_RECEIPT = (
    *("id", "account", "received_at", "provider_id", "state", "status", "error", "sender", "number"),
    *("submitted", "done", "intermediate", "raw", "tlvs", "part", "matched_at", "matched_by"),
)


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
            _adopt(desk, row, item.receipt, match)
            apply(desk, row, item.receipt.status, item.at, match.by, _words(item.receipt))
    await desk.put_back(conn)
    return results


def _adopt(desk: Desk, row: PartRow, receipt: Receipt, match: Matched) -> None:
    """A part settled by its number takes the id that the receipt says."""
    if match.by == "number" and row.provider_id is None and receipt.id:
        for one in desk.together(row):
            one.provider_id, one.provider_key = receipt.id, receipt.keys[0] if receipt.keys else receipt.id


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
            if numbers.same(said.to, number):
                return Matched(part_id, "id")
    for key in said.keys[:1]:
        for part_id, _number in found.get((item.account, key), ()):
            return Matched(part_id, "id")
    return Matched(None, "")


async def _match_numbers(conn: Conn, items: Sequence[Incoming], matches: list[Matched]) -> None:
    """Settle uncertain parts by receipts whose id nobody knows; the next ones with that id are of the same part."""
    taken: set[int] = set()
    of_id: dict[tuple[str, str], int] = {}
    known: dict[str, list[Doubt]] = {}
    for place, item in enumerate(items):
        if matches[place].part is not None:
            continue
        said = item.receipt
        if (item.account, said.id) in of_id:
            matches[place] = Matched(of_id[item.account, said.id], "id")
            continue
        if item.account not in known:
            known[item.account] = await doubts(conn, item.account)
        part_id = settled_by(
            [doubt for doubt in known[item.account] if doubt.part not in taken],
            (said.to, said.sender, said.submitted),
            item.rules,
        )
        if part_id is not None:
            taken.add(part_id)
            if said.id:
                of_id[item.account, said.id] = part_id
            matches[place] = Matched(part_id, "number")


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
