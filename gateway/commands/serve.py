"""``vaguemestre serve``: the gateway itself, in one role or all."""

import argparse

from gateway.commands.configuration import find
from gateway.config import Role


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``serve``."""
    parser.add_argument(
        "--role",
        choices=[role.value for role in Role],
        default=Role.ALL.value,
        help="api: HTTP only; dispatch: sending and receipts only; all: both (default)",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop; SIGTERM drains, SIGHUP reloads."""
    from gateway.app import serve

    return serve(find(args.config), Role(args.role))
