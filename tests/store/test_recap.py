"""The recap by its counters: pages and totals are those of the messages, whatever is asked and wherever a day ends."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.periods import begin, end
from gateway.states import Status
from gateway.store import daily, recap, reports
from gateway.store.bulk import fetch
from gateway.store.database import Store
from gateway.store.selection import After, Order, Selection, Sort
from tests.heart import METZ, Heart, opened
from tests.store.rows import add_sent

PARIS = ZoneInfo("Europe/Paris")
OLDEST, NEWEST = Order(Sort.SENT), Order(Sort.SENT, descending=True)
FIRST = begin("2026-10-20", PARIS)  # the clocks go back on the 25th
DAYS = 12


async def filled(store: Store) -> list[dict[str, Any]]:
    """Messages at random moments of twelve days, often the same; the last is one that never left."""
    chance = random.Random(7)
    rows: list[dict[str, Any]] = []
    for number in range(1, 121):
        moment = FIRST + chance.randrange(DAYS * 24 * 4) * 900_000
        said = {
            **{"sent_at": moment, "parts": chance.randint(1, 3), "user": chance.choice([None, "cpe", "direction"])},
            **{"workstation": chance.choice([None, "PC-1"]), "action": chance.choice(["INFO", "ABSENCE"])},
            **{"mode": chance.choice(["standard", "premium", "ancien"]), "number": f"+3360000000{number % 7}"},
            **{"status": chance.choice(["delivered", "delivered", "undelivered", "in_transit"])},
            "billed": chance.choice([45_000, 60_001]),
        }
        rows.append({"id": number, **said})
        await add_sent(store, number, **said)
    await add_sent(store, 121, lines=0, status="rejected", sent_at=FIRST)
    return rows


QUESTIONS: list[dict[str, Any]] = [
    {},
    {"user": "cpe"},
    {"workstation": "PC-1"},
    {"action": "INFO"},
    {"mode": "ancien"},
    {"number": "+33600000003"},
    {"statuses": frozenset({Status.UNDELIVERED, Status.IN_TRANSIT})},
    {"since": begin("2026-10-24", PARIS), "before": end("2026-10-26", PARIS)},
    {"since": begin("2026-10-24T10:00:00+02:00", UTC), "before": begin("2026-10-25T10:00:00+01:00", UTC)},
    {"since": begin("2026-10-24T10:00:00+02:00", UTC), "before": begin("2026-10-24T20:00:00+02:00", UTC)},
    {"since": begin("2026-10-23", PARIS), "before": begin("2026-10-30T12:00:00+01:00", UTC), "user": "direction"},
    {"since": begin("2026-12-01", PARIS)},
    {"user": "nobody"},
]


def fits(row: dict[str, Any], asked: dict[str, Any]) -> bool:
    said = {key: value for key, value in asked.items() if key not in ("since", "before", "statuses")}
    within = asked.get("since", 0) <= row["sent_at"] < asked.get("before", 2**60)
    states = asked.get("statuses") or {row["status"]}
    return within and row["status"] in states and all(row[key] == value for key, value in said.items())


async def walked(store: Store, wanted: Selection, order: Order, limit: int) -> list[int]:
    found: list[int] = []
    after: After | None = None
    while rows := await store.read(lambda conn: recap.page(conn, wanted, order, after, limit, PARIS)):  # noqa: B023
        assert len(rows) <= limit
        found += [row.id for row in rows]
        after = After(rows[-1].id)
    return found


async def test_pages_and_totals_are_those_of_the_messages(heart: Heart) -> None:
    rows = await filled(heart.store)
    for asked in QUESTIONS:
        wanted = Selection(METZ, submitted=True, **asked)
        mine = sorted((row for row in rows if fits(row, asked)), key=lambda row: (row["sent_at"], row["id"]))
        for order, expected in ((OLDEST, mine), (NEWEST, mine[::-1])):
            assert await walked(heart.store, wanted, order, 7) == [row["id"] for row in expected], asked
        parts: Counter[str] = Counter()
        for row in mine:
            parts[row["mode"]] += row["parts"]
        totals = await heart.store.read(lambda conn: recap.totals(conn, wanted, PARIS))  # noqa: B023
        assert (totals.messages, dict(totals.parts), totals.at_least) == (len(mine), dict(parts), False), asked
        assert totals.amount == sum(row["billed"] for row in mine), asked


async def test_what_is_counted_one_by_one_is_counted_to_a_limit(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(heart.store)
    monkeypatch.setattr("gateway.store.recap.MOST", 5)
    monkeypatch.setattr("gateway.store.reports.MOST", 5)
    of_number = Selection(METZ, submitted=True, number="+33600000003")
    totals = await heart.store.read(lambda conn: recap.totals(conn, of_number, PARIS))
    assert (totals.messages, totals.at_least) == (5, True)
    assert await heart.store.read(lambda conn: reports.count(conn, Selection(METZ))) == (5, True)
    of_action = Selection(METZ, action="NONE")
    assert await heart.store.read(lambda conn: reports.count(conn, of_action)) == (0, False)


async def test_what_is_open_is_counted_whole(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.store.reports.MOST", 2)
    await heart.accept_many(4, action="ABSENCE")
    held = Selection(METZ, statuses=frozenset({Status.HELD}))
    assert await heart.store.read(lambda conn: reports.count(conn, held)) == (4, False)


def plans(steps: list[tuple[Any, ...]]) -> Iterator[str]:
    return (step[3] for step in steps)


async def test_the_recap_is_read_by_its_index_and_counters(heart: Heart) -> None:
    await filled(heart.store)
    seen: list[str] = []

    async def question(conn: AsyncConnection) -> None:
        sql = (
            "SELECT id FROM message WHERE school = ? AND sent_at IS NOT NULL AND lines > 0 AND sent_at >= ? "
            'AND sent_at < ? AND "user" = ? ORDER BY sent_at, id LIMIT 9'
        )
        seen.extend(plans(await fetch(conn, f"EXPLAIN QUERY PLAN {sql}", (METZ, 1, 2**50, "cpe"))))

    await heart.store.read(question)
    assert seen[0].startswith("SEARCH message USING INDEX message_sent (school=? AND sent_at>? AND sent_at<?)")
    assert not any("TEMP B-TREE" in step and "RIGHT PART" not in step and "LAST TERM" not in step for step in seen)


async def test_who_sent_and_from_where(heart: Heart) -> None:
    await add_sent(heart.store, 1, user="cpe", workstation="PC-1")
    await add_sent(heart.store, 2, user="direction", workstation="PC-2")
    await add_sent(heart.store, 3, user=None, workstation=None)
    ask = heart.store.read
    assert await ask(lambda conn: recap.origins(conn, METZ, None)) == (["cpe", "direction"], ["PC-1", "PC-2"])
    assert await ask(lambda conn: recap.origins(conn, METZ, "cpe")) == (["cpe"], ["PC-1"])
    assert await ask(lambda conn: recap.origins(conn, "9741046A", None)) == ([], [])


async def test_the_counters_of_an_older_database_are_made_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as heart:
        await heart.accept_many(3)
        await heart.send()

        async def as_before(conn: Any) -> None:
            await fetch(conn, "DELETE FROM daily")
            await fetch(conn, "INSERT INTO counter VALUES (?, 1)", (daily.UNFILLED,))

        await heart.store.write(as_before)
        assert await heart.store.read(daily.to_fill)
        assert await heart.store.write(lambda conn: daily.fill_once(conn, heart.rules.day))
        await heart.is_sound()
        assert not await heart.store.write(lambda conn: daily.fill_once(conn, heart.rules.day))


async def test_a_day_is_the_school_s(heart: Heart) -> None:
    heart.now = round(datetime(2026, 11, 23, 23, 30, tzinfo=UTC).timestamp() * 1000)  # the 24th in Paris
    await heart.accept()
    (part,) = await heart.send()
    await heart.receipt(part)
    rows = await heart.rows("SELECT period, status, messages, parts, amount FROM daily ORDER BY status, period")
    periods = ("2026", "2026-11", "2026-11-24")
    assert rows == [
        *((period, "delivered", 1, 1, 45_000) for period in periods),
        *((period, "in_transit", 0, 0, 0) for period in periods),
    ]
