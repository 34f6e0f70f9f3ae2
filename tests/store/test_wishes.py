"""STOP and START: what a telephone asks for is noted and done, and nothing that waited leaves."""

from typing import Any

import pytest

from gateway.provider import Throttled, Unknown
from gateway.states import Status
from gateway.store import moves, people
from gateway.store.people import Wish
from gateway.store.wishes import obey
from tests.heart import LONG, METZ, MINUTE, REUNION, SECOND, Heart

NUMBER = "+33612345678"


async def sent(heart: Heart, **more: Any) -> int:
    message = await heart.accept(NUMBER, **more)
    await heart.send()
    heart.now += MINUTE
    return message


async def opt_outs(heart: Heart, school: str = METZ) -> list[tuple[str, str]]:
    known = await heart.store.read(lambda conn: people.people(conn, school, [NUMBER]))
    return [(one.sender, one.source) for one in known[NUMBER].opt_outs]


async def reason(heart: Heart, message: int) -> tuple[str, str | None]:
    found: tuple[str, str | None] = await heart.one("message", message, "status", "reason")
    return found


async def test_stop_is_an_opt_out_from_the_sender_that_it_answers(heart: Heart) -> None:
    await sent(heart)
    taken = await heart.phone("Arrêt.")
    assert await opt_outs(heart) == [("LYCCURIE", "mo_stop")]
    assert await opt_outs(heart, REUNION) == []
    assert await heart.rows("SELECT change, source, actor FROM consent_history") == [
        ("opt_out", "mo_stop", f"in_{taken.ulid}")
    ]


async def test_what_is_sent_later_is_ignored(heart: Heart) -> None:
    await sent(heart)
    await heart.phone("STOP")
    assert await reason(heart, await heart.accept(NUMBER)) == ("ignored", "opted_out")
    assert await heart.status(await heart.accept(NUMBER, sender="AUTRE")) is Status.QUEUED
    assert await heart.status(await heart.accept(NUMBER, school=REUNION)) is Status.QUEUED


async def test_what_waits_does_not_leave(heart: Heart) -> None:
    await sent(heart)
    later = "2026-11-24T08:30:00+01:00"
    waiting = [
        await heart.accept(NUMBER),
        await heart.accept(NUMBER, action="ABSENCE"),
        await heart.accept(NUMBER, send_at=later),
        await heart.accept(NUMBER, text=LONG),
    ]
    others = [await heart.accept(NUMBER, sender="AUTRE"), await heart.accept("+33600000001")]
    taken = await heart.phone("STOP")
    for message in waiting:
        assert await reason(heart, message) == ("cancelled", "opted_out")
        assert await heart.rows("SELECT kind, actor FROM event WHERE message = ?", message) == [
            ("stopped", f"in_{taken.ulid}")
        ]
    assert {part.id >> 8 for part in await heart.claim()} == set(others)
    await heart.is_sound()


async def test_what_is_under_way_goes_on(heart: Heart) -> None:
    await sent(heart)
    message = await heart.accept(NUMBER)
    (part,) = await heart.claim()
    await heart.phone("STOP")
    assert await heart.status(message) is Status.SENDING
    await heart.record((part, Unknown("no answer")))
    assert await heart.status(message) is Status.UNCERTAIN


async def test_what_turns_out_not_to_be_taken_does_not_go_again(heart: Heart) -> None:
    await sent(heart)
    message = await heart.accept(NUMBER)
    (part,) = await heart.claim()
    await heart.phone("STOP")
    await heart.record((part, Throttled("0x00000058")))
    assert await heart.claim() == []
    assert await heart.status(message) is Status.EXPIRED
    await heart.is_sound()


async def test_what_falls_into_doubt_after_a_stop_is_not_sent_once_more(heart: Heart) -> None:
    await sent(heart)
    await heart.accept(NUMBER, action="RESEND")
    (part,) = await heart.claim()
    await heart.phone("STOP")
    await heart.record((part, Unknown("no answer")))
    await heart.due(heart.now + 10 * MINUTE)
    assert await heart.claim() == []
    await heart.is_sound()


async def test_nor_by_a_person(heart: Heart) -> None:
    message = await heart.accept(NUMBER)
    (part,) = await heart.claim()
    await heart.record((part, Unknown("no answer")))
    await heart.phone("STOP")
    assert [move.code for move in await heart.act(moves.resend, message)] == ["opted_out"]
    await heart.phone("START")
    assert [move.done for move in await heart.act(moves.resend, message)] == [True]


async def test_the_parts_of_a_message_under_way_that_wait_end(heart: Heart) -> None:
    await sent(heart)
    message = await heart.accept(NUMBER, text=LONG)
    (part,) = await heart.claim(1)
    await heart.phone("STOP")
    assert sorted(await heart.states(message)) == ["cancelled", "cancelled", "sending"]
    await heart.record((part, Unknown("no answer")))
    await heart.receipt(part, id="late")
    await heart.is_sound()


async def test_what_is_in_doubt_is_not_sent_once_more(heart: Heart) -> None:
    await sent(heart)
    waiting = await heart.accept(NUMBER, action="RESEND")
    (part,) = await heart.claim()
    await heart.record((part, Unknown("no answer")))
    heart.now += 10 * SECOND
    await heart.phone("STOP")
    assert await reason(heart, waiting) == ("no_receipt", "opted_out")
    await heart.due(heart.now + 10 * MINUTE)
    assert await heart.claim() == []
    await heart.is_sound()


async def test_nor_what_already_waits_to_be(heart: Heart) -> None:
    await sent(heart)
    waiting = await heart.accept(NUMBER)
    (part,) = await heart.claim()
    await heart.record((part, Unknown("no answer")))
    await heart.act(moves.resend, waiting)
    await heart.phone("STOP")
    assert await reason(heart, waiting) == ("no_receipt", "opted_out")
    await heart.is_sound()


async def test_start_lifts_what_stop_made(heart: Heart) -> None:
    await sent(heart)
    await heart.phone("STOP")
    assert (await heart.phone("Reprise")).kind == "start"
    assert await opt_outs(heart) == []
    assert await heart.status(await heart.accept(NUMBER)) is Status.QUEUED


async def test_start_lifts_nothing_else(heart: Heart) -> None:
    await sent(heart)
    said = [Wish(NUMBER, opted_out=True, source="courrier"), Wish(NUMBER, opted_out=True, source="mo_stop", sender="X")]
    await heart.store.write(lambda conn: people.apply(conn, METZ, said, "cpe", heart.now))
    await heart.phone("START")
    assert await opt_outs(heart) == [("", "courrier"), ("X", "mo_stop")]


async def test_a_stop_that_answers_nothing_is_kept_for_people_to_see(heart: Heart) -> None:
    assert (await heart.phone("STOP")).kind == "stop"
    assert await heart.rows("SELECT COUNT(*) FROM opt_out") == [(0,)]


@pytest.mark.parametrize("text", ["Arrêt de bus", "Merci"])
async def test_other_words_stop_nothing(heart: Heart, text: str) -> None:
    await sent(heart)
    await heart.phone(text)
    assert await opt_outs(heart) == []


async def test_an_opt_out_noted_by_the_school_stops_what_waits_of_every_sender(heart: Heart) -> None:
    waiting = [await heart.accept(NUMBER), await heart.accept(NUMBER, sender="AUTRE")]
    said = [Wish(NUMBER, opted_out=True, source="courrier")]
    await heart.store.write(lambda conn: obey(conn, METZ, said, "cpe", heart.now, heart.rules))
    assert [await heart.status(message) for message in waiting] == [Status.CANCELLED] * 2
    assert await heart.events(waiting[0]) == ["stopped"]
