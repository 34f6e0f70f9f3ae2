"""How fast readers are answered, by HTTP, from a database of ten million messages; with the plans that were used."""

import argparse
import asyncio
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
from readers_database import SCHOOLS, build, made_up
from sqlalchemy import event
from sqlalchemy.engine import Engine

from gateway.app import run_gateway
from gateway.config import Role, Settings
from gateway.registry import Registry
from gateway.store import daily
from gateway.store.database import open_store
from gateway.store.engine import database_size

KEY = "vgm_readers"
RUNS = 7
#: Milliseconds promised.
SYNTHESIS, RECAP = 50, 200
BIG, SMALL = SCHOOLS[0], SCHOOLS[7]


def settings(file: Path) -> Settings:
    """The schools of the database, and a key that reads them."""
    digest = sha256(KEY.encode()).hexdigest()
    return Settings.model_validate(
        {
            "store": {"url": f"sqlite:///{file}"},
            "http": {"listen": "127.0.0.1:0"},
            "schools": [{"uai": uai, "name": uai} for uai in SCHOOLS],
            "apps": [{"name": "lecture", "key_sha256": digest, "schools": SCHOOLS, "scopes": ["read", "numbers"]}],
            "actions": [{"code": "ABSENCE", "short_label": "SMS", "long_label": "Envoi de SMS"}],
        }
    )


@dataclass(frozen=True, slots=True)
class Question:
    """What a reader asks, and how many milliseconds it may take."""

    words: str
    path: str
    most: int


@dataclass(frozen=True, slots=True)
class Known:
    """What a school has: a number that was written to, a batch, an event."""

    number: str
    batch: str
    event: str


def known(file: Path, school: str) -> Known:
    """Of the middle of a school's messages."""
    conn = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    where = "WHERE school = ? AND {0} IS NOT NULL AND id > (SELECT MAX(id) / 2 FROM message)"
    sql = f"SELECT {{0}} FROM message {where} LIMIT 1"
    columns = ("number", "batch", "event_id")
    number, batch, event = (conn.execute(sql.format(name), (school,)).fetchone()[0] for name in columns)
    conn.close()
    return Known(number, f"bat_{batch:026}", event)


def questions(file: Path) -> Iterator[Question]:
    """The synthesis, and the recap's first page with each filter, in the school that sends most and in another."""
    yield Question("synthesis", f"/v1/synthesis?school={BIG}&year=2025", SYNTHESIS)
    filters = {
        "nothing": "",
        "status, common": "&status=delivered",
        "status, rare": "&status=rejected",
        "status, none": "&status=uncertain",
        "action, common": "&action=ABSENCE",
        "action, rare": "&action=ALERTE",
        "from": "&from=2024-03-04",
        "from, to": "&from=2024-03-04&to=2024-03-15",
        "from, to, inside days": "&from=2024-03-04T09:00:00%2B01:00&to=2025-03-15T09:00:00%2B01:00",
        "user": "&user=utilisateur.5",
        "user, rare": "&user=utilisateur.24",
        "workstation": "&workstation=PC-3",
        "mode, rare": "&mode=economique",
        "number": "&number=%2B{number}",
        "batch": "&batch={batch}",
        "event": "&event={event}",
        "label": f"&label={made_up(7)}",
        "label, prefix": "&label=mar",
        "label, in most": "&label=mme",
        "label, two words": f"&label=mme+{made_up(7)[:5]}",
        "newest first": "&sort=-sent",
    }
    for school, name in ((BIG, "big"), (SMALL, "small")):
        has = known(file, school)
        for words, more in filters.items():
            said = more.format(number=has.number[1:], batch=has.batch, event=has.event)
            yield Question(f"recap ({name}): {words}", f"/v1/recap?school={school}&count=true{said}", RECAP)
    yield Question("users and workstations (big)", f"/v1/origins?school={BIG}", RECAP)
    yield Question("list (big)", f"/v1/messages?school={BIG}&count=true", RECAP)


async def settle(file: Path, tell: Callable[[str], None]) -> None:
    """The daily counters, made by the gateway's own means as of an older database."""
    declared = settings(file)
    began = time.monotonic()
    async with open_store(declared.store.url) as store:
        await store.write(lambda conn: daily.fill(conn, Registry(declared).day))
    tell(f"daily counters after {time.monotonic() - began:.0f} s")


@contextmanager
def overheard() -> Iterator[list[tuple[str, Any]]]:
    """The statements that are run meanwhile."""
    heard: list[tuple[str, Any]] = []

    def listen(_conn: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool) -> None:
        heard.append((sql, values))

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


def plan(file: Path, heard: list[tuple[str, Any]]) -> str:
    """How SQLite goes about the statements that read messages or counters: indexes, and sorting."""
    found: dict[str, None] = {}
    conn = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    for name, number in (("french_order", 1), ("label_fits", 2)):  # only named, not called
        conn.create_function(name, number, lambda *_: None, deterministic=True)
    for sql, values in heard:
        if sql.startswith(("SELECT", "WITH")):
            for *_, step in conn.execute(f"EXPLAIN QUERY PLAN {sql}", values):
                if any(word in step for word in ("message", "daily", "tally", "word", "TEMP")):
                    found[step.replace("USING ", "").replace("SEARCH ", "")] = None
    conn.close()
    return "; ".join(found)


async def ask(file: Path) -> list[tuple[Question, list[float], int, str]]:
    """Every question, some times."""
    results = []
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(run_gateway(settings(file), Role.API))
        headers = {"Authorization": f"Bearer {KEY}"}
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
        for question in questions(file):
            taken, total = [], 0
            with overheard() as heard:
                for _ in range(RUNS):
                    began = time.perf_counter()
                    async with session.get(f"http://127.0.0.1:{gateway.http_port}{question.path}") as answer:
                        found = await answer.json(content_type=None)
                        taken.append((time.perf_counter() - began) * 1000)
                        if answer.status != 200:
                            raise SystemExit(f"{question.path}: {answer.status} {found['detail']}")
                    total = found.get("page", {}).get("total") or 0
                steps = plan(file, list(dict.fromkeys((sql, tuple(values)) for sql, values in heard)))
            results.append((question, taken, total, steps))
    return results


def table(results: list[tuple[Question, list[float], int, str]]) -> str:
    """The results as Markdown."""
    lines = [
        "| question | median, ms | most, ms | promised | messages | plan |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for question, taken, total, steps in results:
        figures = f"{median(taken):.0f} | {max(taken):.0f} | {question.most} | {total:,}"
        lines.append(f"| {question.words} | {figures} | {steps} |")
    return "\n".join(lines)


def say(line: str) -> None:
    """Progress."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Build or take the database, ask, show; 1 if a median is over what is promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000_000, help="how many (default: ten million)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the database there, or take the one that is")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp(prefix="readers-", dir="/var/tmp"))
    file = folder / f"readers-{args.messages}.db"
    try:
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            build(file, args.messages, say)
            asyncio.run(settle(file, say))
        print(f"{args.messages:,} messages, {database_size(f'sqlite:///{file}') / 2**30:.1f} GiB\n")
        results = asyncio.run(ask(file))
        print(table(results))
        return int(any(median(taken) > question.most for question, taken, _, _ in results))
    finally:
        if args.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
