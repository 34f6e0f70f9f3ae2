"""Long texts at the door, however they come: one message, never cut, and a receipt for each of their pieces."""

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.door_options import SmppLogin
from adapters.smpp.door_submit import ACTION, read_submission
from adapters.smpp.pdu import Pdu
from gateway import gsm
from gateway.door import Submission, Taken
from gateway.reception import Reception
from gateway.store.bulk import fetch
from gateway.store.direct import Conn
from gateway.wake import Nudge
from tests.fakes.esme import Esme, esme, field_of
from tests.flow.doorside import LOGIN, Client, House, house

TEXT = "Réunion des parents d'élèves [3e B] : 12 € par personne ! " * 6


async def messages(here: House) -> list[str]:
    async def question(conn: Conn) -> list[str]:
        return [row[0] for row in await fetch(conn, "SELECT text FROM message ORDER BY id")]

    return await here.gateway.parts.store.read(question)


def cut(octets: bytes, size: int) -> list[bytes]:
    return [octets[start : start + size] for start in range(0, len(octets), size)]


def with_header(reference: int, pieces: list[bytes]) -> list[dict[str, Any]]:
    """Each piece with the header that says which it is."""
    return [
        {
            "esm_class": codes.UDHI,
            "short_message": bytes((5, 0, 3, reference, len(pieces), number)) + piece,
        }
        for number, piece in enumerate(pieces, 1)
    ]


async def arrived(here: House, client: Esme, answers: list[Pdu]) -> None:
    """One message arrived whole, and each piece has its receipt."""
    assert {answer.status for answer in answers} == {codes.ROK}
    await client.until(lambda: len(client.delivered) == len(answers))
    received = {field_of(one, "id"): field_of(one, "stat") for one in client.delivered}
    assert received == {answer.text("message_id"): "DELIVRD" for answer in answers}
    assert await messages(here) == [TEXT]
    parts = sorted((sent.part[1], sent.text) for sent in here.simulator.submits)
    assert "".join(text for _, text in parts) == TEXT


@pytest.mark.parametrize("seed", range(4))
async def test_pieces_in_any_order_all_at_once_and_torn_anywhere(tmp_path: Path, seed: int) -> None:
    """At 7 octets a piece escape pairs are torn, as by clients that cut octets."""
    pieces = with_header(77, cut(gsm.encode(TEXT), 7 if seed else 153))
    random.Random(seed).shuffle(pieces)
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        await arrived(here, client, await asyncio.gather(*(client.submit(b"", **piece) for piece in pieces)))


async def test_one_after_the_other_on_different_binds(tmp_path: Path) -> None:
    first, *others = cut(TEXT.encode("utf-16-be"), 135)  # an odd number: characters are torn too
    async with house(tmp_path, transliterate=False) as here, esme(here.port) as client, esme(here.port) as other:
        await client.bound()
        await other.bound()
        all_of_them = with_header(1, [first, *others])
        answers = [
            await (client, other)[place % 2].submit(b"", data_coding=8, **piece)
            for place, piece in enumerate(all_of_them)
        ]
        await client.until(lambda: len(client.delivered) + len(other.delivered) == len(answers))
        assert await messages(here) == [TEXT]


async def test_parameters_and_payload(tmp_path: Path) -> None:
    octets = gsm.encode(TEXT)
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        answers = [
            await client.submit(
                piece,
                {
                    codes.SAR_MSG_REF_NUM: b"\1\2",
                    codes.SAR_TOTAL_SEGMENTS: b"\4",
                    codes.SAR_SEGMENT_SEQNUM: bytes((number,)),
                },
            )
            for number, piece in enumerate(cut(octets, 100), 1)
        ]
        await arrived(here, client, answers)
        whole = await client.submit(b"", {codes.MESSAGE_PAYLOAD: octets})
        assert whole.status == codes.ROK
        await client.until(lambda: len(client.delivered) == 5)
        assert await messages(here) == [TEXT, TEXT]


async def test_a_piece_that_comes_again_is_one_piece(tmp_path: Path) -> None:
    first, second = with_header(7, cut(gsm.encode("Bonjour à tous"), 7))
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        answers = [await client.submit(b"", **piece) for piece in (first, first, second)]
        ids = [answer.text("message_id") for answer in answers]
        assert ids[0] == ids[1] != ids[2]
        assert await messages(here) == ["Bonjour à tous"]


async def test_the_ids_are_those_of_the_message_in_the_api(tmp_path: Path) -> None:
    async with house(tmp_path) as here, esme(here.port) as client, aiohttp.ClientSession() as session:
        await client.bound()
        pieces = with_header(7, [b"Bonjour ", b"tous"])
        answers = [await client.submit(b"", {ACTION: b"ABSENCE"}, **piece) for piece in pieces]
        first, second = (answer.text("message_id") for answer in answers)
        assert (first[:-2], first[-2:], second[-2:]) == (second[:-2], "_1", "_2")
        _, message = await Client(session, here.gateway.http_port).ask("GET", f"/v1/messages/{first[:-2]}")
        assert message["text"] == "Bonjour tous"


async def test_a_reference_that_is_used_anew_ends_what_was_never_whole(tmp_path: Path) -> None:
    old, _ = with_header(7, [b"The old first half, ", b"never sent"])
    new = with_header(7, [b"Bonjour ", b"tous"])
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        lost, *answers = [await client.submit(b"", **piece) for piece in (old, *new)]
        await client.until(lambda: len(client.delivered) == 3)
        assert await messages(here) == ["Bonjour tous"]
    received = {field_of(one, "id"): (field_of(one, "stat"), field_of(one, "err")) for one in client.delivered}
    assert received == {
        lost.text("message_id"): ("EXPIRED", "921"),
        **{answer.text("message_id"): ("DELIVRD", "000") for answer in answers},
    }


async def test_what_never_becomes_whole_expires(tmp_path: Path) -> None:
    first, _ = with_header(7, [b"Bonjour ", b"tous"])
    async with house(tmp_path, pieces_timeout="0.2s") as here, esme(here.port) as client:
        await client.bound()
        answer = await client.submit(b"", **first)
        await client.until(lambda: len(client.delivered) == 1)
        assert field_of(client.delivered[0], "id") == answer.text("message_id")
        assert field_of(client.delivered[0], "stat") == "EXPIRED"
        asked = await client.ask(codes.QUERY_SM, {"message_id": answer.text("message_id")})
        assert asked.number("message_state") == 3
        assert await messages(here) == []


async def test_a_text_too_long_is_refused_and_its_pieces_are_told(tmp_path: Path) -> None:
    pieces = with_header(7, [b"x" * 150] * 6)
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        answers = [await client.submit(b"", **piece) for piece in pieces]
        assert [answer.status for answer in answers] == [codes.ROK] * 5 + [codes.RINVMSGLEN]
        await client.until(lambda: len(client.delivered) == 5)
        assert {(field_of(one, "stat"), field_of(one, "err")) for one in client.delivered} == {("REJECTD", "922")}


async def test_what_can_be_known_is_refused_with_the_first_piece(tmp_path: Path) -> None:
    first, _ = with_header(7, [b"Bonjour ", b"tous"])
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        assert (await client.submit(b"", destination_addr="33112345678", **first)).status == codes.RINVDSTADR
        assert (await client.submit(b"", source_addr="33612345678", **first)).status == codes.RINVSRCADR


async def test_pieces_that_wait_can_be_cancelled_and_asked_for(tmp_path: Path) -> None:
    first, _ = with_header(7, [b"Bonjour ", b"tous"])
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        held = (await client.submit(b"", **first)).text("message_id")
        assert (await client.ask(codes.QUERY_SM, {"message_id": held})).number("message_state") == 6
        assert (await client.ask(codes.CANCEL_SM, {"message_id": held})).status == codes.ROK
        await client.until(lambda: len(client.delivered) == 1)
        assert field_of(client.delivered[0], "stat") == "DELETED"


async def test_two_processes_that_take_the_last_pieces_at_once(tmp_path: Path) -> None:
    """Neither may see the other's piece: what then waits whole becomes its message all the same, and once."""
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        other = Reception(here.gateway.parts, "smpp", Nudge())
        there = asyncio.gather(*(other.submit(piece_of(place, 1)) for place in range(20)))
        here_ = asyncio.gather(*(client.submit(b"", **raw_piece(place, 2)) for place in range(20)))
        assert {type(reply) for reply in await there} == {Taken}
        assert {answer.status for answer in await here_} == {codes.ROK}
        await client.until(lambda: len(client.delivered) == 40)
        assert sorted(await messages(here)) == sorted(f"Bonjour {place}" for place in range(20))


def raw_piece(place: int, number: int) -> dict[str, Any]:
    text = b"Bonjour " if number == 1 else str(place).encode()
    header = bytes((5, 0, 3, place, 2, number))
    return {"esm_class": codes.UDHI, "short_message": header + text, "destination_addr": f"336123456{place:02}"}


def piece_of(place: int, number: int) -> Submission:
    """The same as the door reads it."""
    fields = {"dest_addr_ton": 1, "registered_delivery": 1, **raw_piece(place, number)}
    asked = pdu.decode(pdu.frame(codes.SUBMIT_SM, 0, 1, pdu.body_of(codes.SUBMIT_SM, fields)))
    return read_submission(asked, "erp", SmppLogin.model_validate(LOGIN), codes.VERSION_34, datetime.now(UTC))
