"""What telephones write, from the provider's octets to the API, and through a gateway that is killed."""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.scenario import Scenario
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from adapters.smpp.simulator_receipts import Delivery
from gateway.alphabets import Alphabet
from gateway.app import OPTIONS, run_gateway
from gateway.config.loader import load
from gateway.inbound import Inbound
from gateway.provider import FromPhone
from gateway.store.database import StoreUnavailable
from tests.fakes.provider import FakeProvider
from tests.flow.gatewayside import DEADLINE, Client, configuration, number, serving
from tests.flow.test_lane import lane_of
from tests.heart import opened

SYSTEM_ID = "essai"
LONG = "Bonjour, elle est malade depuis hier soir et reste à la maison « jusqu'à jeudi ». " * 3


def database(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{folder}/gateway.db?mode=ro", uri=True)) as conn:
        return conn.execute(sql).fetchall()


@asynccontextmanager
async def running(folder: Path, scenario: Scenario) -> AsyncIterator[tuple[Simulator, Client]]:
    """A gateway that sends by a simulator whose telephones reply."""
    async with Simulator(SimulatorOptions(), scenario) as simulator:
        settings = load(configuration(folder, simulator.port), OPTIONS)
        action = settings.actions[0].model_copy(update={"response_delay_days": 2})
        settings = settings.model_copy(update={"actions": (action, *settings.actions[1:])})
        async with run_gateway(settings) as gateway, aiohttp.ClientSession() as session:
            yield simulator, Client(session, gateway.http_port)


def replying(text: str, **more: Any) -> Scenario:
    return Scenario.model_validate({"incoming": [{"text": text, "reply": {}, **more}]})


async def listed(client: Client, query: str = "") -> list[dict[str, Any]]:
    status, answer = await client.ask("GET", f"/v1/inbound?limit=500&{query}")
    assert status == 200
    data: list[dict[str, Any]] = answer["data"]
    return data


@pytest.mark.parametrize(
    "form",
    [
        {"charset": "ucs2", "long": "udh8", "order": [3, 1, 2, 4]},
        {"charset": "ucs2", "long": "udh16", "order": [4, 3, 2, 1]},
        {"charset": "ucs2", "long": "sar", "data_sm": True},
        {"charset": "latin1", "long": "sar", "order": [2, 1]},
        {"charset": "ucs2", "long": "payload", "data_sm": True},
        {"charset": "ucs2", "long": "payload"},
    ],
    ids=["udh8", "udh16", "data_sm", "latin1", "data_sm payload", "payload"],
)
async def test_a_reply_is_put_together_and_answers_the_event(tmp_path: Path, form: dict[str, Any]) -> None:
    async with running(tmp_path, replying(LONG, **form)) as (simulator, client):
        _, posted = await client.message(1, event={"id": "ABS-9"})
        parts = 1 if form["long"] == "payload" else 2 if form["charset"] == "latin1" else 4
        await simulator.until(lambda: simulator.counts.incoming_acknowledged == parts, DEADLINE)
        (one,) = await listed(client)
        assert (one["text"], one["parts"], one["missing"]) == (LONG, parts, [])
        assert (one["kind"], one["message"], one["event"]) == ("reply", posted["id"], "ABS-9")
        assert one["to"] == "LYCCURIE"
        assert (one["number"], one["encoding"]) == (posted["to"], form["charset"])
        _, report = await client.ask("GET", f"/v1/messages/{posted['id']}/report")
        assert report["message"]["answered_at"] == one["received_at"]
        assert report["message"]["answer_due_at"] is not None
        assert LONG in [step["detail"] for step in report["steps"] if step["kind"] == "reply"]
        assert (await client.ask("GET", "/v1/actions/INFO/overdue"))[1]["data"] == []


async def test_stop_from_a_telephone_stops_what_waits_and_what_comes(tmp_path: Path) -> None:
    async with running(tmp_path, Scenario()) as (simulator, client):
        _, first = await client.message(1)
        await simulator.until(lambda: simulator.counts.receipts_acknowledged == 1, DEADLINE)
        _, held = await client.message(1, action="ABSENCE")
        simulator.deliver(SYSTEM_ID, Delivery(written(1, "  Arret sms. "), incoming=True))
        await simulator.until(lambda: simulator.counts.incoming_acknowledged == 1, DEADLINE)
        _, later = await client.message(1)
        assert (later["status"], later["reason"]) == ("ignored", "opted_out")
        _, shown = await client.ask("GET", f"/v1/messages/{held['id']}")
        assert (shown["status"], shown["reason"]) == ("cancelled", "opted_out")
        _, known = await client.ask("GET", f"/v1/consents/{first['to'].replace('+', '%2B')}")
        assert [(one["sender"], one["source"]) for one in known["opt_outs"]] == [("LYCCURIE", "mo_stop")]
        _, opted_out = await client.ask("GET", "/v1/opt-outs")
        assert [one["source"] for one in opted_out["data"]] == ["mo_stop"]
        assert (await client.message(2))[1]["status"] == "queued"


async def test_answers_of_the_other_roles(tmp_path: Path) -> None:
    """A process that only sends takes what telephones write; one that only listens shows it."""
    async with Simulator(SimulatorOptions(mo_reply=1.0, receipt_delay=0.01)) as simulator:
        file = configuration(tmp_path, simulator.port)
        async with serving(file, "--role", "api") as api, aiohttp.ClientSession() as session:
            client = Client(session, api.port)
            _, posted = await client.message(1)
            async with serving(file, "--role", "dispatch"):
                await simulator.until(lambda: simulator.counts.incoming_acknowledged == 1, DEADLINE)
                assert [one["message"] for one in await listed(client)] == [posted["id"]]


# ---- killed ----


def written(place: int, text: str) -> bytes:
    """The body of a deliver_sm from the telephone of ``place``."""
    addresses: dict[str, int | str | bytes] = {
        **{"source_addr_ton": 1, "source_addr": f"33{number(place)[1:]}", "destination_addr": "36111"},
        "short_message": text.encode(),
    }
    return pdu.body_of(codes.DELIVER_SM, addresses)


class ForgetfulSmsc:
    """Delivers the same bodies on every bind; on the first connection it never sees an answer."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self.bodies = bodies
        self.binds = 0
        self.answers: Counter[int] = Counter()  # by command_status
        self.news = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = pdu.PduReader()
        while data := await reader.read(65536):
            for asked in frames.feed(data):
                if asked.command in codes.BINDS:
                    self.binds += 1
                    writer.write(pdu.frame(asked.command | codes.RESPONSE, 0, asked.sequence, b"smsc\0"))
                    for sequence, body in enumerate(self.bodies, 1):
                        writer.write(pdu.frame(codes.DELIVER_SM, 0, sequence, body))
                elif asked.command == codes.DELIVER_SM_RESP and self.binds > 1:
                    self.answers[asked.status] += 1
                    self.news.set()
        writer.close()

    async def until_answered(self) -> None:
        async with asyncio.timeout(DEADLINE):
            while sum(self.answers.values()) < len(self.bodies):
                self.news.clear()
                await self.news.wait()


async def _until_listed(client: Client, count: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while len(await listed(client)) < count:
            pass


async def test_killed_between_the_store_and_the_answer(tmp_path: Path) -> None:
    """What was stored and whose answer never arrived is delivered again, acknowledged, and shown once."""
    smsc = ForgetfulSmsc([written(place, "Merci") for place in range(5)])
    server = await asyncio.start_server(smsc.serve, "127.0.0.1", 0)
    async with server:
        file = configuration(tmp_path, server.sockets[0].getsockname()[1])
        async with aiohttp.ClientSession() as session:
            async with serving(file) as gateway:
                await _until_listed(Client(session, gateway.port), 5)
                await gateway.kill()
            async with serving(file) as gateway:
                await smsc.until_answered()
                assert len(await listed(Client(session, gateway.port))) == 5
    assert smsc.answers == {codes.ROK: 5}
    assert database(tmp_path, "SELECT deliveries, COUNT(*) FROM inbound_part GROUP BY 1") == [(2, 5)]


async def test_killed_in_a_flood(tmp_path: Path) -> None:
    """Everything that telephones wrote is there once, wherever the gateway was killed."""
    count = 400
    async with Simulator(SimulatorOptions(receipt_window=50)) as simulator:
        file = configuration(tmp_path, simulator.port)
        for place in range(count):
            simulator.deliver(SYSTEM_ID, Delivery(written(place, f"Oui {place}"), incoming=True))
        for enough in (20, 150, count):
            async with serving(file) as gateway:
                await simulator.until(lambda: simulator.counts.incoming_acknowledged >= enough, DEADLINE)  # noqa: B023
                await gateway.kill()
    texts = [row[0] for row in database(tmp_path, "SELECT text FROM inbound")]
    assert sorted(texts) == sorted(f"Oui {place}" for place in range(count))


# ---- on its way in ----


async def test_numbers_are_read_as_the_region_does_and_nothing_of_it_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as heart:
        inbound = Inbound("a", heart.store, heart.rules, heart.metrics, heart.clock)
        with caplog.at_level(logging.DEBUG):
            for sender in ("0692123456", "33612345678", "0033612345678", "Orange"):
                await inbound.take(FromPhone(sender, "36111", b"Secret", Alphabet.GSM7, "one", raw=b"Secret"))
        numbers = await heart.rows("SELECT number FROM inbound ORDER BY id")
        assert [row[0] for row in numbers] == ["+262692123456", "+33612345678", "+33612345678", "Orange"]
        assert 'inbound_total{account="a",kind="unattached"} 4.0' in heart.metrics.render().decode()
    said = "\n".join(str(vars(record)) for record in caplog.records if record.name.startswith("gateway"))
    assert "unattached" in said
    assert not {word for word in ("Secret", "12345", "36111") if word in said}


async def test_what_cannot_be_stored_is_told_to_the_adapter(tmp_path: Path) -> None:
    async with opened(tmp_path) as heart:
        lane = lane_of(heart, FakeProvider())
    with pytest.raises(StoreUnavailable):
        await lane.inbound(FromPhone("33612345678", "36111", b"Oui", Alphabet.GSM7, "one"))
