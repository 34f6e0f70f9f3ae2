"""Receipts: stored first, then matched from both sides.

Rules: the key is (account, id), never the connection; which part that is, ``matching`` says. A receipt whose id
nobody has yet may settle a part in doubt (see ``doubt``); else it is kept with the forms of its id parked, so that the
acceptance it overtook finds it (see ``parked``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from gateway.matching import Choice, Said, adopted_key
from gateway.provider import Form, Receipt
from gateway.states import Status
from gateway.store.bulk import insert_rows, select_in, update_rows
from gateway.store.counters import reserve
from gateway.store.desk import Desk, PartRow, Rules
from gateway.store.direct import Conn
from gateway.store.doubt import apply, settled_by
from gateway.store.evidence import Evidence
from gateway.store.sealed import forms
from gateway.store.tables import parked, receipt

_RECEIPT = (
    *("id", "account", "received_at", "provider_id", "state", "status", "error", "sender", "number"),
    *("submitted", "done", "intermediate", "raw", "tlvs", "part", "matched_at", "matched_by", "waits"),
)
_EARLIER = """SELECT r.id, r.status, r.state || ' ' || r.error FROM parked AS k JOIN receipt AS r ON r.id = k.receipt
  WHERE k.account = ? AND k.key = ? AND k.form IN ('same', 'exact') AND r.part IS NULL AND r.received_at >= ?
  AND r.number IN (#) ORDER BY r.id"""

#: A receipt's id, its part, when that was found, and how.
Match = tuple[int, int, int, str]

#: How the key of a receipt is parked whose account takes no other writing of an id.
EXACT = "exact"


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
    saids = [Said.of(item.receipt, item.at) for item in items]
    matches, waits = await _match(conn, items, saids)
    await _store(conn, items, matches, waits)
    desk = await Desk.take(conn, rules, [m.part >> 8 for m in matches if m.part is not None])
    results = []
    for item, said, match in zip(items, saids, matches, strict=True):
        row = desk.parts.get(match.part) if match.part is not None else None
        results.append(Matched(match.part, match.by, row.claimed_at if row else None))
        if row is not None:
            if match.by == "number":
                adopt(desk, row, said)
                await _take_along(conn, desk, row, item, said)
            apply(desk, row, item.receipt.status, item.at, match.by, _words(item.receipt))
    await desk.put_back(conn)
    return results


async def _take_along(conn: Conn, desk: Desk, row: PartRow, item: Incoming, said: Said) -> None:
    """Copies that came while the part was still being sent are of it too: left to themselves they would settle
    another doubt about the same number.
    """
    for key in said.written[:1]:
        same = forms(conn, [said.to])
        for receipt_id, status, words in await select_in(conn, _EARLIER, same, item.account, key, row.claimed_at):
            apply(desk, row, Status(status) if status else None, item.at, "id", words.strip())
            await unpark(conn, [(receipt_id, row.id, item.at, "id")])


async def unpark(conn: Conn, done: Sequence[Match]) -> None:
    """Receipts that have found their part."""
    if done:
        await update_rows(conn, receipt, ("part", "matched_at", "matched_by"), done)
        await select_in(conn, "DELETE FROM parked WHERE receipt IN (#) RETURNING receipt", [row[0] for row in done])


async def take(conn: Conn, items: Sequence[tuple[Incoming, int]], by: str) -> None:
    """Store receipts whose part is known from the start, ``by`` what, and move it."""
    if not items:
        return
    incoming = [item for item, _ in items]
    await _store(conn, incoming, [Matched(part, by) for _, part in items], [False] * len(items))
    desk = await Desk.take(conn, incoming[0].rules, [part >> 8 for _, part in items])
    for item, part in items:
        apply(desk, desk.parts[part], item.receipt.status, item.at, by, _words(item.receipt))
    await desk.put_back(conn)


def adopt(desk: Desk, row: PartRow, said: Said) -> None:
    """A part settled by its number takes the id that the receipt says, for the receipts that follow."""
    if row.provider_id is None and said.written:
        for one in desk.together(row):
            one.provider_id, one.provider_key = said.id, adopted_key(said.written[0])


def _words(receipt: Receipt) -> str:
    """The provider's state and error, as the report shows them: ``UNDELIV 001``."""
    return f"{receipt.state} {receipt.error}".strip()


# ---- matching ----


async def _match(conn: Conn, items: Sequence[Incoming], saids: Sequence[Said]) -> tuple[list[Matched], list[bool]]:
    """The part of each receipt, by its id or else by its number; and which of the others wait to be told."""
    asked = zip((item.account for item in items), saids, strict=True)
    evidence = await Evidence.of(conn, asked, items[0].rules.zone)
    choices = []
    for item, said in zip(items, saids, strict=True):
        choices.append(await evidence.choose(conn, item.account, said))
        evidence.learn(item.account, said, choices[-1])
    matches = [Matched(choice.part, "id" if choice.part is not None else "") for choice in choices]
    await _match_numbers(conn, items, choices, matches, evidence)
    await evidence.keep(conn, items[0].at)
    return matches, [choice.waits for choice in choices]


async def _match_numbers(
    conn: Conn, items: Sequence[Incoming], choices: Sequence[Choice], matches: list[Matched], evidence: Evidence
) -> None:
    """Settle uncertain parts by receipts whose id nobody knows; the next ones with that id are of the same part."""
    taken: set[int] = set()
    of_id: dict[tuple[str, str], int] = {}
    for place, item in enumerate(items):
        if matches[place].part is not None or choices[place].waits:
            continue
        said = item.receipt
        if (item.account, said.id) in of_id:
            matches[place] = Matched(of_id[item.account, said.id], "id")
            continue
        part_id = settled_by(
            [doubt for doubt in await evidence.doubts(conn, item.account) if doubt.part not in taken],
            (said.to, said.sender, said.submitted),
            item.rules,
        )
        if part_id is not None:
            taken.add(part_id)
            if said.id:
                of_id[item.account, said.id] = part_id
            matches[place] = Matched(part_id, "number")


# ---- keeping ----


async def _store(conn: Conn, items: Sequence[Incoming], matches: Sequence[Matched], waits: Sequence[bool]) -> None:
    first = await reserve(conn, "receipt", len(items))
    rows, forms = [], []
    for receipt_id, item, match, wait in zip(range(first, first + len(items)), items, matches, waits, strict=True):
        rows.append(_row(receipt_id, item, match, waits=wait))
        if match.part is None:
            forms += [(item.account, key, receipt_id, form) for key, form in _parked_keys(item.receipt)]
    await insert_rows(conn, receipt, _RECEIPT, rows)
    await insert_rows(conn, parked, ("account", "key", "receipt", "form"), forms)


def _parked_keys(said: Receipt) -> list[tuple[str, str]]:
    """Each key under which its acceptance may look for it, with the form of which it is."""
    own = EXACT if said.exact else Form.SAME
    return [*((key, own) for key in said.keys), *((key, form) for form, key in said.converted)]


def _row(receipt_id: int, item: Incoming, match: Matched, *, waits: bool) -> tuple[object, ...]:
    said = item.receipt
    return (
        *(receipt_id, item.account, item.at, said.id, said.state, said.status, said.error, said.sender, said.to),
        *(_iso(said.submitted), _iso(said.done), said.intermediate, said.raw),
        orjson.dumps({str(tag): value.hex() for tag, value in said.tlvs.items()}).decode(),
        *(match.part, item.at if match.part is not None else None, match.by or None, waits),
    )


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant is not None else None
