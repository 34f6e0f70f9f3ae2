"""The command ``vaguemestre``: which commands there are, and how each ends.

A command's module is imported only when it is asked for, so that ``--help`` and the small commands start fast.
Whatever escapes a command becomes an exit status here, and nowhere else.
"""

import argparse
import asyncio
import errno
import inspect
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from gateway import __version__
from gateway.exits import Exit


@dataclass(frozen=True, slots=True)
class Command:
    """One command: where its arguments are declared and where it runs; ``settings``: it is handed them too."""

    name: str
    help: str
    module: str
    add: str = "add_arguments"
    run: str = "run"
    settings: bool = False


COMMANDS = (
    Command("serve", "run the gateway", "gateway.commands.serve"),
    Command("demo", "send a group message of a sample school, from HTTP to the accounts", "gateway.demo.cli"),
    Command("check", "name every error of the configuration", "gateway.commands.check"),
    Command("simulator", "run an SMSC for tests", "adapters.smpp.simulator_cli", run="main"),
    Command("send", "post one message to a running gateway", "gateway.commands.client", "add_send", "send"),
    Command("preview", "show what would be sent, and its cost", "gateway.commands.client", "add_preview", "preview"),
    Command(
        "recap",
        "list what was sent, with totals by mode",
        "gateway.commands_accounts",
        "add_recap_arguments",
        "run_recap",
        settings=True,
    ),
    Command(
        "synthesis",
        "the accounts by month and action; --verify recomputes them",
        "gateway.commands_accounts",
        "add_synthesis_arguments",
        "run_synthesis",
        settings=True,
    ),
    Command(
        "apikey",
        "create, list and revoke the keys of applications",
        "gateway.commands_accounts",
        "add_apikey_arguments",
        "run_apikey",
        settings=True,
    ),
    Command(
        "user",
        "add, list and disable the people of the console, and change passwords",
        "gateway.commands.user",
        settings=True,
    ),
    Command("account", "try a provider account with real messages (probe)", "gateway.commands.account", settings=True),
    Command("migrate", "bring the database to this version", "gateway.commands.migrate", settings=True),
    Command("backup", "copy the database, also while the gateway runs", "gateway.commands.backup", settings=True),
    Command("purge", "erase texts and numbers that were kept long enough", "gateway.commands.purge", settings=True),
    Command("version", "print the version", "gateway.commands.version"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        try:
            return _run(words)
        finally:
            sys.stdout.flush()  # here, where it is still known what to do when nobody reads on
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever read us has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FINE
    except Exception as error:
        return failed(error)


def _run(words: Sequence[str]) -> int:
    wanted = next((word for word in words if not word.startswith("-")), "")
    args = parser(wanted).parse_args(words)
    command = next(one for one in COMMANDS if one.name == args.command)
    run: Callable[..., Any] = getattr(import_module(command.module), command.run)
    result = run(args, *_settings(command, args))
    return int(asyncio.run(result) if inspect.iscoroutine(result) else result)


def _settings(command: Command, args: argparse.Namespace) -> tuple[Any, ...]:
    if not command.settings:
        return ()
    from gateway.commands.configuration import load_settings

    return (load_settings(args.config).settings,)


def parser(wanted: str = "") -> argparse.ArgumentParser:
    """The parser, with the arguments of the command that is wanted."""
    exits = "\n".join(f"  {status:>3}  {status.meaning}" for status in Exit)
    top = argparse.ArgumentParser(
        prog="vaguemestre",
        description="The message gateway for schools: HTTP in, SMPP out, receipts back, accounts that agree.",
        epilog=f"exit statuses:\n{exits}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"vaguemestre {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, description=f"{command.help.capitalize()}.")
        sub.add_argument(
            "--config",
            metavar="PATH",
            help="configuration file (default: $VAGUEMESTRE_CONFIG, ./config.yaml, /etc/vaguemestre/config.yaml)",
        )
        if command.name == wanted:
            getattr(import_module(command.module), command.add)(sub)
    return top


def failed(error: Exception) -> Exit:
    """Tell why a command failed, in a line without a traceback when a person can cure it; the status to end with."""
    from gateway.config import ConfigError
    from gateway.store.database import StoreUnavailable

    if isinstance(error, ConfigError):
        print(f"{error}\nThe configuration is refused: {len(error.problems)} to cure.", file=sys.stderr)
        return Exit.USAGE
    if isinstance(error, StoreUnavailable):
        print(f"vaguemestre: the store cannot be used: {error}", file=sys.stderr)
        return Exit.STORE
    if isinstance(error, OSError) and error.errno in _NETWORK:
        print(f"vaguemestre: {error}", file=sys.stderr)
        return Exit.NETWORK
    from gateway import log

    if not logging.getLogger().handlers:
        log.setup("console", "info")
    logging.getLogger(__name__).error("a fault of the program, please report it", exc_info=error)
    return Exit.INTERNAL


_NETWORK = frozenset(
    {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES, errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH}
)
