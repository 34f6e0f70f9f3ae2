"""``vaguemestre migrate``: the database brought to this version's schema, and sealed where a key is new.

``serve`` brings it to the schema too when it starts; it never seals what is there.
"""

import argparse
import sys

from gateway.config import Settings
from gateway.exits import Exit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``migrate``."""
    parser.add_argument(
        "--seal", action="store_true", help="seal what was stored before store.encryption_key, or by an older key"
    )


async def run(args: argparse.Namespace, settings: Settings) -> int:
    """Migrate, and print the revision that is reached and what was sealed. Raises StoreUnavailable."""
    from gateway.store.maintenance import migrate

    if args.seal and settings.store.sealer is None:
        sys.stderr.write("vaguemestre: store.encryption_key is not set: nothing to seal with\n")
        return Exit.USAGE
    revision = await migrate(settings.store.url, settings.store.sealer)
    sys.stdout.write(f"the database is at revision {revision}\n")
    if args.seal:
        await _seal(settings)
    return Exit.FINE


async def _seal(settings: Settings) -> None:
    from gateway.store.database import open_store
    from gateway.store.maintenance import empty_log
    from gateway.store.reseal import seal_all

    async with open_store(settings.store.url, sealer=settings.store.sealer) as store:
        counts = await seal_all(store)
    for table, rows in counts.items():
        sys.stdout.write(f"{rows:>9} rows of {table} sealed\n")
    if not await empty_log(settings.store.url):
        sys.stdout.write("the write-ahead log is in use: what was open stays in it until the gateway empties it\n")
