"""What systemd is told, and what its unit says."""

import configparser
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.config import Settings
from gateway.exits import Exit
from gateway.systemd import Notifier

UNIT = Path(__file__).parents[2] / "systemd" / "vaguemestre.service"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The end that systemd would hold."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.settimeout(5)
        yield end


def told(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().split("\n")


def test_what_is_told(manager: socket.socket) -> None:
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": manager.getsockname()})
    notifier.ready("2 accounts\nforged")
    assert told(manager) == ["READY=1", "STATUS=2 accounts forged"]
    notifier.alive()
    assert told(manager) == ["WATCHDOG=1"]
    notifier.status("draining")
    assert told(manager) == ["STATUS=draining"]
    notifier.stopping()
    assert told(manager) == ["STOPPING=1"]
    notifier.reloading()
    state, since = told(manager)
    assert state == "RELOADING=1"
    assert re.fullmatch(r"MONOTONIC_USEC=[0-9]+", since)


def test_an_abstract_socket() -> None:
    name = f"vaguemestre-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(f"\0{name}")
        end.settimeout(5)
        Notifier(f"@{name}").alive()
        assert told(end) == ["WATCHDOG=1"]


def test_nobody_listens(tmp_path: Path) -> None:
    Notifier.from_environment({}).ready()
    Notifier(str(tmp_path / "gone")).ready()


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_watchdog_is_half_of_what_is_allowed(environ: dict[str, str], seconds: float | None) -> None:
    assert Notifier.from_environment(environ).watchdog == seconds


# ---- the unit ----


def service() -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, "utf-8")
    return dict(parser["Service"])


def test_unit_says_what_the_gateway_does() -> None:
    unit = service()
    assert unit["Type"] == "notify"
    assert unit["NotifyAccess"] == "main"
    assert unit["RestartPreventExitStatus"] == str(Exit.USAGE.value)
    assert unit["ExecReload"] == "kill -HUP $MAINPID"
    assert "LoadCredential" in unit
    assert int(unit["WatchdogSec"].removesuffix("s")) > 0


def test_stopping_fits_into_the_time_that_systemd_gives() -> None:
    stop = Settings().stop
    total = sum(getattr(stop, name).total_seconds() for name in type(stop).model_fields)
    assert total + 10 <= int(service()["TimeoutStopSec"].removesuffix("s"))


def test_unit_is_sandboxed() -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    done = subprocess.run(
        [program, "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = re.search(r"Overall exposure level.*: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= 2.0
