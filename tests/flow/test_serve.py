"""``vaguemestre serve`` as a process: what systemd is told, signals, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.exits import Exit

#: Seconds that anything here may last.
DEADLINE = 30


@contextmanager
def manager(folder: Path) -> Iterator[socket.socket]:
    """The end that systemd would hold."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(folder / "notify"))
        end.settimeout(DEADLINE)
        yield end


def told(end: socket.socket, word: str) -> str:
    """Wait until the manager is told something with this word in it."""
    while word not in (message := end.recv(4096).decode()):
        pass
    return message


def configuration(folder: Path, listen: str = "127.0.0.1:0", database: str = "gateway.db") -> Path:
    file = folder / "config.yaml"
    file.write_text(
        f'store: {{url: "sqlite:///{folder / database}"}}\nhttp: {{listen: "{listen}"}}\n'
        "schools: [{uai: 0570051W, name: Lycée}]\n",
        "utf-8",
    )
    return file


def serve(file: Path, end: socket.socket | None = None, **more: str) -> subprocess.Popen[bytes]:
    environ = {name: value for name, value in os.environ.items() if name not in ("NOTIFY_SOCKET", "WATCHDOG_USEC")}
    if end is not None:
        environ["NOTIFY_SOCKET"] = end.getsockname()
    words = [sys.executable, "-m", "gateway", "serve", "--config", str(file)]
    return subprocess.Popen(words, env=environ | more, stderr=subprocess.PIPE)


def events(process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    """Every line of the log, once the process has ended."""
    _, log = process.communicate(timeout=DEADLINE)
    return [json.loads(line) for line in log.splitlines()]


def test_ready_alive_reloaded_stopped(tmp_path: Path) -> None:
    file = configuration(tmp_path)
    with manager(tmp_path) as end, serve(file, end, WATCHDOG_USEC="200000") as process:
        try:
            ready = told(end, "READY=1")
            port = int(ready.rpartition(" ")[2])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=DEADLINE) as answer:
                assert answer.status == 200
            told(end, "WATCHDOG=1")
            good = file.read_text("utf-8")
            file.write_text("schools: [{uai: 0570051W}]\n", "utf-8")
            process.send_signal(signal.SIGHUP)
            assert "MONOTONIC_USEC=" in told(end, "RELOADING=1")
            told(end, "READY=1")
            file.write_text(good, "utf-8")
            process.send_signal(signal.SIGHUP)
            told(end, "RELOADING=1")
            told(end, "READY=1")
            process.send_signal(signal.SIGTERM)
            told(end, "STOPPING=1")
            log = events(process)
        finally:
            process.kill()
    assert process.returncode == Exit.FINE
    assert [event["message"] for event in log] == ["ready", "configuration refused", "reloaded", "stopping", "stopped"]
    assert "schools[0].name: required" in log[1]["problem"]


def test_a_configuration_with_errors(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("http: {listn: x}\nscools: []\n")
    with serve(file) as process:
        _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == Exit.USAGE
    assert b"http.listn" in said
    assert b"did you mean schools?" in said


def test_a_store_that_cannot_be_opened(tmp_path: Path) -> None:
    with serve(configuration(tmp_path, database="missing/gateway.db")) as process:
        process.communicate(timeout=DEADLINE)
    assert process.returncode == Exit.STORE


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serve(configuration(tmp_path, listen=f"127.0.0.1:{port}")) as process:
            process.communicate(timeout=DEADLINE)
    assert process.returncode == Exit.NETWORK


def test_copy_and_migrate_while_it_runs(tmp_path: Path) -> None:
    file = configuration(tmp_path)
    words = [sys.executable, "-m", "gateway"]
    with manager(tmp_path) as end, serve(file, end) as process:
        try:
            told(end, "READY=1")
            for command in (["backup", str(tmp_path / "copy.db")], ["migrate"], ["synthesis", "--verify"]):
                done = subprocess.run(
                    [*words, command[0], "--config", str(file), *command[1:]],
                    capture_output=True,
                    timeout=DEADLINE,
                    check=False,
                )
                assert done.returncode == Exit.FINE, done.stderr
            assert (tmp_path / "copy.db").read_bytes().startswith(b"SQLite format 3")
        finally:
            process.terminate()
            process.communicate(timeout=DEADLINE)
    assert process.returncode == Exit.FINE
