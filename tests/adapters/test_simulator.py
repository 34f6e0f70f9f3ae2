"""The simulator behind sockets: each of its options."""

import asyncio
import socket
from dataclasses import replace
from typing import Any

import pytest

from adapters.smpp import codes, events, pdu
from adapters.smpp.connection import Link
from adapters.smpp.options import SmppAccount
from adapters.smpp.pdu import Pdu
from adapters.smpp.provider import SmppProvider
from adapters.smpp.scenario import Scenario
from adapters.smpp.session import Session
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from adapters.smpp.simulator_records import Submit, writing
from adapters.smpp.states import Role
from adapters.smpp.submit import PreparedSubmit, SubmitBuilder
from adapters.smpp.timers import Timers
from gateway.provider import Accepted, Form, Part, Throttled
from gateway.states import Status
from gateway.text import Encoding
from tests.adapters.gateway_side import PART, PATIENCE, Gateway, account, prepared


async def exchange(smsc: Simulator, parts: int, **options: Any) -> Gateway:
    """Submit so many parts and wait for every outcome."""
    gateway, provider = Gateway(), SmppProvider(account(smsc.port, window=parts, **options))
    async with provider.running(gateway):
        await gateway.until(lambda: provider.ready)
        provider.submit([prepared(provider, id) for id in range(parts)], gateway.answer)
        await gateway.until(lambda: len(gateway.outcomes) == parts)
        wanted = smsc.counts.taken if smsc.options.receipts else 0
        await smsc.until(lambda: smsc.counts.receipts_acknowledged == wanted)
    return gateway


async def test_a_share_is_undelivered() -> None:
    async with Simulator(SimulatorOptions(receipt_delay=0, undelivered=0.3, seed=1)) as smsc:
        gateway = await exchange(smsc, 200)
    states = [receipt.status for receipt in gateway.receipts]
    assert 30 <= states.count(Status.UNDELIVERED) <= 90
    assert states.count(Status.UNDELIVERED) == smsc.counts.undelivered
    assert states.count(Status.DELIVERED) == smsc.counts.delivered
    assert len(states) == 200


async def test_the_same_seed_has_the_same_fate() -> None:
    fates = []
    for _ in range(2):
        async with Simulator(SimulatorOptions(receipt_delay=0, undelivered=0.5, seed=7, first_id=1)) as smsc:
            gateway = await exchange(smsc, 50)
        fates.append({receipt.id: receipt.status for receipt in gateway.receipts})
    assert fates[0] == fates[1]


@pytest.mark.parametrize("tlvs", [True, False])
async def test_hexadecimal_in_answers_decimal_in_receipts(tlvs: bool) -> None:
    async with Simulator(SimulatorOptions(receipt_delay=0, hex_ids=True, first_id=255, receipt_tlvs=tlvs)) as smsc:
        gateway = await exchange(smsc, 1)
    assert gateway.outcomes == [(0, Accepted("ff", "ff"))]
    assert gateway.receipts[0].id == "255"
    assert (Form.HEX_TO_DEC, "ff") in gateway.receipts[0].converted
    assert bool(gateway.receipts[0].tlvs) is tlvs


async def test_the_rate_is_shared_by_the_sessions_of_a_system_id() -> None:
    async with Simulator(SimulatorOptions(rate=5, receipts=False)) as smsc:
        gateways = await asyncio.gather(exchange(smsc, 5), exchange(smsc, 5))
    outcomes = [outcome for gateway in gateways for _, outcome in gateway.outcomes]
    assert sum(isinstance(outcome, Throttled) for outcome in outcomes) == smsc.counts.throttled
    assert 4 <= smsc.counts.throttled <= 5
    assert smsc.counts.taken == 10 - smsc.counts.throttled


async def test_a_share_is_not_answered_but_taken() -> None:
    async with Simulator(SimulatorOptions(receipt_delay=0, no_answer=0.5, seed=3)) as smsc:
        gateway = await exchange(smsc, 40, response_timeout=0.2)
    assert 5 <= smsc.counts.unanswered <= 35
    assert sum(isinstance(outcome, Accepted) for _, outcome in gateway.outcomes) == 40 - smsc.counts.unanswered
    assert len(gateway.receipts) == 40


async def test_every_so_many_is_not_answered() -> None:
    async with Simulator(SimulatorOptions(receipts=False, no_answer_every=4)) as smsc:
        await exchange(smsc, 8, response_timeout=0.2)
        assert smsc.counts.unanswered == 2


async def test_what_it_remembers_of_a_submit() -> None:
    async with Simulator(SimulatorOptions(receipts=False)) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            long = {"reference": 300, "number": 2, "of": 3}
            made = prepared(provider, 1, content="Noël 😀", encoding=Encoding.UCS2, **long)
            provider.submit([made], gateway.answer)
            await smsc.until(lambda: smsc.counts.taken == 1)
    (submit,) = smsc.submits
    assert (submit.system_id, submit.source, submit.to) == ("demo", "CLGPASTEUR", "33660000000")
    assert (submit.text, submit.part) == ("Noël 😀", (300 & 0xFF, 2, 3))
    assert smsc.counts.destinations == {"33660000000": 1}


@pytest.mark.parametrize(
    ("coding", "octets", "words"),
    [
        (0, b"3 \x1be", "3 €"),
        (3, b"\xea", "ê"),
        (8, b"\x00\xea", "ê"),
        (8, b"\x00\xea\x00", "ê\N{REPLACEMENT CHARACTER}"),
        (1, b"\x05", "é"),
        (0x10, b"\x05", "é"),
        (0x18, b"\x00\xea", "ê"),
        (4, b"\xea", "EA"),
        (0, b"\xff", "ÿ"),
    ],
)
def test_words_are_read_whatever_was_said_of_them(coding: int, octets: bytes, words: str) -> None:
    asked = Pdu(codes.SUBMIT_SM, 0, 1, {"data_coding": coding, "short_message": octets})
    assert Submit("demo", "1", asked).text == words


@pytest.mark.parametrize(
    ("octets", "part", "words"),
    [
        (b"", (0, 1, 1), ""),
        (b"\x05", (0, 1, 1), "é"),
        (b"\x00", (0, 1, 1), ""),
        (b"\xffA", (0, 1, 1), "ÿA"),
        (b"\x05\x00\x03\x01\x02\x01", (1, 1, 2), ""),
    ],
)
def test_a_strange_user_data_header_harms_nothing(octets: bytes, part: tuple[int, int, int], words: str) -> None:
    submit = Submit("demo", "1", Pdu(codes.SUBMIT_SM, 0, 1, {"esm_class": codes.UDHI, "short_message": octets}))
    assert (submit.part, submit.text) == (part, words)


FORMS: list[dict[str, Any]] = [
    {},
    {"long_messages": "udh16"},
    {"long_messages": "sar"},
    {"packed": True},
    {"packed": True, "long_messages": "udh16"},
    {"default_alphabet": "latin1", "long_messages": "sar"},
    {"data_coding": {"gsm7": 1}},
]


def taken(part: Part, options: dict[str, Any]) -> Submit:
    """What the simulator makes of a part that an account of these options sends."""
    made = SubmitBuilder(SmppAccount(name="a", host="x.example", system_id="a", **options)).build(part)
    assert isinstance(made, PreparedSubmit)
    asked = pdu.decode(pdu.frame(codes.SUBMIT_SM, 0, 1, made.body))
    alphabet = options.get("default_alphabet", "gsm")
    return Submit("demo", "1", asked, writing(alphabet, packed=options.get("packed", False)))


@pytest.mark.parametrize("options", FORMS)
def test_every_form_is_read_back(options: dict[str, Any]) -> None:
    one = taken(replace(PART, content="Déjà [3]"), options)
    assert (one.text, one.part) == ("Déjà [3]", (0, 1, 1))
    two = taken(replace(PART, content="Déjà [3]", number=2, of=3, reference=7), options)
    assert (two.text, two.part) == ("Déjà [3]", (7, 2, 3))
    wide = taken(replace(PART, content="Noël ê 😀", encoding=Encoding.UCS2, number=2, of=2), options)
    assert (wide.text, wide.part[1:]) == ("Noël ê 😀", (2, 2))


@pytest.mark.parametrize("options", [{}, {"packed": True}, {"default_alphabet": "latin1"}])
def test_a_message_in_one_piece_is_read_back(options: dict[str, Any]) -> None:
    long = "Déjà [3] " * 40
    whole = taken(replace(PART, content=long, of=3, carries=3), options | {"long_messages": "payload"})
    assert (whole.text, whole.part) == (long, (0, 1, 1))


async def test_memory_is_bounded_and_counts_are_not() -> None:
    async with Simulator(SimulatorOptions(receipts=False, remember=2)) as smsc:
        await exchange(smsc, 5)
    assert (len(smsc.submits), smsc.counts.taken) == (2, 5)


async def test_a_kind_of_bind_is_refused_while_it_runs() -> None:
    async with Simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        smsc.refuse[codes.BIND_TRANSCEIVER] = codes.RALYBND
        async with provider.running(gateway):
            await smsc.until(lambda: smsc.counts.binds_refused > 0)
            smsc.refuse.clear()
            await smsc.until(lambda: smsc.bound == 1)


async def test_one_connection_of_several_is_cut() -> None:
    async with Simulator() as smsc:
        gateway, providers = Gateway(), [SmppProvider(account(smsc.port)) for _ in range(2)]
        async with providers[0].running(gateway), providers[1].running(gateway):
            await smsc.until(lambda: smsc.bound == 2)
            first, second = smsc.ends
            smsc.cut(first)
            await smsc.until(lambda: smsc.counts.binds == 3)
            assert second in smsc.ends
            assert first not in smsc.ends


async def test_a_client_that_listens_is_asked_to_bind() -> None:
    told: list[events.Event] = []
    asked = asyncio.Event()

    def happened(_: Link, event: events.Event) -> None:
        told.append(event)
        asked.set()

    def client() -> Link:
        return Link(lambda now: Session(Role.ESME, Timers(), now), happened)

    server = await asyncio.get_running_loop().create_server(client, "127.0.0.1")
    async with Simulator(SimulatorOptions(name="smsc", password="secret")) as smsc, asyncio.timeout(PATIENCE):
        await smsc.outbind("127.0.0.1", server.sockets[0].getsockname()[1])
        await asked.wait()
    server.close()
    (event,) = told[:1]
    assert isinstance(event, events.OutbindRequested)
    assert (event.pdu.text("system_id"), event.pdu.text("password")) == ("smsc", "secret")


async def test_a_scenario_asks_a_client_that_listens_to_bind() -> None:
    bound: list[str] = []

    def happened(link: Link, event: events.Event) -> None:
        if isinstance(event, events.OutbindRequested):
            link.session.bind(codes.BIND_RECEIVER, {"system_id": "demo"}, link.now)
        elif isinstance(event, events.Bound):
            bound.append(event.peer)

    def client() -> Link:
        return Link(lambda now: Session(Role.ESME, Timers(), now), happened)

    server = await asyncio.get_running_loop().create_server(client, "127.0.0.1")
    there = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        gone = f"127.0.0.1:{nobody.getsockname()[1]}"
    links = [{"do": "outbind", "to": gone}, {"do": "outbind", "to": there}]
    async with Simulator(scenario=Scenario.model_validate({"links": links})) as smsc:
        await smsc.until(lambda: smsc.bound == 1)
        await smsc.unbind()
    server.close()
    assert bound == ["simulator"]


async def test_a_client_that_never_reads_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.smpp.simulator._UNREAD_LIMIT", 64 * 1024)
    pings = pdu.frame(codes.ENQUIRE_LINK, 0, 1, b"") * 4096
    async with Simulator() as smsc, asyncio.timeout(PATIENCE):
        narrow = socket.create_connection(("127.0.0.1", smsc.port))
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader, writer = await asyncio.open_connection(sock=narrow, limit=1024)
        with pytest.raises(ConnectionError):  # noqa: PT012 (the other end takes some before it has had enough)
            while True:
                writer.write(pings)
                await writer.drain()
        writer.close()
        assert smsc.ends == []
    assert not reader.at_eof()


async def test_nobody_waits_for_ever() -> None:
    async with Simulator() as smsc:
        with pytest.raises(TimeoutError):
            await smsc.until(lambda: False, patience=0.01)


@pytest.mark.parametrize(("undelivered", "expected"), [(0.0, ["1"]), (1.0, ["2", "1"])])
async def test_receipts_follow_what_was_asked(undelivered: float, expected: list[str]) -> None:
    """registered_delivery: 0 none, 2 those of failures, 1 all. Receipts come in the order of the submits."""
    got: list[str] = []

    def open_session(now: float) -> Session:
        session = Session(Role.ESME, Timers(), now)
        session.bind(codes.BIND_TRANSCEIVER, {"system_id": "demo"}, now)
        return session

    def happened(link: Link, event: events.Event) -> None:
        if isinstance(event, events.Requested):
            got.append(event.pdu.text("source_addr"))
            link.session.respond(event.pdu, codes.ROK)
        elif isinstance(event, events.Bound):
            for asked in (0, 2, 1):
                body = pdu.body_of(codes.SUBMIT_SM, {"destination_addr": str(asked), "registered_delivery": asked})
                link.session.request(codes.SUBMIT_SM, body, "token", link.now)

    async with Simulator(SimulatorOptions(receipt_delay=0, undelivered=undelivered)) as smsc:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Link(open_session, happened), "127.0.0.1", smsc.port)
        await smsc.until(lambda: smsc.counts.receipts_acknowledged == len(expected))
    assert got == expected


async def test_hours_are_skipped_while_nobody_owes_an_answer() -> None:
    slow = Scenario.model_validate({"submits": [{"delay": "1h"}], "receipts": [{"delay": "5h"}]})
    async with Simulator(scenario=slow) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        assert smsc.skip(3600)
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await smsc.until(lambda: bool(smsc.submits))
            assert not smsc.skip(3600)
        assert gateway.receipts == []
    soon = Scenario.model_validate({"receipts": [{"delay": "5h"}]})
    async with Simulator(scenario=soon) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 1)
            while not gateway.receipts:
                smsc.skip(60)
                await asyncio.sleep(0)
        assert 5 * 3600 <= smsc.now < 6 * 3600
