"""The words of recipients' labels, so that a name finds its messages whatever their number.

Rules: a word is found by its beginning, in any case and without accents; all words asked for must be there. The index
is brought up to date a moment after the messages are stored, off their path (``index``); what it does not hold yet is
read from the messages themselves, so that an answer is always whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.french import words
from gateway.store import tables
from gateway.store.bulk import fetch, insert_rows, select_in
from gateway.store.direct import Conn
from gateway.store.sealed import forms, sealer_of
from gateway.store.selection import MOST, Selection

#: The name in ``counter`` of the last message whose label is indexed.
_PLACE = "label_words"
#: Messages indexed in one transaction.
LOT = 2_000
#: Values of one statement at most.
_VALUES = 30_000


async def index(conn: Conn) -> int:
    """Index the labels of the next messages; how many there were."""
    rows = await fetch(conn, f"SELECT id, school, label FROM message WHERE id > {_INDEXED} ORDER BY id LIMIT {LOT}")
    if not rows:
        return 0
    found = {(school, word, id_) for id_, school, label in rows for word in words(label)}
    known = await _known(conn, sorted({(school, word) for school, word, _ in found}))
    pairs = sorted((known[school, word], id_) for school, word, id_ in found)
    for part in _parts(pairs):
        marks = ",".join(["(?,?)"] * len(part))
        values = [one for pair in part for one in pair]
        await fetch(conn, f"INSERT INTO label_word (word, message) VALUES {marks}", values)
    await fetch(conn, _MARK, (_PLACE, rows[-1][0]))
    return len(rows)


async def forget(conn: Conn, ids: Sequence[int]) -> None:
    """Take the words of these messages' labels out of the index, and words that stand nowhere any more."""
    rows = await select_in(conn, "SELECT id, school, label FROM message WHERE id IN (#) AND label <> ''", ids)
    found = {(school, word) for _, school, label in rows for word in words(label)}
    if not found:
        return
    known = await _known(conn, sorted(found))
    for id_, school, label in rows:
        mine = [known[school, word] for word in set(words(label))]
        await select_in(conn, "DELETE FROM label_word WHERE message = ? AND word IN (#)", mine, id_)
    sql = "DELETE FROM word WHERE id IN (#) AND NOT EXISTS (SELECT 1 FROM label_word AS l WHERE l.word = word.id)"
    await select_in(conn, sql, list(known.values()))


async def behind(conn: Conn) -> bool:
    """Whether there are labels to index."""
    return bool(await fetch(conn, f"SELECT 1 FROM message WHERE id > {_INDEXED} LIMIT 1"))


_INDEXED = f"COALESCE((SELECT value FROM counter WHERE name = '{_PLACE}'), 0)"
_MARK = "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


async def _known(conn: Conn, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The id of each word of a school, new ones included."""
    known = await _stored(conn, wanted)
    new = [one for one in wanted if one not in known]
    await insert_rows(conn, tables.word, ("school", "word"), new)
    return known | await _stored(conn, new)


async def _stored(conn: Conn, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    known: dict[tuple[str, str], int] = {}
    for part in _parts([(school, form) for school, one in wanted for form in forms(conn, [one])]):
        values = [one for pair in part for one in pair]
        marks = ",".join(["(?,?)"] * len(part))
        rows = await fetch(conn, f"SELECT school, word, id FROM word WHERE (school, word) IN (VALUES {marks})", values)
        known |= {(school, one): id_ for school, one, id_ in rows}
    return known


def _parts(pairs: Sequence[tuple[object, object]]) -> Sequence[Sequence[tuple[object, object]]]:
    size = _VALUES // 2
    return [pairs[start : start + size] for start in range(0, len(pairs), size)]


# ---- found ----


async def earliest(conn: Conn, wanted: Selection) -> int:
    """An instant before which nothing that the label fits was sent."""
    first: list[int] = []
    for word in words(wanted.label or ""):
        sql = f"SELECT MIN((SELECT MIN(message) FROM label_word WHERE word = w.id)) FROM word AS w WHERE {_RANGE}"
        rows = await fetch(conn, _ranged(conn, sql), _beginning(wanted.school, word))
        first += [row[0] for row in rows if row[0] is not None]
    rows = await fetch(conn, "SELECT created_at FROM message WHERE id = ?", (max(first, default=0),))
    return rows[0][0] if rows else 0


@dataclass(frozen=True, slots=True)
class _Word:
    """A word asked for, and how many messages have it, counted to ``MOST`` and one."""

    word: str
    messages: int


async def resolved(conn: Conn, wanted: Selection) -> Selection:
    """The selection with the first messages that its label fits, and whether these are all."""
    asked = words(wanted.label or "")
    if not asked:
        return wanted
    counted = [_Word(word, await _count(conn, wanted.school, word)) for word in dict.fromkeys(asked)]
    rarest, *others = sorted(counted, key=lambda one: (one.messages, -len(one.word)))
    also = f" AND EXISTS (SELECT 1 FROM label_word AS b WHERE b.word IN {_WORDS} AND b.message = a.message)"
    values = [value for one in (rarest, *others) for value in _beginning(wanted.school, one.word)]
    sql = f"SELECT DISTINCT message FROM label_word AS a WHERE a.word IN {_WORDS}{also * len(others)} LIMIT {MOST + 1}"
    ids = [row[0] for row in await fetch(conn, _ranged(conn, sql), values)]
    ids += [row[0] for row in await fetch(conn, _YOUNG, (wanted.school, " ".join(asked)))]
    return replace(wanted, ids=tuple(ids[: MOST + 1]))


async def _count(conn: Conn, school: str, word: str) -> int:
    sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM label_word WHERE word IN {_WORDS} LIMIT {MOST + 1})"
    found: int = (await fetch(conn, _ranged(conn, sql), _beginning(school, word)))[0][0]
    return found


def _beginning(school: str, word: str) -> tuple[str, str, str]:
    """The range of words that begin so."""
    return school, word, f"{word}\U0010ffff"


def _ranged(conn: Conn, sql: str) -> str:
    """A statement with ``_RANGE``, which where words are sealed asks each of the school's: they are in no order."""
    return sql if sealer_of(conn) is None else sql.replace(_RANGE, "school = ? AND lies_within(word, ?, ?)")


_RANGE = "school = ? AND word >= ? AND word < ?"
_WORDS = f"(SELECT id FROM word WHERE {_RANGE})"
_YOUNG = f"SELECT id FROM message WHERE school = ? AND id > {_INDEXED} AND label_fits(label, ?) LIMIT {MOST + 1}"
