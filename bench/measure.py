#!/usr/bin/env python3
"""Measures gateways between our load driver and our SMSC sink.

    measure.py compare [--total 20000] [--runs 3] [--warm 8]    ours and Kannel in turn, and the ratio
    measure.py throughput --peer ours [--total 20000] [--runs 3]
    measure.py kill9 --peer ours [--total 20000] [--at 10000]

Single messages over HTTP, each to its own number, 32 connections; a gateway is durable when it answers only after
the message is on the disk. Each run appends a JSON line to results/PEER.jsonl.
"""

import argparse
import contextlib
import fcntl
import json
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import evidence
from comparison import RATE, Pair, median_ratio, steady, table, warming
from processes import HERE, OUT, Peer, Sink, Stats, Usage, drive, settle

PEERS = ("ours", "kannel")

#: Of Kannel's rate, at the least.
WANTED = 0.5


@contextlib.contextmanager
def setting(folder: str) -> Iterator[tuple[Peer, Sink]]:
    """A fresh sink and a fresh gateway, alone on the machine as far as this tool knows."""
    with (Path(tempfile.gettempdir()) / "vaguemestre-bench.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sink, peer = Sink(), Peer(folder)
        try:
            peer.start()
            time.sleep(1)
            yield peer, sink
        finally:
            peer.stop()
            sink.stop()


def throughput(folder: str, args: argparse.Namespace) -> Stats:
    """All messages as fast as they are accepted; the rate is from the first request to the last submit_sm."""
    with setting(folder) as (peer, sink):
        usage = Usage(peer.pids())
        driven = drive(peer, args.concurrency, "--total", args.total)
        settle(lambda: int(sink.stats()["distinct"]), driven["accepted"])
        cpu, memory = usage.stop()
        peer.stop()
        last = sink.stop()
    span = last["last_submit"] - driven["start"]
    return {
        RATE: round(last["submits"] / span, 1) if last["submits"] else 0.0,
        "accepts_per_s": driven["accepts_per_s"],
        "http_p50_ms": driven["latency_ms"]["p50"],
        "http_p99_ms": driven["latency_ms"]["p99"],
        "cpu_s_per_10k": round(cpu / max(1, driven["accepted"]) * 1e4, 2),
        "peak_mb": round(memory / 1e6, 1),
        "first_bad": driven["first_bad"],
        **evidence.account(evidence.requests(OUT / "drive.log"), evidence.submits(sink.log)),
    }


def kill9(folder: str, args: argparse.Namespace) -> Stats:
    """SIGKILL after ``--at`` accepted messages, a restart a second later, and on to ``--total``."""
    with setting(folder) as (peer, sink):
        script, killed = shlex.quote(str(peer.script)), OUT / "killed"
        clock = f"{shlex.quote(sys.executable)} -c 'import time; print(time.monotonic())' >{shlex.quote(str(killed))}"
        hook = f"{script} kill9; {clock}; sleep 1; {script} resume >{shlex.quote(str(OUT / 'resume.out'))} 2>&1"
        options = ("--total", args.total, "--until-accepted", "--hook-at", args.at, "--hook", hook, "--give-up", 90)
        driven = drive(peer, args.concurrency, *options)
        settle(lambda: int(sink.stats()["distinct"]), driven["accepted"])
        uncertain = _uncertain(peer)
        peer.stop()
        sink.stop()
    asked, seen = evidence.requests(OUT / "drive.log"), evidence.submits(sink.log)
    at = float(killed.read_text())
    before = sum(1 for request in asked.values() if request.accepted and request.replied <= at)
    return {
        **evidence.account(asked, seen),
        "listed_uncertain": uncertain,
        "inside_when_killed": before - sum(times[0] <= at for times in seen.values()),
    }


def _uncertain(peer: Peer) -> int | None:
    """How many messages the gateway itself lists as uncertain; None when it has no such list."""
    if "uncertain" not in peer.conf:
        return None
    request = urllib.request.Request(peer.conf["uncertain"])
    for header in peer.conf["headers"]:
        request.add_header(*header.split(": ", 1))
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.load(answer)["page"]["total"])


def one_run(what: str, folder: str, args: argparse.Namespace) -> Stats:
    """Measure, and keep the result."""
    result = kill9(folder, args) if what == "kill9" else throughput(folder, args)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    line = {"what": what, "when": time.strftime("%Y-%m-%d %H:%M:%S"), "total": args.total, "result": result}
    with (results / f"{folder}.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(f"{folder}: {json.dumps(result)}", file=sys.stderr, flush=True)
    return result


def compare(args: argparse.Namespace) -> int:
    """Ours and Kannel in turn, at their steady state; 1 when ours is under half, or either lost or doubled any."""

    def pair() -> Pair:
        return Pair(*(one_run("throughput", folder, args) for folder in PEERS))

    warm: list[Pair] = []
    while len(warm) < args.warm and not steady(warm):
        warm.append(pair())
    counted = [pair() for _ in range(args.runs)]
    print(told(warm, counted, args))
    faults = sum(one.faults for one in (*warm, *counted))
    return 0 if median_ratio(counted) >= WANTED and not faults else 1


def told(warm: Sequence[Pair], counted: Sequence[Pair], args: argparse.Namespace) -> str:
    """The report of a comparison."""
    ratios = ", ".join(f"{one.ratio:.2f}" for one in counted)
    lines = [
        f"\n{args.total} single messages over HTTP to submit_sm on loopback, {args.concurrency} connections, each "
        "answered\nonly once stored; from the first request to the last submit_sm; runs in turn.",
    ]
    if warm:
        state = "Kannel's rate no longer falls" if steady(warm) else "STILL FALLING: believe the ratio less"
        lines += [f"\nNot counted, until the steady state ({state}):\n", warming(warm)]
    lines += [
        f"\nCounted, {len(counted)} runs of each, median (min-max):\n",
        table([Peer(folder).name for folder in PEERS], counted),
        f"\nRatio ours / Kannel: {median_ratio(counted):.2f} (runs: {ratios}); at least {WANTED:.2f} is wanted.",
    ]
    return "\n".join(lines + ([f"Cold, the first pair of all: {warm[0].ratio:.2f}."] if warm else []))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["compare", "throughput", "kill9"])
    parser.add_argument("--peer", choices=PEERS, default="ours")
    parser.add_argument("--total", type=int, default=20_000, help="messages")
    parser.add_argument("--runs", type=int, help="default 3; 1 for kill9")
    parser.add_argument("--warm", type=int, default=8, help="compare: pairs at most before those that count; 0: cold")
    parser.add_argument("--concurrency", type=int, default=32, help="connections")
    parser.add_argument("--at", type=int, default=10_000, help="kill9: after how many accepted messages")
    args = parser.parse_args()
    args.runs = args.runs or (1 if args.what == "kill9" else 3)
    return args


def main() -> int:
    """One measurement; the exit status says whether all was well."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that what was started is stopped
    args = arguments()
    subprocess.run(["make", "-s", "-C", HERE], check=True)
    if args.what == "compare":
        return compare(args)
    results = [one_run(args.what, args.peer, args) for _ in range(args.runs)]
    allowed = [result.get("listed_uncertain") or 0 for result in results]
    good = all(r["lost"] <= may and not r["duplicated"] for r, may in zip(results, allowed, strict=True))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
