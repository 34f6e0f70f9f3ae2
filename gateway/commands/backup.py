"""``vaguemestre backup``: a consistent copy of the database, also while the gateway runs."""

import argparse
import sys
from pathlib import Path

from gateway.config import Settings
from gateway.exits import Exit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``backup``."""
    parser.add_argument("target", type=Path, help="the file to write; it must not exist yet")


async def run(args: argparse.Namespace, settings: Settings) -> int:
    """Copy, and print the size. An existing file is never overwritten. Raises StoreUnavailable."""
    from gateway.store.maintenance import backup

    if fault := _refusal(args.target):
        print(fault, file=sys.stderr)
        return Exit.USAGE
    size = await backup(settings.store.url, args.target)
    print(f"{args.target}: {size} bytes")
    return Exit.FINE


def _refusal(target: Path) -> str:
    """Why nothing can be written there; empty when it can."""
    if target.exists():
        return f"{target} exists already: name another file, or remove it"
    if not target.absolute().parent.is_dir():
        return f"{target.absolute().parent} is not a directory: create it first"
    return ""
