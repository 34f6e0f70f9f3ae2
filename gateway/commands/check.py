"""``vaguemestre check``: every error of the configuration at once, and what is worth a look, in the store too."""

import argparse
import sys

from gateway.commands.configuration import find, load_settings
from gateway.commands.stored import stored
from gateway.config import ConfigError
from gateway.exits import Exit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``check``."""
    parser.add_argument("--quiet", action="store_true", help="say nothing when all is well")


def run(args: argparse.Namespace) -> int:
    """Print problems to standard error; status 2 when the file would be refused."""
    try:
        loaded = load_settings(args.config)
    except ConfigError as error:
        print(f"{error}\n{len(error.problems)} to cure.", file=sys.stderr)
        return Exit.USAGE
    settings = loaded.settings
    more = stored(settings)
    for warning in (*loaded.warnings, *more.warnings):
        print(f"warning: {warning}", file=sys.stderr)
    if not args.quiet:
        counts = f"{len(settings.schools)} schools, {len(settings.apps)} apps, {len(settings.accounts)} accounts"
        counts += f" and {len(more.accounts)} put through the API" * bool(more.accounts)
        print(f"{find(args.config)}: fine ({counts}, {len(settings.actions)} actions)")
    return Exit.FINE
