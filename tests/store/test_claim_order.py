"""To one number one message at a time, in the order of acceptance; others do not wait for it."""

import time
from typing import Any

import pytest

from gateway.fairness import Turns
from gateway.provider import Accepted, Part, Throttled, Unavailable
from gateway.requests import BatchIn
from gateway.store import claim
from tests.heart import LONG, METZ, REUNION, SECOND, Heart, everybody, ready

ADA, BEA = "0611111111", "0622222222"


async def claimed(heart: Heart, room: int = 100, **more: Any) -> claim.Claimed:
    """One claim."""
    turns = heart.turns.setdefault("a", Turns())
    order = claim.ClaimOrder("a", ("standard",), room, heart.now, turns, ready, heart.rules, **more)
    return await heart.store.join(claim.claim, order)


def owners(found: claim.Claimed) -> list[int]:
    return [one.part.id >> 8 for one in found.prepared]


def held_by(*parts: Part) -> dict[str, Any]:
    """Somebody has these in hand."""
    messages = {part.to: part.id >> 8 for part in parts}
    return {"waits": lambda number, message: messages.get(number, message) != message}


async def test_a_claim_brings_one_message_a_number(heart: Heart) -> None:
    first, second = await heart.accept(ADA), await heart.accept(ADA)
    other = await heart.accept(BEA)
    found = await claimed(heart)
    assert owners(found) == [first, other]
    assert (found.held, found.more) == (True, False)
    await heart.record(*((one.part, Accepted("1", "1")) for one in found.prepared))
    found = await claimed(heart)
    assert owners(found) == [second]
    assert not found.held


async def test_all_parts_of_a_message_come_together(heart: Heart) -> None:
    first, second = await heart.accept(ADA, LONG), await heart.accept(ADA, LONG)
    assert owners(await claimed(heart)) == [first] * 3
    assert owners(await claimed(heart)) == [second] * 3


async def test_while_one_is_in_hand_the_next_to_its_number_waits(heart: Heart) -> None:
    await heart.accept(ADA)
    [first] = (await claimed(heart)).prepared
    second, other = await heart.accept(ADA), await heart.accept(BEA)
    found = await claimed(heart, **held_by(first.part))
    assert (owners(found), found.held) == ([other], True)
    assert owners(await claimed(heart)) == [second]


async def test_the_rest_of_a_message_in_hand_may_follow(heart: Heart) -> None:
    message = await heart.accept(ADA, LONG)
    [first] = (await claimed(heart, room=1)).prepared
    later = await heart.accept(ADA)
    found = await claimed(heart, **held_by(first.part))
    assert owners(found) == [message] * 2
    assert later not in owners(found)


@pytest.mark.parametrize("outcome", [Throttled("0x58"), Unavailable("no link")])
async def test_what_came_back_has_its_old_place(heart: Heart, outcome: Any) -> None:
    first, second = await heart.accept(ADA), await heart.accept(ADA)
    third = await heart.accept(BEA)
    found = await claimed(heart)
    heart.now += SECOND
    await heart.record((found.prepared[0].part, outcome), (found.prepared[1].part, outcome))
    assert [owners(await claimed(heart, room=1)) for _ in range(3)] == [[first], [second], [third]]


async def test_a_later_try_lets_younger_ones_pass(heart: Heart) -> None:
    first, second = await heart.accept(ADA), await heart.accept(ADA)
    found = await claimed(heart)
    await heart.record((found.prepared[0].part, Unavailable("busy", counts=True, delay=30.0)))
    assert owners(await claimed(heart)) == [second]
    heart.now += 30 * SECOND
    assert owners(await claimed(heart)) == [first]


async def test_another_school_writes_to_the_same_number(heart: Heart) -> None:
    mine = await heart.accept("0692123456", school=REUNION)
    theirs = await heart.accept("0692123456")
    found = owners(await claimed(heart)) + owners(await claimed(heart))
    assert sorted(found) == [mine, theirs]


async def test_an_alert_waits_for_nothing_but_what_is_in_hand(heart: Heart) -> None:
    bulk, alert = await heart.accept(ADA, priority="bulk"), await heart.accept(ADA, priority="alert")
    assert [owners(await claimed(heart)) for _ in range(2)] == [[alert], [bulk]]


async def test_a_thousand_to_one_number_do_not_stand_before_the_others(heart: Heart) -> None:
    recipients = [{"to": ADA}] * 1000
    await accept_group(heart, recipients)
    others = await heart.accept_many(100)
    found = await claimed(heart, room=50)
    assert len(owners(found)) == 50
    assert owners(found)[1:] == others[:49]
    assert owners(await claimed(heart, room=60, **held_by(found.prepared[0].part))) == others[49:]


async def test_many_messages_to_each_of_many_numbers(heart: Heart) -> None:
    """Ten to each of forty, one after the other: each claim finds forty that may leave."""
    await accept_group(heart, [{"to": f"06110000{n:02}"} for n in range(40) for _ in range(10)])
    for _ in range(10):
        found = await claimed(heart, room=40)
        assert len({one.part.to for one in found.prepared}) == 40
        await heart.record(*((one.part, Accepted(str(one.part.id), str(one.part.id))) for one in found.prepared))
    rows = await heart.rows(
        "SELECT COUNT(*) FROM part AS a JOIN message AS m ON m.id = a.message JOIN message AS n ON n.number = m.number "
        "JOIN part AS b ON b.message = n.id WHERE b.id > a.id AND b.claimed_at < a.claimed_at"
    )
    assert rows == [(0,)]


async def test_one_number_does_not_make_a_claim_dear(heart: Heart) -> None:
    """Ten thousand before the others: a claim looks no further than it must."""
    await accept_group(heart, [{"to": ADA}] * 9_999)
    began = time.process_time()
    found = await claimed(heart, room=50)
    assert len(found.prepared) == 1
    assert time.process_time() - began < 1.0


async def accept_group(heart: Heart, recipients: list[dict[str, str]]) -> None:
    """Accept a group in which numbers repeat."""
    body = {"action": "INFO", "text": "Bonjour", "school": METZ, "recipients": recipients, "dedupe": "none"}
    await heart.intake.batch(BatchIn.model_validate(body), everybody(heart.settings), None, dry_run=False)
