"""What people and the clock do to messages, and what repeating it does: nothing."""

from gateway.provider import Unknown
from gateway.states import Status
from gateway.store import moves
from gateway.store.moves import Move
from tests.heart import DAY, HOUR, LONG, MINUTE, MORNING, SECOND, Heart


async def test_release_is_audited_and_validity_runs_from_it(heart: Heart) -> None:
    id_ = await heart.accept(action="ABSENCE")
    heart.now += 3 * HOUR
    assert await heart.act(moves.release, id_) == [Move(id_, True, Status.QUEUED)]
    assert await heart.one("message", id_, "released_at", "released_by", "valid_until") == (
        *(MORNING + 3 * HOUR, "mme.reiter", MORNING + 27 * HOUR),
    )
    assert await heart.rows("SELECT kind, status, actor FROM event") == [("released", "queued", "mme.reiter")]
    assert await heart.act(moves.release, id_) == [Move(id_, False, Status.QUEUED, "already_released")]
    await heart.is_sound()


async def test_release_of_what_is_to_leave_later(heart: Heart) -> None:
    id_ = await heart.accept(action="ABSENCE", send_at="2026-11-23T12:30:00+01:00")
    await heart.act(moves.release, id_)
    assert await heart.status(id_) is Status.SCHEDULED
    assert await heart.one("message", id_, "deadline_at", "valid_until") == (MORNING + 4 * HOUR, MORNING + 28 * HOUR)
    await heart.due(MORNING + 4 * HOUR)
    assert len(await heart.claim()) == 1


async def test_release_of_what_was_held_too_long_or_never(heart: Heart) -> None:
    held, queued = await heart.accept(action="ABSENCE"), await heart.accept()
    heart.now += 48 * HOUR
    assert [move.code for move in await heart.act(moves.release, held, queued, 999)] == [
        "held_too_long",
        "already_released",
    ]
    await heart.due()
    assert await heart.status(held) is Status.EXPIRED
    assert await heart.one("message", held, "reason", "deadline_at") == ("held_too_long", None)
    assert await heart.events(held) == ["expired"]
    await heart.is_sound()


async def test_cancel_before_submission(heart: Heart) -> None:
    ids = [
        await heart.accept(action="ABSENCE", text=LONG),
        await heart.accept(send_at="2026-11-23T12:30:00+01:00"),
        await heart.accept(),
    ]
    assert [move.done for move in await heart.act(moves.cancel, *ids)] == [True] * 3
    assert [move.code for move in await heart.act(moves.cancel, *ids)] == ["already_cancelled"] * 3
    assert await heart.claim() == []
    assert (await heart.sums())[4] == 3
    await heart.is_sound()


async def test_nothing_is_cancelled_once_a_part_left_or_may_have(heart: Heart) -> None:
    long = await heart.accept(text=LONG)
    doubtful = await heart.accept(action="RESEND", priority="bulk")
    await heart.claim(room=1)
    assert [move.code for move in await heart.act(moves.cancel, long)] == ["already_submitted"]
    parts = [part for part in await heart.claim() if part.id >> 8 == doubtful]
    await heart.record((parts[0], Unknown("cut")))
    assert [move.code for move in await heart.act(moves.cancel, doubtful)] == ["already_submitted"]
    await heart.due(MORNING + MINUTE)
    assert await heart.status(doubtful) is Status.QUEUED
    assert [move.code for move in await heart.act(moves.cancel, doubtful)] == ["already_submitted"]


async def test_cancel_of_what_has_ended(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.send()
    await heart.receipt(part)
    assert await heart.act(moves.cancel, id_) == [Move(id_, False, Status.DELIVERED, "already_final")]


async def test_only_what_is_in_doubt_is_resent(heart: Heart) -> None:
    id_ = await heart.accept()
    assert [move.code for move in await heart.act(moves.resend, id_)] == ["not_uncertain"]
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    assert [move.done for move in await heart.act(moves.resend, id_)] == [True]
    assert [move.code for move in await heart.act(moves.resend, id_)] == ["not_uncertain"]
    assert await heart.rows("SELECT kind, detail, actor FROM event WHERE kind = 'resent'") == [
        ("resent", "possibly_double", "mme.reiter")
    ]


async def test_a_person_may_resend_what_had_no_receipt(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    await heart.due(MORNING + 4 * DAY)
    assert await heart.status(id_) is Status.NO_RECEIPT
    await heart.is_sound()
    assert [move.done for move in await heart.act(moves.resend, id_)] == [True]
    assert await heart.one("message", id_, "valid_until") == MORNING + 5 * DAY
    [part] = await heart.send()
    await heart.receipt(part)
    assert await heart.status(id_) is Status.DELIVERED
    await heart.is_sound()


async def test_a_wiped_text_cannot_be_resent(heart: Heart) -> None:
    id_ = await heart.accept(text="Code #CODE", variables={"CODE": "4217"}, sensitive=["CODE"])
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    await heart.due(MORNING + 4 * DAY)
    assert [move.code for move in await heart.act(moves.resend, id_)] == ["text_wiped"]
    await heart.is_sound()


async def test_an_alert_is_sent_once_more_by_itself_a_notice_is_not(heart: Heart) -> None:
    alert, notice = await heart.accept(priority="alert"), await heart.accept()
    for part in await heart.claim():
        await heart.record((part, Unknown("cut")))
    await heart.due(MORNING + MINUTE - 1)
    assert await heart.status(alert) is Status.UNCERTAIN
    await heart.due(MORNING + MINUTE)
    assert [await heart.status(id_) for id_ in (alert, notice)] == [Status.QUEUED, Status.UNCERTAIN]
    assert await heart.one("message", alert, "possibly_double") == 1


async def test_one_that_may_have_left_is_never_called_expired(heart: Heart) -> None:
    id_ = await heart.accept(action="RESEND")
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    await heart.due(MORNING + MINUTE)
    await heart.due(MORNING + DAY)
    assert await heart.status(id_) is Status.NO_RECEIPT
    await heart.is_sound()


async def test_nothing_is_sent_once_more_past_its_validity(heart: Heart) -> None:
    id_ = await heart.accept(action="RESEND", valid_until="2026-11-23T08:30:30+01:00")
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    await heart.due(MORNING + MINUTE)
    assert await heart.status(id_) is Status.UNCERTAIN
    await heart.due(MORNING + 30 * SECOND + 72 * HOUR)
    assert await heart.status(id_) is Status.NO_RECEIPT
    await heart.is_sound()


async def test_the_next_deadline(heart: Heart) -> None:
    assert await heart.store.read(moves.next_deadline) is None
    await heart.accept(action="ABSENCE")
    await heart.accept(send_at="2026-11-23T12:30:00+01:00")
    assert await heart.store.read(moves.next_deadline) == MORNING + 4 * HOUR
    await heart.due(MORNING + 4 * HOUR)
    assert await heart.store.read(moves.next_deadline) == MORNING + 28 * HOUR


async def test_the_clock_takes_no_more_than_a_lot(heart: Heart) -> None:
    await heart.accept_many(5)
    heart.now += DAY
    lots = [await heart.store.write(lambda conn: moves.due(conn, heart.now, heart.rules, 2)) for _ in range(4)]
    assert lots == [2, 2, 1, 0]
    await heart.is_sound()
