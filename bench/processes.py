"""The processes of a measurement: our SMSC sink, our load driver, and a gateway with what it costs."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OUT = HERE / "out"
SMSC_PORT = 2775
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

Stats = dict[str, Any]


class Sink:
    """The SMSC that answers every submit_sm and logs it; ``stats`` is what it last said of itself."""

    def __init__(self, *options: str) -> None:
        OUT.mkdir(exist_ok=True)
        self.log = OUT / "smsc_sink.log"
        self._stats = OUT / "smsc_sink.stats"
        for path in (self.log, self._stats):
            path.unlink(missing_ok=True)
        command = [str(HERE / "bin" / "smsc_sink"), "--port", str(SMSC_PORT), "--dlr", "off"]
        self.process = subprocess.Popen([*command, "--stats-file", str(self._stats), "--log", str(self.log), *options])
        time.sleep(0.2)
        if self.process.poll() is not None:
            sys.exit(f"smsc_sink does not start: is port {SMSC_PORT} in use?")

    def stats(self) -> Stats:
        """The last complete line of its statistics; zeros before the first."""
        with contextlib.suppress(FileNotFoundError):
            lines = [line for line in self._stats.read_text().splitlines() if line[:1] == "{" and line[-1:] == "}"]
            if lines:
                return dict(json.loads(lines[-1]))
        return defaultdict(int)

    def stop(self) -> Stats:
        """End it, and its final statistics."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        return self.stats()


class Peer:
    """A gateway: a folder with ``run.sh`` (start, resume, stop, kill9, pids) and ``peer.json`` (how to call it)."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.script = HERE / folder / "run.sh"
        self.conf: Stats = json.loads((HERE / folder / "peer.json").read_text())

    @property
    def name(self) -> str:
        """As the table calls it."""
        return str(self.conf["name"])

    def start(self) -> None:
        """From an empty state; returns when it is bound to the SMSC."""
        self.run("stop", check=False)
        self.run("start")

    def stop(self) -> None:
        """As an operator would."""
        self.run("stop", check=False)

    def pids(self) -> list[int]:
        """Its processes."""
        return [int(pid) for pid in self.run("pids").split()]

    def run(self, verb: str, *, check: bool = True) -> str:
        """One verb of its ``run.sh``; exits when it fails and ``check`` is true."""
        environment = {**os.environ, "SMSC_PORT": str(SMSC_PORT)}
        done = subprocess.run([self.script, verb], stdout=subprocess.PIPE, text=True, check=False, env=environment)
        if check and done.returncode:
            sys.exit(f"{self.folder}/run.sh {verb} failed")
        return done.stdout


def _tree(roots: Sequence[int]) -> dict[int, tuple[float, int]]:
    """The roots that live and all below them: (CPU seconds, resident bytes)."""
    found: dict[int, tuple[float, int]] = {}
    children: dict[int, list[int]] = defaultdict(list)
    stat: dict[int, tuple[float, int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            field = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            stat[int(entry.name)] = (int(field[11]) + int(field[12])) / TICK, int(field[21]) * PAGE
            children[int(field[1])].append(int(entry.name))
    todo = [pid for pid in roots if pid in stat]
    while todo:
        pid = todo.pop()
        if pid not in found:
            found[pid] = stat[pid]
            todo += children[pid]
    return found


class Usage(threading.Thread):
    """Samples a gateway's processes: the CPU they use from now on, the peak of the sum of their memory."""

    def __init__(self, roots: Sequence[int]) -> None:
        super().__init__(daemon=True)
        self._roots = roots
        self._first = {pid: cpu for pid, (cpu, _) in _tree(roots).items()}
        self._last = dict(self._first)
        self._peak = 0
        self._over = threading.Event()
        self.start()

    def _sample(self) -> None:
        now = _tree(self._roots)
        self._peak = max(self._peak, sum(memory for _, memory in now.values()))
        self._last.update({pid: cpu for pid, (cpu, _) in now.items()})

    def run(self) -> None:
        """The thread: five samples a second."""
        while not self._over.wait(0.2):
            self._sample()

    def stop(self) -> tuple[float, int]:
        """(CPU seconds, peak bytes)."""
        self._over.set()
        self.join()
        self._sample()
        return sum(cpu - self._first.get(pid, 0) for pid, cpu in self._last.items()), self._peak


def drive(peer: Peer, concurrency: int, *options: object) -> Stats:
    """Post messages to a gateway, each to a number of its own; what the driver reports."""
    conf = peer.conf
    report = OUT / "drive.json"
    report.unlink(missing_ok=True)
    command = [str(HERE / "bin" / "drive"), "--url", conf["url"], "--out", str(report), "--ok", conf["ok"]]
    command += ["--log", str(OUT / "drive.log"), "--method", conf.get("method", "GET")]
    command += ["--to-base", str(conf["to_base"]), "--concurrency", str(concurrency)]
    if "body" in conf:
        command += ["--body", conf["body"]]
    for header in conf.get("headers", []):
        command += ["--header", header]
    subprocess.run([*command, *map(str, options)], check=False)
    return dict(json.loads(report.read_text()))


def settle(count: Callable[[], int], target: int, quiet: float = 15, limit: float = 300) -> None:
    """Wait until ``count()`` reaches the target, or stood still for ``quiet`` seconds, or ``limit`` is over."""
    began = changed = time.monotonic()
    last = count()
    while last < target and time.monotonic() - changed < quiet and time.monotonic() - began < limit:
        time.sleep(0.25)
        now = count()
        if now != last:
            last, changed = now, time.monotonic()
