"""Messages that leave in one piece: all their parts in one claim, one answer and one receipt for all of them."""

from pathlib import Path
from typing import Any

import pytest

from gateway.provider import Accepted, Apart, Part, Prepared, Refused, Throttled, Unavailable, Unknown
from gateway.states import Status
from gateway.store import moves, parked, queue
from gateway.store.claim import Whole
from tests.fakes.provider import Ready
from tests.heart import HOUR, LONG, MINUTE, REUNION, Heart, accepted, opened

WIDE = Whole(100, idle=False)
THREE = [257, 258, 259]


async def claim(heart: Heart, whole: Whole = WIDE, **more: Any) -> list[Part]:
    return await heart.claim(whole=whole, **more)


async def send(heart: Heart, **more: Any) -> Part:
    [part] = await claim(heart, **more)
    await heart.record((part, accepted(part)), account=more.get("account", "a"))
    return part


async def test_one_piece_holds_the_text_and_stands_for_every_part(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    [part] = await claim(heart)
    assert (part.content, part.number, part.of, part.carries) == (LONG, 1, 3, 3)
    assert list(part.ids) == [id_ * 256 + number for number in (1, 2, 3)]
    assert await heart.states(id_) == [Status.SENDING] * 3
    assert await heart.rows("SELECT account, tries, joined FROM part") == [("a", 1, 1)] * 3


async def test_one_answer_and_one_receipt_settle_all_parts(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    part = await send(heart)
    assert await heart.states(id_) == [Status.IN_TRANSIT] * 3
    assert [line[:3] for line in await heart.lines(id_)] == [("accepted", 1, 45_000)] * 3
    await heart.receipt(part)
    assert await heart.states(id_) == [Status.DELIVERED] * 3
    assert await heart.one("message", id_, "status", "final_parts") == ("delivered", 3)
    assert await heart.sums() == (1, 1, 3, 135_000, 0)
    await heart.is_sound()


async def test_a_receipt_that_overtakes_the_answer_settles_all_parts(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    [part] = await claim(heart)
    assert (await heart.receipt(part)).part is None
    await heart.record((part, accepted(part)))
    assert await heart.states(id_) == [Status.DELIVERED] * 3
    assert await heart.rows("SELECT COUNT(*) FROM parked") == [(0,)]
    await heart.is_sound()


async def test_a_refusal_ends_the_message(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    [part] = await claim(heart)
    await heart.record((part, Refused("0x00000045")))
    assert await heart.states(id_) == [Status.REJECTED] * 3
    assert await heart.lines(id_) == []
    await heart.is_sound()


async def test_one_that_cannot_be_built_ends(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    assert await claim(heart, prepare=lambda _part: Refused("too long")) == []
    assert await heart.states(id_) == [Status.REJECTED] * 3
    await heart.is_sound()


@pytest.mark.parametrize("outcome", [Throttled("0x58"), Unavailable("no link")])
async def test_what_was_not_taken_goes_whole_again(heart: Heart, outcome: Throttled | Unavailable) -> None:
    id_ = await heart.accept(text=LONG)
    [part] = await claim(heart)
    await heart.record((part, outcome))
    assert await heart.states(id_) == [Status.QUEUED] * 3
    [again] = await claim(heart)
    assert (again.ids, again.reference) == (part.ids, part.reference)


async def test_a_crash_leaves_all_parts_in_doubt_together(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    await claim(heart)
    await heart.store.write(lambda conn: queue.doubt_orphans(conn, "a", heart.now, heart.rules, "killed"))
    assert await heart.states(id_) == [Status.UNCERTAIN] * 3
    assert [line[0] for line in await heart.lines(id_)] == ["uncertain"] * 3
    await heart.is_sound()


async def test_a_receipt_by_number_settles_all_that_left_together(heart: Heart) -> None:
    first, second = await heart.accept(text=LONG), await heart.accept(text=LONG)
    parts = []
    for _ in range(2):  # one message to a number at a time
        parts += await claim(heart)
        await heart.record(*((part, Unknown("cut")) for part in parts))
    heart.now += MINUTE
    assert (await heart.receipt(parts[0], id="theirs-1")).by == "number"
    assert await heart.states(first) == [Status.DELIVERED] * 3
    assert await heart.states(second) == [Status.UNCERTAIN] * 3
    assert await heart.rows("SELECT DISTINCT provider_id FROM part WHERE message = ?", first) == [("theirs-1",)]
    await heart.receipt(parts[1], id="theirs-2")
    assert await heart.states(second) == [Status.DELIVERED] * 3
    await heart.is_sound()


async def test_a_parked_receipt_settles_all_that_are_in_doubt_together(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    [part] = await claim(heart)
    await heart.receipt(part, id="theirs")
    await heart.record((part, Unknown("cut")))
    await heart.store.write(lambda conn: parked.settle_parked(conn, "a", heart.now, heart.rules))
    assert await heart.states(id_) == [Status.DELIVERED] * 3
    assert await heart.rows("SELECT DISTINCT provider_id FROM part") == [("theirs",)]
    await heart.is_sound()


async def test_a_late_answer_is_of_all_parts(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    [part] = await claim(heart)
    await heart.record((part, Unknown("no answer in time")))
    await heart.late(part, Accepted("late", "late"))
    assert await heart.states(id_) == [Status.IN_TRANSIT] * 3
    await heart.is_sound()


@pytest.mark.parametrize("by_hand", [True, False])
async def test_it_is_sent_once_more_as_a_whole(heart: Heart, by_hand: bool) -> None:
    id_ = await heart.accept(text=LONG, action="WAIT" if by_hand else "RESEND")
    [part] = await claim(heart)
    await heart.record((part, Unknown("cut")))
    if by_hand:
        await heart.act(moves.resend, id_)
    else:
        await heart.due(heart.now + MINUTE)
    [again] = await claim(heart)
    assert (again.ids, again.reference, again.content) == (part.ids, part.reference, LONG)
    await heart.record((again, accepted(again)))
    assert [line[0] for line in await heart.lines(id_)] == ["uncertain"] * 3 + ["accepted"] * 3
    assert await heart.one("message", id_, "possibly_double") == 1
    await heart.is_sound()


async def test_a_held_message_leaves_whole_once_released(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG, action="ABSENCE")
    assert await claim(heart) == []
    await heart.act(moves.release, id_)
    assert [part.carries for part in await claim(heart)] == [3]


async def test_its_validity_ends_for_all_parts(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    heart.now += 25 * HOUR
    assert await claim(heart) == []
    assert await heart.states(id_) == [Status.EXPIRED] * 3
    await heart.is_sound()


def apart(part: Part) -> Prepared | Refused | Apart:
    """A provider that takes nothing whole for now."""
    return Apart() if part.carries > 1 else Ready(part)


async def test_it_goes_in_parts_where_it_cannot_go_whole_now(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    parts = await claim(heart, prepare=apart)
    assert [(part.number, part.carries) for part in parts] == [(1, 1), (2, 1), (3, 1)]
    assert await heart.rows("SELECT tries, joined FROM part") == [(1, 0)] * 3
    await heart.record(*((part, accepted(part)) for part in parts))
    await heart.receipt(parts[0])
    assert await heart.states(id_) == [Status.DELIVERED, Status.IN_TRANSIT, Status.IN_TRANSIT]
    await heart.is_sound()


async def test_a_part_refused_after_that_ends_the_message(heart: Heart) -> None:
    def refusing(part: Part) -> Prepared | Refused | Apart:
        return Refused("too long") if part.number == 2 else apart(part)

    id_ = await heart.accept(text=LONG)
    [first] = await claim(heart, prepare=refusing)
    assert first.number == 1
    assert await heart.states(id_) == [Status.SENDING, Status.REJECTED, Status.REJECTED]


# ---- room ----


async def test_the_last_one_may_have_more_parts_than_there_is_room_for(heart: Heart) -> None:
    ids = await heart.accept_many(3, text=LONG)
    assert [part.id >> 8 for part in await claim(heart, room=4)] == ids[:2]
    assert [part.id >> 8 for part in await claim(heart, room=1)] == ids[2:]


async def test_never_more_parts_than_the_window_has(heart: Heart) -> None:
    ids = await heart.accept_many(3, text=LONG)
    assert await claim(heart, Whole(2, idle=False), room=2) == []
    assert [part.id >> 8 for part in await claim(heart, Whole(5, idle=False), room=5)] == ids[:1]
    assert [part.id >> 8 for part in await claim(heart, Whole(6, idle=False), room=6)] == ids[1:]


async def test_one_larger_than_the_window_leaves_alone(heart: Heart) -> None:
    ids = await heart.accept_many(2, text=LONG)
    assert [part.id >> 8 for part in await claim(heart, Whole(2, idle=True), room=2)] == ids[:1]


async def test_who_waits_for_room_is_not_overtaken(heart: Heart) -> None:
    long = await heart.accept(text=LONG, to="0611111111")
    short = await heart.accept(school=REUNION, to="0692123456")
    again = await heart.accept(to="0622222222")
    claimed = [part.id >> 8 for part in await claim(heart, Whole(2, idle=False), room=2)]
    assert long not in claimed
    assert again not in claimed
    assert set(claimed) <= {short}
    assert (await claim(heart, Whole(3, idle=False), room=3))[0].id >> 8 == long


# ---- two accounts ----


def no(_account: str) -> bool:
    return False


async def test_another_account_takes_it_in_parts(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    [part] = await claim(heart)
    await heart.record((part, Unavailable("no link")))
    parts = await heart.claim(account="b", continues=no)
    assert [one.carries for one in parts] == [1, 1, 1]
    await heart.record(*((one, accepted(one)) for one in parts), account="b")
    assert await heart.rows("SELECT DISTINCT account, joined FROM part") == [("b", 0)]
    await heart.receipt(parts[0], account="b")
    assert await heart.states(id_) == [Status.DELIVERED, Status.IN_TRANSIT, Status.IN_TRANSIT]
    await heart.is_sound()


async def test_what_one_began_in_parts_another_does_not_send_whole(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    [first] = await heart.claim(room=1)
    await heart.record((first, accepted(first)))
    assert await claim(heart, account="b", continues=no) == []
    assert await heart.events(id_) == ["waits_for_account"] * 2
    assert await claim(heart, account="b", continues=no) == []
    assert [part.number for part in await heart.claim(account="a")] == [2, 3]


async def test_it_goes_on_in_parts_where_the_phone_joins_them(heart: Heart) -> None:
    await heart.accept(text=LONG)
    [first] = await heart.claim(room=1)
    await heart.record((first, accepted(first)))
    rest = await claim(heart, account="b")
    assert [(part.number, part.carries) for part in rest] == [(2, 1), (3, 1)]
    assert {part.reference for part in rest} == {first.reference}


async def test_parts_due_at_different_times_wait_for_the_last(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    first, *others = await heart.claim()
    await heart.record(
        (first, Unavailable("busy", counts=True, delay=10)), *((one, Throttled("0x58")) for one in others)
    )
    assert await claim(heart) == []
    assert {row[0] for row in await heart.rows("SELECT due_at FROM part")} == {heart.now + 10_000}
    heart.now += 10_000
    [whole] = await claim(heart)
    assert list(whole.ids) == [id_ * 256 + number for number in (1, 2, 3)]


@pytest.fixture
async def restarted(tmp_path: Path) -> Path:
    async with opened(tmp_path) as heart:
        await heart.accept(text=LONG)
        await claim(heart)
    return tmp_path


async def test_what_left_together_is_known_after_a_restart(restarted: Path) -> None:
    async with opened(restarted) as heart:
        await heart.store.write(lambda conn: queue.doubt_orphans(conn, "a", heart.now, heart.rules, "killed"))
        [(message, number)] = await heart.rows("SELECT id, number FROM message")
        part = await heart.part_of(message)
        assert part.to == number
        await heart.receipt(part, id="theirs")
        assert await heart.states(message) == [Status.DELIVERED] * 3
