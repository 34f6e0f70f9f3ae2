"""Receipts not matched: « got a DLR for an unknown message id ».

Other gateways compare ids letter for letter, strip or upper-case what is no number, look in the wrong base, ask the
connection, or forget the id before the receipt comes. Here every receipt finds its part, and none finds another's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.smpp.ids import receipt_keys
from adapters.smpp.scenario import Scenario
from adapters.smpp.simulator import Simulator
from gateway.app import OPTIONS, run_gateway
from gateway.config.loader import load
from gateway.provider import Accepted, Unknown
from gateway.states import Status
from gateway.store import parked, queue
from tests.flow.gatewayside import DEADLINE, Client, configuration
from tests.heart import DAY, HOUR, Heart, accepted, opened

MANY = 40
Rig = tuple[Simulator, Client]
Before = Callable[..., AbstractAsyncContextManager[Rig]]


@pytest.fixture
def before(tmp_path: Path) -> Before:
    """A gateway before a provider as a scenario has it; ``account`` are the account's own settings."""

    @asynccontextmanager
    async def made(account: dict[str, Any] | None = None, **said: Any) -> AsyncIterator[Rig]:
        ids = {"first": 4_026_531_840, **said.pop("ids", {})}  # 0xF0000000: its two writings have nothing in common
        receipts = said.pop("receipts", [said.pop("rule", {})])
        scenario = Scenario.model_validate(
            {"ids": ids, "receipts": [{"delay": "30ms", **rule} for rule in receipts], **said}
        )
        async with AsyncExitStack() as stack, asyncio.timeout(DEADLINE):
            simulator = await stack.enter_async_context(Simulator(scenario=scenario))
            settings = load(configuration(tmp_path, simulator.port, **(account or {})), OPTIONS)
            gateway = await stack.enter_async_context(run_gateway(settings))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            yield simulator, Client(session, gateway.http_port)

    return made


async def all_delivered(rig: Rig, count: int = MANY) -> None:
    """A morning's messages, each with the state that its own receipt said."""
    _, client = rig
    await client.batch(1, count)
    while True:
        _, found = await client.ask("GET", "/v1/messages?status=delivered&count=true&limit=1")
        if found["page"]["total"] == count:
            break
    _, orphans = await client.ask("GET", "/v1/receipts/unmatched?count=true")
    assert orphans["page"]["total"] == 0


@pytest.mark.parametrize(
    "ids",
    [
        {"answer": "hex", "receipt": "HEX"},  # case
        {"answer": "HEX", "receipt": "hex"},
        {"answer": "decimal:12", "receipt": "decimal"},  # zeros in front, stripped
        {"answer": "decimal", "receipt": "decimal:12"},  # and added
        {"answer": "hex:10", "receipt": "hex", "first": 0x0E999F21},
        {"answer": "hex", "receipt": "decimal"},  # bases
        {"answer": "decimal", "receipt": "hex"},
        {"answer": "hex:12", "receipt": "decimal:14"},
        {"answer": "uuid", "receipt": "uuid"},  # never converted
        {"answer": "uuid", "receipt": "UUID"},
        {"answer": "digits20", "receipt": "digits20"},
    ],
    ids=lambda ids: f"{ids['answer']}-{ids['receipt']}",
)
@pytest.mark.parametrize("parameters", [["id", "state"], []], ids=["TLV", "text"])
async def test_by_the_form_of_the_id(before: Before, ids: dict[str, Any], parameters: list[str]) -> None:
    async with before(ids=ids, rule={"parameters": parameters}) as rig:
        await all_delivered(rig)


@pytest.mark.parametrize(
    ("answer", "receipt", "said"), [("hex", "decimal", "hex-to-dec"), ("decimal", "HEX", "dec-to-hex")]
)
async def test_by_a_form_that_is_learned_and_shown(before: Before, answer: str, receipt: str, said: str) -> None:
    async with before(ids={"answer": answer, "receipt": receipt}) as rig:
        await all_delivered(rig, 5)
        _, accounts = await rig[1].ask("GET", "/v1/accounts")
        assert [(one["message_id"], one["message_id_learned"]) for one in accounts["data"]] == [("auto", said)]
    async with before(
        ids={"answer": answer, "receipt": receipt, "first": 5_000_000_000}, account={"message_id": said}
    ) as rig:
        _, accounts = await rig[1].ask("GET", "/v1/accounts")
        assert accounts["data"][0]["message_id"] == said  # fixed by configuration


@pytest.mark.parametrize("account", [{}, {"binds": 2}], ids=["one", "two"])
@pytest.mark.parametrize("answer", ["hex", "decimal"])
async def test_by_forms_that_change_from_one_to_the_next(before: Before, answer: str, account: dict[str, Any]) -> None:
    rules = [
        {"times": 8, "id": "decimal", "delay": "0s"},
        {"each": 3, "id": "HEX:10", "bind": "other"},
        {"share": 0.5, "id": "decimal:12", "parameters": [], "copies": 2, "every": "5ms"},
        {"id": "hex", "delay": "60ms..90ms"},
    ]
    async with before(ids={"answer": answer}, receipts=rules, account=account) as rig:
        await all_delivered(rig)
        _, accounts = await rig[1].ask("GET", "/v1/accounts")
        assert accounts["data"][0]["message_id_mixed"] is True


@pytest.mark.parametrize("account", [{"binds": 2}, {"bind": "pair"}], ids=["two", "pair"])
async def test_by_the_bind_on_which_it_comes(before: Before, account: dict[str, Any]) -> None:
    async with before(rule={"bind": "other"}, account=account) as rig:
        await all_delivered(rig)


@pytest.mark.parametrize("answer", ["0ms", "1ms..60ms"])
async def test_by_coming_before_the_answer(before: Before, answer: str) -> None:
    async with before(submits=[{"delay": answer}], rule={"before_answer": True, "delay": "0s"}) as rig:
        await all_delivered(rig)


async def test_by_coming_on_the_next_connection(before: Before) -> None:
    async with before(rule={"delay": "300ms"}, links=[{"every": "400ms", "do": "unbind", "since": "bind"}]) as rig:
        await all_delivered(rig)


@pytest.mark.parametrize(
    "rule",
    [
        {"body": "", "parameters": ["id", "state"]},
        {"body": "stat:{state}", "parameters": ["id"]},
        {"body": "{id} 2", "parameters": []},
        {"body": "STAT:{state}\r\nERR:{error}\r\nID:{id}", "parameters": []},
        {"charset": "ucs2", "parameters": []},
        {"payload": True, "parameters": []},
        {"copies": 3, "every": "10ms"},
        {"intermediate": ["ENROUTE", "ACCEPTD"], "every": "10ms"},
    ],
    ids=["TLVs alone", "state in the text", "no fields", "shuffled", "UCS-2", "payload", "three times", "notified"],
)
async def test_by_its_shape(before: Before, rule: dict[str, Any]) -> None:
    async with before(rule=rule) as rig:
        await all_delivered(rig)


async def test_by_carrying_no_mark_where_the_account_is_known_for_it(before: Before) -> None:
    async with before(rule={"esm_class": 0, "parameters": []}, account={"receipts_by_text": True}) as rig:
        await all_delivered(rig)


# ---- by the clock ----


async def test_by_latency_of_a_week(tmp_path: Path) -> None:
    async with opened(tmp_path) as heart:
        message = await heart.accept()
        [part] = await heart.send()
        await heart.due(heart.now + 24 * HOUR + 72 * HOUR)
        assert await heart.status(message) is Status.NO_RECEIPT
    async with opened(tmp_path) as heart:
        heart.now += 7 * DAY
        await heart.receipt(part)
        assert await heart.status(message) is Status.DELIVERED
        await heart.is_sound()


@pytest.mark.parametrize("receipt_first", [True, False])
async def test_by_a_crash_between_the_submit_and_its_answer(tmp_path: Path, receipt_first: bool) -> None:
    async with opened(tmp_path) as heart:
        message = await heart.accept()
        [part] = await heart.claim()
        if receipt_first:
            assert (await heart.receipt(part, id="77")).part is None
    async with opened(tmp_path) as heart:  # killed before the answer was recorded
        await heart.store.write(lambda conn: queue.doubt_orphans(conn, "a", heart.now, heart.rules, "killed"))
        assert await heart.status(message) is Status.UNCERTAIN
        if receipt_first:
            await heart.store.write(lambda conn: parked.settle_parked(conn, "a", heart.now, heart.rules))
        else:
            await heart.receipt(part, id="77")
        assert await heart.status(message) is Status.DELIVERED
        await heart.is_sound()


async def test_by_a_second_word_that_contradicts_the_first(tmp_path: Path) -> None:
    """A receipt moves a part forward only: what was delivered stays so, what was not may still be."""
    async with opened(tmp_path) as heart:
        await two_words(heart, Status.DELIVERED, Status.UNDELIVERED, Status.DELIVERED)
        await two_words(heart, Status.UNDELIVERED, Status.DELIVERED, Status.DELIVERED)
        await two_words(heart, Status.UNDELIVERED, Status.EXPIRED, Status.UNDELIVERED)
        await two_words(heart, Status.EXPIRED, Status.IN_TRANSIT, Status.EXPIRED)
        await heart.is_sound()


async def two_words(heart: Heart, first: Status, second: Status, end: Status) -> None:
    message = await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, accepted(part)))
    for word in (first, second, second):
        assert (await heart.receipt(part, word)).part == part.id
    assert await heart.status(message) is end


async def test_never_by_taking_the_receipt_of_another(tmp_path: Path) -> None:
    """Ids that are the same in two bases, to numbers that end alike: each receipt is of its own part, or waits."""
    async with opened(tmp_path) as heart:
        mainland = await heart.accept(to="0612345678")
        overseas = await heart.accept(to="0692345678")
        one, two = await heart.claim()
        await heart.record((one, Accepted("10", "10")), (two, Accepted("16", "16")))
        keys, converted = receipt_keys(("16",), "auto")
        await heart.receipt(two, id="16", keys=keys, converted=converted, submitted=None)
        assert [await heart.status(each) for each in (mainland, overseas)] == [Status.IN_TRANSIT, Status.DELIVERED]
        doubtful = await heart.accept(to="0612345678")
        [three] = await heart.claim()
        await heart.record((three, Unknown("cut")))
        assert (await heart.receipt(two, id="99", keys=("99",))).part is None  # another number: it settles nothing
        assert await heart.status(doubtful) is Status.UNCERTAIN
