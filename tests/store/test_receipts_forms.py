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
from tests.heart import MINUTE, Heart, opened


async def answer(heart: Heart, part: Part, id_: str) -> None:
    await heart.record((part, Accepted(id_, stored_key(id_))))


async def report(heart: Heart, part: Part, id_: str, **more: Any) -> Matched:
    keys, converted = receipt_keys((id_,), "auto")
    return await heart.receipt(part, id=id_, keys=keys, converted=converted, submitted=None, **more)


async def learned(heart: Heart) -> Form | None:
    found = await heart.store.read(evidence.learned)
    return found["a"][0] if "a" in found else None


async def settle(heart: Heart) -> int:
    assert await heart.store.read(lambda conn: parked.to_settle(conn, "a"))
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
        assert await heart.store.read(evidence.learned) == {"a": (Form.HEX_TO_DEC, since)}


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


async def test_one_that_may_be_of_two_parts_waits_until_the_form_is_learned(heart: Heart) -> None:
    first, second, one = await both_bases(heart)
    assert (await report(heart, one, "16")).part is None
    assert await settle(heart) == 0
    for part, id_ in zip(await sent(heart, ["a1", "a2", "a3"]), ["161", "162", "163"], strict=True):
        await report(heart, part, id_)
    assert await settle(heart) == 1
    assert [await heart.status(id_) for id_ in (first, second)] == [Status.DELIVERED, Status.IN_TRANSIT]
    assert await heart.rows("SELECT * FROM parked") == []
    assert not await heart.store.read(lambda conn: parked.to_settle(conn, "a"))
    await heart.is_sound()


async def test_it_waits_while_a_part_to_that_number_has_no_id(heart: Heart) -> None:
    first, second = await heart.accept(), await heart.accept()
    one, two = await heart.claim()
    await answer(heart, two, "16")
    assert (await report(heart, one, "16")).part is None  # decimal receipts: of the one that is answered next
    await answer(heart, one, "10")
    assert await heart.status(second) is Status.IN_TRANSIT
    for part, id_ in zip(await sent(heart, ["a1", "a2", "a3"]), ["161", "162", "163"], strict=True):
        await report(heart, part, id_)
    await settle(heart)
    assert [await heart.status(id_) for id_ in (first, second)] == [Status.DELIVERED, Status.IN_TRANSIT]


async def test_receipts_that_overtake_their_answers_teach_too(heart: Heart) -> None:
    await heart.accept_many(3)
    parts = await heart.claim()
    for place, part in enumerate(parts):
        assert (await report(heart, part, str(161 + place))).part is None
        await answer(heart, part, f"{161 + place:x}")
    assert [await heart.states(part.id >> 8) for part in parts] == [[Status.DELIVERED]] * 3
    assert await learned(heart) is Form.HEX_TO_DEC


async def test_what_was_learned_is_learned_anew_when_the_provider_changes(heart: Heart) -> None:
    for part, id_ in zip(await sent(heart, ["a1", "a2", "a3"]), ["a1", "a2", "a3"], strict=True):
        await report(heart, part, id_)
    assert await learned(heart) is Form.SAME
    parts = await sent(heart, ["b1", "b2", "b3"])
    for part, id_ in zip(parts, ["177", "178", "179"], strict=True):
        assert (await report(heart, part, id_)).part is None
    assert await learned(heart) is Form.HEX_TO_DEC
    assert await settle(heart) == 3
    assert [await heart.states(part.id >> 8) for part in parts] == [[Status.DELIVERED]] * 3


async def test_it_is_forgotten_when_nothing_matches_any_more(heart: Heart) -> None:
    parts = await sent(heart, ["a1", "a2", "a3"])
    for part, id_ in zip(parts, ["a1", "a2", "a3"], strict=True):
        await report(heart, part, id_)
    for number in range(20):
        await report(heart, parts[0], str(9_000 + number))
    assert await learned(heart) is None


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


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("form", Form)
async def test_a_day_of_colliding_ids_ends_with_every_receipt_on_its_part(heart: Heart, form: Form, seed: int) -> None:
    chance = Random(seed)
    for to in ("0692123456", "0612345678", "0692123456", "0612345678") * 6:
        await heart.accept(to=to)
    parts = await heart.claim()
    numbers = {part.id: 9 + place for place, part in enumerate(parts)}
    deeds = [(deed, part) for part in parts for deed in ("answer", "report", "report")]
    chance.shuffle(deeds)
    for deed, part in deeds:
        heart.now += 1_000
        number = numbers[part.id]
        if deed == "answer":
            await answer(heart, part, f"{number:x}" if form is Form.HEX_TO_DEC else str(number))
        else:
            written = f"{number:X}" if form is Form.DEC_TO_HEX else f"{number:010}"
            await report(heart, part, written, raw=str(part.id).encode())
        if await heart.store.read(lambda conn: parked.to_settle(conn, "a")):
            await settle(heart)
    rows = await heart.rows("SELECT part, CAST(raw AS TEXT) FROM receipt WHERE part IS NOT NULL")
    assert [row for row in rows if str(row[0]) != row[1]] == []
    assert len(rows) == 2 * len(parts)
    assert await learned(heart) is form
    await heart.is_sound()
