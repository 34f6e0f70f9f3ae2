"""``vaguemestre simulator``: its options, what is wrong with them, and how it ends."""

import argparse
import asyncio
import json
import signal
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from adapters.smpp.provider import SmppProvider
from adapters.smpp.scenario_file import shipped_files
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_cli import add_arguments, main, summary
from adapters.smpp.simulator_options import SimulatorOptions
from tests.adapters.gateway_side import PATIENCE, Gateway, account, prepared
from tests.adapters.test_simulator import exchange


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    add_arguments(made)
    return made


def test_the_command_line_has_every_option() -> None:
    args = vars(parser().parse_args([]))
    assert (args.pop("scenario"), args.pop("list")) == (None, False)
    assert args == {field.name: field.default for field in fields(SimulatorOptions)} | {"port": 2775}


def test_the_command_line_is_read() -> None:
    args = parser().parse_args(
        ["--port", "0", "--system-id", "a", "--undelivered", "0.1", "--hex-ids", "--no-receipts"]
    )
    assert (args.port, args.system_id, args.undelivered, args.hex_ids, args.receipts) == (0, "a", 0.1, True, False)


def test_a_share_is_between_0_and_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--undelivered", "5"])
    assert "between 0 and 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "value", "complaint"),
    [
        ("--speed", "0", "must be more than 0"),
        ("--speed", "nan", "must be more than 0"),
        ("--speed", "inf", "must be more than 0"),
        ("--enquire-link", "0", "must be more than 0"),
        ("--rate", "-5", "must be 0 or more"),
        ("--latency", "soon", "soon is not a number"),
        ("--cut-every", "2.5", "2.5 is not a whole number"),
    ],
)
def test_a_wrong_amount_is_told(flag: str, value: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args([f"{flag}={value}"])
    assert complaint in capsys.readouterr().err


async def test_a_port_that_is_taken_is_exit_4(capsys: pytest.CaptureFixture[str]) -> None:
    async with Simulator() as smsc:
        assert await main(parser().parse_args(["--port", str(smsc.port)])) == 4
    assert f"127.0.0.1:{smsc.port}" in capsys.readouterr().err


async def test_a_share_of_the_telephones_replies() -> None:
    async with Simulator(SimulatorOptions(receipt_delay=0, mo_reply=0.5, mo_text="STOP", seed=1)) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, window=100))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, number) for number in range(1, 51)], gateway.answer)
            await smsc.until(lambda: smsc.counts.receipts_acknowledged == 50)
            await smsc.until(lambda: smsc.counts.incoming_acknowledged == smsc.counts.incoming_sent)
    assert 10 < len(gateway.said) < 40
    assert {(said.sender, said.to, said.octets) for said in gateway.said} == {("+33660000000", "CLGPASTEUR", b"STOP")}


async def test_the_scenarios_that_come_with_it_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert await main(parser().parse_args(["--list"])) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == [file.stem for file in shipped_files()]
    assert all(len(line.split()) > 3 for line in listed)


@pytest.mark.parametrize(
    ("text", "flags", "complaint"),
    [
        (
            "begin: bind",
            [],
            "day.yaml:1: begin: unknown key: did you mean begins?\nThe scenario is refused: 1 to cure.",
        ),
        ("", ["--rate", "5", "--hex-ids"], "day.yaml: the scenario says all of this: leave out --rate, --hex-ids\n"),
    ],
)
async def test_a_wrong_scenario_is_exit_2(
    text: str, flags: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "day.yaml"
    file.write_text(text)
    assert await main(parser().parse_args(["--scenario", str(file), *flags])) == 2
    assert complaint in capsys.readouterr().err


async def test_the_summary_has_no_number() -> None:
    async with Simulator(SimulatorOptions(receipts=False)) as smsc:
        await exchange(smsc, 3)
    found = json.loads(summary(smsc))
    assert (found["taken"], found["destinations"]) == (3, 1)
    assert "33660000000" not in summary(smsc)


async def test_it_runs_until_it_is_told_to_stop() -> None:
    code = (
        "import argparse, asyncio\nfrom adapters.smpp.simulator_cli import add_arguments, main\n"
        "p = argparse.ArgumentParser(); add_arguments(p)\nraise SystemExit(asyncio.run(main(p.parse_args())))"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, "--port", "0", "--scenario", "ordinary-day"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    async with asyncio.timeout(PATIENCE):
        assert b"listening on 127.0.0.1:" in await process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        out, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(out)["submits"] == 0
