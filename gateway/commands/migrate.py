"""``vaguemestre migrate``: the database brought to this version's schema; ``serve`` does it too when it starts."""

import argparse

from gateway.config import Settings
from gateway.exits import Exit


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """``migrate`` has none of its own."""


async def run(_args: argparse.Namespace, settings: Settings) -> int:
    """Migrate, and print the revision that is reached. Raises StoreUnavailable."""
    from gateway.store.maintenance import migrate

    print(f"the database is at revision {await migrate(settings.store.url)}")
    return Exit.FINE
