"""The clock's chores: deadlines, parked receipts, pauses decided elsewhere, gauges, old keys."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.caller import Claim
from gateway.janitor import Chore, Janitor
from gateway.parts import Parts
from gateway.provider import Unknown
from gateway.requests import MessageIn
from gateway.states import Status
from gateway.store import catalogue
from gateway.store.database import StoreUnavailable
from tests.fakes.provider import DEADLINE, FakeProvider
from tests.flow.test_lane import lane_of, running
from tests.heart import DAY, HOUR, METZ, MINUTE, MORNING, Heart, everybody, opened


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path) as one:
        yield one


def parts_of(heart: Heart, **more: Any) -> Parts:
    return Parts(
        settings=heart.settings,
        store=heart.store,
        registry=heart.registry,
        intake=heart.intake,
        metrics=heart.metrics,
        clock=heart.clock,
        rules=heart.rules,
        queued=heart.nudged,
        **more,
    )


def chore(janitor: Janitor, name: str) -> Chore:
    return next(one for one in janitor.chores if one.name == name)


async def test_what_is_due_is_judged_and_the_lanes_are_told(heart: Heart) -> None:
    later = await heart.accept(send_at="2026-11-23T10:30:00+01:00")
    held = await heart.accept(action="ABSENCE")
    provider = FakeProvider()
    lane = lane_of(heart, provider)
    janitor = Janitor(parts_of(heart, lanes={"a": lane}), dispatch=True)
    async with running(lane):
        await janitor.judge()
        assert await heart.status(later) is Status.SCHEDULED
        heart.now += 2 * HOUR
        await janitor.judge()
        await provider.until(1)
        heart.now += 3 * DAY
        await janitor.judge()
    assert await heart.status(held) is Status.EXPIRED
    await heart.is_sound()


async def test_judging_ends_though_a_part_waits_for_its_answer_past_its_validity(heart: Heart) -> None:
    await heart.accept()
    await heart.claim()
    heart.now += 2 * DAY
    async with asyncio.timeout(DEADLINE):
        await Janitor(parts_of(heart), dispatch=True).judge()


async def test_a_receipt_that_came_first_settles_what_became_uncertain(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    await heart.receipt(part)
    await heart.record((part, Unknown("killed")))
    janitor = Janitor(parts_of(heart, lanes={"a": lane_of(heart, FakeProvider())}), dispatch=True)
    await janitor.settle()
    assert await heart.status(id_) is Status.DELIVERED


async def test_a_lane_may_be_stopped_while_its_parts_are_settled(heart: Heart) -> None:
    lanes = {name: lane_of(heart, FakeProvider()) for name in ("a", "b")}
    settling = asyncio.create_task(Janitor(parts_of(heart, lanes=lanes), dispatch=True).settle())
    await heart.store.read(catalogue.pauses)  # by then it has begun
    del lanes["b"]
    await settling


async def test_a_pause_decided_elsewhere_is_seen(heart: Heart) -> None:
    lane = lane_of(heart, FakeProvider())
    janitor = Janitor(parts_of(heart, lanes={"a": lane}), dispatch=True)
    await heart.store.write(lambda conn: catalogue.pause(conn, "a", "direction", "contrat", MORNING))
    await chore(janitor, "pauses").run()
    assert lane.paused
    await heart.store.write(lambda conn: catalogue.resume(conn, "a"))
    await chore(janitor, "pauses").run()
    assert not lane.paused


@pytest.mark.row("S4 139")
async def test_the_gauges(heart: Heart) -> None:
    await heart.accept(action="ABSENCE")
    await heart.accept()
    doubtful = await heart.accept(priority="alert")
    [part] = await heart.claim(room=1)
    assert part.id >> 8 == doubtful
    await heart.record((part, Unknown("cut")))
    await heart.receipt(part, id="77", to="33699999999")
    heart.now += MINUTE
    await chore(Janitor(parts_of(heart), dispatch=False), "gauges").run()
    metrics = heart.metrics
    assert metrics.queue_messages.labels("standard", "held").value == 1
    assert metrics.queue_messages.labels("standard", "queued").value == 1
    assert metrics.queue_messages.labels("premium", "queued").value == 0
    assert metrics.queue_oldest_seconds.labels("standard").value == 60
    assert metrics.queue_oldest_seconds.labels("premium").value == 0
    assert metrics.uncertain.labels("a").value == 1
    assert metrics.receipts_unmatched.labels("a").value == 1


async def test_keys_are_forgotten_after_seven_days(heart: Heart) -> None:
    body = MessageIn.model_validate({"to": "0612345678", "action": "INFO", "text": "x", "school": METZ})
    await heart.intake.message(body, everybody(heart.settings), Claim("a", "k", "x"))
    janitor = Janitor(parts_of(heart), dispatch=False)
    for days, left in ((7, 1), (1, 0)):
        heart.now += days * DAY
        await chore(janitor, "old idempotency keys").run()
        assert await heart.rows("SELECT COUNT(*) FROM idempotency") == [(left,)]


async def test_a_chore_that_fails_harms_no_other_and_is_done_again(heart: Heart) -> None:
    janitor = Janitor(parts_of(heart), dispatch=False)
    runs: list[str] = []
    enough = asyncio.Event()

    async def fails() -> None:
        runs.append("fails")
        raise StoreUnavailable("disk full") if len(runs) < 3 else LookupError("a bug")

    async def works() -> None:
        runs.append("works")
        if runs.count("works") > 2 and runs.count("fails") > 2:
            enough.set()

    janitor.chores = [Chore("fails", 0.001, fails), Chore("works", 0.001, works)]
    async with asyncio.timeout(DEADLINE), janitor.running():
        await enough.wait()


def test_only_who_sends_moves_messages_by_the_clock(heart: Heart) -> None:
    names = {one.name for one in Janitor(parts_of(heart), dispatch=False).chores}
    assert not names & {"deadlines", "parked receipts", "pauses", "write-ahead log"}


async def test_what_stays_torn_is_shown_and_counted(heart: Heart) -> None:
    janitor = Janitor(parts_of(heart), dispatch=True)
    await heart.phone("Bonjour", reference=7, place=1, of=2)
    await janitor.show_torn()
    assert await heart.rows("SELECT text FROM inbound") == []
    heart.now += 30 * MINUTE
    await chore(janitor, "messages without all their parts").run()
    assert await heart.rows("SELECT text FROM inbound") == [("Bonjour[…]",)]
    assert 'inbound_total{account="a",kind="unattached"} 1.0' in heart.metrics.render().decode()


async def test_what_was_kept_long_enough_is_erased(heart: Heart) -> None:
    id_ = await heart.accept()
    await heart.send()
    await heart.due(MORNING + 5 * DAY)
    janitor = Janitor(parts_of(heart), dispatch=True)
    await chore(janitor, "retention").run()
    assert await heart.one("message", id_, "text") == "Bonjour"
    heart.now += 100 * DAY
    await chore(Janitor(parts_of(heart, draining=True), dispatch=True), "retention").run()
    assert await heart.one("message", id_, "text") == "Bonjour"
    await chore(janitor, "retention").run()
    assert await heart.one("message", id_, "text") == ""


async def test_names_of_new_messages_are_indexed(heart: Heart) -> None:
    janitor = Janitor(parts_of(heart), dispatch=True)
    await heart.accept(recipient={"label": "Mme ABAD Zoé"})
    await chore(janitor, "words of labels").run()
    rows = await heart.rows("SELECT w.word FROM word AS w JOIN label_word AS l ON l.word = w.id")
    assert {row[0] for row in rows} == {"mme", "abad", "zoe"}
