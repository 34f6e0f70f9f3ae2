"""What became of a claimed part: its state, its place in the queue, its ledger line."""

from pathlib import Path
from typing import Any

import pytest

from gateway.provider import Accepted, Cause, Outcome, Refused, Throttled, Unavailable, Unknown
from gateway.states import Status
from gateway.store import moves, queue
from tests.heart import DAY, HOUR, LONG, MINUTE, MORNING, REUNION, SECOND, Heart, accepted, opened

#: 31 December 2026, 22:59 UTC: 23:59 in Paris, 2:59 of the next year in Réunion.
NEW_YEARS_EVE = 1_798_757_940_000


async def test_accepted_is_in_transit_with_a_line_at_the_price_of_the_day(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.send()
    assert await heart.status(id_) is Status.IN_TRANSIT
    assert await heart.lines(id_) == [("accepted", 1, 45_000, "2026-11", "a")]
    assert await heart.one("part", part.id, "provider_id", "provider_key") == (f"id-{part.id}",) * 2
    assert await heart.one("message", id_, "sent_at", "month", "account", "lines") == (MORNING, "2026-11", "a", 1)
    assert await heart.sums() == (1, 0, 1, 45_000, 0)
    await heart.is_sound()


@pytest.mark.parametrize(
    ("cause", "status"),
    [(Cause.DESTINATION, Status.INVALID), (Cause.SENDER, Status.REJECTED), (Cause.OTHER, Status.REJECTED)],
)
async def test_refused_for_good_ends_the_message_without_a_line(heart: Heart, cause: Cause, status: Status) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, Refused("0x0B", cause)))
    assert await heart.status(id_) is status
    assert await heart.one("message", id_, "reason", "detail") == ("0x0B", cause.value)
    assert await heart.events(id_) == ["refused"]
    assert await heart.lines(id_) == []
    assert await heart.sums() == (0, 0, 0, 0, 1)
    await heart.is_sound()


async def test_a_refused_part_ends_those_that_have_not_left(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)
    [first] = await heart.claim(room=1)
    await heart.record((first, Refused("0x0B", Cause.DESTINATION)))
    assert await heart.states(id_) == [Status.INVALID] * 3
    assert await heart.claim() == []
    await heart.is_sound()


async def test_throttled_keeps_its_place_and_is_no_try(heart: Heart) -> None:
    first = await heart.accept(to="0611111111")
    heart.now += SECOND
    await heart.accept(to="0622222222")
    [part] = await heart.claim(room=1)
    await heart.record((part, Throttled("0x58")))
    assert await heart.one("part", part.id, "state", "tries", "account", "due_at") == ("queued", 0, None, MORNING)
    assert (await heart.claim(room=1))[0].id >> 8 == first


async def test_throttling_never_ends_a_message_before_its_validity(heart: Heart) -> None:
    id_ = await heart.accept()
    for _ in range(20):
        [part] = await heart.claim()
        await heart.record((part, Throttled("0x58")))
        heart.now += HOUR
    assert await heart.status(id_) is Status.QUEUED
    await heart.due(MORNING + DAY)
    assert await heart.status(id_) is Status.EXPIRED
    await heart.is_sound()


async def test_without_a_link_it_goes_back_uncounted(heart: Heart) -> None:
    await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, Unavailable("no link")))
    assert await heart.one("part", part.id, "state", "tries", "due_at") == ("queued", 0, MORNING)


async def test_tries_that_are_exhausted_reject_it(heart: Heart) -> None:
    id_ = await heart.accept()
    answer = Unavailable("0x14", counts=True, tries=3, delay=10)
    for place in range(3):
        [part] = await heart.claim()
        await heart.record((part, answer))
        if place < 2:
            assert await heart.claim() == []  # not before its delay
            heart.now += 10 * SECOND
    assert await heart.status(id_) is Status.REJECTED
    assert await heart.events(id_) == ["retry", "retry", "refused"]
    assert await heart.one("message", id_, "reason") == "0x14"
    await heart.is_sound()


async def test_no_answer_is_uncertain_and_billed_so(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    assert await heart.status(id_) is Status.UNCERTAIN
    assert await heart.lines(id_) == [("uncertain", 1, 45_000, "2026-11", "a")]
    assert await heart.events(id_) == ["uncertain"]
    await heart.is_sound()


async def test_a_part_no_longer_being_sent_keeps_what_it_became(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.send()
    await heart.record((part, Refused("0x0B", Cause.DESTINATION)))
    await heart.record((part, accepted(part)), account="b")
    await heart.record((part, accepted(part)))
    assert await heart.status(id_) is Status.IN_TRANSIT
    assert len(await heart.lines(id_)) == 1


async def test_a_late_acceptance_settles_an_uncertain_part(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, Unknown("no answer")))
    await heart.late(part, accepted(part))
    assert await heart.status(id_) is Status.IN_TRANSIT
    assert await heart.events(id_) == ["uncertain", "late_answer"]
    assert len(await heart.lines(id_)) == 1
    await heart.receipt(part)
    assert await heart.status(id_) is Status.DELIVERED
    await heart.is_sound()


async def test_a_late_refusal_reverses_the_line(heart: Heart) -> None:
    id_ = await heart.accept(mode="premium")
    [part] = await heart.claim(account="b")
    await heart.record((part, Unknown("no answer")), account="b")
    assert await heart.sums() == (1, 0, 1, 50_000, 0)
    heart.now += DAY  # the price has changed since
    await heart.late(part, Refused("0x0B", Cause.DESTINATION), account="b")
    assert await heart.status(id_) is Status.INVALID
    assert await heart.lines(id_) == [
        ("uncertain", 1, 50_000, "2026-11", "b"),
        ("reversal", -1, -50_000, "2026-11", "b"),
    ]
    assert await heart.sums() == (0, 0, 0, 0, 1)
    await heart.is_sound()


async def test_a_late_answer_is_heard_while_it_waits_to_be_sent_once_more(heart: Heart) -> None:
    for answer, status in ((True, Status.IN_TRANSIT), (False, Status.INVALID)):
        id_ = await heart.accept(action="RESEND")
        [part] = await heart.claim()
        await heart.record((part, Unknown("no answer")))
        await heart.due(heart.now + MINUTE)
        assert await heart.status(id_) is Status.QUEUED
        await heart.late(part, accepted(part) if answer else Refused("0x0B", Cause.DESTINATION))
        assert await heart.status(id_) is status
        assert await heart.claim() == []
        await heart.is_sound()


async def test_told_late_that_it_was_not_taken_it_goes_back_into_the_queue(heart: Heart) -> None:
    for answer in (Throttled("0x58"), Unavailable("0x14", counts=True)):
        id_ = await heart.accept(action="WAIT")
        [part] = await heart.claim()
        await heart.record((part, Unknown("no answer")))
        await heart.late(part, answer)
        assert [line[0] for line in await heart.lines(id_)] == ["uncertain", "reversal"]
        assert [again.id for again in await heart.claim(account="b")] == [part.id]
        await heart.record((part, accepted(part)), account="b")
        await heart.is_sound()


async def test_sent_once_more_is_billed_once_more(heart: Heart) -> None:
    id_ = await heart.accept(action="RESEND")
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    await heart.due(MORNING + MINUTE)
    assert await heart.one("message", id_, "possibly_double") == 1
    await heart.send()
    assert [line[:3] for line in await heart.lines(id_)] == [("uncertain", 1, 45_000), ("accepted", 1, 45_000)]
    assert await heart.sums() == (1, 0, 2, 90_000, 0)
    assert await heart.events(id_) == ["uncertain", "resent"]
    await heart.is_sound()


async def test_it_is_sent_once_more_only_once(heart: Heart) -> None:
    id_ = await heart.accept(action="RESEND")
    for _ in range(2):
        [part] = await heart.claim()
        await heart.record((part, Unknown("cut")))
        await heart.due(heart.now + MINUTE)
    assert await heart.status(id_) is Status.UNCERTAIN
    assert await heart.claim() == []


async def test_a_person_may_resend_what_waits(heart: Heart) -> None:
    id_ = await heart.accept(action="WAIT")
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    await heart.due(MORNING + HOUR)
    assert await heart.status(id_) is Status.UNCERTAIN
    [move] = await heart.act(moves.resend, id_)
    assert move.done
    await heart.send()
    assert await heart.status(id_) is Status.IN_TRANSIT
    await heart.is_sound()


async def test_the_price_is_that_of_the_day_and_of_the_place(heart: Heart) -> None:
    before = await heart.accept(mode="premium")
    await heart.send(account="b")
    heart.now += DAY
    after = await heart.accept(mode="premium")
    overseas = await heart.accept(mode="premium", school=REUNION, to="0692123456")
    await heart.send(account="b")
    amounts = [(await heart.lines(id_))[0][2] for id_ in (before, after, overseas)]
    assert amounts == [50_000, 60_000, 80_000]
    await heart.is_sound()


async def test_the_month_is_that_of_the_school(heart: Heart) -> None:
    heart.now = NEW_YEARS_EVE
    metz = await heart.accept()
    reunion = await heart.accept(school=REUNION, to="0692123456")
    await heart.send()
    assert (await heart.lines(metz))[0][3] == "2026-12"
    assert (await heart.lines(reunion))[0][3] == "2027-01"
    await heart.is_sound()


async def test_the_month_of_a_message_is_that_of_its_first_line(heart: Heart) -> None:
    heart.now = NEW_YEARS_EVE
    id_ = await heart.accept(text=LONG)
    await heart.send(room=1)
    heart.now += 2 * MINUTE
    await heart.send()
    assert {line[3] for line in await heart.lines(id_)} == {"2026-12"}
    assert await heart.rows("SELECT month, total, parts FROM tally") == [("2026-12", 1, 3)]
    await heart.is_sound()


async def test_what_a_dead_process_had_claimed_is_uncertain(heart: Heart) -> None:
    ids = await heart.accept_many(5)
    await heart.claim(room=3)
    heart.now += MINUTE
    count = await heart.store.write(lambda conn: queue.doubt_orphans(conn, "a", heart.now, heart.rules, "killed"))
    assert count == 3
    assert [await heart.status(id_) for id_ in ids] == [Status.UNCERTAIN] * 3 + [Status.QUEUED] * 2
    assert (await heart.sums())[2] == 3
    await heart.is_sound()


async def test_a_part_whose_account_is_gone_does_not_keep_the_clock_busy_and_ends(heart: Heart) -> None:
    """Nobody answers for it any more: it is looked at now and then, and ends like any uncertain part."""
    id_ = await heart.accept()
    await heart.claim()
    assert await heart.due(MORNING + DAY) == 1
    assert await heart.due() == 0
    assert await heart.status(id_) is Status.SENDING
    await heart.due(MORNING + 5 * DAY)
    await heart.due(heart.now + MINUTE)
    assert await heart.status(id_) is Status.NO_RECEIPT
    assert await heart.events(id_) == ["uncertain", "no_receipt"]
    assert await heart.due() == 0
    await heart.is_sound()


async def test_an_outcome_is_durable_when_it_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as one:
        id_ = await one.accept()
        await one.send()
        async with opened(tmp_path) as other:
            assert await other.status(id_) is Status.IN_TRANSIT


@pytest.mark.parametrize("outcome", [Accepted("7", "7"), Unknown("cut"), Refused("1"), Throttled("2")])
async def test_a_sensitive_text_is_there_until_the_end_and_no_longer(heart: Heart, outcome: Outcome) -> None:
    text: dict[str, Any] = {"text": "Code #CODE", "variables": {"CODE": "4217"}, "sensitive": ["CODE"]}
    id_ = await heart.accept(**text)
    [part] = await heart.claim()
    assert part.content == "Code 4217"
    await heart.record((part, outcome))
    ended = isinstance(outcome, Refused)
    assert await heart.one("part", part.id, "content") == ("" if ended else "Code 4217")
    assert "4217" not in str(await heart.rows("SELECT * FROM message"))
    assert (await heart.status(id_) is Status.REJECTED) == ended
    await heart.is_sound()
