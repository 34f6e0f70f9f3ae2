"""Answers and what waits for them, on a real store: one answer an event, overdue at the end of the last day."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from gateway.provider import Refused, Unknown
from gateway.store import answers
from gateway.store.answers import Answer, Wanted
from tests.heart import DAY, HOUR, METZ, MINUTE, REUNION, Heart, opened, settings

A, B = "+33612345678", "+33612345679"
ACTIONS = [
    {"code": "INFO", "short_label": "Info", "long_label": "Information"},
    {"code": "ABSENCE", "short_label": "Abs.", "long_label": "Absence", "response_delay_days": 2},
    {"code": "RELANCE", "short_label": "Rel.", "long_label": "Relance", "response_delay_days": 5},
]
#: 23 November 2026, 08:30 in Paris, and two days: the 26th, 00:00.
DUE = 1_795_419_000_000 + 2 * DAY + 15 * HOUR + 30 * MINUTE


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path, settings(actions=ACTIONS)) as one:
        yield one


async def send(heart: Heart, number: str = A, event: str | None = "ABS-9", **more: Any) -> int:
    """Send about an event, now."""
    about = {"event": {"id": event}} if event is not None else {}
    message = await heart.accept(number, **{"action": "ABSENCE", **about, **more})
    await heart.send()
    return message


async def overdue(heart: Heart, now: int, action: str = "ABSENCE", school: str = METZ) -> list[tuple[Any, ...]]:
    wanted = Wanted(school, action, now)
    rows = await heart.store.read(lambda conn: answers.overdue(conn, wanted, None, 100))
    assert await heart.store.read(lambda conn: answers.count(conn, wanted)) == len(rows)
    return [(row.key, row.id, row.due_at) for row in rows]


async def mark(heart: Heart, event: str = "ABS-9") -> bool:
    answer = Answer(METZ, event, heart.now, "le père", "cpe/key_1")
    return await heart.store.write(lambda conn: answers.mark(conn, answer))


async def test_overdue_from_the_end_of_the_last_day(heart: Heart) -> None:
    message = await send(heart)
    assert await overdue(heart, DUE - 1) == []
    assert await overdue(heart, DUE) == [("ABS-9", message, DUE)]
    assert await overdue(heart, DUE, school=REUNION) == []
    assert await overdue(heart, DUE, "RELANCE") == []


async def test_the_day_is_that_of_the_school(heart: Heart) -> None:
    heart.now += 15 * HOUR  # 23:30 in Paris, tomorrow at La Réunion
    await send(heart, school=REUNION)
    assert await overdue(heart, DUE + DAY - 3 * HOUR - 1, school=REUNION) == []
    assert len(await overdue(heart, DUE + DAY - 3 * HOUR, school=REUNION)) == 1


@pytest.mark.parametrize("action", ["INFO"])
async def test_an_action_without_a_delay_waits_for_nothing(heart: Heart, action: str) -> None:
    await send(heart, action=action)
    assert await heart.rows("SELECT COUNT(*) FROM awaited") == [(0,)]


async def test_what_was_never_sent_waits_for_nothing(heart: Heart) -> None:
    await heart.accept(A, action="ABSENCE", event={"id": "ABS-9"})
    (part,) = await heart.claim()
    await heart.record((part, Refused("0x0000000B")))
    assert await heart.rows("SELECT COUNT(*) FROM awaited") == [(0,)]


async def test_what_may_have_been_sent_waits_until_it_is_proved_refused(heart: Heart) -> None:
    await heart.accept(A, action="ABSENCE", event={"id": "ABS-9"})
    (part,) = await heart.claim()
    await heart.record((part, Unknown("no answer")))
    assert len(await overdue(heart, DUE)) == 1
    await heart.late(part, Refused("0x0000000B"))
    assert await overdue(heart, DUE) == []


async def test_one_entry_an_event_from_its_first_message(heart: Heart) -> None:
    first = await send(heart)
    second = await send(heart, B)
    heart.now += DAY
    await send(heart)
    assert await overdue(heart, DUE) == [("ABS-9", first, DUE)]
    wanted = Wanted(METZ, "ABSENCE", DUE)
    rows = await heart.store.read(lambda conn: answers.overdue(conn, wanted, None, 10))
    found = await heart.store.read(lambda conn: answers.messages_of(conn, wanted, rows))
    assert [row.id for row in found][:2] == [first, second]
    assert len(found) == 3


async def test_an_answer_of_one_recipient_is_enough(heart: Heart) -> None:
    await send(heart)
    await send(heart, B)
    heart.now += MINUTE
    taken = await heart.phone("Elle est malade", B)
    assert taken.kind == "reply"
    assert await overdue(heart, DUE) == []
    row = await heart.store.read(lambda conn: answers.of_event(conn, METZ, "ABS-9"))
    assert row is not None
    assert (row.at, row.how, row.message) == (heart.now, "reply", 2)


async def test_a_late_answer_takes_the_entry_away(heart: Heart) -> None:
    await send(heart)
    heart.now = DUE + HOUR
    assert len(await overdue(heart, heart.now)) == 1
    await heart.phone("Pardon", A)
    assert await overdue(heart, heart.now) == []
    assert await heart.rows("SELECT due_at, answered_at FROM awaited") == [(DUE, heart.now)]


async def test_an_answer_is_of_every_action_that_asked(heart: Heart) -> None:
    await send(heart)
    await send(heart, action="RELANCE")
    assert len(await overdue(heart, DUE + 9 * DAY, "RELANCE")) == 1
    await mark(heart)
    assert await overdue(heart, DUE + 9 * DAY, "RELANCE") == []
    await send(heart, B, action="ABSENCE")
    assert await overdue(heart, DUE + 9 * DAY) == []


async def test_what_is_sent_after_the_answer_does_not_wait(heart: Heart) -> None:
    await send(heart)
    await mark(heart)
    await send(heart, action="RELANCE")
    assert await overdue(heart, DUE + 9 * DAY, "RELANCE") == []


async def test_a_message_without_an_event_is_its_own(heart: Heart) -> None:
    first, second = await send(heart, event=None), await send(heart, B, event=None)
    await heart.phone("Oui", A)
    ((key, message, _),) = await overdue(heart, DUE)
    assert (key, message) == (f"msg_{await heart.one('message', second, 'ulid')}", second)
    assert first != second
    assert await mark(heart, key)
    assert await overdue(heart, DUE) == []


async def test_the_first_answer_stays(heart: Heart) -> None:
    await send(heart)
    assert await mark(heart)
    heart.now += MINUTE
    assert not await mark(heart)
    await heart.phone("Oui", A)
    row = await heart.store.read(lambda conn: answers.of_event(conn, METZ, "ABS-9"))
    assert row is not None
    assert (row.at, row.how, row.by, row.actor, row.label) == (heart.now - MINUTE, "api", "le père", "cpe/key_1", None)


async def test_stop_is_no_answer(heart: Heart) -> None:
    await send(heart)
    await heart.phone("STOP", A)
    assert len(await overdue(heart, DUE)) == 1


async def test_pages_follow_the_due_date(heart: Heart) -> None:
    for place in range(5):
        heart.now += DAY * (place % 2)
        await send(heart, f"+3361234567{place}", event=f"ABS-{place}")
    wanted, seen, after = Wanted(METZ, "ABSENCE", DUE + 9 * DAY), [], None
    while rows := await heart.store.read(lambda conn: answers.overdue(conn, wanted, after, 2)):  # noqa: B023
        seen += [row.key for row in rows]
        after = (rows[-1].due_at, rows[-1].id)
    assert seen == [f"ABS-{place}" for place in range(5)]


async def test_what_is_overdue_is_read_by_its_index(heart: Heart) -> None:
    question = answers.page_of(Wanted(METZ, "ABSENCE", DUE), (1, 2), 50)
    sql = question.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    words = " ".join(str(row[3]) for row in await heart.rows(f"EXPLAIN QUERY PLAN {sql}"))
    assert "awaited_overdue (school=? AND action=? AND (due_at,message)>(?,?) AND due_at<?)" in words
    assert "TEMP B-TREE" not in words
