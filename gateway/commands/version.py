"""``vaguemestre version``."""

import argparse
import platform

from gateway import __version__
from gateway.exits import Exit


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """``version`` has none of its own."""


def run(_args: argparse.Namespace) -> int:
    """Print it, with Python's."""
    print(f"vaguemestre {__version__} (Python {platform.python_version()})")
    return Exit.FINE
