"""Upstream systems at the SMPP door: what they submit is sent, and what became of it comes back."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from adapters.smpp import codes
from adapters.smpp.door_submit import ACTION, KEY, REFERENCE, SCHOOL
from adapters.smpp.fields import Value
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.store.bulk import fetch
from gateway.store.direct import Conn
from tests.fakes.esme import Esme, esme, field_of
from tests.flow.doorside import Client, House, house
from tests.flow.gatewayside import METZ

GONE = SimulatorOptions(receipts=False)


async def rows(here: House, sql: str) -> list[tuple[object, ...]]:
    async def question(conn: Conn) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await fetch(conn, sql)]

    return await here.gateway.parts.store.read(question)


def states(client: Esme) -> dict[str, str]:
    """id -> the word of each receipt that came."""
    return {field_of(one, "id"): field_of(one, "stat") for one in client.delivered}


async def test_what_is_submitted_is_sent_and_its_receipt_comes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        answer = await client.submit(b"Bonjour #ELEVE ##", source_addr="CLGPASTEUR", source_addr_ton=5)
        assert answer.status == codes.ROK
        await client.until(lambda: len(client.delivered) == 1)
        (receipt,) = client.delivered
        (sent,) = here.simulator.submits
    assert (sent.to, sent.source, sent.text) == ("33612345678", "CLGPASTEUR", "Bonjour #ELEVE ##")
    assert receipt.number("esm_class") == codes.RECEIPT
    assert (receipt.text("source_addr"), receipt.text("destination_addr")) == ("33612345678", "CLGPASTEUR")
    assert states(client) == {answer.text("message_id"): "DELIVRD"}
    assert receipt.tlvs[codes.RECEIPTED_MESSAGE_ID].decode().rstrip("\0") == answer.text("message_id")
    assert receipt.tlvs[codes.MESSAGE_STATE] == b"\x02"


@pytest.mark.parametrize(
    ("version", "tlvs", "digits"),
    [(codes.VERSION_33, False, 8), (codes.VERSION_34, True, 30), (codes.VERSION_50, True, 30)],
)
async def test_every_version_is_spoken(tmp_path: Path, version: int, tlvs: bool, digits: int) -> None:
    async with house(tmp_path) as here, esme(here.port, version=version) as client:
        await client.bound()
        answer = await client.submit()
        await client.until(lambda: len(client.delivered) == 1)
    assert len(answer.text("message_id")) == digits
    assert states(client) == {answer.text("message_id"): "DELIVRD"}
    assert bool(client.delivered[0].tlvs) == tlvs


async def test_the_message_is_one_of_the_api(tmp_path: Path) -> None:
    tlvs = {SCHOOL: METZ.encode(), ACTION: b"ABSENCE", REFERENCE: "été-1".encode()}
    async with house(tmp_path) as here, esme(here.port) as client, aiohttp.ClientSession() as session:
        await client.bound()
        answer = await client.submit("Élève absent".encode("utf-16-be"), tlvs, data_coding=8)
        api = Client(session, here.gateway.http_port)
        status, message = await api.ask("GET", f"/v1/messages/{answer.text('message_id')}")
        assert status == 200
        assert (message["status"], message["reference"], message["action"]) == ("held", "été-1", "ABSENCE")
        assert client.delivered == []
        await api.ask("POST", "/v1/messages/release", {"ids": [answer.text("message_id")]})
        await client.until(lambda: len(client.delivered) == 1)
    assert states(client) == {answer.text("message_id"): "DELIVRD"}
    assert here.simulator.submits[0].text == "Élève absent"


async def test_what_cannot_be_sent_is_refused_and_not_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        statuses = [
            (await client.submit(destination_addr="33112345678")).status,
            (await client.submit(destination_addr="")).status,
            (await client.submit(source_addr="33612345678", source_addr_ton=1)).status,
            (await client.submit(b"")).status,
            (await client.submit(b"\xff")).status,
            (await client.submit(b"x" * 200, {codes.MESSAGE_PAYLOAD: b"y"})).status,
            (await client.submit(service_type="XYZ")).status,
            (await client.submit(tlvs={ACTION: b"NOTHING"})).status,
            (await client.submit(tlvs={ACTION: b"not a code"})).status,
            (await client.submit(tlvs={SCHOOL: b"0310053P"})).status,
            (await client.submit(tlvs={REFERENCE: b"x" * 201})).status,
            (await client.submit(validity_period="200101000000000+")).status,
            (await client.submit(schedule_delivery_time="990000000000000R")).status,
            (await client.submit(b"", {codes.MESSAGE_PAYLOAD: b"x" * 2_000})).status,
        ]
        assert statuses == [
            *(codes.RINVDSTADR, codes.RINVDSTADR, codes.RINVSRCADR, codes.RINVMSGLEN, codes.RINVDCS),
            *(codes.RINVMSGLEN, codes.RINVSERTYP, codes.RINVSERTYP, codes.RINVSERTYP, codes.RINVTLVVAL),
            *(codes.RINVTLVVAL, codes.RINVEXPIRY, codes.RINVSCHED, codes.RINVMSGLEN),
        ]
        assert await rows(here, "SELECT COUNT(*) FROM message") == [(0,)]
        assert await rows(here, "SELECT COUNT(*) FROM door_submission") == [(0,)]


async def test_who_opted_out_is_told_by_a_receipt(tmp_path: Path) -> None:
    async with house(tmp_path) as here, esme(here.port) as client, aiohttp.ClientSession() as session:
        await client.bound()
        api = Client(session, here.gateway.http_port)
        status, _ = await api.ask("PUT", "/v1/consents/+33612345678", {"opted_out": True, "school": METZ})
        assert status == 200
        answer = await client.submit()
        assert answer.status == codes.ROK
        await client.until(lambda: len(client.delivered) == 1)
    assert states(client) == {answer.text("message_id"): "REJECTD"}
    assert field_of(client.delivered[0], "err") == "901"
    assert here.simulator.submits == []


@pytest.mark.parametrize(
    ("registered", "undelivered", "words"),
    [(0, 0, []), (1, 1, ["UNDELIV"]), (2, 0, []), (2, 1, ["UNDELIV"]), (3, 1, [])],
)
async def test_the_reports_that_were_asked_for(
    tmp_path: Path, registered: int, undelivered: float, words: list[str]
) -> None:
    options = SimulatorOptions(receipt_delay=0.01, undelivered=undelivered)
    async with house(tmp_path, options) as here, esme(here.port) as client:
        await client.bound()
        await client.submit(registered_delivery=registered)
        await client.submit(destination_addr="33612345679", registered_delivery=1)  # whose receipt comes after it
        await client.until(lambda: any(one.text("source_addr") == "33612345679" for one in client.delivered))
    first = [one for one in client.delivered if one.text("source_addr") == "33612345678"]
    assert [field_of(one, "stat") for one in first] == words


async def test_progress_is_reported_to_who_asked(tmp_path: Path) -> None:
    async with house(tmp_path, GONE) as here, esme(here.port) as client:
        await client.bound()
        answer = await client.submit(registered_delivery=0x11)
        await client.until(lambda: len(client.delivered) == 1)
    assert states(client) == {answer.text("message_id"): "ENROUTE"}
    assert client.delivered[0].number("esm_class") == codes.INTERMEDIATE


async def test_the_same_key_is_the_same_submission(tmp_path: Path) -> None:
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        first = await client.submit(tlvs={KEY: b"k-1"})
        again = await client.submit(tlvs={KEY: b"k-1"})
        other = await client.submit(b"other", tlvs={KEY: b"k-1"})
        assert again.text("message_id") == first.text("message_id")
        assert other.status == codes.RINVTLVVAL
        assert await rows(here, "SELECT COUNT(*) FROM message") == [(1,)]


async def test_the_same_key_at_once_is_taken_once(tmp_path: Path) -> None:
    async with house(tmp_path, GONE) as here, esme(here.port) as client:
        await client.bound()
        answers = await asyncio.gather(*(client.submit(tlvs={KEY: b"k-1"}) for _ in range(5)))
        assert {one.status for one in answers} <= {codes.ROK, codes.RTHROTTLED}
        assert len({one.text("message_id") for one in answers if one.status == codes.ROK}) == 1
        assert await rows(here, "SELECT COUNT(*) FROM message") == [(1,)]


async def test_query_and_cancel(tmp_path: Path) -> None:
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        held = (await client.submit(tlvs={ACTION: b"ABSENCE"})).text("message_id")
        sent = (await client.submit(destination_addr="33612345679")).text("message_id")
        await client.until(lambda: len(client.delivered) == 1)
        asked = [await client.ask(codes.QUERY_SM, {"message_id": one}) for one in (held, sent, "msg_unknown")]
        assert [one.status for one in asked] == [codes.ROK, codes.ROK, codes.RINVMSGID]
        assert [one.number("message_state") for one in asked] == [6, 2, 0]
        assert [bool(one.text("final_date")) for one in asked] == [False, True, False]
        ended = [await client.ask(codes.CANCEL_SM, {"message_id": one}) for one in (held, held, sent, "x", "")]
        assert [one.status for one in ended] == [
            *(codes.ROK, codes.ROK, codes.RCANCELFAIL, codes.RINVMSGID, codes.RCANCELFAIL)
        ]
        await client.until(lambda: len(client.delivered) == 2)
        assert states(client) == {sent: "DELIVRD", held: "DELETED"}


async def test_what_is_not_served_is_answered_as_the_standard_says(tmp_path: Path) -> None:
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        answer = await client.ask(codes.REPLACE_SM, {"message_id": "1"})
        assert (answer.command, answer.status) == (codes.GENERIC_NACK, codes.RINVCMDID)


async def test_data_sm_submits_too(tmp_path: Path) -> None:
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        values: dict[str, Value] = {"destination_addr": "33612345678", "dest_addr_ton": 1, "registered_delivery": 1}
        answer = await client.ask(codes.DATA_SM, values, {codes.MESSAGE_PAYLOAD: b"Bonjour"})
        assert answer.status == codes.ROK
        await client.until(lambda: len(client.delivered) == 1)
    assert states(client) == {answer.text("message_id"): "DELIVRD"}


async def test_no_more_than_the_window_and_the_rate(tmp_path: Path) -> None:
    async with house(tmp_path, GONE, window=5) as here, esme(here.port) as client:
        await client.bound()
        answers = await asyncio.gather(*(client.submit(destination_addr=f"336123456{n:02}") for n in range(20)))
        taken = [one.text("message_id") for one in answers if one.status == codes.ROK]
        assert {one.status for one in answers} == {codes.ROK, codes.RTHROTTLED}
        assert len(taken) >= 5
        assert await rows(here, "SELECT COUNT(*) FROM message") == [(len(taken),)]
    async with house(tmp_path, GONE, rate=2) as here, esme(here.port) as client, esme(here.port) as other:
        await client.bound()
        await other.bound()
        statuses = [(await one.submit()).status for one in (client, other, client)]
        assert statuses == [codes.ROK, codes.ROK, codes.RTHROTTLED]
