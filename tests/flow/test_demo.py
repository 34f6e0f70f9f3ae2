"""The demonstration: it tells the whole story, its figures agree, and it says so when they do not."""

import io
import os
import signal
import subprocess
import sys
import urllib.request
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from gateway.demo import cli
from gateway.demo.accounts import Counted, check
from gateway.demo.screen import WIDTH, Screen, euros


def _arguments(*words: str) -> Namespace:
    parser = ArgumentParser()
    cli.add_arguments(parser)
    return parser.parse_args(words)


def _screen() -> tuple[Screen, io.StringIO]:
    out = io.StringIO()
    return Screen(Console(file=out)), out


def test_once_tells_everything_and_ends_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "RECEIPT_DELAY", 0.1)
    assert cli.run(_arguments("--once", "--speed", "500")) == 0
    told = capsys.readouterr().out
    for words in (
        "Portable",
        "SMS en attente de diffusion",
        "Diffuser les SMS sélectionnés",
        "Reçu le ",
        "(1 SMS)",
        "(2 SMS)",
        "Non remis",
        "Total Annuel",
        "🎉",
        "Tous les comptes sont égaux.",
    ):
        assert words in told
    assert max(map(len, told.splitlines())) <= WIDTH


@contextmanager
def _started(folder: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "gateway", "demo", *words]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as one:
        try:
            yield one
        finally:
            one.kill()


def _read_until(process: "subprocess.Popen[str]", words: str) -> str:
    """The first line that holds the words; the demonstration ends by itself if it never comes."""
    assert process.stdout is not None
    return next(line for line in process.stdout if words in line)


def _end(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors


def test_the_daemon_stays_until_ctrl_c(tmp_path: Path) -> None:
    with _started(tmp_path, "--speed", "500") as process:
        url = _read_until(process, "Documentation : ").split()[2]
        _read_until(process, "vaguemestre synthesis --verify")
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.status == 200
        assert _end(process, signal.SIGINT) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_interrupted_before_its_end_it_leaves_nothing(tmp_path: Path) -> None:
    with _started(tmp_path, "--speed", "1") as process:
        _read_until(process, "SMS partis")
        assert _end(process, signal.SIGTERM) == (130, "")
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_has_sane_defaults() -> None:
    assert vars(_arguments()) == {"once": False, "port": 0, "speed": 20.0}


@pytest.mark.parametrize(
    ("counted", "agree"),
    [
        (Counted(accepted=(2, 3), smsc=3, ledger=(2, 3), synthesis=(2, 3)), True),
        (Counted(accepted=(2, 3), smsc=4, ledger=(2, 3), synthesis=(2, 3)), False),
        (Counted(accepted=(2, 3), smsc=3, ledger=(2, 2), synthesis=(2, 3)), False),
        (Counted(accepted=(2, 3), smsc=3, ledger=(2, 3), synthesis=(1, 3)), False),
        (Counted(accepted=(2, 3), smsc=3, ledger=(2, 3), synthesis=(2, 3), differences=1), False),
    ],
)
def test_figures_that_differ_are_told(counted: Counted, agree: bool) -> None:
    screen, out = _screen()
    assert check(screen, counted, date(2026, 11, 23)) is agree
    assert ("LES COMPTES DIFFÈRENT" in out.getvalue()) is not agree


@pytest.mark.parametrize(("amount", "shown"), [("3.6000", "3,60 €"), ("3.1050", "3,105 €")])
def test_money_is_french_and_exact(amount: str, shown: str) -> None:
    assert " ".join(euros(amount).split()) == shown


def test_brackets_in_a_name_are_not_markup() -> None:
    screen, out = _screen()
    screen.table(("Nom",), [("[bold]REITER",)])
    assert "[bold]REITER" in out.getvalue()


def test_without_a_terminal_progress_is_lines() -> None:
    screen, out = _screen()
    with screen.progress(3, 2) as tell:
        tell(1, 0)
        tell(3, 2)
    assert out.getvalue().splitlines() == ["  SMS partis 1/3 · accusés 0/2", "  SMS partis 3/3 · accusés 2/2"]
