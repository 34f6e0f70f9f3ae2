"""Where sealing meets the tables: which columns are sealed, and the only places through which values pass.

Rules: rows go in through ``bulk``, which seals the columns named here; whatever a connection reads is opened by its row
factory, so that no question needs to know. What is looked for by number is looked for in all its forms, since rows may
be from before the key, or from an older one. Without a key nothing of this is there: a connection has no sealer.
"""

import base64
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Connection, insert, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from gateway import french
from gateway.store.direct import Conn, Direct
from gateway.store.tables import seal_key

if TYPE_CHECKING:
    from gateway.sealing import Sealer

#: Table -> column -> how: ``alike`` for what is looked for by equality, else so that nothing shows.
SEALED: Mapping[str, Mapping[str, str]] = {
    "message": {
        **dict.fromkeys(("number", "number_input"), "alike"),
        **dict.fromkeys(("label", "subject", "subject_id", "subject_name", "event", "event_label"), "text"),
        **dict.fromkeys(("metadata", "text", "replacements", "override_reason", "tlvs"), "text"),
    },
    "part": {"content": "text"},
    "receipt": {"number": "alike", "raw": "octets", "tlvs": "text"},
    "inbound": {"number": "alike", "text": "text"},
    "inbound_part": {"number": "alike", "octets": "octets", "raw": "octets", "tlvs": "text"},
    "word": {"word": "alike"},
    "answered": {"by": "text"},
    "consent": {"number": "alike"},
    "opt_out": {"number": "alike"},
    "consent_history": {"number": "alike"},
    "idempotency": {"answer": "text"},
    "door_submission": {"echo": "text", "bundle": "alike", "octets": "octets", "form": "text"},
}

#: Values that say nothing: left as they are.
BARE: Collection[Any] = frozenset({None, "", "[]", "{}", b""})

#: What a form that is octets begins with in a list that JSON can hold.
_CODED = "\x02"


def sealer_of(conn: Conn) -> "Sealer | None":
    """What seals on a connection; None: nothing does."""
    return conn.sealer if isinstance(conn, Direct) else conn.info.get("sealer")


class KeyMissing(Exception):
    """Rows are sealed by a key that is not there. The words name its mark, which tells nothing of it."""


def check_keys(conn: Connection, sealer: "Sealer | None") -> None:
    """Whether every key that sealed anything is there; the one that seals from now on is noted. Raises KeyMissing."""
    known = {row.mark for row in conn.execute(select(seal_key.c.mark))}
    marks = {mark.hex() for mark in sealer.marks} if sealer is not None else set()
    if missing := sorted(known - marks):
        cure = "give that key too, after the one that seals now" if sealer is not None else "give the key"
        raise KeyMissing(f"it is sealed by the key {missing[0]}, which store.encryption_key does not hold: {cure}")
    if sealer is not None and sealer.mark.hex() not in known:
        conn.execute(insert(seal_key).values(mark=sealer.mark.hex()))


# ---- in ----


def sealed_rows(
    sealer: "Sealer", table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], before: int = 0
) -> Sequence[Sequence[Any]]:
    """Rows of ``columns`` as they are stored; ``before``: how many other values stand ahead of them in each."""
    ways = SEALED.get(table, {})
    places = [(at, way_of(sealer, ways[name])) for at, name in enumerate(columns, before) if name in ways]
    return [_sealed(row, places) for row in rows] if places else rows


def way_of(sealer: "Sealer", way: str) -> Callable[[Any], bytes]:
    """How a column of ``SEALED`` is sealed."""
    ways: dict[str, Callable[[Any], bytes]] = {"alike": sealer.alike, "text": sealer.text, "octets": sealer.octets}
    return ways[way]


def _sealed(row: Sequence[Any], places: Iterable[tuple[int, Callable[[Any], bytes]]]) -> list[Any]:
    values = list(row)
    for at, way in places:
        if values[at] not in BARE:
            values[at] = way(values[at])
    return values


# ---- out ----


def prepare(raw: Any, sealer: "Sealer") -> None:
    """Make a connection of SQLite open whatever it reads, sort names as they read, and know the forms of numbers."""

    def opened(_cursor: Any, row: tuple[Any, ...]) -> tuple[Any, ...]:
        if bytes in map(type, row):
            return tuple([sealer.opened(value) if type(value) is bytes else value for value in row])
        return row

    def plain(value: Any) -> str:
        return str(sealer.opened(value) if isinstance(value, bytes) else value)

    def fits(label: Any, asked: str) -> bool:
        return french.label_fits(plain(label), asked)

    def within(word: Any, first: str, last: str) -> bool:
        return first <= plain(word) < last

    raw.row_factory = opened
    raw.create_function("french_order", 1, lambda name: french.order(plain(name)), deterministic=True)
    raw.create_function("label_fits", 2, fits, deterministic=True)
    raw.create_function("lies_within", 3, within, deterministic=True)
    raw.create_function("stored", 1, _stored, deterministic=True)
    raw.create_function("forms", 1, lambda value: _listed(sealer.forms(value)), deterministic=True)


# ---- looked for ----


def forms(conn: Conn, values: Iterable[str]) -> list[str | bytes]:
    """Every form in which these may be stored, to be looked for by ``IN``."""
    sealer = sealer_of(conn)
    return list(values) if sealer is None else [form for value in values for form in sealer.forms(value)]


def listed(conn: Conn, values: Iterable[str]) -> str:
    """The same as a JSON list, for ``IN (SELECT value FROM json_each(?))`` as ``by_list`` writes it."""
    return _listed(forms(conn, values))


def by_list(conn: Conn, sql: str) -> str:
    """A statement in which ``SELECT value FROM json_each(?)`` lists what is looked for in all its forms."""
    return sql if sealer_of(conn) is None else sql.replace("SELECT value FROM", "SELECT stored(value) FROM")


def _listed(found: Iterable[str | bytes]) -> str:
    coded = [_CODED + base64.b64encode(one).decode() if isinstance(one, bytes) else one for one in found]
    return json.dumps(coded)


def _stored(value: Any) -> Any:
    coded = isinstance(value, str) and value.startswith(_CODED)
    return base64.b64decode(value[len(_CODED) :]) if coded else value


class _Condition(FunctionElement[bool]):
    """A condition whose words depend on whether the engine seals."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - SQLAlchemy names it
        """As it is: SQLAlchemy would write ``= 1`` behind it, and no index would be used."""
        return self


class stands_for(_Condition):
    """Whether a column holds a value, in whichever form: ``stands_for(message.c.number, "+33612345678")``."""

    inherit_cache = True
    name = "stands_for"


class in_list(_Condition):
    """Whether a column holds one of the values of a JSON list made by ``listed``."""

    inherit_cache = True
    name = "in_list"


@compiles(stands_for)
def _stands_for(element: stands_for, compiler: Any, **more: Any) -> str:
    column, value = (compiler.process(one, **more) for one in element.clauses)
    if getattr(compiler.dialect, "sealer", None) is None:
        return f"{column} = {value}"
    return f"{column} IN (SELECT stored(value) FROM json_each(forms({value})))"


@compiles(in_list)
def _in_list(element: in_list, compiler: Any, **more: Any) -> str:
    column, value = (compiler.process(one, **more) for one in element.clauses)
    stored = "value" if getattr(compiler.dialect, "sealer", None) is None else "stored(value)"
    return f"{column} IN (SELECT {stored} FROM json_each({value}))"
