"""A receipt finds its part: before its acceptance, after it, twice, by another form of its id, by its number."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.provider import Accepted, Unknown
from gateway.states import Status
from gateway.store import parked, queue
from gateway.store.receipts import Matched, receive
from tests.heart import DAY, HOUR, LONG, METZ, MINUTE, MORNING, REUNION, Heart, accepted, opened


async def unmatched(heart: Heart) -> int:
    return int((await heart.rows("SELECT COUNT(*) FROM receipt WHERE part IS NULL"))[0][0])


async def settle(heart: Heart, account: str = "a") -> int:
    return await heart.store.write(lambda conn: parked.settle_parked(conn, account, heart.now, heart.rules))


async def test_delivered(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.send()
    heart.now += 2000
    assert await heart.receipt(part) == Matched(part.id, "id", MORNING)
    assert await heart.status(id_) is Status.DELIVERED
    assert await heart.one("message", id_, "status_at", "deadline_at", "final_parts") == (MORNING + 2000, None, 1)
    assert await heart.sums() == (1, 1, 1, 45_000, 0)
    await heart.is_sound()


@pytest.mark.parametrize("status", [Status.UNDELIVERED, Status.EXPIRED, Status.REJECTED])
async def test_bad_news_ends_the_message_and_good_news_mends_it(heart: Heart, status: Status) -> None:
    id_ = await heart.accept()
    [part] = await heart.send()
    await heart.receipt(part, status, state="WORD", error="011")
    assert await heart.status(id_) is status
    assert await heart.one("message", id_, "reason") == "WORD 011"
    assert (await heart.sums())[:2] == (1, 0)
    await heart.receipt(part)
    assert await heart.status(id_) is Status.DELIVERED
    assert await heart.one("message", id_, "reason") is None
    assert await heart.events(id_) == ["receipt", "late_receipt"]
    assert (await heart.sums())[:2] == (1, 1)
    await heart.is_sound()


async def test_nothing_leaves_delivered(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.send()
    for status in (Status.DELIVERED, Status.UNDELIVERED, Status.IN_TRANSIT, None, Status.DELIVERED):
        await heart.receipt(part, status)
    assert await heart.status(id_) is Status.DELIVERED
    assert await heart.events(id_) == ["receipt"]
    assert (await heart.rows("SELECT COUNT(*) FROM receipt WHERE part = ?", part.id)) == [(5,)]
    await heart.is_sound()


async def test_without_a_receipt_and_then_with_one(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.send()
    await heart.due(MORNING + 4 * DAY)
    assert await heart.status(id_) is Status.NO_RECEIPT
    assert await heart.events(id_) == ["no_receipt"]
    await heart.receipt(part)
    assert await heart.status(id_) is Status.DELIVERED
    assert await heart.one("message", id_, "reason", "deadline_at") == (None, None)
    await heart.is_sound()


async def test_it_overtakes_its_acceptance_in_two_groups(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    assert (await heart.receipt(part)).part is None
    assert await heart.status(id_) is Status.SENDING
    await heart.record((part, accepted(part)))
    assert await heart.status(id_) is Status.DELIVERED
    assert len(await heart.lines(id_)) == 1
    assert await unmatched(heart) == 0
    assert await heart.rows("SELECT * FROM parked") == []
    await heart.is_sound()


@pytest.mark.parametrize("receipt_first", [True, False])
async def test_it_comes_in_the_group_of_its_acceptance(heart: Heart, receipt_first: bool) -> None:
    ids = await heart.accept_many(3)
    parts = await heart.claim()
    lot = [queue.Settled(part.id, "a", accepted(part), heart.now, heart.rules) for part in parts]
    async with asyncio.TaskGroup() as group:
        if receipt_first:
            for part in parts:
                group.create_task(heart.store.join(receive, heart.incoming(part)))
        group.create_task(heart.store.join(queue.record, lot))
        if not receipt_first:
            for part in parts:
                group.create_task(heart.store.join(receive, heart.incoming(part)))
    assert [await heart.status(id_) for id_ in ids] == [Status.DELIVERED] * 3
    assert await unmatched(heart) == 0
    await heart.is_sound()


async def test_it_overtakes_a_late_answer(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    await heart.receipt(part, submitted=None)
    await heart.record((part, Unknown("no answer")))
    await heart.late(part, accepted(part))
    assert await heart.status(id_) is Status.DELIVERED
    await heart.is_sound()


async def test_it_arrives_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as before:
        id_ = await before.accept()
        [part] = await before.send()
    async with opened(tmp_path) as after:
        await after.receipt(part)
        assert await after.status(id_) is Status.DELIVERED


async def test_other_forms_of_an_id(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, Accepted("1f", "1f")))
    matched = await heart.receipt(part, id="31", keys=("31", "1f"))
    assert matched.part == part.id
    assert await heart.status(id_) is Status.DELIVERED


async def test_another_form_of_an_id_only_with_the_right_number(heart: Heart) -> None:
    await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, Accepted("1f", "1f")))
    assert (await heart.receipt(part, id="31", keys=("31", "1f"), to="33699999999", submitted=None)).part is None
    assert (await heart.receipt(part, id="1f", keys=("1f",), to="?")).part == part.id


async def test_an_id_is_of_its_account_only(heart: Heart) -> None:
    await heart.accept()
    [part] = await heart.send(account="a")
    assert (await heart.receipt(part, account="b")).part is None


async def test_ids_come_round_again_for_another_number(heart: Heart) -> None:
    first, second = await heart.accept(to="0611111111"), await heart.accept(to="0622222222")
    one, two = await heart.claim()
    await heart.record((one, Accepted("7", "7")), (two, Accepted("7", "7")))
    await heart.receipt(one, id="7", to="33611111111")
    assert [await heart.status(id_) for id_ in (first, second)] == [Status.DELIVERED, Status.IN_TRANSIT]
    await heart.receipt(two, id="7", to="0622222222")
    assert await heart.status(second) is Status.DELIVERED


async def test_a_receipt_of_last_week_is_not_of_a_part_sent_today(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    heart.now -= 7 * DAY
    await heart.receipt(part, submitted=None)
    heart.now += 7 * DAY
    await heart.record((part, accepted(part)))
    assert await heart.status(id_) is Status.IN_TRANSIT
    assert await unmatched(heart) == 1


async def test_an_unknown_id_is_kept_and_counted(heart: Heart) -> None:
    await heart.accept()
    [part] = await heart.send()
    raw = b"id:9 stat:DELIVRD text:   "
    assert await heart.receipt(part, id="9", raw=raw, to="33699999999") == Matched(None, "")
    assert await heart.rows("SELECT raw, state, provider_id FROM receipt") == [(raw, "DELIVRD", "9")]
    assert await unmatched(heart) == 1


async def test_several_parts_show_how_far_they_are_then_the_worst(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    one, two, three = await heart.send()
    await heart.receipt(one)
    await heart.receipt(three)
    assert await heart.status(id_) is Status.IN_TRANSIT
    assert await heart.one("message", id_, "final_parts", "parts") == (2, 3)
    await heart.receipt(two, Status.UNDELIVERED)
    assert await heart.status(id_) is Status.UNDELIVERED
    assert (await heart.sums())[:3] == (1, 0, 3)
    await heart.receipt(two)
    assert await heart.status(id_) is Status.DELIVERED
    assert (await heart.sums())[:3] == (1, 1, 3)
    await heart.is_sound()


# ---- by number ----


async def doubtful(heart: Heart, **more: Any) -> int:
    """A message whose only part is uncertain."""
    id_ = await heart.accept(**more)
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    return id_


async def test_an_uncertain_part_is_settled_by_its_number(heart: Heart) -> None:
    id_ = await doubtful(heart)
    part = (await heart.rows("SELECT id FROM part"))[0][0]
    like = await heart.part_of(id_)
    matched = await heart.receipt(like, Status.IN_TRANSIT, id="77", submitted=heart.provider_clock(9 * MINUTE))
    assert matched == Matched(part, "number", MORNING)
    assert await heart.status(id_) is Status.IN_TRANSIT
    assert "matched_by_number" in await heart.events(id_)
    await heart.receipt(like, id="77", submitted=None)  # now its id is known
    assert await heart.status(id_) is Status.DELIVERED
    assert len(await heart.lines(id_)) == 1
    await heart.is_sound()


@pytest.mark.parametrize(
    "said",
    [
        {"account": "b"},
        {"sender": "AUTRE"},
        {"to": "33699999999"},
        {"submitted": None},
        {"minutes": 11},
        {"minutes": -11},
    ],
)
async def test_not_by_another_account_sender_number_or_hour(heart: Heart, said: dict[str, Any]) -> None:
    id_ = await doubtful(heart)
    like = await heart.part_of(id_)
    values = dict(said)
    minutes = values.pop("minutes", 0)
    values.setdefault("submitted", heart.provider_clock(minutes * MINUTE))
    assert (await heart.receipt(like, id="77", **values)).part is None
    assert await heart.status(id_) is Status.UNCERTAIN


async def test_the_clock_of_the_provider_may_be_that_of_the_school(heart: Heart) -> None:
    id_ = await doubtful(heart, school=REUNION, to="0692123456")
    like = await heart.part_of(id_)
    await heart.receipt(like, id="77", submitted=heart.provider_clock(4 * HOUR))
    assert await heart.status(id_) is Status.DELIVERED


async def test_the_oldest_of_a_number_first_and_each_once(heart: Heart) -> None:
    first, second = await doubtful(heart), await doubtful(heart)
    like = await heart.part_of(second)
    await heart.receipt(like, id="77")
    assert [await heart.status(id_) for id_ in (first, second)] == [Status.DELIVERED, Status.UNCERTAIN]
    await heart.receipt(like, id="78")
    assert await heart.status(second) is Status.DELIVERED
    await heart.is_sound()


async def test_two_receipts_of_one_id_in_one_group_are_of_one_part(heart: Heart) -> None:
    first, second = await doubtful(heart), await doubtful(heart)
    like = await heart.part_of(first)
    async with asyncio.TaskGroup() as group:
        for status in (Status.IN_TRANSIT, Status.DELIVERED):
            group.create_task(heart.receipt(like, status, id="77"))
    assert [await heart.status(id_) for id_ in (first, second)] == [Status.DELIVERED, Status.UNCERTAIN]
    assert await unmatched(heart) == 0


async def test_not_while_a_part_to_that_number_is_being_answered(heart: Heart) -> None:
    id_ = await doubtful(heart)
    other = await heart.accept()
    [part] = await heart.claim()
    assert (await heart.receipt(part)).part is None
    await heart.record((part, accepted(part)))
    assert [await heart.status(each) for each in (id_, other)] == [Status.UNCERTAIN, Status.DELIVERED]


async def test_a_copy_that_came_while_it_was_being_sent_is_of_it_too(heart: Heart) -> None:
    """Left to itself it would settle another doubt about the same number."""
    first = await heart.accept()
    [part] = await heart.claim()
    assert (await heart.receipt(part, Status.IN_TRANSIT, id="77")).part is None
    await heart.record((part, Unknown("cut")))
    second = await doubtful(heart)
    assert (await heart.receipt(part, id="77")).by == "number"
    assert (await unmatched(heart), await heart.rows("SELECT * FROM parked")) == (0, [])
    await settle(heart)
    assert [await heart.status(id_) for id_ in (first, second)] == [Status.DELIVERED, Status.UNCERTAIN]
    await heart.is_sound()


async def test_a_receipt_from_before_it_left_is_not_taken_along(heart: Heart) -> None:
    await heart.accept()
    [like] = await heart.send()
    heart.now -= MINUTE
    assert (await heart.receipt(like, id="77")).part is None
    heart.now += HOUR
    id_ = await doubtful(heart)
    assert (await heart.receipt(await heart.part_of(id_), id="77")).by == "number"
    assert await unmatched(heart) == 1


async def test_parked_first_then_uncertain_then_settled(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    for status in (Status.IN_TRANSIT, Status.DELIVERED):
        assert (await heart.receipt(part, status, id="77")).part is None
    await heart.record((part, Unknown("killed")))
    assert await heart.store.read(lambda conn: parked.to_settle(conn, "a", heart.now))
    assert await settle(heart) == 2
    assert await heart.status(id_) is Status.DELIVERED
    assert await unmatched(heart) == 0
    assert await heart.rows("SELECT * FROM parked") == []
    assert not await heart.store.read(lambda conn: parked.to_settle(conn, "a", heart.now))
    await heart.is_sound()


async def test_after_a_parked_receipt_settled_it_the_next_finds_it_by_id(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    await heart.receipt(part, Status.IN_TRANSIT, id="0077", keys=("77",))
    await heart.record((part, Unknown("killed")))
    await settle(heart)
    assert await heart.status(id_) is Status.IN_TRANSIT
    assert (await heart.receipt(part, id="0077", keys=("77",), submitted=None)).by == "id"
    assert await heart.status(id_) is Status.DELIVERED


async def test_a_receipt_settles_a_part_that_waits_to_be_sent_once_more(heart: Heart) -> None:
    id_ = await doubtful(heart, action="RESEND")
    like = await heart.part_of(id_)
    await heart.due(MORNING + MINUTE)
    await heart.receipt(like, id="77")
    assert await heart.status(id_) is Status.DELIVERED
    assert await heart.claim() == []
    await heart.is_sound()


async def test_counters_follow_each_move(heart: Heart) -> None:
    await heart.accept_many(4)
    parts = await heart.send()
    for part, status in zip(parts, (Status.DELIVERED, Status.UNDELIVERED, Status.DELIVERED, None), strict=True):
        await heart.receipt(part, status)
    rows = await heart.rows("SELECT school, month, action, mode, account, total, delivered, parts FROM tally")
    assert rows == [(METZ, "2026-11", "INFO", "standard", "a", 4, 2, 4)]
    await heart.is_sound()
