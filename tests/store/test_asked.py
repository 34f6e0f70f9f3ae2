"""Parts whose provider is asked: late ones, and those to be taken back."""

from datetime import datetime
from typing import Any

from gateway.provider import Cancelled, Receipt, Refused, Sent, Told, Unknown
from gateway.states import Status
from gateway.store import asked, moves
from gateway.store.asked import Answered, Asked
from gateway.store.moves import Move
from tests.heart import DAY, HOUR, LONG, MINUTE, MORNING, Heart, accepted


async def to_query(heart: Heart, *accounts: str) -> list[Asked]:
    names = accounts or ("a",)
    return await heart.store.read(lambda conn: asked.to_query(conn, names, heart.now, MINUTE, heart.rules, 20))


async def told(heart: Heart, one: Asked, status: Status | None, word: str = "DELIVRD", **said: Any) -> None:
    receipt = Receipt(one.sent.id, (), word, status, sender=one.sent.sender, to=one.sent.to, **said)
    await answered(heart, one, Told(receipt))


async def answered(heart: Heart, one: Asked, said: Told) -> None:
    await heart.store.write(lambda conn: asked.queried(conn, [Answered(one, said)], heart.now, heart.rules))


async def take_back(heart: Heart, *answers: Any) -> list[Move]:
    """Cancel what has left: each message's parts, with what their provider says."""
    return await heart.store.write(lambda conn: asked.cancelled(conn, answers, heart.now, "mme.reiter", heart.rules))


async def to_cancel(heart: Heart, *messages: int) -> list[Asked]:
    return await heart.store.read(lambda conn: asked.to_cancel(conn, messages))


# ---- late ones ----


async def test_a_part_is_asked_about_after_its_validity_and_once(heart: Heart) -> None:
    id_ = await heart.accept(to="06 12 34 56 78")
    (part,) = await heart.send()
    heart.now = MORNING + DAY
    assert await to_query(heart) == []
    heart.now += MINUTE
    (one,) = await to_query(heart)
    assert one == Asked(part.id, "a", Sent(f"id-{part.id}", "+33612345678", part.sender, "0"))
    assert await to_query(heart, "b") == []
    await told(heart, one, Status.DELIVERED, done=datetime(2026, 11, 24, 9, 30))
    assert await heart.status(id_) is Status.DELIVERED
    assert (await heart.events(id_))[-1] == "queried"
    assert await heart.rows("SELECT state, matched_by, part, done FROM receipt") == [
        ("DELIVRD", "query", part.id, "2026-11-24T09:30:00")
    ]
    assert await to_query(heart) == []
    await heart.is_sound()


async def test_one_that_is_still_on_its_way_is_not_asked_about_again(heart: Heart) -> None:
    id_ = await heart.accept()
    await heart.send()
    heart.now = MORNING + DAY + MINUTE
    (one,) = await to_query(heart)
    await told(heart, one, Status.IN_TRANSIT, "ENROUTE")
    assert (await heart.status(id_), await heart.events(id_)) == (Status.IN_TRANSIT, ["queried"])
    assert await to_query(heart) == []
    await heart.due(MORNING + DAY + 72 * HOUR)
    assert await heart.status(id_) is Status.NO_RECEIPT
    await heart.is_sound()


async def test_a_provider_that_does_not_know_is_not_asked_again(heart: Heart) -> None:
    id_ = await heart.accept()
    await heart.send()
    heart.now = MORNING + DAY + MINUTE
    (one,) = await to_query(heart)
    await answered(heart, one, Told(None, "RQUERYFAIL 0x00000067"))
    assert (await heart.status(id_), await heart.events(id_)) == (Status.IN_TRANSIT, ["query_failed"])
    assert await to_query(heart) == []


async def test_a_receipt_that_was_faster_is_right(heart: Heart) -> None:
    id_ = await heart.accept()
    (part,) = await heart.send()
    heart.now = MORNING + DAY + MINUTE
    (one,) = await to_query(heart)
    await heart.receipt(part)
    await told(heart, one, Status.EXPIRED, "EXPIRED")
    assert await heart.status(id_) is Status.DELIVERED
    await heart.is_sound()


async def test_each_part_of_several_is_asked_about(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    parts = await heart.send()
    await heart.receipt(parts[0])
    heart.now = MORNING + DAY + MINUTE
    found = await to_query(heart)
    assert [one.part for one in found] == [part.id for part in parts[1:]]
    for one in found:
        await told(heart, one, Status.UNDELIVERED, "UNDELIV", error="027")
    assert await heart.status(id_) is Status.UNDELIVERED
    assert await heart.one("message", id_, "reason") == "UNDELIV 027"
    await heart.is_sound()


async def test_nobody_asks_about_what_is_over(heart: Heart) -> None:
    await heart.accept()
    await heart.send()
    await heart.due(MORNING + DAY + 72 * HOUR)
    assert await to_query(heart) == []


# ---- cancelled ones ----


async def test_what_a_provider_takes_back_is_cancelled_and_stays_in_the_accounts(heart: Heart) -> None:
    id_ = await heart.accept()
    (part,) = await heart.send()
    (one,) = await to_cancel(heart, id_)
    assert one == Asked(part.id, "a", Sent(f"id-{part.id}", part.to, part.sender, "0"))
    assert await take_back(heart, (one, Cancelled())) == [Move(id_, True, Status.CANCELLED)]
    assert await heart.rows("SELECT kind, status, detail, actor FROM event WHERE kind = 'cancelled'") == [
        ("cancelled", "cancelled", "cancel_sm", "mme.reiter")
    ]
    assert [line[0] for line in await heart.lines(id_)] == ["accepted"]
    assert await heart.sums() == (1, 0, 1, 45_000, 0)
    assert [move.code for move in await heart.act(moves.cancel, id_)] == ["already_cancelled"]
    await heart.is_sound()


async def test_what_it_keeps_goes_on(heart: Heart) -> None:
    ids = [await heart.accept(to=f"06 12 34 56 7{place}") for place in range(2)]
    await heart.send()
    first, second = await to_cancel(heart, *ids)
    done = await take_back(heart, (second, Unknown("no answer")), (first, Refused("RCANCELFAIL 0x00000011")))
    assert [(move.done, move.status, move.code) for move in done] == [(False, Status.IN_TRANSIT, "not_taken_back")] * 2
    assert await heart.rows("SELECT kind, detail FROM event ORDER BY message") == [
        ("not_cancelled", "RCANCELFAIL 0x00000011"),
        ("not_cancelled", "no answer"),
    ]
    await heart.is_sound()


async def test_of_a_message_half_gone_the_rest_is_cancelled_with_it(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    parts = await heart.claim(room=1)
    await heart.record((parts[0], accepted(parts[0])))
    (one,) = await to_cancel(heart, id_)
    assert [move.done for move in await take_back(heart, (one, Cancelled()))] == [True]
    assert set(await heart.states(id_)) == {Status.CANCELLED}
    assert await heart.claim() == []
    await heart.is_sound()


async def test_a_part_that_was_delivered_meanwhile_is_delivered(heart: Heart) -> None:
    id_ = await heart.accept()
    (part,) = await heart.send()
    (one,) = await to_cancel(heart, id_)
    await heart.receipt(part)
    done = await take_back(heart, (one, Cancelled()))
    assert [(move.done, move.status) for move in done] == [(False, Status.DELIVERED)]
    await heart.is_sound()


async def test_a_receipt_may_tell_that_it_was_too_late(heart: Heart) -> None:
    id_ = await heart.accept()
    (part,) = await heart.send()
    (one,) = await to_cancel(heart, id_)
    await take_back(heart, (one, Cancelled()))
    await heart.receipt(part, Status.UNDELIVERED)
    assert await heart.status(id_) is Status.CANCELLED
    await heart.receipt(part)
    assert await heart.status(id_) is Status.DELIVERED
    await heart.is_sound()
