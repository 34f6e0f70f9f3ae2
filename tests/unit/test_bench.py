"""The benchmark: what it calls lost, doubled, steady and the ratio; and that the gateway accepts its configuration."""

import asyncio
import importlib
import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from adapters.smpp.options import SmppAccount
from gateway import accounts
from gateway.config import load
from gateway.registry import Registry
from gateway.store import labels
from gateway.store.database import open_store

BENCH = Path(__file__).parents[2] / "bench"


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lost_and_doubled_are_told_from_the_two_logs(tmp_path: Path) -> None:
    evidence = _module("evidence")
    driver, sink = tmp_path / "drive.log", tmp_path / "sink.log"
    # to, due, sent, replied, status, accepted: accepted, lost, doubled, unanswered but sent, refused
    driver.write_text("1 0 0 1 202 1\n2 0 0 1 202 1\n3 0 0 1 202 1\n4 0 0 0 0 0\n5 0 0 1 503 0\n")
    # time, to, from, message id: a throttled one of 2 does not count; 9 was asked by nobody
    sink.write_text("1 1 B 11 x\n1 2 B 0 x\n1 3 B 12 x\n2 3 B 13 x\n1 4 B 14 x\n1 9 B 15 x\n")
    assert evidence.account(evidence.requests(driver), evidence.submits(sink)) == {
        "accepted": 3,
        "lost": 1,
        "duplicated": 1,
        "unanswered": 1,
        "unanswered_but_submitted": 1,
        "strangers": 1,
    }


def _result(rate: float, lost: int = 0) -> dict[str, float]:
    keys = _module("comparison").COLUMNS.values()
    return {**dict.fromkeys(keys, 0), "end_to_end_per_s": rate, "lost": lost}


def test_it_waits_until_the_other_gateway_slows_down_no_more() -> None:
    comparison = _module("comparison")
    pairs = [comparison.Pair(_result(3_000), _result(rate)) for rate in (10_500, 9_500, 7_400, 4_950, 4_460, 4_900)]
    assert [comparison.steady(pairs[:count]) for count in range(7)] == [False] * 6 + [True]


def test_the_ratio_is_the_median_of_the_pairs() -> None:
    comparison = _module("comparison")
    rates = ((3_000, 10_000), (3_000, 5_000), (3_500, 5_000))
    pairs = [comparison.Pair(_result(ours), _result(theirs, lost=1)) for ours, theirs in rates]
    assert comparison.median_ratio(pairs) == 0.6
    assert sum(pair.faults for pair in pairs) == 3
    assert "| cold | 3,000 | 10,000 | 0.30 |" in comparison.warming(pairs)
    assert "| us | 3,000 (3,000-3,500) |" in comparison.table(["us", "them"], pairs)
    assert comparison.Pair(_result(1), _result(0)).ratio == float("inf")


def test_the_configuration_of_the_benchmark_loads(tmp_path: Path) -> None:
    run = ["bash", str(BENCH / "ours" / "run.sh"), "start"]
    environment = {"BENCH_STATE": str(tmp_path), "VAGUEMESTRE": "false", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not ready" in done.stderr
    settings = load(tmp_path / "ours" / "config.yaml", {"smpp": SmppAccount})
    assert settings.accounts[0].window == 200


def test_the_readers_database_is_what_the_gateway_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    readers = importlib.import_module("readers")
    file, said = tmp_path / "readers.db", list[str]()
    importlib.import_module("readers_database").build(file, 20_000, said.append)
    asyncio.run(readers.settle(file, said.append))
    assert any(line.startswith("index message_sent: ") for line in said)

    async def check() -> None:
        declared = readers.settings(file)
        async with open_store(declared.store.url) as store:
            _, wrong = await accounts.daily_differences(store, Registry(declared).day)
            assert wrong == []
            assert not await store.read(labels.behind)

    asyncio.run(check())
    results = asyncio.run(readers.ask(file))
    assert {question.words for question, *_ in results} == {question.words for question in readers.questions(file)}
    assert "| recap (big): nothing |" in readers.table(results)
