"""The database of the readers' benchmark: years of many schools, written by SQL alone, the same at every run.

Only what readers read is there: messages, batches, counters, words of labels. One school of fifty sends a fifth of all;
half of all are sent in batches of a hundred, by one person for one reason, the others one by one.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from gateway.french import words
from gateway.store.engine import upgrade

SCHOOLS = tuple(f"{number:07}Z" for number in range(570_001, 570_051))
#: 1 January 2022, 8 o'clock in Paris; days, and milliseconds of one on which messages are sent.
FIRST, DAYS, OPEN = 1_641_020_400_000, 1_780, 36_000_000
SURNAMES, NAMES = 3_000, 200
_SYLLABLES = ("ba", "ré", "li", "mon", "du", "chet", "va", "sou", "ter", "gan", "pel", "mar", "no", "the", "vil")

#: Numbers that look random: each its own multiplier, modulo a prime.
_MIX = "((n * {} + {}) % 1000003)"


def made_up(number: int) -> str:
    """A made-up name; a surname in capitals."""
    pieces = []
    for _ in range(3):
        number, rest = divmod(number, len(_SYLLABLES))
        pieces.append(_SYLLABLES[rest])
    word = "".join(pieces)
    return word.upper() if number < SURNAMES else word.capitalize()


#: What a message's columns are made of: its number n, what looks random (a to g), whether it is one of a batch (lot).
#: Those that are not here are what every message has.
_VALUES = {
    "id": "n",
    "ulid": "printf('%026d', n)",
    "school": "school.name",
    "serial": "n",
    "app": "'vie-scolaire'",
    "batch": "CASE WHEN lot THEN n / 200 + 1 END",
    "batch_row": "CASE WHEN lot THEN n % 100 + 1 END",
    "action": "CASE WHEN NOT lot THEN CASE WHEN c < 700000 THEN 'ABSENCE' WHEN c < 999000 THEN 'RETARD' "
    "ELSE 'ALERTE' END WHEN g % 4 < 3 THEN 'INFO' ELSE 'CANTINE' END",
    "mode": "CASE WHEN NOT lot THEN CASE WHEN d < 998000 THEN 'standard' ELSE 'economique' END "
    "WHEN g % 7 < 3 THEN 'standard' ELSE 'premium' END",
    "priority": "1",
    "sender": "'VIESCOLAIRE'",
    "number": "printf('+336%08d', (n * 7919) % ({messages} / 6 + 1))",
    "number_input": "printf('06%08d', (n * 7919) % ({messages} / 6 + 1))",
    "label": "CASE WHEN c % 3 = 0 THEN 'Mme ou M. ' WHEN c % 3 = 1 THEN 'Mme ' ELSE 'M. ' END || surname.word || ' ' "
    "|| first.word",
    "kind": "'responsable'",
    "event_id": "CASE WHEN NOT lot THEN 'ABS-' || (n / 2) END",
    "user": "'utilisateur.' || (CASE WHEN a % 1000 < 2 THEN 24 WHEN lot THEN g % 24 ELSE b % 6 END)",
    "workstation": "'PC-' || (CASE WHEN a % 1000 < 2 THEN 9 WHEN lot THEN g % 24 / 3 ELSE b % 2 END)",
    "text": "'Bonjour, votre enfant est absent depuis ce matin. Merci de nous dire pourquoi. La vie scolaire.'",
    "sensitive": "0",
    "encoding": "'gsm7'",
    "characters": "97",
    "units": "97",
    "parts": "CASE WHEN a < 900000 THEN 1 ELSE 2 END",
    "replacements": "'[]'",
    "amount": "45000",
    "status": "CASE WHEN e < 940000 THEN 'delivered' WHEN e < 970000 THEN 'undelivered' WHEN e < 980000 THEN "
    "'no_receipt' WHEN e < 985000 THEN 'expired' WHEN e < 985100 THEN 'rejected' ELSE 'delivered' END",
    "status_at": "at + 30000",
    "final_parts": "CASE WHEN a < 900000 THEN 1 ELSE 2 END",
    "created_at": "at - 1000 - CASE WHEN c < 600000 THEN a * 5 ELSE 0 END",
    "released_at": "at",
    "sent_at": "at",
    "validity_ms": "86400000",
    "hold_until": "at + 172800000",
    "resend": "0",
    "resend_wait_ms": "60000",
    "possibly_double": "0",
    "service_code": "'0'",
    "concat": "0",
    "month": "strftime('%Y-%m', at / 1000 + 3600, 'unixepoch')",
    "account": "CASE WHEN lot AND g % 7 >= 3 THEN 'operateur-b' ELSE 'operateur-a' END",
    "lines": "CASE WHEN a < 900000 THEN 1 ELSE 2 END",
    "billed": "CASE WHEN a < 900000 THEN 45000 ELSE 90000 END",
}

_MESSAGES = """INSERT INTO message ({columns})
WITH RECURSIVE series(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM series WHERE n < {last}),
mixed AS (SELECT n, {a} AS a, {b} AS b, {c} AS c, {d} AS d, {e} AS e, {f} AS f, {g} AS g,
  n / 100 % 2 = 0 AS lot,
  {start} + (n * {days} / {messages}) * 86400000 + (n * {days} % {messages}) * {open} / {messages} AS at FROM series)
SELECT {values} FROM mixed
JOIN school ON school.id = CASE WHEN g % 5 = 0 THEN 0 ELSE 1 + g / 5 % 49 END
JOIN name AS surname ON surname.id = f % {surnames} JOIN name AS first ON first.id = {surnames} + d % {names}"""

_TALLY = """INSERT INTO tally
  (school, month, action, mode, account, of_month, total, delivered, parts, amount, not_submitted)
SELECT school, month, action, mode, account, '', COUNT(*), SUM(status = 'delivered'), SUM(parts), SUM(parts) * 45000, 0
FROM message GROUP BY school, month, action, mode, account"""

_BATCHES = """INSERT INTO batch
  (id, ulid, school, app, action, created_at, recipients, accepted, ignored, parts, amount)
SELECT batch, printf('%026d', batch), school, app, 'INFO', created_at, 100, 100, 0, 100, 4500000
FROM message WHERE batch IS NOT NULL GROUP BY batch"""


def build(file: Path, messages: int, say: Callable[[str], None]) -> None:
    """Make the database, with everything but the daily counters and the words of labels."""
    upgrade(f"sqlite:///{file}")
    conn = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "temp_store = MEMORY"):
        conn.execute(f"PRAGMA {pragma}")
    indexes = conn.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'message' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        conn.execute(f"DROP INDEX {name}")
    _names(conn)
    began = time.monotonic()
    step = max(1, messages // 10)
    conn.execute("BEGIN")
    for first in range(1, messages + 1, step):
        conn.execute(_statement(first, min(messages, first + step - 1), messages))
        say(f"{min(messages, first + step - 1):,} messages after {time.monotonic() - began:.0f} s")
    for statement in (_BATCHES, _TALLY, f"INSERT OR REPLACE INTO counter VALUES ('message', {messages})"):
        conn.execute(statement)
    conn.execute("COMMIT")
    _words(conn, say)
    for name, sql in indexes:
        began, before = time.monotonic(), _size(conn)
        conn.execute(sql)
        grown = _size(conn) - before
        say(f"index {name}: {grown / messages:.0f} bytes a message, {time.monotonic() - began:.0f} s")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.close()


def _words(conn: sqlite3.Connection, say: Callable[[str], None]) -> None:
    """The words of the labels, as ``gateway.store.labels`` has them, sorted before they are written."""
    began = time.monotonic()
    known: dict[tuple[str, str], int] = {}
    conn.execute("BEGIN")
    conn.execute("CREATE TEMP TABLE unsorted (word INTEGER, message INTEGER)")
    conn.executemany("INSERT INTO unsorted VALUES (?, ?)", _pairs(conn, known))
    conn.executemany("INSERT INTO word VALUES (?, ?, ?)", ((id_, *word) for word, id_ in known.items()))
    conn.execute("INSERT INTO label_word SELECT word, message FROM unsorted ORDER BY word, message")
    conn.execute("INSERT OR REPLACE INTO counter SELECT 'label_words', MAX(id) FROM message")
    conn.execute("DROP TABLE unsorted")
    conn.execute("COMMIT")
    say(f"words of labels after {time.monotonic() - began:.0f} s")


def _pairs(conn: sqlite3.Connection, known: dict[tuple[str, str], int]) -> Iterator[tuple[int, int]]:
    spelled = cache(words)
    for id_, school, label in conn.execute("SELECT id, school, label FROM message"):
        for word in {word for piece in label.split() for word in spelled(piece)}:
            yield known.setdefault((school, word), len(known) + 1), id_


def _size(conn: sqlite3.Connection) -> int:
    pages, size = (conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages) * int(size)


def _names(conn: sqlite3.Connection) -> None:
    conn.execute("CREATE TEMP TABLE school (id INTEGER PRIMARY KEY, name TEXT)")
    conn.executemany("INSERT INTO school VALUES (?, ?)", enumerate(SCHOOLS))
    conn.execute("CREATE TEMP TABLE name (id INTEGER PRIMARY KEY, word TEXT)")
    words = [(number, made_up(number)) for number in range(SURNAMES + NAMES)]
    conn.executemany("INSERT INTO name VALUES (?, ?)", words)


def _statement(first: int, last: int, messages: int) -> str:
    mixes: dict[str, Any] = {
        letter: _MIX.format(factor, shift)
        for letter, factor, shift in zip(
            "abcdef", (611953, 350377, 480737, 919393, 787207, 271829), (1, 5, 9, 13, 17, 21), strict=True
        )
    }
    values = ",".join(_VALUES.values()).format(messages=messages)
    columns = ",".join(f'"{name}"' for name in _VALUES)
    places = {"start": FIRST, "days": DAYS, "open": OPEN, "surnames": SURNAMES, "names": NAMES}
    mixes["g"] = _MIX.format(611953, 3).replace("(n ", "(n / 100 ")
    return _MESSAGES.format(
        columns=columns, values=values, first=first, last=last, messages=messages, **mixes, **places
    )
