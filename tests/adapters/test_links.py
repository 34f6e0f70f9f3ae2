"""The links of an account: pairs, several binds, one way only; each lost one costs its own parts only."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.connection import Handle, Link
from adapters.smpp.provider import SmppProvider
from adapters.smpp.reach import Dial
from adapters.smpp.simulator import Simulator
from adapters.smpp.states import State
from gateway.provider import Accepted, Notice, Prepared, Trouble, Unavailable, Unknown
from tests.adapters.gateway_side import Gateway, account, prepared
from tests.adapters.test_provider import receipt, simulator
from tests.fakes.certificates import Authority
from tests.fakes.smsc import ScriptedSmsc, status_answer


def states(smsc: Simulator) -> list[State]:
    return sorted((end.session.state for end in smsc.ends), key=lambda state: state.value)


async def test_a_pair_sends_on_one_link_and_receives_on_the_other() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, bind="pair", window=3))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.bound == 2)
            assert states(smsc) == [State.BOUND_RX, State.BOUND_TX]
            assert (provider.ready, provider.room, provider.why) == (True, 3, "")
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes and gateway.receipts))
            await smsc.until(lambda: smsc.counts.receipts_acknowledged == 1)
        assert states(smsc) == []
    assert gateway.outcomes == [(1, Accepted("1000", "1000"))]


async def test_a_pair_is_ready_with_its_transmitter_alone_and_says_what_is_missing() -> None:
    async with simulator() as smsc:
        smsc.refuse[codes.BIND_RECEIVER] = codes.RALYBND
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, bind="pair"))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready and bool(gateway.failures))
            assert provider.bound == 1
            assert provider.why.startswith("1 of 2 links are down: bind refused: RALYBND 0x00000005")
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes))
    assert gateway.failures[0][0] is Trouble.ALREADY_BOUND


async def test_several_binds_share_the_work_and_the_receipts() -> None:
    async with simulator(receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, binds=3, window=2))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.bound == 3)
            assert provider.room == 6
            ready = [prepared(provider, number, to=f"+3366000000{number}") for number in range(8)]
            provider.submit(ready, gateway.answer)
            assert [number for number, outcome in gateway.outcomes if isinstance(outcome, Unavailable)] == [6, 7]
            await gateway.until(lambda: len(gateway.outcomes) == 8)
            smsc.deliver("demo", receipt("id:1000 stat:DELIVRD"))
            await gateway.until(lambda: bool(gateway.receipts))
    assert smsc.counts.taken == 6


async def test_what_goes_to_one_telephone_keeps_to_one_link() -> None:
    """Order per recipient: parts of the same number are written on the same connection while it has room."""
    async with simulator(receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, binds=3, window=100))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.bound == 3)
            ready = [prepared(provider, number, to=f"+3366000000{number % 3}") for number in range(90)]
            provider.submit(ready, gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 90)
    order = [[each.message_id for each in smsc.submits if each.to == f"3366000000{to}"] for to in range(3)]
    answered = {number: outcome.id for number, outcome in gateway.outcomes if isinstance(outcome, Accepted)}
    assert order == [[answered[number] for number in range(to, 90, 3)] for to in range(3)]


async def test_a_lost_link_costs_its_own_parts_only() -> None:
    async with simulator(no_answer_every=1, receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, binds=2, window=2))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.bound == 2)
            provider.submit([prepared(provider, number) for number in range(4)], gateway.answer)
            await smsc.until(lambda: smsc.counts.submits == 4)
            smsc.cut(smsc.ends[0])
            await gateway.until(lambda: len(gateway.outcomes) == 2)
            assert provider.bound == 1
            assert {type(outcome) for _, outcome in gateway.outcomes} == {Unknown}
        assert sorted(number for number, _ in gateway.outcomes) == [0, 1, 2, 3]
    assert gateway.losses == ["connection closed by the other side"]


async def test_after_a_loss_with_parts_in_flight_one_goes_first() -> None:
    async with simulator(cut_every=1, receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, window=5))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.room == 5)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes) and provider.ready)
            assert provider.room == 1


async def test_the_window_opens_when_one_was_answered() -> None:
    async with simulator(cut_every=2, receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, window=5))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in (1, 2)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 2 and provider.ready)
            assert provider.room == 1
            provider.submit([prepared(provider, 3)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 3)
            assert provider.room == 5


async def test_a_provider_that_answers_no_message_is_not_ready() -> None:
    """It answers binds and enquire_link: a whole window is in doubt, and no more."""
    async with simulator(no_answer_every=1, receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, window=2, response_timeout=0.05))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in (1, 2)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 2)
            assert (provider.ready, provider.room, provider.bound) == (False, 0, 1)
            assert provider.why == "it answers no message: waiting for it"
    assert {type(outcome) for _, outcome in gateway.outcomes} == {Unknown}
    assert smsc.counts.submits == 2


async def test_one_lost_answer_does_not_stop_a_link() -> None:
    async with simulator(no_answer_every=2, receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, window=3, response_timeout=0.05))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in (1, 2)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 2)
            assert (provider.ready, provider.room) == (True, 2)
            provider.submit([prepared(provider, 3)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 3)
            assert provider.room == 3


async def test_a_receiver_brings_receipts_and_sends_nothing() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, bind="receiver"))
        async with provider.running(gateway):
            smsc.deliver("demo", receipt("id:1000 stat:DELIVRD"))
            await gateway.until(lambda: bool(gateway.receipts))
            assert (provider.ready, provider.room, provider.bound) == (False, 0, 1)
            assert provider.why == "a receiver bind brings receipts only: nothing can be sent"
            provider.submit([prepared(provider, 1)], gateway.answer)
    assert [(number, type(outcome)) for number, outcome in gateway.outcomes] == [(1, Unavailable)]


async def test_a_transmitter_sends() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, bind="transmitter"))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes))
    assert (gateway.outcomes, gateway.receipts) == ([(1, Accepted("1000", "1000"))], [])


# ---- the daily unbind ----


async def test_the_daily_unbind_leaves_nothing_in_doubt_and_is_no_failure() -> None:
    async with simulator(latency=0.05, receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in range(5)], gateway.answer)
            await smsc.until(lambda: smsc.counts.submits == 5)
            await smsc.unbind()
            await gateway.until(lambda: provider.ready and len(gateway.outcomes) == 5)
    assert {type(outcome) for _, outcome in gateway.outcomes} == {Accepted}
    assert (gateway.failures, gateway.losses) == ([], [])
    assert smsc.counts.binds == 2


async def test_what_crosses_the_provider_s_unbind_was_no_try() -> None:
    """It is refused for now by who is about to leave: the part goes at once by the next link, not in half a minute."""

    def leaves(asked: pdu.Pdu) -> bytes:
        return pdu.frame(codes.UNBIND, 0, 9, b"") + status_answer(codes.RSYSERR)(asked)

    async with ScriptedSmsc(leaves) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes))
    assert gateway.outcomes == [(1, Unavailable("RSYSERR 0x00000008"))]
    assert (gateway.failures, gateway.losses) == ([], [])


async def test_a_stalled_provider_is_bound_to_anew_and_tried_with_one() -> None:
    async with simulator(no_answer_every=1, receipts=False) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, window=3, response_timeout=0.05))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in range(3)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 3 and not provider.ready)
            await gateway.until(lambda: provider.ready)
            assert (smsc.counts.binds, provider.room) == (2, 1)
    assert {type(outcome) for _, outcome in gateway.outcomes} == {Unknown}
    assert (gateway.failures, gateway.losses) == ([], [])


# ---- why there is no link ----


@pytest.mark.parametrize(
    ("status", "trouble", "words"),
    [
        (codes.RINVPASWD, Trouble.PASSWORD, "bind refused: RINVPASWD 0x0000000E, the password is wrong"),
        (codes.RINVSYSID, Trouble.LOGIN, "it does not know this system_id"),
        (codes.RALYBND, Trouble.ALREADY_BOUND, "an old session of ours is still open there"),
        (codes.RBINDFAIL, Trouble.REFUSED, "RBINDFAIL 0x0000000D, ask the provider why"),
        (0x400, Trouble.TOO_MANY_BINDS, "bind refused: 0x00000400, too many binds"),
        (0x4FF, Trouble.REFUSED, "bind refused: 0x000004FF"),
    ],
)
async def test_a_refused_bind_says_why(status: int, trouble: Trouble, words: str) -> None:
    async with simulator() as smsc:
        smsc.refuse[codes.BIND_TRANSCEIVER] = status
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: len(gateway.failures) == 2)
            assert words in provider.why
    assert {trouble for trouble, _ in gateway.failures} == {trouble}


async def test_too_many_binds_recover_by_themselves() -> None:
    """Old sessions linger, then end: the next try is let in."""
    async with simulator() as smsc:
        smsc.refuse[codes.BIND_TRANSCEIVER] = 0x400
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: len(gateway.failures) == 2)
            smsc.refuse.clear()
            await gateway.until(lambda: provider.ready)
            assert provider.why == ""


async def test_a_connection_that_is_closed_before_the_answer_says_so() -> None:
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        gateway, provider = Gateway(), SmppProvider(account(server.sockets[0].getsockname()[1]))
        async with provider.running(gateway):
            await gateway.until(lambda: bool(gateway.failures))
    ((trouble, why), *_) = gateway.failures
    assert trouble is Trouble.NO_ANSWER
    assert why == (
        "connection closed by the other side, before our bind was answered: is our IP address on the provider's list?"
    )


# ---- optional parameters ----


def sar(provider: SmppProvider) -> Prepared:
    return prepared(provider, 1, number=1, of=2, reference=7)


@pytest.mark.parametrize(
    ("said", "options", "header"),
    [
        (b"", {}, True),
        (b"\x02\x10\0\1\x33", {}, True),
        (b"\x02\x10\0\1\x34", {}, False),
        (b"\x02\x10\0\1\x34", {"interface_version": "3.3"}, True),
        (b"", {"optional_parameters": "always"}, False),
    ],
)
async def test_optional_parameters_go_to_who_takes_them(said: bytes, options: dict[str, str], header: bool) -> None:
    got: list[pdu.Pdu] = []

    def answer(asked: pdu.Pdu) -> bytes:
        got.append(asked)
        return status_answer(0)(asked)

    async with ScriptedSmsc(answer, said) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, long_messages="sar", **options))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([sar(provider)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes))
    assert bool(got[-1].number("esm_class") & codes.UDHI) is header
    assert bool(got[-1].tlvs) is not header


@pytest.mark.parametrize(
    ("options", "told"), [({}, 0), ({"long_messages": "payload"}, 1), ({"tlvs": [{"tag": 0x1401, "value": "x"}]}, 1)]
)
async def test_a_provider_that_does_not_take_what_the_account_asks_for_is_noticed(
    options: dict[str, Any], told: int
) -> None:
    async with ScriptedSmsc(status_answer(0)) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, **options))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            assert [notice for notice, _ in gateway.notices] == [Notice.NO_PARAMETERS] * told
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes))


async def test_what_was_made_for_another_link_goes_back_and_is_made_anew() -> None:
    async with ScriptedSmsc(status_answer(0)) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, long_messages="sar"))
        before = sar(provider)
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([before], gateway.answer)
    assert gateway.outcomes == [(1, Unavailable("the link that it was made for is gone"))]


# ---- faults of our own ----


class Stumbling(Dial):
    """Fails once, as no code should."""

    stumbled = False

    async def link(self, handle: Handle, settled: Callable[[], None]) -> Link:
        if not self.stumbled:
            self.stumbled = True
            raise RuntimeError("a bug")
        return await super().link(handle, settled)


async def test_a_fault_of_our_own_does_not_end_the_keeping() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port), dial=Stumbling)
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
    assert gateway.failures == [(Trouble.FAULT, "a fault of our own: RuntimeError")]


async def test_a_name_that_tls_does_not_take_is_said(tmp_path: Path) -> None:
    async with simulator() as smsc:
        options = account(smsc.port, tls={"ca_file": Authority(tmp_path).ca, "server_name": ".example"})
        gateway, provider = Gateway(), SmppProvider(options)
        async with provider.running(gateway):
            await gateway.until(lambda: bool(gateway.failures))
    trouble, why = gateway.failures[0]
    assert trouble is Trouble.UNREACHABLE
    assert "this is no host name" in why


async def test_inactivity_is_a_new_bind_and_no_failure() -> None:
    async with simulator() as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, inactivity=0.05))
        async with provider.running(gateway):
            await smsc.until(lambda: smsc.counts.binds >= 2)
    assert (gateway.failures, gateway.losses) == ([], [])
