"""``account probe`` against providers with habits of their own: what it says of them, and what it leaves alone."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.fields import Value
from adapters.smpp.scenario import Scenario
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_receipts import Delivery
from gateway import cli
from gateway.app import OPTIONS
from gateway.commands import account
from gateway.config import read
from gateway.exits import Exit
from gateway.store.lock import lane_lock
from tests.flow.gatewayside import configuration

NUMBER = "06 12 34 56 78"
DIGITS = ("0612345678", "612345678", "12345678", NUMBER)
AT_ONCE = {"delay": "50ms"}


class Bench:
    """A provider, and the command run before it."""

    def __init__(self, folder: Path, simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.smsc, self._capsys = folder, simulator, capsys

    async def probe(self, *words: str, port: int | None = None, **options: Any) -> tuple[int, dict[str, str], str]:
        """Run it: the status, the findings by their name, the settings that fit (or what was wrong)."""
        file = configuration(self.folder, port if port is not None else self.smsc.port, **options)
        name = [] if words and not words[0].startswith("-") else ["a"]
        line = ["account", "probe", *name, *words, *(() if "--to" in words else ("--to", NUMBER))]
        args = cli.parser("account").parse_args([*line, *(() if "--wait" in words else ("--wait", "5s"))])
        status = await account.run(args, read(file, OPTIONS).settings)
        out, err = self._capsys.readouterr()
        assert not any(digits in out + err for digits in DIGITS)
        report, _, settings = out.partition("\n\n")
        return status, {row[:10].strip(): row[10:] for row in report.splitlines()}, settings + err


Bent = Callable[..., AbstractAsyncContextManager[Bench]]


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bent:
    """A provider as a scenario has it, which delivers what was refused again soon."""

    @asynccontextmanager
    async def made(**said: Any) -> AsyncIterator[Bench]:
        said["smsc"] = {"receipt_retry": "50ms", **said.get("smsc", {})}
        scenario = Scenario.model_validate({"ids": {"first": 862_224_236}, "receipts": [AT_ONCE], **said})
        async with Simulator(scenario=scenario) as simulator:
            yield Bench(tmp_path, simulator, capsys)

    return made


async def test_all_is_well(bench: Bent) -> None:
    async with bench(smsc={"name": "SMSC-1"}) as one:
        status, found, settings = await one.probe()
        assert status == Exit.FINE
        assert found["bind"].endswith('the other side calls itself "SMSC-1", SMPP 3.4')
        assert found["short"] == "GSM 03.38, 1 part: accepted; receipt: DELIVRD"
        assert found["long"] == "GSM 03.38, 2 parts: accepted; 2 receipts: DELIVRD"
        assert found["Unicode"] == "UCS-2, 1 part: accepted; receipt: DELIVRD"
        assert found["answers"].startswith("median ")
        assert found["receipts"].startswith("median ")
        assert found["ids"] == "answers give decimal of 9 digits, receipts decimal of 9 digits: the same"
        assert found["TLVs"] == "receipted_message_id, message_state"
        assert found["dates"] == "yyMMddHHmmss; its clock is UTC"
        assert "message_id: auto" in settings
        assert one.smsc.counts.receipts_acknowledged == 4
        assert [submit.part[1:] for submit in one.smsc.submits] == [(1, 1), (1, 2), (2, 2), (1, 1)]


async def test_ids_in_another_base_and_no_parameters(bench: Bent) -> None:
    async with bench(ids={"first": 862_224_236, "answer": "hex"}, receipts=[{**AT_ONCE, "parameters": []}]) as one:
        for said in ("auto", "raw", "dec-to-hex"):  # whatever the account says now
            status, found, settings = await one.probe(message_id=said)
            assert status == Exit.FINE
            assert found["ids"] == "answers give hexadecimal of 8 digits, receipts decimal of 9 digits: hex-to-dec"
            assert found["TLVs"] == "none in receipts: the text alone tells"
            assert "message_id: hex-to-dec" in settings


async def test_a_long_message_in_one_piece(bench: Bent) -> None:
    async with bench() as one:
        status, found, _ = await one.probe(long_messages="payload")
        assert status == Exit.FINE
        assert found["long"] == "GSM 03.38, in one piece: accepted; receipt: DELIVRD"


async def test_unicode_that_is_refused(bench: Bent) -> None:
    async with bench(submits=[{"coding": 8, "status": 0x401}]) as one:
        status, found, _ = await one.probe()
    assert status == Exit.NO
    assert found["short"] == "GSM 03.38, 1 part: accepted; receipt: DELIVRD"
    assert found["Unicode"].startswith("UCS-2, 1 part: refused: 0x00000401")


async def test_long_messages_that_are_refused_suggest_another_form(bench: Bent) -> None:
    async with bench(submits=[{"tlvs": "sar_msg_ref_num", "status": "RINVOPTPARSTREAM"}]) as one:
        status, found, settings = await one.probe(long_messages="sar")
    assert status == Exit.NO
    assert found["long"].startswith("GSM 03.38, 2 parts: refused: 0x000000C0")
    assert "long_messages: udh8       # sar is refused" in settings


@pytest.mark.parametrize(
    ("ids", "said", "setting"),
    [
        ({"answer": "uuid"}, "answers give UUID, receipts UUID: the same", "auto"),
        (
            {"answer": "uuid", "receipt": "UUID"},
            "answers give UUID, receipts UUID: the same but for case or zeros",
            "auto",
        ),
        (
            {"receipt": "decimal:10", "parameter": "decimal:10"},
            "answers give decimal of 9 digits, receipts decimal of 10 digits: the same but for case or zeros",
            "auto",
        ),
        (
            {"receipt": "HEX", "parameter": "HEX"},
            "answers give decimal of 9 digits, receipts hexadecimal of 8 digits: dec-to-hex",
            "dec-to-hex",
        ),
    ],
)
async def test_every_form_of_ids(bench: Bent, ids: dict[str, str], said: str, setting: str) -> None:
    ids.setdefault("receipt", ids.get("answer", "decimal"))
    async with bench(ids={"first": 862_224_236, **ids}) as one:
        status, found, settings = await one.probe()
    assert status == Exit.FINE
    assert found["ids"] == said
    assert f"message_id: {setting} " in settings


async def test_ids_that_have_nothing_in_common(bench: Bent) -> None:
    body = "id:ABC-{id} stat:{state} done date:{done}"
    async with bench(receipts=[{**AT_ONCE, "body": body, "parameters": []}]) as one:
        status, found, settings = await one.probe("--wait", "2")
    assert (status, settings) == (Exit.NO, "")
    assert found["ids"].startswith(
        "answers give decimal of 9 digits; receipts give words of 13 characters, such as ABC-"
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"date": "%y%m%d%H%M"}, "yyMMddHHmm; its clock is UTC"),
        ({"date": "%Y%m%d%H%M%S", "zone": 2}, "yyyyMMddHHmmss; its clock is UTC+02:00"),
        ({"zone": -5}, "yyMMddHHmmss; its clock is UTC-05:00"),
        ({"charset": "ucs2"}, "yyMMddHHmmss; its clock is UTC"),
        ({"body": "id:{id} stat:{state}"}, "none in receipts: parts in doubt cannot be settled by their number"),
    ],
)
async def test_the_providers_clock(bench: Bent, rule: dict[str, Any], said: str) -> None:
    async with bench(receipts=[{**AT_ONCE, **rule}]) as one:
        _, found, _ = await one.probe()
    assert found["dates"] == said


async def test_receipts_without_any_mark(bench: Bent) -> None:
    async with bench(receipts=[{**AT_ONCE, "esm_class": 0, "parameters": []}]) as one:
        status, found, settings = await one.probe("--wait", "2")
        assert status == Exit.NO
        assert "receipts_by_text" in found["marks"]
        assert "receipts_by_text: true" in settings
        status, found, _ = await one.probe(receipts_by_text=True)
        assert (status, "marks" in found) == (Exit.FINE, False)


async def test_receipts_that_overtake_their_answers(bench: Bent) -> None:
    async with bench(submits=[{"delay": "50ms"}], receipts=[{"before_answer": True, "delay": "0s"}]) as one:
        status, found, _ = await one.probe()
    assert status == Exit.FINE
    assert found["ids"].endswith(": the same")


async def test_notifications_end_nothing(bench: Bent) -> None:
    async with bench(receipts=[{**AT_ONCE, "intermediate": ["ENROUTE"], "send": False}]) as one:
        status, found, _ = await one.probe("--wait", "2")
    assert status == Exit.NO
    assert found["short"] == "GSM 03.38, 1 part: accepted; no final receipt for 1 of 1 (1 intermediate)"


async def test_nobody_answers(bench: Bent) -> None:
    async with bench() as one:
        status, found, settings = await one.probe(port=1)
    assert (status, settings) == (Exit.NETWORK, "")
    assert found["bind"].startswith("failed: cannot connect to 127.0.0.1:1")


async def test_the_bind_is_refused(bench: Bent) -> None:
    async with bench(smsc={"system_id": "another"}) as one:
        status, found, _ = await one.probe()
        assert status == Exit.NETWORK
        assert "RINVSYSID" in found["bind"]
        assert one.smsc.counts.binds_refused == 1  # it is not tried twice


async def test_receipts_that_do_not_come(bench: Bent) -> None:
    async with bench(receipts=[{"send": False}]) as one:
        status, found, settings = await one.probe("--wait", "0.3s")
    assert (status, settings) == (Exit.NO, "")
    assert found["long"] == "GSM 03.38, 2 parts: accepted; no final receipt for 2 of 2"
    assert found["ids"] == "answers give decimal of 9 digits; no receipt"


async def test_messages_that_do_not_arrive(bench: Bent) -> None:
    async with bench(receipts=[{**AT_ONCE, "states": {"UNDELIV": 1}}]) as one:
        status, found, _ = await one.probe()
    assert status == Exit.NO
    assert found["short"] == "GSM 03.38, 1 part: accepted; receipt: UNDELIV"


async def test_a_part_without_an_answer_is_told_and_not_sent_again(bench: Bent) -> None:
    async with bench(submits=[{"coding": 8, "answer": "none"}]) as one:
        status, found, _ = await one.probe("--wait", "0.3s", response_timeout="0.2s")
        assert status == Exit.NO
        assert found["Unicode"] == "UCS-2, 1 part: left without an answer: no answer in time"
        assert one.smsc.counts.submits == 4


async def test_a_provider_that_finds_it_too_fast_is_waited_for(bench: Bent) -> None:
    async with bench(submits=[{"status": "RTHROTTLED", "times": 1}]) as one:
        status, _, _ = await one.probe()
        assert status == Exit.FINE
        assert (one.smsc.counts.submits, one.smsc.counts.taken) == (5, 4)


def foreign(number: str, words: str, esm_class: int) -> Delivery:
    """What is not of the trial: a receipt of the gateway's, or a message from a telephone."""
    values: dict[str, Value] = {"source_addr": number, "destination_addr": "ECOLE", "esm_class": esm_class}
    return Delivery(pdu.body_of(codes.DELIVER_SM, {**values, "short_message": words.encode()}))


@pytest.mark.parametrize(
    "delivery",
    [
        foreign("33699999999", "id:77 stat:DELIVRD", codes.RECEIPT),
        foreign("33612345678", "id:77 stat:DELIVRD", codes.RECEIPT),
        foreign("33612345678", "STOP", 0),
    ],
)
async def test_what_is_of_others_is_left_to_the_gateway(bench: Bent, delivery: Delivery) -> None:
    async with bench(receipts=[{"delay": "0.3s"}]) as one:
        one.smsc.deliver("essai", delivery)
        status, _, _ = await one.probe()
        counts = one.smsc.counts
        assert status == Exit.FINE
        assert counts.receipts_refused + counts.incoming_refused > 0
        assert counts.receipts_acknowledged + counts.incoming_acknowledged == 4  # the four that are ours


async def test_while_the_gateway_holds_the_account_nothing_is_sent(bench: Bent) -> None:
    async with bench() as one:
        configuration(one.folder, one.smsc.port)
        async with lane_lock(f"sqlite:///{one.folder}/gateway.db", "a") as held:
            assert held()
            status, _, why = await one.probe()
            assert status == Exit.NO
            assert "the gateway holds account a" in why
            assert "--beside" in why
            assert one.smsc.counts.binds == 0
            status, _, _ = await one.probe("--beside")
        assert status == Exit.FINE


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("b",), "no account is called b: there is a"),
        (("--to", "0387123456"), "not_mobile landline"),
        (("--sender", "36111"), "--sender"),
        (("--wait", "soon"), "--wait"),
    ],
)
async def test_what_cannot_be_asked(bench: Bent, words: tuple[str, ...], why: str) -> None:
    async with bench() as one:
        status, _, said = await one.probe(*words)
        assert status == Exit.USAGE
        assert why in said
        assert one.smsc.counts.binds == 0
