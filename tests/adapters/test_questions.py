"""query_sm and cancel_sm, in octets and against the simulator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.provider import SmppProvider
from gateway.provider import Accepted, Cancelled, Inquirer, Refused, Revoker, Sent, Told, Unknown
from gateway.states import Status
from tests.adapters.gateway_side import Gateway, account, prepared
from tests.adapters.test_provider import receipt, simulator
from tests.fakes.smsc import ScriptedSmsc, status_answer

SENT = Sent("1000", "+33660000000", "CLGPASTEUR", "0")


class Asked(ScriptedSmsc):
    """Answers questions with ``reply``, and keeps them."""

    def __init__(self, reply: bytes | None, status: int = 0, command: int | None = None) -> None:
        super().__init__(status_answer(0, body=b"1000\0"))
        self.reply, self.status, self.command = reply, status, command
        self.asked: list[pdu.Pdu] = []
        self.heard = asyncio.Event()

    def _answer_to(self, asked: pdu.Pdu) -> bytes | None:
        if asked.command not in (codes.QUERY_SM, codes.CANCEL_SM):
            return super()._answer_to(asked)
        self.asked.append(asked)
        self.heard.set()
        if self.reply is None:
            return None
        command = self.command if self.command is not None else asked.command | codes.RESPONSE
        return pdu.frame(command, self.status, asked.sequence, self.reply)


@asynccontextmanager
async def bound(smsc: ScriptedSmsc, **options: Any) -> AsyncIterator[SmppProvider]:
    gateway = Gateway()
    provider = SmppProvider(account(smsc.port, operations=["query_sm", "cancel_sm"], **options))
    async with provider.running(gateway):
        await gateway.until(lambda: provider.ready)
        yield provider


@pytest.mark.parametrize(
    ("reply", "state", "status", "error"),
    [
        (b"1000\x00261124103000000+\x00\x02\x00", "DELIVRD", Status.DELIVERED, ""),
        (b"1000\x00261124103000\x00\x05\x1b", "UNDELIV", Status.UNDELIVERED, "027"),
        (b"1000\x00\x00\x01\x00", "ENROUTE", Status.IN_TRANSIT, ""),
        (b"1000\x00\x00\x03\x00", "EXPIRED", Status.EXPIRED, ""),
        (b"1000\x00\x00\x07\x00", "UNKNOWN", Status.IN_TRANSIT, ""),
        (b"1000\x00\x00\x63\x00", "", None, ""),
    ],
)
async def test_what_became_of_a_message(reply: bytes, state: str, status: Status | None, error: str) -> None:
    async with Asked(reply) as smsc, bound(smsc) as provider:
        told = await provider.query(SENT)
    assert told
    assert told.receipt
    assert (told.receipt.state, told.receipt.status, told.receipt.error) == (state, status, error)
    assert told.receipt.done == (datetime(2026, 11, 24, 10, 30) if b"2611" in reply else None)
    (asked,) = smsc.asked
    assert asked.body == {
        "message_id": "1000",
        "source_addr_ton": 5,
        "source_addr_npi": 0,
        "source_addr": "CLGPASTEUR",
    }


@pytest.mark.parametrize(
    ("status", "command", "told"),
    [
        (0x67, None, Told(None, "RQUERYFAIL 0x00000067")),
        (0x0C, None, Told(None, "RINVMSGID 0x0000000C")),
        (0x03, codes.GENERIC_NACK, Told(None, "RINVCMDID 0x00000003")),
        (0x58, None, None),
    ],
)
async def test_a_provider_that_does_not_say(status: int, command: int | None, told: Told | None) -> None:
    async with Asked(b"", status, command) as smsc, bound(smsc) as provider:
        assert await provider.query(SENT) == told


async def test_a_question_that_is_not_answered_says_nothing_of_the_link() -> None:
    async with Asked(None) as smsc, bound(smsc, response_timeout=0.05, window=2) as provider:
        assert await provider.query(SENT) == Told(None, "no answer")
        assert await provider.cancel(SENT) == Unknown("no answer")
        assert (provider.ready, provider.room) == (True, 2)


async def test_a_link_that_breaks_answers_the_question() -> None:
    async with Asked(None) as smsc, bound(smsc) as provider:
        asking = asyncio.create_task(provider.query(SENT))
        await smsc.heard.wait()
        smsc.hang_up()
        assert await asking == Told(None, "no answer")


async def test_taking_a_message_back() -> None:
    async with Asked(b"") as smsc, bound(smsc) as provider:
        assert await provider.cancel(SENT) == Cancelled()
    (asked,) = smsc.asked
    assert asked.body == {
        "service_type": "",
        "message_id": "1000",
        "source_addr_ton": 5,
        "source_addr_npi": 0,
        "source_addr": "CLGPASTEUR",
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "destination_addr": "33660000000",
    }


@pytest.mark.parametrize(
    ("status", "command", "code"),
    [(0x11, None, "RCANCELFAIL 0x00000011"), (0x03, codes.GENERIC_NACK, "RINVCMDID 0x00000003")],
)
async def test_a_message_that_is_not_taken_back(status: int, command: int | None, code: str) -> None:
    async with Asked(b"", status, command) as smsc, bound(smsc) as provider:
        assert await provider.cancel(SENT) == Refused(code)


async def test_nothing_is_asked_without_a_link_or_without_room() -> None:
    provider = SmppProvider(account(1))
    assert await provider.query(SENT) is None
    assert await provider.cancel(SENT) == Unknown("not started")
    async with Asked(None) as smsc:
        smsc.answer = lambda _: None
        async with bound(smsc, window=1) as full:
            full.submit([prepared(full, 1)], lambda *_: None)
            assert await full.query(SENT) is None
            assert await full.cancel(SENT) == Unknown("the window is full")
            assert smsc.asked == []


async def test_an_id_that_cannot_be_written_is_not_asked_about() -> None:
    odd = Sent("é" * 70, "+33660000000", "CLGPASTEUR", "0")
    async with Asked(b"") as smsc, bound(smsc) as provider:
        told = await provider.query(odd)
        assert told
        assert told.why.startswith("cannot be asked: message_id")
        assert isinstance(await provider.cancel(odd), Refused)
        assert provider.room == 10


def test_an_account_says_which_operations_it_has() -> None:
    plain, able = SmppProvider(account(1)), SmppProvider(account(1, operations=["query_sm"]))
    assert isinstance(plain, Inquirer)
    assert isinstance(plain, Revoker)
    assert (plain.queries, plain.cancels) == (False, False)
    assert (able.queries, able.cancels) == (True, False)


async def test_the_simulator_is_asked_and_takes_back() -> None:
    async with simulator(receipt_delay=60.0) as smsc:
        gateway = Gateway()
        provider = SmppProvider(account(smsc.port, operations=["query_sm", "cancel_sm"]))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes))
            ((_, outcome),) = gateway.outcomes
            assert isinstance(outcome, Accepted)
            sent = Sent(outcome.id, "+33660000000", "CLGPASTEUR", "0")
            told = await provider.query(sent)
            assert told
            assert told.receipt
            assert told.receipt.state == "ENROUTE"
            assert await provider.cancel(sent) == Cancelled()
            told = await provider.query(sent)
            assert told
            assert told.receipt
            assert told.receipt.state == "DELETED"
            smsc.deliver("demo", receipt("id:1 stat:DELIVRD"))
            await gateway.until(lambda: bool(gateway.receipts))
