"""The provider against the simulator, over real sockets."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.inbox import AT_ONCE
from adapters.smpp.provider import SmppProvider
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from adapters.smpp.simulator_receipts import Delivery
from gateway.provider import Accepted, Cause, Notice, Provider, Refused, Throttled, Unavailable, Unknown
from gateway.states import Status
from tests.adapters.gateway_side import Gateway, account, prepared
from tests.fakes.smsc import ScriptedSmsc, status_answer

QUICK = SimulatorOptions(receipt_delay=0.0, receipt_retry=0.01, first_id=1000)


def simulator(**options: Any) -> Simulator:
    values = {name: getattr(QUICK, name) for name in SimulatorOptions.__slots__} | options
    return Simulator(SimulatorOptions(**values))


async def test_a_part_leaves_is_accepted_and_its_receipt_comes_back() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, window=3))
        port: Provider = provider
        async with port.running(gateway):
            await gateway.until(lambda: provider.ready)
            assert (provider.room, provider.bound, provider.why) == (3, 1, "")
            provider.submit([prepared(provider, 1)], gateway.answer)
            assert provider.room == 2
            await gateway.until(lambda: bool(gateway.outcomes and gateway.receipts))
            await smsc.until(lambda: smsc.counts.receipts_acknowledged == 1)
            assert provider.room == 3
        assert (provider.ready, provider.bound, provider.room) == (False, 0, 0)
    assert gateway.outcomes == [(1, Accepted("1000", "1000"))]
    (receipt,) = gateway.receipts
    assert (receipt.keys[0], receipt.status, receipt.to) == ("1000", Status.DELIVERED, "+33660000000")
    assert b"Bonjour" not in receipt.raw
    assert smsc.submits[0].text == "Bonjour"


async def test_leaving_unbinds() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
        assert (smsc.bound, smsc.counts.binds) == (0, 1)


async def test_without_a_link_nothing_leaves() -> None:
    provider, gateway = SmppProvider(account(1)), Gateway()
    provider.submit([prepared(provider, 1)], gateway.answer)
    ((_, outcome),) = gateway.outcomes
    assert isinstance(outcome, Unavailable)
    assert not outcome.counts


async def test_beyond_the_window_nothing_leaves() -> None:
    async with simulator(no_answer_every=1) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, window=2))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in range(3)], gateway.answer)
            assert gateway.outcomes == [(2, Unavailable("the window is full"))]
            assert provider.room == 0
            await smsc.until(lambda: len(smsc.submits) == 2)


async def test_a_cut_connection_leaves_doubt_and_is_made_again() -> None:
    async with simulator(cut_every=2) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in (1, 2, 3)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 3)
            assert [type(outcome) for _, outcome in gateway.outcomes] in (
                [Accepted, Unknown, Unknown],
                [Unknown, Unknown, Unknown],
            )
            await gateway.until(lambda: provider.ready)
            assert smsc.counts.binds == 2


async def test_no_answer_in_time_is_doubt_and_a_late_answer_is_told() -> None:
    async with simulator(latency=0.2, receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, response_timeout=0.05))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.lates))
    assert gateway.outcomes == [(1, Unknown("no answer in time"))]
    ((part, outcome),) = gateway.lates
    assert (part.id, outcome) == (1, Accepted("1000", "1000"))


async def test_leaving_with_submits_in_flight_tells_doubt_once() -> None:
    async with simulator(no_answer_every=1) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
        assert [(number, type(outcome)) for number, outcome in gateway.outcomes] == [(1, Unknown)]


async def test_a_receipt_that_was_not_stored_comes_again() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        gateway.refuse = 2
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await smsc.until(lambda: smsc.counts.receipts_acknowledged == 1)
    assert (smsc.counts.receipts_sent, smsc.counts.receipts_refused) == (3, 2)
    assert len(gateway.receipts) == 1


async def test_a_receipt_is_not_acknowledged_before_it_is_stored() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        gateway.gate.clear()
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await smsc.until(lambda: smsc.counts.receipts_sent == 1)
            provider.submit([prepared(provider, 2)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 2)
            assert smsc.counts.receipts_acknowledged == 0
            gateway.gate.set()
            await smsc.until(lambda: smsc.counts.receipts_acknowledged == 2)


async def test_a_receipt_of_a_lost_session_comes_on_the_next() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        gateway.gate.clear()
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await smsc.until(lambda: smsc.counts.receipts_sent == 1)
            smsc.cut()
            await smsc.until(lambda: smsc.counts.receipts_sent == 2)
            gateway.gate.set()
            await smsc.until(lambda: smsc.counts.receipts_acknowledged == 1)


async def test_a_flood_of_receipts_is_stored_whole() -> None:
    many = 2 * AT_ONCE + 50
    async with simulator(receipt_window=many) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        gateway.gate.clear()
        for number in range(many):
            smsc.deliver("demo", receipt(f"id:{number} stat:DELIVRD"))
        async with provider.running(gateway):
            await smsc.until(lambda: smsc.counts.receipts_sent == many)
            gateway.gate.set()
            await smsc.until(lambda: smsc.counts.receipts_acknowledged == many)
    assert sorted(int(each.id) for each in gateway.receipts) == list(range(many))


def receipt(words: str, esm_class: int = codes.RECEIPT) -> Delivery:
    values: dict[str, int | str | bytes] = {"source_addr": "33660000000", "esm_class": esm_class}
    return Delivery(pdu.body_of(codes.DELIVER_SM, values | {"short_message": words.encode()}))


async def test_a_message_from_a_telephone_is_handed_on_and_then_acknowledged() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        gateway.gate.clear()
        async with provider.running(gateway):
            smsc.deliver("demo", receipt("STOP", esm_class=0))
            await smsc.until(lambda: smsc.counts.receipts_sent == 1)
            assert smsc.counts.receipts_acknowledged == 0
            gateway.gate.set()
            await smsc.until(lambda: smsc.counts.receipts_acknowledged == 1)
    (said,) = gateway.said
    assert (said.sender, said.octets, said.raw, gateway.receipts) == ("33660000000", b"STOP", b"STOP", [])


async def test_a_message_that_cannot_be_stored_comes_again() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        gateway.refuse = 2
        async with provider.running(gateway):
            smsc.deliver("demo", receipt("STOP", esm_class=0))
            await smsc.until(lambda: smsc.counts.receipts_acknowledged == 1)
    assert (smsc.counts.receipts_refused, len(gateway.said)) == (2, 1)


async def test_what_comes_on_another_link_is_told_apart() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            for number in (1, 2, 3):
                smsc.deliver("demo", receipt("Merci", esm_class=0))
                await smsc.until(lambda number=number: smsc.counts.receipts_acknowledged == number)  # type: ignore[misc]
                if number == 2:
                    await smsc.unbind()
    one, two, three = (said.link for said in gateway.said)
    assert one == two != three
    assert [said.up for said in gateway.said] == [{one}, {two}, {three}]


async def test_the_links_that_are_up_are_told_with_what_a_telephone_wrote() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, binds=2))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.bound == 2)
            smsc.deliver("demo", receipt("Merci", esm_class=0))
            await gateway.until(lambda: bool(gateway.said))
    (said,) = gateway.said
    assert len(said.up) == 2
    assert said.link in said.up


@pytest.mark.parametrize(
    ("options", "why"),
    [({"system_id": "other"}, "RINVSYSID"), ({"password": "other"}, "RINVPASWD")],
)
async def test_a_refused_bind_says_why_and_is_tried_again(options: dict[str, str], why: str) -> None:
    async with simulator(**options) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, password="mine"))
        async with provider.running(gateway):
            await smsc.until(lambda: smsc.counts.binds_refused == 2)
            assert provider.why.startswith(f"bind refused: {why}")
            assert not provider.ready


async def test_the_bind_says_the_option_that_its_system_type_names() -> None:
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.readuntil(b"ETAB57\0"))
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = {"option1": "ETAB57", "system_type": "{option1}", "reconnect_min": "60s", "reconnect_max": "60s"}
        async with SmppProvider(account(port, password="mine", **options)).running(Gateway()), asyncio.timeout(10):
            assert (await heard).endswith(b"demo\0mine\0ETAB57\0")


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
async def test_what_is_no_host_name_is_said_and_tried_again(host: str) -> None:
    gateway, provider = Gateway(), SmppProvider(account(2775, host=host))
    async with provider.running(gateway):
        await gateway.until(lambda: "host" in provider.why)
        assert not provider.ready


async def test_a_closed_port_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    gateway, provider = Gateway(), SmppProvider(account(closed))
    async with provider.running(gateway):
        await gateway.until(lambda: "Connection refused" in provider.why)
        assert f"127.0.0.1:{closed}" in provider.why


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with ScriptedSmsc(lambda _: None) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, response_timeout=0.02))
        async with provider.running(gateway):
            await gateway.until(lambda: "no answer to our bind" in provider.why)


async def test_the_provider_may_leave_and_we_come_back() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            await smsc.unbind()
            await gateway.until(lambda: not provider.ready)
            assert provider.why == "unbound by the other side"
            await gateway.until(lambda: provider.ready)


async def test_throttling_is_told() -> None:
    async with simulator(rate=1.0, receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in (1, 2)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 2)
    assert gateway.outcomes[1] == (2, Throttled("0x00000058"))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (status_answer(0x0B), Refused("0x0000000B", Cause.DESTINATION)),
        (status_answer(0x14), Throttled("0x00000014", 5.0)),
        (status_answer(0x08), Unavailable("RSYSERR 0x00000008", counts=True, tries=3, delay=30.0)),
        (status_answer(0, command=codes.GENERIC_NACK), Refused("generic_nack without a status")),
        (status_answer(3, command=codes.GENERIC_NACK), Refused("0x00000003", Cause.CONFIGURATION)),
        (status_answer(0), Accepted("", "")),
        (status_answer(0, body=b"00AB\0"), Accepted("00AB", "ab")),
        (status_answer(0, body=b"7"), Accepted("7", "7")),
        (status_answer(0, body=b"7\0\x00\x1d\x00\xff"), Accepted("7", "7")),
    ],
)
async def test_answers_become_outcomes(answer: Callable[[pdu.Pdu], bytes], outcome: object) -> None:
    async with ScriptedSmsc(answer) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes))
    assert gateway.outcomes == [(1, outcome)]


async def test_congestion_is_told() -> None:
    """congestion_state of SMPP 5.0, 0x0428."""
    answers = [b"7\0\x04\x28\0\1" + bytes((said,)) for said in (0, 95, 100, 255)]
    async with ScriptedSmsc(
        lambda asked: status_answer(0, body=answers.pop(0))(asked) if asked.sequence else b""
    ) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in range(4)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 4)
    assert gateway.congestion == [0, 0.95, 1, 1]


async def test_what_is_not_understood_is_told() -> None:
    def alert(asked: pdu.Pdu) -> bytes:
        return (
            pdu.frame(codes.ALERT_NOTIFICATION, 0, 7, bytes(6)) + status_answer(0)(asked) + pdu.frame(0x111, 0, 8, b"")
        )

    async with ScriptedSmsc(alert) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: len(gateway.notices) == 2)
    assert gateway.notices == [(Notice.ALERT, "alert_notification"), (Notice.UNKNOWN, "0x00000111")]


async def test_a_session_out_of_step_is_made_again() -> None:
    async with ScriptedSmsc(status_answer(codes.RINVBNDSTS)) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in (1, 2)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 2 and not provider.ready)
            await gateway.until(lambda: provider.ready)
    assert {type(outcome) for _, outcome in gateway.outcomes} <= {Unavailable, Unknown}
    assert smsc.binds >= 2


async def test_a_wide_account_uses_sixteen_bits() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, long_messages="udh16"))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1, reference=0x1234, number=2, of=3)], gateway.answer)
            await smsc.until(lambda: len(smsc.submits) == 1)
    assert smsc.submits[0].part == (0x1234, 2, 3)


async def test_a_peer_that_does_not_read_is_cut() -> None:
    """It is given up once it answers neither submits nor enquire_link, and what it got is in doubt."""
    async with ScriptedSmsc(lambda _: None) as smsc:
        smsc.bind_answer = True
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, enquire_link=0.02, response_timeout=0.05))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: "enquire_link" in provider.why)
    assert [type(outcome) for _, outcome in gateway.outcomes] == [Unknown]


async def test_nothing_runs_after_leaving() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
        assert asyncio.all_tasks() == {asyncio.current_task()}
