"""What telephones write, on a real store: parts, repetitions, time-outs, and whose message it is."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.alphabets import Alphabet
from gateway.provider import FromPhone
from gateway.reassembly import GAP, LATE_MS
from gateway.store import inbound
from tests.heart import DAY, METZ, MINUTE, REUNION, SECOND, Heart, opened, settings

NUMBER = "+33612345678"
TIMEOUT = 30 * MINUTE


def part(place: int, of: int = 3, reference: int = 7, **more: Any) -> dict[str, Any]:
    return {"reference": reference, "place": place, "of": of, **more}


async def shown(heart: Heart, *columns: str) -> list[Any]:
    """Columns of every message, oldest first; alone when it is one."""
    rows = await heart.rows(f"SELECT {','.join(columns)} FROM inbound ORDER BY id")
    return [row[0] if len(columns) == 1 else row for row in rows]


async def sent(heart: Heart, number: str = NUMBER, **more: Any) -> int:
    """A message that was sent now."""
    message = await heart.accept(number, **more)
    await heart.send()
    return message


# ---- parts ----


async def test_a_message_of_one_part(heart: Heart) -> None:
    taken = await heart.phone("Oui, forêt")
    assert taken.kind == "unattached"
    assert await shown(heart, "ulid", "text", "encoding", "parts", "missing", "number", '"to"') == [
        (taken.ulid, "Oui, forêt", "ucs2", 1, "[]", NUMBER, "36111")
    ]


async def test_parts_out_of_order(heart: Heart) -> None:
    kinds = [(await heart.phone(f"{place} ", **part(place))).kind for place in (3, 1, 2)]
    assert kinds == ["part", "part", "unattached"]
    assert await shown(heart, "text", "parts", "missing") == [("1 2 3 ", 3, "[]")]


async def test_two_telephones_with_one_reference(heart: Heart) -> None:
    for place in (1, 2):
        for number in (NUMBER, "+33600000001"):
            await heart.phone(f"{number[-1]}{place}", number, **part(place, 2))
    assert await shown(heart, "text") == ["8182", "1112"]


async def test_parts_of_other_accounts_and_numbers_stay_apart(heart: Heart) -> None:
    await heart.phone("1", **part(1, 2))
    assert (await heart.phone("2", **part(2, 2), account="b")).kind == "part"
    assert (await heart.phone("2", **part(2, 2), to="38000")).kind == "part"
    assert await shown(heart, "text") == []


async def test_a_part_that_comes_twice_counts_once(heart: Heart) -> None:
    await heart.phone("1", **part(1, 2))
    assert (await heart.phone("1", **part(1, 2))).kind == "duplicate"
    await heart.phone("2", **part(2, 2))
    assert (await heart.phone("2", **part(2, 2))).kind == "duplicate"
    assert await shown(heart, "text") == ["12"]
    assert await heart.rows("SELECT place, deliveries FROM inbound_part") == [(1, 2), (2, 2)]


async def test_a_restart_between_two_parts_loses_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as heart:
        await heart.phone("1", **part(1, 2))
    async with opened(tmp_path) as heart:
        await heart.phone("2", **part(2, 2), link="two")
        assert await shown(heart, "text") == ["12"]


async def test_after_the_time_out_what_came_is_shown(heart: Heart) -> None:
    await heart.phone("1", **part(1))
    heart.now += TIMEOUT - 1
    assert await heart.show_torn() == []
    await heart.phone("3", **part(3))
    heart.now += TIMEOUT
    assert [one.kind for one in await heart.show_torn()] == ["unattached"]
    assert await heart.show_torn() == []
    assert await shown(heart, "text", "parts", "missing") == [(f"1{GAP}3", 3, "[2]")]


async def test_a_part_that_comes_after_the_time_out_mends_the_message(heart: Heart) -> None:
    await heart.phone("1", **part(1, 2))
    heart.now += TIMEOUT
    await heart.show_torn()
    heart.now += DAY // 2
    assert (await heart.phone("2", **part(2, 2))).kind == "mended"
    assert await shown(heart, "text", "missing") == [("12", "[]")]
    assert await heart.show_torn() == []


async def test_a_reference_used_again_a_day_later_begins_another_message(heart: Heart) -> None:
    await heart.phone("1", **part(1, 2))
    heart.now += LATE_MS + SECOND
    await heart.phone("2", **part(2, 2))
    assert await shown(heart, "text") == []
    assert len({row[0] for row in await heart.rows("SELECT bundle FROM inbound_part")}) == 2


async def test_what_cannot_be_read_is_kept_whole(heart: Heart) -> None:
    await heart.phone(b"\x00\xff", alphabet=Alphabet.BINARY, raw=b"\x02\x70\x00\x00\xff", coding=4, tlvs={5: b"\x07"})
    assert await shown(heart, "text", "encoding") == [("00FF", "binary")]
    row = await heart.rows("SELECT raw, octets, coding, tlvs FROM inbound_part")
    assert row == [(b"\x02\x70\x00\x00\xff", b"\x00\xff", 4, '{"5":"07"}')]


# ---- repetitions ----


async def test_what_comes_again_on_another_link_is_not_doubled(heart: Heart) -> None:
    await heart.phone("Merci")
    heart.now += MINUTE
    assert (await heart.phone("Merci", link="two")).kind == "duplicate"
    assert await heart.rows("SELECT deliveries, last_at FROM inbound_part") == [(2, heart.now)]
    assert await shown(heart, "text") == ["Merci"]


async def test_a_person_may_say_the_same_again(heart: Heart) -> None:
    await heart.phone("Merci")
    await heart.phone("Merci")
    heart.now += 11 * MINUTE
    await heart.phone("Merci", link="two")
    assert len(await shown(heart, "text")) == 3


async def test_what_comes_on_another_link_that_is_up_was_said_twice(heart: Heart) -> None:
    await heart.phone("Oui", link="one")
    assert (await heart.phone("Oui", link="two", up=frozenset({"one", "two"}))).kind == "unattached"


async def test_the_id_of_the_provider_tells_after_days(heart: Heart) -> None:
    await heart.phone("Merci", id="7")
    heart.now += 6 * DAY
    assert (await heart.phone("Merci", id="7", link="two")).kind == "duplicate"
    assert (await heart.phone("Merci", id="8", link="two")).kind == "unattached"


# ---- whose it is ----


async def test_it_answers_the_last_message_sent(heart: Heart) -> None:
    first = await sent(heart, event={"id": "ABS-1"})
    heart.now += MINUTE
    second = await sent(heart, event={"id": "ABS-2"})
    waiting = await heart.accept(NUMBER, action="ABSENCE")
    heart.now += MINUTE
    assert (await heart.phone()).kind == "reply"
    assert await shown(heart, "kind", "school", "app", "message", "event_id", "action") == [
        ("reply", METZ, "vie-scolaire", second, "ABS-2", "INFO")
    ]
    assert first < second < waiting


async def test_a_message_sent_after_it_is_not_answered(heart: Heart) -> None:
    """The parts that came are shown when others were waited for; meanwhile another message left."""
    first = await sent(heart)
    await heart.phone("Oui", **part(1))
    heart.now += MINUTE
    await sent(heart)
    heart.now += TIMEOUT
    await heart.show_torn()
    assert await shown(heart, "message") == [first]


async def test_a_message_of_long_ago_is_not_answered(heart: Heart) -> None:
    await sent(heart)
    heart.now += 30 * DAY + MINUTE
    assert (await heart.phone()).kind == "unattached"
    assert await shown(heart, "school", "message") == [(None, None)]


async def test_but_stop_is(heart: Heart) -> None:
    message = await sent(heart)
    heart.now += 300 * DAY
    assert (await heart.phone("STOP")).kind == "stop"
    assert await shown(heart, "school", "message") == [(METZ, message)]


async def test_the_message_of_another_school_is_answered_when_it_was_the_last(heart: Heart) -> None:
    await sent(heart)
    heart.now += MINUTE
    await sent(heart, school=REUNION)
    await heart.phone()
    assert await shown(heart, "school") == [REUNION]


async def test_the_school_of_a_number_gets_what_answers_nothing(tmp_path: Path) -> None:
    accounts = [{"adapter": "fake", "name": "a", "senders": ["36111"]}]
    schools = [{"uai": METZ, "name": "Metz", "sender": "36111"}, {"uai": REUNION, "name": "Le Port"}]
    declared = settings(accounts=accounts, modes={"standard": ["a"]}, schools=schools)
    async with opened(tmp_path, declared) as heart:
        await sent(heart, school=REUNION)
        assert (await heart.phone()).kind == "message"
        assert (await heart.phone(to="38000")).kind == "reply"
        assert await shown(heart, "school") == [METZ, REUNION]


async def test_a_school_alone_gets_everything(tmp_path: Path) -> None:
    async with opened(tmp_path, settings(schools=[{"uai": METZ, "name": "Metz"}])) as heart:
        assert (await heart.phone()).kind == "message"
        assert await shown(heart, "school", "message") == [(METZ, None)]


async def test_a_torn_message_asks_for_nothing(heart: Heart) -> None:
    await sent(heart)
    await heart.phone("STOP", **part(1))
    heart.now += TIMEOUT
    assert [one.kind for one in await heart.show_torn()] == ["reply"]


@pytest.mark.parametrize("count", [300])
async def test_a_flood_is_stored_whole(heart: Heart, count: int) -> None:
    for place in range(1, count + 1):
        await heart.phone("Oui", f"+336{place:08}")
    assert len(await shown(heart, "id")) == count


async def test_arrivals_of_one_group_see_each_other(heart: Heart) -> None:
    def arrival(place: int) -> inbound.Arrival:
        said = FromPhone(NUMBER, "36111", b"x", Alphabet.GSM7, "one", reference=1, place=place, of=2)
        return inbound.Arrival("a", said, NUMBER, "36111", heart.now, heart.rules)

    async def take(place: int) -> str:
        return (await heart.store.write(lambda conn: inbound.receive(conn, arrival(place)))).kind

    assert list(await asyncio.gather(take(1), take(2))) == ["part", "unattached"]
