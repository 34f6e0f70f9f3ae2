"""Accepting: messages, their parts and the idempotent answer, in one transaction with their neighbours.

``build`` runs inside the transaction, because an opt-out that was committed before must count; it is pure. The
answer is rendered there too, since it holds the serial and is stored under its idempotency key.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from gateway.caller import Claim
from gateway.deadlines import SENDING_MS
from gateway.provider import Apart, Part, Prepared, Refused
from gateway.states import Status
from gateway.store import idempotency, people
from gateway.store.bulk import insert_rows, select_in
from gateway.store.counters import reserve
from gateway.store.direct import Conn
from gateway.store.door import Entry, enter
from gateway.store.sealed import forms, sealer_of
from gateway.store.tables import batch, event, message, part
from gateway.straight import Departure, Reservation
from gateway.text import Encoding

if TYPE_CHECKING:
    from gateway.sealing import Sealer

#: number -> (stored consent or None, opted out)
Known = Mapping[str, tuple[bool | None, bool]]


@dataclass(slots=True)
class NewMessage:
    """A row of ``message`` before it has its id and serial; see the table for the meaning of each."""

    ulid: str
    school: str
    app: str
    batch: int | None
    batch_row: int | None
    action: str
    mode: str
    priority: int
    sender: str
    number: str
    number_input: str
    label: str
    kind: str
    rank: str | None
    subject: str | None
    subject_id: str | None
    subject_name: str | None
    division: str | None
    event: str | None
    event_id: str | None
    event_label: str | None
    user: str | None
    workstation: str | None
    reference: str | None
    metadata: str | None
    template: str | None
    text: str
    sensitive: bool
    encoding: str
    characters: int
    units: int
    parts: int
    replacements: str
    amount: int
    status: Status
    status_at: int
    reason: str | None
    detail: str | None
    created_at: int
    released_at: int | None
    send_at: int | None
    ahead_ms: int
    validity_ms: int
    valid_until: int | None
    hold_until: int
    deadline_at: int | None
    override_reason: str | None
    resend: bool
    resend_wait_ms: int
    service_code: str
    flash: bool
    tlvs: str | None
    contents: tuple[str, ...]  # of the parts; empty for an ignored message
    account_claimed: str | None = None  # who has it in hand already
    joined: bool = False  # and whether its parts left in one piece
    # Given by the store:
    id: int = 0
    serial: int = 0
    concat: int = 0
    final_parts: int = 0
    possibly_double: bool = False
    lines: int = 0


@dataclass(slots=True)
class NewBatch:
    """A row of ``batch`` before it has its id."""

    ulid: str
    school: str
    app: str
    action: str
    created_at: int
    recipients: int
    accepted: int
    ignored: int
    parts: int
    amount: int
    selection: str | None
    id: int = 0


@dataclass(slots=True)
class Built:
    """What an acceptance comes to, once the store's consents are known."""

    messages: Sequence[NewMessage]
    batch: NewBatch | None
    override: str = ""  # whom to name in the audit event of a lifted « ne pas envoyer »


@dataclass(slots=True)
class Acceptance:
    """One request to store: ``numbers`` are those whose consents to ``sender`` ``build`` needs, of ``school``."""

    school: str
    sender: str
    numbers: Sequence[str]
    build: Callable[[Known], Built]
    render: Callable[[Built], bytes]
    claim: Claim | None
    at: int
    entry: Entry | None = None  # by which door its one message came
    departure: Departure | None = None  # settled when its transaction begins


@dataclass(slots=True)
class Added:
    """What became of an acceptance: its answer, and the parts that leave at once."""

    answer: bytes
    prepared: Sequence[Prepared]


_OF_PARTS = ("contents", "account_claimed", "joined")
_MESSAGE = tuple(name for name in NewMessage.__dataclass_fields__ if name not in _OF_PARTS)
_message_values = attrgetter(*_MESSAGE)
_BATCH = tuple(NewBatch.__dataclass_fields__)
_batch_values = attrgetter(*_BATCH)
_PART = (
    *("id", "message", "state", "state_at", "mode", "priority", "school"),
    *("due_at", "content", "account", "claimed_at", "tries", "resends", "line_open", "joined"),
)
_EVENT = ("message", "at", "kind", "status", "detail", "actor")


async def add(conn: Conn, items: Sequence[Acceptance]) -> Sequence[Added]:
    """Store every acceptance of a group; what became of each, in order."""
    known = await _known(conn, items)
    built = [item.build(known[item.school, item.sender]) for item in items]
    await _number(conn, built)
    answers = [item.render(one) for item, one in zip(items, built, strict=True)]
    leaving = [_leave(item.departure, one.messages) for item, one in zip(items, built, strict=True)]
    messages = [new for one in built for new in one.messages]
    batches = [one.batch for one in built if one.batch is not None]
    if batches:
        await insert_rows(conn, batch, _BATCH, [_batch_values(new) for new in batches])
    await insert_rows(conn, message, _MESSAGE, [_message_values(new) for new in messages])
    await insert_rows(conn, part, _PART, [row for new in messages for row in _parts(new)])
    await insert_rows(conn, event, _EVENT, [row for one in built for row in _events(one, sealer_of(conn))])
    remembered = [
        (item.claim, 202, answer, item.at)
        for item, answer in zip(items, answers, strict=True)
        if item.claim is not None
    ]
    if remembered:
        await idempotency.remember(conn, remembered)
    entered = [
        (item.entry, one.messages[0].id, one.messages[0].ulid)
        for item, one in zip(items, built, strict=True)
        if item.entry is not None
    ]
    if entered:
        await enter(conn, entered)
    return [Added(answer, prepared) for answer, prepared in zip(answers, leaving, strict=True)]


def _leave(reservation: Departure | None, messages: Sequence[NewMessage]) -> Sequence[Prepared]:
    """Claim the one message of an acceptance that has room reserved; none if it is not queued, or not to be built."""
    if not isinstance(reservation, Reservation) or messages[0].status is not Status.QUEUED:
        return ()
    new = messages[0]
    new.joined = reservation.whole and new.parts > 1
    prepared = [reservation.prepare(part) for part in _as_parts(new, reservation.at)]
    if new.joined and isinstance(prepared[0], Apart):
        new.joined = False
        prepared = [reservation.prepare(part) for part in _as_parts(new, reservation.at)]
    if any(isinstance(ready, Refused | Apart) for ready in prepared):
        return ()
    new.status, new.account_claimed = Status.SENDING, reservation.account
    new.deadline_at = max(new.deadline_at or 0, reservation.at + SENDING_MS)
    return [ready for ready in prepared if not isinstance(ready, Refused | Apart)]


def _as_parts(new: NewMessage, at: int) -> list[Part]:
    validity = max(1, ((new.valid_until or at) - at) // 1000)
    contents = ["".join(new.contents)] if new.joined else new.contents
    return [
        Part(
            *(new.id * 256 + number, new.number, new.sender, content, Encoding(new.encoding), number, new.parts),
            *(new.concat, validity, new.service_code, new.parts if new.joined else 1, new.valid_until or at, new.flash),
        )
        for number, content in enumerate(contents, 1)
    ]


async def _known(conn: Conn, items: Sequence[Acceptance]) -> dict[tuple[str, str], Known]:
    numbers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in items:
        numbers[item.school, item.sender].update(item.numbers)
    return {whose: await people.verdicts(conn, *whose, list(wanted)) for whose, wanted in numbers.items()}


async def _number(conn: Conn, built: Sequence[Built]) -> None:
    """Give ids, serials and concatenation references."""
    schools: dict[str, int] = defaultdict(int)
    total = 0
    for one in built:
        for new in one.messages:
            schools[new.school] += 1
            total += 1
    next_id = await reserve(conn, "message", total)
    serials = {school: await reserve(conn, f"serial:{school}", count) for school, count in schools.items()}
    for one in built:
        if one.batch is not None:
            one.batch.id = await reserve(conn, "batch", 1)
        for new in one.messages:
            new.id, new.serial = next_id, serials[new.school]
            next_id += 1
            serials[new.school] += 1
            new.batch = one.batch.id if one.batch is not None else None
    await _concatenate(conn, [new for one in built for new in one.messages if new.parts > 1])


async def _concatenate(conn: Conn, messages: Sequence[NewMessage]) -> None:
    """Number the long messages of each recipient one after the other, so that no two near ones share a reference.

    A random reference of 8 bits meets its like one time in 256; a handset would then mix two texts.
    """
    if not messages:
        return
    last: dict[str, int] = {}
    for new in messages:
        if new.number not in last:
            sql = "SELECT concat FROM message WHERE number IN (#) AND parts > 1 ORDER BY id DESC LIMIT 1"
            found = await select_in(conn, sql, forms(conn, [new.number]))
            last[new.number] = found[0][0] if found else 0
        new.concat = last[new.number] = (last[new.number] + 1) & 0xFFFF


def _parts(new: NewMessage) -> list[tuple[object, ...]]:
    due = new.released_at or new.created_at
    claimed = int(new.account_claimed is not None)
    return [
        (
            *(new.id * 256 + number, new.id, new.status, new.created_at, new.mode, new.priority, new.school),
            *(due, content, new.account_claimed, due if claimed else None, claimed, 0, False, new.joined),
        )
        for number, content in enumerate(new.contents, 1)
    ]


def _events(one: Built, sealer: "Sealer | None") -> list[tuple[object, ...]]:
    """An ignored message ends here; a lifted « ne pas envoyer » is audited."""
    rows: list[tuple[object, ...]] = []
    for new in one.messages:
        if new.status is Status.IGNORED:
            rows.append((new.id, new.created_at, "ignored", new.status, new.reason, None))
        elif new.override_reason is not None:
            reason = new.override_reason if sealer is None else sealer.text(new.override_reason)
            rows.append((new.id, new.created_at, "override", new.status, reason, one.override))
    return rows
