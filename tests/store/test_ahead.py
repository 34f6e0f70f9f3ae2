"""Handed over ahead of its hour where every provider of the mode waits itself; never sent early by another."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.smpp.options import SmppAccount
from gateway.provider import Unavailable, Unknown
from gateway.states import Status
from gateway.store import moves
from tests.heart import DAY, HOUR, LONG, MINUTE, MORNING, Heart, opened, settings

AHEAD = {"schedule": "provider", "schedule_ahead": "10m"}
AT_TEN = datetime.fromtimestamp((MORNING + HOUR) / 1000, UTC).isoformat()


def accounts(first: dict[str, Any], second: dict[str, Any]) -> Any:
    common: dict[str, Any] = {"host": "a.example", "system_id": "a", "price": "0.045"}
    return settings(accounts=[SmppAccount(name="a", **common, **first), SmppAccount(name="b", **common, **second)])


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path, accounts(AHEAD, AHEAD | {"schedule_ahead": "20m"})) as one:
        yield one


async def test_it_leaves_so_much_before_its_hour_and_says_when_it_starts(heart: Heart) -> None:
    id_ = await heart.accept(send_at=AT_TEN)
    assert await heart.status(id_) is Status.SCHEDULED
    assert await heart.one("message", id_, "deadline_at") == MORNING + 50 * MINUTE
    await heart.due(MORNING + 50 * MINUTE - 1)
    assert await heart.claim(ahead=True) == []
    await heart.due(MORNING + 50 * MINUTE)
    assert await heart.events(id_) == ["due_ahead"]
    [part] = await heart.claim(ahead=True)
    assert part.starts == MORNING + HOUR
    assert part.until == MORNING + HOUR + DAY
    assert part.validity == (DAY + 10 * MINUTE) // 1000
    await heart.is_sound()


async def test_one_accepted_in_its_last_minutes_waits_for_nothing(heart: Heart) -> None:
    heart.now += 55 * MINUTE
    id_ = await heart.accept(text=LONG, send_at=AT_TEN)
    assert await heart.status(id_) is Status.QUEUED
    assert heart.queued == 1
    assert {part.starts for part in await heart.claim(ahead=True)} == {MORNING + HOUR}


async def test_after_its_hour_there_is_nothing_to_wait_for(heart: Heart) -> None:
    await heart.accept(send_at=AT_TEN)
    await heart.due(MORNING + 50 * MINUTE)
    heart.now = MORNING + HOUR
    [part] = await heart.claim(ahead=True)
    assert part.starts is None


async def test_an_account_whose_provider_does_not_wait_never_sends_early(heart: Heart) -> None:
    """The configuration was changed meanwhile, or the message came by another road."""
    id_ = await heart.accept(text=LONG, send_at=AT_TEN)
    await heart.due(MORNING + 50 * MINUTE)
    assert await heart.claim() == []
    assert await heart.states(id_) == [Status.QUEUED] * 3
    assert await heart.claim(ahead=True) == []
    heart.now = MORNING + HOUR
    assert [part.starts for part in await heart.claim()] == [None] * 3


async def test_until_it_is_handed_over_it_can_be_cancelled(heart: Heart) -> None:
    ids = [await heart.accept(send_at=AT_TEN) for _ in range(2)]
    assert [move.done for move in await heart.act(moves.cancel, ids[0])] == [True]
    await heart.due(MORNING + 50 * MINUTE)
    await heart.send(ahead=True)
    [move] = await heart.act(moves.cancel, ids[1])
    assert (move.done, move.code) == (False, "already_submitted")


async def test_what_was_not_taken_or_is_in_doubt_is_still_for_its_hour(heart: Heart) -> None:
    id_ = await heart.accept(send_at=AT_TEN, action="WAIT")
    await heart.due(MORNING + 50 * MINUTE)
    [part] = await heart.claim(ahead=True)
    await heart.record((part, Unavailable("no link")))
    [part] = await heart.claim(ahead=True)
    await heart.record((part, Unknown("cut")))
    await heart.act(moves.resend, id_)
    [again] = await heart.claim(ahead=True)
    assert again.starts == MORNING + HOUR


async def test_a_held_message_waits_for_a_person_then_for_its_hour(heart: Heart) -> None:
    early, late = [await heart.accept(send_at=AT_TEN, action="ABSENCE") for _ in range(2)]
    await heart.act(moves.release, early)
    assert await heart.status(early) is Status.SCHEDULED
    assert await heart.one("message", early, "deadline_at") == MORNING + 50 * MINUTE
    heart.now = MORNING + 51 * MINUTE
    await heart.act(moves.release, late)
    assert await heart.status(late) is Status.QUEUED
    assert [part.starts for part in await heart.claim(ahead=True)] == [MORNING + HOUR]


@pytest.mark.parametrize("second", [{}, {"schedule": "gateway", "schedule_ahead": "1h"}])
async def test_one_account_that_does_not_wait_keeps_the_hour_here(tmp_path: Path, second: dict[str, Any]) -> None:
    async with opened(tmp_path, accounts(AHEAD, second)) as heart:
        id_ = await heart.accept(send_at=AT_TEN)
        assert await heart.one("message", id_, "deadline_at") == MORNING + HOUR
        await heart.due(MORNING + HOUR)
        assert await heart.events(id_) == ["due"]
        [part] = await heart.claim(ahead=True)
        assert part.starts is None
