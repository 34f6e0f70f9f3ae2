"""``vaguemestre purge``: what was kept long enough is erased now; the gateway does it too, a little every minute."""

import argparse
import sys
import time
from collections.abc import Mapping

from gateway import retention
from gateway.config import Settings
from gateway.exits import Exit
from gateway.store import retention as kept
from gateway.store.database import open_store

_WORDS = {
    "message_texts": "texts of messages",
    "message_people": "numbers and names of messages",
    "receipt_texts": "receipts as they came",
    "receipt_numbers": "numbers of receipts",
    "inbound_texts": "texts of received messages",
    "inbound_numbers": "numbers of received messages",
    "inbound_part_texts": "parts of received messages as they came",
    "inbound_part_numbers": "numbers of parts of received messages",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``purge``."""
    parser.add_argument("--dry-run", action="store_true", help="count what would be erased, and erase nothing")


async def run(args: argparse.Namespace, settings: Settings) -> int:
    """Erase or count, by kind, whether the gateway runs or not. Raises StoreUnavailable."""
    now = time.time_ns() // 1_000_000
    due = retention.limits(settings.retention, now)
    async with open_store(settings.store.url, sealer=settings.store.sealer) as store:
        if args.dry_run:
            counts = await store.read(lambda conn: kept.waiting(conn, due))
        else:
            counts = await retention.purge(store, due, now, "command line")
    for line in _lines(settings, counts, "would be erased" if args.dry_run else "erased"):
        sys.stdout.write(f"{line}\n")
    return Exit.FINE


def _lines(settings: Settings, counts: Mapping[str, int], word: str) -> list[str]:
    days = settings.retention
    return [
        *(f"{what}: kept {_days(count)}" for what, count in (("texts", days.text_days), ("numbers", days.number_days))),
        *(f"{counts.get(sweep.name, 0):>9} {_WORDS[sweep.name]} {word}" for sweep in kept.SWEEPS),
    ]


def _days(count: int | None) -> str:
    return "for ever" if count is None else f"{count} days"
