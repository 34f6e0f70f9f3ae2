"""What telephones write: every part stored as it came, then, whole or timed out, as a message that people read.

Rules: a part is stored before anything is decided of it, in the transaction that decides; what comes again is counted,
not doubled. A message is made once, of what came until then; a part that comes later mends its text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid_transform import ulid_now

from gateway import reassembly, stop
from gateway.alphabets import Alphabet
from gateway.attachment import Sent, answered, school_of
from gateway.provider import FromPhone
from gateway.reassembly import Joined, Piece
from gateway.store import answers, wishes
from gateway.store.bulk import fetch, insert_rows, select_in, update_rows
from gateway.store.counters import reserve
from gateway.store.desk import Rules
from gateway.store.sealed import forms
from gateway.store.tables import inbound, inbound_part

_PART = (
    *("id", "bundle", "inbound", "account", "received_at", "number", "to", "reference", "place", "of"),
    *("alphabet", "octets", "coding", "raw", "tlvs", "provider_id", "link", "deliveries", "last_at"),
)
_INBOUND = (
    *("id", "ulid", "account", "received_at", "number", "to", "text", "encoding", "parts", "missing", "kind"),
    *("school", "app", "message", "event_id", "action"),
)
_PIECE = 'bundle, received_at, octets, alphabet, link, provider_id, reference, place, "of"'

#: How long a provider may deliver the same again under its own id.
_KNOWN_MS = 7 * 86_400_000

#: The parts from one telephone that are looked at, newest first: a machine that writes all day costs no more.
_REMEMBERED = 1_000

#: The messages to one telephone that are looked at, newest first.
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """A part as it came over an account. ``number`` and ``to`` in E.164 where they can be read."""

    account: str
    said: FromPhone
    number: str
    to: str
    at: int
    rules: Rules


@dataclass(frozen=True, slots=True)
class Taken:
    """What a part came to: a message's kind, ``part`` (more is waited for), ``mended``, or ``duplicate``."""

    account: str
    kind: str
    ulid: str = ""


async def receive(conn: AsyncConnection, item: Arrival) -> Taken:
    """Store a part; make its message when that is whole."""
    earlier = await _earlier(conn, item)
    new = _piece(item)
    for part_id, old in earlier.items():
        if reassembly.comes_again(new, old):
            sql = "UPDATE inbound_part SET deliveries = deliveries + 1, last_at = ? WHERE id = ?"
            await fetch(conn, sql, (item.at, part_id))
            return Taken(item.account, "duplicate")
    part_id = await reserve(conn, "inbound_part", 1)
    bundle = reassembly.bundle_of(new, earlier.values()) or part_id
    await insert_rows(conn, inbound_part, _PART, [_part_row(part_id, bundle, item)])
    return await _put_together(conn, bundle, item.rules)


async def torn(conn: AsyncConnection, now: int, rules: Rules) -> Sequence[int]:
    """The messages whose other parts were waited for long enough, some hundred at most."""
    sql = """SELECT bundle FROM inbound_part WHERE inbound IS NULL
      GROUP BY bundle HAVING max(received_at) <= ? LIMIT 100"""
    return [row[0] for row in await fetch(conn, sql, (now - rules.inbound.timeout(),))]


async def show_torn(conn: AsyncConnection, now: int, rules: Rules) -> Sequence[Taken]:
    """Make those messages of the parts that came."""
    return [await _put_together(conn, bundle, rules, complete=False) for bundle in await torn(conn, now, rules)]


# ---- parts ----


async def _earlier(conn: AsyncConnection, item: Arrival) -> dict[int, Piece]:
    """What came before from the same telephone to the same number, by id, oldest first."""
    sql = f"""SELECT id, {_PIECE} FROM inbound_part
      WHERE received_at >= ? AND account = ? AND "to" = ? AND number IN (#) ORDER BY id DESC LIMIT {_REMEMBERED}"""
    rows = await select_in(conn, sql, forms(conn, [item.number]), item.at - _KNOWN_MS, item.account, item.to)
    return {row[0]: _read_piece(row[1:]) for row in reversed(rows)}


def _read_piece(row: Sequence[object]) -> Piece:
    bundle, at, octets, alphabet, *rest = row
    return Piece(bundle, at, octets, Alphabet(str(alphabet)), *rest)  # type: ignore[arg-type]


def _piece(item: Arrival) -> Piece:
    said = item.said
    told = (said.octets, said.alphabet, said.link, said.id, said.reference, said.place, said.of)
    return Piece(0, item.at, *told, said.up)


def _part_row(part_id: int, bundle: int, item: Arrival) -> tuple[object, ...]:
    said = item.said
    tlvs = orjson.dumps({str(tag): value.hex() for tag, value in said.tlvs.items()}).decode()
    return (
        *(part_id, bundle, None, item.account, item.at, item.number, item.to, said.reference, said.place, said.of),
        *(said.alphabet, said.octets, said.coding, said.raw, tlvs, said.id, said.link, 1, item.at),
    )


# ---- messages ----


@dataclass(frozen=True, slots=True)
class _Bundle:
    """A message's parts, and what all of them share."""

    id: int
    account: str
    number: str
    to: str
    at: int
    inbound: int | None
    pieces: Sequence[Piece]


async def _put_together(conn: AsyncConnection, bundle_id: int, rules: Rules, *, complete: bool = True) -> Taken:
    """Make or mend the message of a bundle; not while parts are missing, if it must be ``complete``."""
    bundle = await _bundle(conn, bundle_id)
    if bundle.inbound is not None:
        await _mend(conn, bundle)
        return Taken(bundle.account, "mended")
    if complete and not reassembly.is_whole(bundle.pieces):
        return Taken(bundle.account, "part")
    return await _make(conn, bundle, rules)


async def _bundle(conn: AsyncConnection, bundle_id: int) -> _Bundle:
    sql = f"""SELECT account, number, "to", inbound, {_PIECE} FROM inbound_part WHERE bundle = ? ORDER BY id"""
    rows = await fetch(conn, sql, (bundle_id,))
    account, number, to, made = rows[0][:4]
    pieces = [_read_piece(row[4:]) for row in rows]
    return _Bundle(bundle_id, account, number, to, pieces[0].at, made, pieces)


async def _mend(conn: AsyncConnection, bundle: _Bundle) -> None:
    joined = reassembly.join(bundle.pieces)
    mended = (bundle.inbound, joined.text, joined.alphabet, _missing(joined))
    await update_rows(conn, inbound, ("text", "encoding", "missing"), [mended])
    await _mark(conn, bundle, bundle.inbound)


async def _mark(conn: AsyncConnection, bundle: _Bundle, inbound_id: int | None) -> None:
    await fetch(conn, "UPDATE inbound_part SET inbound = ? WHERE bundle = ?", (inbound_id, bundle.id))


def _missing(joined: Joined) -> str:
    return orjson.dumps(joined.missing).decode()


async def _make(conn: AsyncConnection, bundle: _Bundle, rules: Rules) -> Taken:
    joined = reassembly.join(bundle.pieces)
    owners = rules.inbound.schools_of(bundle.to)
    word, sent = await _answered(conn, bundle, joined, owners, rules)
    school = school_of(sent, owners)
    kind = word or ("reply" if sent is not None else "message" if school is not None else "unattached")
    ulid = ulid_now()
    inbound_id = await reserve(conn, "inbound", 1)
    said = (joined.text, joined.alphabet, bundle.pieces[0].of, _missing(joined), kind)
    whose = (sent.app, sent.id, sent.event, sent.action) if sent is not None else (None, None, None, None)
    row = (inbound_id, ulid, bundle.account, bundle.at, bundle.number, bundle.to, *said, school, *whose)
    await insert_rows(conn, inbound, _INBOUND, [row])
    await _mark(conn, bundle, inbound_id)
    if word is not None and school is not None:
        person = wishes.Asker(school, bundle.number, sent.sender if sent is not None else bundle.to, f"in_{ulid}")
        await wishes.ask(conn, word, person, bundle.at, rules)
    elif sent is not None:
        await answers.mark(conn, answers.Answer(sent.school, sent.key, bundle.at, inbound=inbound_id))
    return Taken(bundle.account, kind, ulid)


async def _answered(
    conn: AsyncConnection, bundle: _Bundle, joined: Joined, owners: Sequence[str], rules: Rules
) -> tuple[stop.Word, Sent | None]:
    """What is asked for, if anything is, and the message that is answered. STOP holds however old that is."""
    candidates = [one for one in await _sent_to(conn, bundle.number) if one.sent_at <= bundle.at]
    sent = answered(candidates, bundle.to, bundle.account, owners)
    readable = not joined.missing and joined.alphabet is not Alphabet.BINARY
    word = stop.asked(joined.text, bundle.to, sent.sender if sent is not None else "") if readable else None
    if word is not None:
        return word, sent
    recent = [one for one in candidates if one.sent_at >= bundle.at - rules.inbound.attach()]
    return None, answered(recent, bundle.to, bundle.account, owners)


async def _sent_to(conn: AsyncConnection, number: str) -> Sequence[Sent]:
    sql = f"""SELECT m.id, school, app, action, event_id, {answers.KEY}, sender, account, sent_at FROM message AS m
      WHERE number IN (#) AND sent_at IS NOT NULL ORDER BY m.id DESC LIMIT {_LOOKED_AT}"""
    return [Sent(*row) for row in await select_in(conn, sql, forms(conn, [number]))]
