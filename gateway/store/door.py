"""What comes in by doors: submissions with the ids that they were given, and pieces of texts that are not whole yet.

Rules: a submission of a message is stored in the transaction that accepts the message; a piece is stored before it
is answered. Pieces become one message in the transaction that takes them: all of them, and once. What a piece says
is wiped then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ulid_transform import ulid_now

from gateway.store.bulk import fetch, insert_rows, select_in
from gateway.store.counters import reserve
from gateway.store.direct import Conn
from gateway.store.sealed import forms
from gateway.store.tables import door_submission


@dataclass(slots=True)
class Entry:
    """A submission to be stored: with its message, or as a piece (``text`` given). ``short``: an id of 8 digits."""

    app: str
    at: int
    wants: int
    echo: str
    short: bool = False
    ulid: str = ""  # empty: a new one
    text: "PieceText | None" = None
    siblings: tuple[int, ...] = ()  # pieces stored before, which become part of the same message
    alone: bool = True  # has a row of its own; not when all its pieces are stored
    place: str = ""  # which piece it is, for its id
    public: str = ""  # given by the store


@dataclass(frozen=True, slots=True)
class PieceText:
    """What is kept of a piece until its text is whole."""

    bundle: str
    piece: int
    pieces: int
    octets: bytes
    charset: str
    form: str


@dataclass(frozen=True, slots=True)
class StoredPiece:
    """A piece that waits for its siblings."""

    id: int
    app: str
    public: str
    ulid: str
    created_at: int
    text: PieceText


class Gone(Exception):
    """Pieces were taken by somebody else meanwhile: nothing was stored, look again."""


_ROW = ("id", "app", "public", "ulid", "message", "wants", "echo", "created_at")
_TEXT = ("bundle", "piece", "pieces", "octets", "charset", "form")


async def enter(conn: Conn, entries: Sequence[tuple[Entry, int, str]]) -> None:
    """Store submissions with their messages: (entry, id of the message, its ULID). Raises Gone."""
    first = await reserve(conn, "door", len(entries))
    rows = []
    for number, (entry, message_id, ulid) in enumerate(entries, first):
        entry.public = _public(entry, number, ulid)
        if entry.alone:
            rows.append((number, entry.app, entry.public, ulid, message_id, entry.wants, entry.echo, entry.at))
        if entry.siblings:
            await _join(conn, entry.siblings, message_id)
    await insert_rows(conn, door_submission, _ROW, rows)


async def _join(conn: Conn, siblings: Sequence[int], message_id: int) -> None:
    marks = ",".join("?" * len(siblings))
    sql = (
        "UPDATE door_submission SET message = ?, octets = NULL, charset = NULL, form = NULL "
        f"WHERE id IN ({marks}) AND octets IS NOT NULL RETURNING id"
    )
    if len(await fetch(conn, sql, (message_id, *siblings))) != len(siblings):
        raise Gone


async def keep(conn: Conn, items: Sequence[Entry]) -> Sequence[str]:
    """Store pieces; the ids that they are given."""
    first = await reserve(conn, "door", len(items))
    rows = []
    for number, entry in enumerate(items, first):
        entry.ulid = entry.ulid or ulid_now()
        entry.public = _public(entry, number, entry.ulid)
        text = entry.text
        assert text is not None
        rows.append(
            (
                *(number, entry.app, entry.public, entry.ulid, None, entry.wants, entry.echo, entry.at),
                *(text.bundle, text.piece, text.pieces, text.octets, text.charset, text.form),
            )
        )
    await insert_rows(conn, door_submission, _ROW + _TEXT, rows)
    return [entry.public for entry in items]


def _public(entry: Entry, number: int, ulid: str) -> str:
    """The id of a message in the API, with the piece's number behind it; or eight hexadecimal digits.

    Nothing but letters, digits and ``_``: what others look for in a receipt knows those.
    """
    return f"{number & 0xFFFFFFFF:08X}" if entry.short else f"msg_{ulid}{entry.place}"


_PIECE = "SELECT id, app, public, ulid, created_at, bundle, piece, pieces, octets, charset, form FROM door_submission"


async def pieces(conn: Conn, app: str, bundle: str) -> list[StoredPiece]:
    """The pieces of a bundle that wait, oldest first."""
    sql = f"{_PIECE} WHERE octets IS NOT NULL AND app = ? AND bundle IN (#) ORDER BY id"
    return [_piece(row) for row in await select_in(conn, sql, forms(conn, [bundle]), app)]


async def waiting_pieces(conn: Conn) -> list[StoredPiece]:
    """Every piece that waits, oldest first."""
    return [_piece(row) for row in await fetch(conn, f"{_PIECE} WHERE octets IS NOT NULL ORDER BY id LIMIT 5000")]


def _piece(row: tuple[Any, ...]) -> StoredPiece:
    id_, app, public, ulid, created_at, *text = row
    return StoredPiece(id_, app, public, ulid, created_at, PieceText(*text))


# ---- what becomes of them ----


@dataclass(frozen=True, slots=True)
class Found:
    """A submission and how its message stands; ``message`` and ``status`` None: a piece without one."""

    id: int
    public: str
    echo: str
    created_at: int
    ended_at: int | None
    message: int | None
    status: str | None
    reason: str
    status_at: int | None


async def find(conn: Conn, app: str, public: str) -> Found | None:
    """The submission of an application with this id."""
    sql = (
        "SELECT d.id, d.public, d.echo, d.created_at, d.ended_at, d.message, m.status, COALESCE(m.reason, ''), "
        "m.status_at FROM door_submission AS d LEFT JOIN message AS m ON m.id = d.message "
        "WHERE d.app = ? AND d.public = ?"
    )
    rows = await fetch(conn, sql, (app, public))
    return Found(*rows[0]) if rows else None


async def public_of(conn: Conn, app: str, ulid: str) -> str | None:
    """The id under which the message of a ULID was submitted."""
    sql = (
        "SELECT d.public FROM message AS m JOIN door_submission AS d ON d.message = m.id "
        "WHERE m.ulid = ? AND d.app = ? ORDER BY d.id DESC LIMIT 1"
    )
    rows = await fetch(conn, sql, (ulid, app))
    return rows[0][0] if rows else None
