"""The form of an account's ids is learned from its receipts, and what may be of several parts waits."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapters.smpp.ids import receipt_keys
from gateway.idforms import stored_key
from gateway.provider import Accepted, Form, Part, Unknown
from gateway.states import Status
from gateway.store import evidence, parked
from gateway.store.receipts import Matched
from tests.heart import DAY, HOUR, MINUTE, Heart, opened


async def answer(heart: Heart, part: Part, id_: str) -> None:
    await heart.record((part, Accepted(id_, stored_key(id_))))


async def report(heart: Heart, part: Part, id_: str, **more: Any) -> Matched:
    keys, converted = receipt_keys((id_,), "auto")
    return await heart.receipt(part, id=id_, keys=keys, converted=converted, submitted=None, **more)


async def known(heart: Heart) -> evidence.Known:
    found = await heart.store.read(evidence.learned)
    return found.get("a", evidence.Known(None, None, mixed=False))


async def learned(heart: Heart) -> Form | None:
    return (await known(heart)).form


async def settle(heart: Heart) -> int:
    assert await heart.store.read(lambda conn: parked.to_settle(conn, "a", heart.now))
    return await heart.store.write(lambda conn: parked.settle_parked(conn, "a", heart.now, heart.rules))


async def sent(heart: Heart, ids: Sequence[str]) -> list[Part]:
    """As many messages to different numbers, answered with these ids."""
    await heart.accept_many(len(ids))
    parts = await heart.claim()
    for part, id_ in zip(parts, ids, strict=True):
        await answer(heart, part, id_)
    return parts


@pytest.mark.parametrize(
    ("form", "answers", "receipts"),
    [
        (Form.SAME, ["0a1", "0a2", "0a3"], ["A1", "a2", "00a3"]),
        (Form.HEX_TO_DEC, ["a1", "a2", "a3"], ["161", "0162", "163"]),
        (Form.DEC_TO_HEX, ["161", "162", "163"], ["A1", "a2", "00a3"]),
    ],
)
async def test_three_receipts_teach_it(heart: Heart, form: Form, answers: list[str], receipts: list[str]) -> None:
    parts = await sent(heart, answers)
    for part, id_ in zip(parts[:2], receipts[:2], strict=True):
        assert (await report(heart, part, id_)).part == part.id
    assert await learned(heart) is None
    await report(heart, parts[2], receipts[2])
    assert await learned(heart) is form


async def test_receipts_of_one_group_teach_one_another(heart: Heart) -> None:
    parts = await sent(heart, [f"{number:x}" for number in range(200, 220)])
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(report(heart, part, str(200 + place))) for place, part in enumerate(parts)]
    assert [task.result().part for task in tasks] == [part.id for part in parts]
    assert await learned(heart) is Form.HEX_TO_DEC


async def test_it_outlives_a_restart_and_says_since_when(tmp_path: Path) -> None:
    async with opened(tmp_path) as heart:
        for part, id_ in zip(await sent(heart, ["a1", "a2", "a3"]), ["161", "162", "163"], strict=True):
            await report(heart, part, id_)
        since = heart.now
    async with opened(tmp_path) as heart:
        heart.now += MINUTE
        [part] = await sent(heart, ["a4"])
        await report(heart, part, "164")
        assert await known(heart) == (Form.HEX_TO_DEC, since, False)


async def test_ids_that_are_no_numbers_teach_nothing(heart: Heart) -> None:
    ids = [f"4a38dc46-5125-4969-90be-72104c340d5{number}" for number in range(4)]
    for part, id_ in zip(await sent(heart, ids), ids, strict=True):
        assert (await report(heart, part, id_.upper())).part == part.id
    assert await learned(heart) is None


async def both_bases(heart: Heart) -> tuple[int, int, Part]:
    """Two messages to one number: the receipt ``16`` is of the one answered 10 if receipts are decimal, or of the
    other one.
    """
    first, second = await heart.accept(), await heart.accept()
    one, two = await heart.claim()
    await answer(heart, one, "10")
    await answer(heart, two, "16")
    return first, second, one


async def test_one_that_may_be_of_two_parts_waits_until_one_of_them_has_its_own(heart: Heart) -> None:
    first, second, one = await both_bases(heart)
    assert (await report(heart, one, "16")).part is None
    assert await settle(heart) == 0
    assert (await report(heart, one, "22")).part == second * 256 + 1
    assert [await heart.status(id_) for id_ in (first, second)] == [Status.IN_TRANSIT, Status.DELIVERED]
    assert await settle(heart) == 1
    assert await heart.status(first) is Status.DELIVERED
    assert await heart.rows("SELECT * FROM parked") == []
    assert not await heart.store.read(lambda conn: parked.to_settle(conn, "a", heart.now))
    await heart.is_sound()


async def test_or_both_are_told_together(heart: Heart) -> None:
    first, second, one = await both_bases(heart)
    for written in ("16", "10", "0016"):
        assert (await report(heart, one, written)).part is None
    assert await settle(heart) == 3
    rows = await heart.rows("SELECT provider_id, part >> 8 FROM receipt ORDER BY id")
    assert rows == [("16", second), ("10", first), ("0016", second)]
    assert [await heart.status(id_) for id_ in (first, second)] == [Status.DELIVERED] * 2


async def test_or_the_account_is_sure_of_its_form_before_and_after(heart: Heart) -> None:
    await teach(heart, 0xA0A0, 60)
    first, second, one = await both_bases(heart)
    assert (await report(heart, one, "16")).part is None
    assert await settle(heart) == 0
    await teach(heart, 0xB0B0, 2)
    assert await settle(heart) == 0
    await teach(heart, 0xC0C0, 1)
    assert await settle(heart) == 1
    assert [await heart.status(id_) for id_ in (first, second)] == [Status.DELIVERED, Status.IN_TRANSIT]


async def teach(heart: Heart, start: int, count: int) -> None:
    """As many messages whose receipts are decimal, of answers that are not."""
    numbers = range(start, start + count)
    for part, number in zip(await sent(heart, [f"{number:x}" for number in numbers]), numbers, strict=True):
        assert (await report(heart, part, str(number))).part == part.id


async def test_it_waits_while_a_part_to_that_number_has_no_id(heart: Heart) -> None:
    first, second = await heart.accept(), await heart.accept()
    one, two = await heart.claim()
    await answer(heart, two, "16")
    assert (await report(heart, one, "16")).part is None  # decimal receipts: of the one that is answered next
    await answer(heart, one, "10")
    assert await heart.status(second) is Status.IN_TRANSIT
    await report(heart, two, "22")
    await settle(heart)
    assert [await heart.status(id_) for id_ in (first, second)] == [Status.DELIVERED] * 2
    rows = await heart.rows("SELECT provider_id, part >> 8 FROM receipt ORDER BY id")
    assert rows == [("16", first), ("22", second)]


@pytest.mark.parametrize("ahead", [0, HOUR])
async def test_but_not_for_one_of_another_time_where_the_receipt_names_its_own(heart: Heart, ahead: int) -> None:
    """In UTC, or in the zone of the school."""
    lost, message = await heart.accept(), await heart.accept()
    await heart.record(((await heart.claim(room=1))[0], Unknown("cut")))
    heart.now += 80 * MINUTE
    [part] = await heart.claim()
    await answer(heart, part, "16")
    keys, converted = receipt_keys(("16",), "auto")
    named = heart.provider_clock(ahead)
    assert (await heart.receipt(part, id="16", keys=keys, converted=converted, submitted=named)).part == part.id
    assert [await heart.status(id_) for id_ in (lost, message)] == [Status.UNCERTAIN, Status.DELIVERED]


async def test_but_not_where_ids_are_long(heart: Heart) -> None:
    await heart.accept_many(2)
    doubtful, part = await heart.claim()
    await heart.accept(to=part.to)
    [_] = await heart.claim()  # to the same number, not answered yet
    await heart.record((doubtful, Unknown("cut")))
    await answer(heart, part, "1d305b4c")
    assert (await report(heart, part, "0489708364")).part == part.id


async def test_it_waits_for_some_days_and_is_looked_at_seldom_then_never(heart: Heart) -> None:
    await both_bases(heart)
    [part] = await sent(heart, ["7"])

    async def looked_at() -> bool:
        return await heart.store.read(lambda conn: parked.to_settle(conn, "a", heart.now))

    assert (await report(heart, await heart.part_of(1), "16")).part is None
    moments = []
    for _ in range(120):
        moments.append(await looked_at())
        heart.now += MINUTE
    assert moments.count(True) == 11 + 2  # while it is young, and once an hour
    heart.now += 10 * DAY
    while not await looked_at():
        heart.now += MINUTE
    assert await settle(heart) == 0
    assert await heart.rows("SELECT waits FROM receipt") == [(0,)]
    assert not await looked_at()
    assert len(await heart.rows("SELECT * FROM parked")) == 3  # whoever looks sees what it may be of
    del part


async def test_receipts_that_overtake_their_answers_teach_too(heart: Heart) -> None:
    await heart.accept_many(3)
    parts = await heart.claim()
    for place, part in enumerate(parts):
        assert (await report(heart, part, str(161 + place))).part is None
        await answer(heart, part, f"{161 + place:x}")
    assert [await heart.states(part.id >> 8) for part in parts] == [[Status.DELIVERED]] * 3
    assert await learned(heart) is Form.HEX_TO_DEC


async def test_a_provider_may_change_from_one_receipt_to_the_next(heart: Heart) -> None:
    numbers = range(0xB1, 0xBD)
    parts = await sent(heart, [f"{number:x}" if number % 3 else str(number) for number in numbers])
    for part, number in zip(parts, numbers, strict=True):
        written = f"{number:04X}" if number % 2 else f"{number:010}"
        assert (await report(heart, part, written)).part == part.id
    assert await known(heart) == (None, None, True)
    assert await heart.rows("SELECT * FROM parked") == []
    assert not await heart.store.read(lambda conn: parked.to_settle(conn, "a", heart.now))


async def test_that_it_does_is_logged_once(heart: Heart, caplog: pytest.LogCaptureFixture) -> None:
    parts = await sent(heart, ["a1", "a2", "a3", "a4"])
    for part, written in zip(parts, ["a1", "162", "a3", "164"], strict=True):
        await report(heart, part, written)
    told = [vars(record)["account"] for record in caplog.records if "several forms" in record.message]
    assert told == ["a"]


async def test_a_doubt_settled_by_number_is_found_again_by_the_id_of_its_receipt(heart: Heart) -> None:
    for part, id_ in zip(await sent(heart, ["a1", "a2", "a3"]), ["161", "162", "163"], strict=True):
        await report(heart, part, id_)
    message = await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    keys, converted = receipt_keys(("0177",), "auto")
    matched = await heart.receipt(part, Status.IN_TRANSIT, id="0177", keys=keys, converted=converted)
    assert matched.by == "number"
    assert (await report(heart, part, "0177")).by == "id"
    assert await heart.status(message) is Status.DELIVERED


WAYS = ["steady", "upgrade", "binds", "any"]


def written(number: int, base: int) -> str:
    return str(number) if base == 10 else f"{number:x}"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", [9, 0x12345678])
async def test_a_day_of_colliding_ids_ends_without_a_mistake(heart: Heart, way: str, first: int, seed: int) -> None:
    chance = Random(f"{seed} {way}")
    bases = [(chance.choice((10, 16)), chance.choice((10, 16))) for _ in range(24)]
    bases = {
        "steady": bases[:1] * 24,
        "upgrade": bases[:1] * 12 + bases[1:2] * 12,
        "binds": bases[:2] * 12,
        "any": bases,
    }[way]
    for to in ("0692123456", "0612345678", "0692123456", "0612345678") * 6:
        await heart.accept(to=to)
    parts = await heart.claim()
    answers: dict[str, Part] = {}
    deeds = [(deed, place) for place in range(len(parts)) for deed in ("answer", "report", "report")]
    chance.shuffle(deeds)
    for deed, place in deeds:
        heart.now += 1_000
        part, number = parts[place], first + place
        if deed == "answer":
            id_ = written(number, bases[place][0])
            id_ = written(number, 26 - bases[place][0]) if id_ in answers else id_  # a provider gives no id twice
            answers[id_] = part
            await answer(heart, part, id_)
        else:
            word = written(number, bases[place][1])
            await report(heart, part, chance.choice([word.upper(), f"{word:0>10}"]), raw=str(part.id).encode())
        await settled(heart)
    while await settled(heart):
        heart.now += 1_000
    rows = await heart.rows("SELECT part, raw FROM receipt WHERE part IS NOT NULL")
    assert [row for row in rows if str(row[0]).encode() != row[1]] == []
    if way == "steady" or first > 9:
        assert len(rows) == 2 * len(parts)
    await heart.is_sound()


async def settled(heart: Heart) -> int:
    """As the janitor does it."""
    if await heart.store.read(lambda conn: parked.to_settle(conn, "a", heart.now)):
        return await heart.store.write(lambda conn: parked.settle_parked(conn, "a", heart.now, heart.rules))
    return 0
