"""A claim costs what it brings, not what waits: an alert to a whole académie must not slow its own sending."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.store.claim import HEADS_OF_LINE, LINES
from gateway.store.engine import database_path, upgrade
from gateway.store.moves import DUE

_PART = """INSERT INTO part (id, message, state, state_at, mode, priority, school, due_at, content, tries, resends,
  line_open) VALUES (?, ?, 'queued', 0, ?, ?, ?, ?, '', 0, 0, 0)"""


@pytest.fixture
def conn(tmp_path: Path) -> Any:
    """An empty database."""
    url = f"sqlite:///{tmp_path}/gateway.db"
    upgrade(url)
    with closing(sqlite3.connect(database_path(url))) as opened:
        yield opened


def _steps(conn: sqlite3.Connection, sql: str, values: Sequence[object]) -> int:
    """How many instructions of SQLite's machine a statement takes."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    conn.set_progress_handler(step, 1)
    conn.execute(sql, values).fetchall()
    conn.set_progress_handler(None, 0)
    return taken


def _fill(conn: sqlite3.Connection, first: int, count: int) -> None:
    modes = ("premium", "standard")
    rows = [(n * 256 + 1, n, modes[n % 2], n % 3, f"057000{n % 4}W", n) for n in range(first, first + count)]
    conn.executemany(_PART, rows)


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        (LINES, ("sink",)),
        (HEADS_OF_LINE, ("standard", 1, "0570001W", 10**9, "sink", 20)),
        (DUE, (10**9, 500)),
    ],
)
def test_a_question_to_the_queue_does_not_cost_more_when_more_waits(
    conn: sqlite3.Connection, sql: str, values: Sequence[object]
) -> None:
    """Twenty thousand parts more, and not twice the steps."""
    _fill(conn, 1, 600)
    few = _steps(conn, sql, values)
    _fill(conn, 1000, 20_000)
    assert _steps(conn, sql, values) < 2 * few
