"""Claiming: what may leave, in which order, and never twice."""

import asyncio
from collections import Counter
from pathlib import Path

from gateway.provider import Cause, Part, Prepared, Refused, Unknown
from gateway.states import Status
from gateway.store import moves
from tests.fakes.provider import Ready
from tests.heart import DAY, HOUR, LONG, METZ, MINUTE, MORNING, REUNION, Heart, accepted, opened

SCHOOLS = [f"{number:07}Z" for number in range(1, 40)]


def owners(parts: list[Part]) -> list[int]:
    return [part.id >> 8 for part in parts]


async def test_no_more_than_there_is_room_for(heart: Heart) -> None:
    ids = await heart.accept_many(30)
    first = await heart.claim(room=7)
    assert owners(first) == ids[:7]
    assert [part.id for part in await heart.claim(room=100)] == [id_ * 256 + 1 for id_ in ids[7:]]
    assert await heart.claim() == []


async def test_what_the_provider_gets(heart: Heart) -> None:
    id_ = await heart.accept("06 12 34 56 78", LONG, sender="COLLEGE")
    heart.now += HOUR
    parts = await heart.claim()
    assert [(part.to, part.sender, part.number, part.of) for part in parts] == [
        ("+33612345678", "COLLEGE", number, 3) for number in (1, 2, 3)
    ]
    assert "".join(part.content for part in parts) == LONG
    assert {part.reference for part in parts} == {await heart.one("message", id_, "concat")}
    assert {part.validity for part in parts} == {23 * 3600}
    assert await heart.status(id_) is Status.SENDING


async def test_alerts_before_normal_before_bulk(heart: Heart) -> None:
    bulk = await heart.accept(priority="bulk", to="0611111111")
    normal = await heart.accept(priority="normal", to="0622222222")
    alert = await heart.accept(priority="alert", to="0633333333")
    assert owners(await heart.claim(room=1)) == [alert]
    assert owners(await heart.claim()) == [normal, bulk]


async def test_one_message_is_not_behind_ten_thousand(heart: Heart) -> None:
    crowd = await heart.accept_many(300)
    single = await heart.accept(school=REUNION, to="0692123456")
    claimed = owners(await heart.claim(room=2))
    assert single in claimed
    assert len(set(claimed) & set(crowd)) == 1


async def test_forty_schools_three_modes_and_priorities_share_alike(heart: Heart) -> None:
    for place, school in enumerate(SCHOOLS):
        mode = ("standard", "premium", "economique")[place % 3]
        await heart.accept_many(4, school, first=1 + 4 * place, defaults={"mode": mode})
    for room in (1, 5, 33):
        served = Counter(await _schools(heart, await heart.claim(room=room)))
        assert sum(served.values()) == room
    served = Counter(await _schools(heart, await heart.claim(room=39)))
    assert set(served.values()) == {1}
    rest = await heart.claim(room=1000)
    assert len(rest) == 4 * 39 - 39 * 2
    assert await heart.claim() == []


async def _schools(heart: Heart, parts: list[Part]) -> list[str]:
    return [await heart.one("message", part.id >> 8, "school") for part in parts]


async def test_parts_of_a_message_stay_together_part_by_part(heart: Heart) -> None:
    mine = await heart.accept(text=LONG, school=METZ)
    other = await heart.accept(text=LONG, school=REUNION, to="0692123456")
    order = [owners(await heart.claim(room=1))[0] for _ in range(6)]
    assert order in ([mine] * 3 + [other] * 3, [other] * 3 + [mine] * 3)


async def test_only_the_modes_asked_for(heart: Heart) -> None:
    await heart.accept(mode="premium")
    wanted = await heart.accept(mode="standard", to="0611111111")
    assert owners(await heart.claim(modes=("standard",))) == [wanted]


async def test_held_is_never_claimed(heart: Heart) -> None:
    id_ = await heart.accept(hold=True)
    assert await heart.claim() == []
    await heart.act(moves.release, id_)
    assert owners(await heart.claim()) == [id_]


async def test_scheduled_is_not_claimed_before_its_hour(heart: Heart) -> None:
    id_ = await heart.accept(send_at="2026-11-23T10:30:00+01:00")
    assert await heart.status(id_) is Status.SCHEDULED
    await heart.due(MORNING + 2 * HOUR - 1)
    assert await heart.claim() == []
    await heart.due(MORNING + 2 * HOUR)
    assert owners(await heart.claim()) == [id_]
    assert await heart.one("part", id_ * 256 + 1, "due_at") == MORNING + 2 * HOUR


async def test_never_past_its_validity(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    heart.now += DAY
    assert await heart.claim() == []
    assert await heart.status(id_) is Status.EXPIRED
    assert await heart.events(id_) == ["expired"] * 3
    assert await heart.one("message", id_, "reason") == "validity_over"
    await heart.is_sound()


async def test_an_uncertain_try_stays_with_its_account_and_starves_nobody(heart: Heart) -> None:
    """The other account, with room for one part, serves those behind it."""
    doubtful = await heart.accept(action="RESEND", school=SCHOOLS[0])
    [part] = await heart.claim(account="a")
    await heart.record((part, Unknown("cut")))
    await heart.due(MORNING + MINUTE)
    assert await heart.status(doubtful) is Status.QUEUED
    others = [await heart.accept(school=school) for school in (*SCHOOLS[1:4], METZ)]
    served = [owners(await heart.claim(account="b", room=1)) for _ in range(4)]
    assert sorted(served) == [[id_] for id_ in sorted(others)]
    assert await heart.claim(account="b") == []
    assert owners(await heart.claim(account="a")) == [doubtful]


async def test_a_part_that_cannot_be_built_ends_its_message(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)

    assert await heart.claim(prepare=lambda _part: Refused("bad_sender", Cause.SENDER)) == []
    assert await heart.states(id_) == [Status.REJECTED] * 3
    assert await heart.events(id_) == ["refused", "not_sent", "not_sent"]
    assert await heart.one("message", id_, "reason", "detail") == ("bad_sender", "sender")
    assert await heart.sums() == (0, 0, 0, 0, 1)
    await heart.is_sound()


async def test_nothing_is_claimed_twice_by_two_processes(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        ids = await one.accept_many(200)
        lots = await asyncio.gather(*(heart.claim(room=13) for _ in range(10) for heart in (one, two)))
        claimed = [part.id >> 8 for lot in lots for part in lot]
        assert sorted(claimed) == ids


async def test_the_longer_references_of_a_number_follow_each_other(heart: Heart) -> None:
    ids = [await heart.accept(text=LONG) for _ in range(3)]
    ids += await heart.accept_many(2, text=LONG, dedupe="none", recipients=[{"to": "0612345678"}] * 2)
    assert [await heart.one("message", id_, "concat") for id_ in ids] == [1, 2, 3, 4, 5]


async def test_what_is_claimed_is_ready_or_refused_alone(heart: Heart) -> None:
    first, second = await heart.accept(to="0611111111"), await heart.accept(to="0622222222")

    def prepare(part: Part) -> Prepared | Refused:
        return Refused("0x0B", Cause.DESTINATION) if part.to == "+33611111111" else Ready(part)

    parts = await heart.claim(prepare=prepare)
    assert owners(parts) == [second]
    assert await heart.status(first) is Status.INVALID
    await heart.record((parts[0], accepted(parts[0])))
    await heart.is_sound()
