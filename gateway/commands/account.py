"""``vaguemestre account probe NAME --to NUMBER``: a real message of each kind by one account, and what it shows.

It binds by itself: while ``serve`` holds the account, a provider that allows one bind would refuse this one, or cut
the other.
"""

import argparse
import secrets
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway import numbers, text
from gateway.commands.findings import is_well, report, suggestion
from gateway.commands.stored import stored
from gateway.commands.trial import Probe
from gateway.exits import Exit
from gateway.model import AccountSettings, parse_duration
from gateway.provider import Part, Provider

if TYPE_CHECKING:
    from gateway.config import Settings

SHORT = "Essai de Vaguemestre, message court : é è à ù."
LONG = "Essai de Vaguemestre, message long. " + "Il doit arriver en un seul morceau sur le téléphone. " * 3
UNICODE = "Essai de Vaguemestre, Unicode : « forêt, garçon, cœur »."

#: Seconds for which the messages are worth anything.
_VALIDITY = 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``probe``."""
    deeds = parser.add_subparsers(dest="deed", metavar="probe", required=True)
    probe = deeds.add_parser("probe", help="send three real messages (four SMS, billed) to a telephone of yours")
    probe.add_argument("name", help="the account, of the configuration or put through the API")
    probe.add_argument("--to", required=True, metavar="NUMBER", help="a telephone at hand, in any usual form")
    probe.add_argument("--sender", help="instead of defaults.sender")
    probe.add_argument("--text", help="instead of the short message's own text")
    probe.add_argument("--wait", default="120s", metavar="DURATION", help="for the receipts (120s)")
    probe.add_argument(
        "--beside", action="store_true", help="also while the gateway holds this account: its provider allows two binds"
    )
    probe.add_argument("--config", metavar="PATH", default=argparse.SUPPRESS, help="as before the word")


async def run(args: argparse.Namespace, settings: "Settings") -> int:
    """Send, wait, tell. Statuses: 0 all is well, 1 something is not, 2 wrong arguments, 4 no link."""
    try:
        plan = _plan(args, settings)
    except ValueError as error:
        return _refuse(str(error), Exit.USAGE)
    async with _lane(settings, plan.account.name) as held:
        if not held and not args.beside:
            return _refuse(_HELD.format(name=plan.account.name), Exit.NO)
        trial = await Probe(plan.provider, plan.parts).run(plan.patience)
    print(*report(trial), sep="\n")
    if lines := suggestion(trial, plan.account):
        place = "PUT /v1/accounts" if plan.stored else "the configuration"
        print(f"\nSettings that fit, for {place}:\n\naccounts:", *lines, sep="\n")
    if trial.bound_after is None:
        return Exit.NETWORK
    return Exit.FINE if is_well(trial) else Exit.NO


_HELD = (
    "the gateway holds account {name} just now, and most providers allow one bind: stop `vaguemestre serve` for these "
    "two minutes (what it has accepted waits), or give --beside if your contract allows a second bind"
)


def _refuse(why: str, status: Exit) -> int:
    sys.stderr.write(f"vaguemestre: {why}\n")
    return status


@asynccontextmanager
async def _lane(settings: "Settings", name: str) -> AsyncIterator[bool]:
    """Hold the account's lane, so that no gateway starts it meanwhile; whether that could be had."""
    from gateway.store.engine import database_path
    from gateway.store.lock import lane_lock

    if not database_path(settings.store.url).parent.is_dir():  # no gateway was ever here
        yield True
        return
    async with lane_lock(settings.store.url, name) as held:
        yield held()


# ---- what is asked ----


@dataclass(frozen=True, slots=True)
class Plan:
    """Which account sends what, and for how many seconds receipts are waited for."""

    account: AccountSettings
    provider: Provider
    parts: Sequence[tuple[str, Part]]
    patience: float
    stored: bool  # it was put through the API


def _plan(args: argparse.Namespace, settings: "Settings") -> Plan:
    """Raises ValueError: what is wrong, and the cure."""
    from gateway.app import make_provider

    more = stored(settings)
    known = {one.name: one for one in settings.accounts}
    known |= {name: contract.settings for name, contract in more.accounts.items()}
    account = known.get(args.name)
    if account is None:
        names = ", ".join(known) or "none"
        whys = "".join(f"; {why}" for why in more.warnings if args.name in why)
        raise ValueError(f"no account is called {args.name}: there is {names}{whys}")
    read = numbers.read(args.to, settings.defaults.region, settings.defaults.foreign)
    if not isinstance(read, numbers.Number):
        raise ValueError(f"--to is no mobile that may be written to: {read.reason} {read.detail}".rstrip())
    sender = args.sender or settings.defaults.sender
    if wrong := numbers.read_sender(sender, account.senders):
        raise ValueError(f"{sender} cannot be a sender: {wrong}; give another with --sender")
    try:
        patience = parse_duration(f"{args.wait}s" if args.wait.isdecimal() else args.wait).total_seconds()
    except ValueError as error:
        raise ValueError(f"--wait: {error}") from error
    # Whatever form its ids are said to have, the trial looks for all.
    open_minded = account.model_copy(update={"message_id": "auto"} if hasattr(account, "message_id") else {})
    return Plan(
        account,
        make_provider(open_minded),
        list(_parts(account, read.e164, sender, args.text)),
        patience,
        args.name in more.accounts,
    )


def _parts(account: AccountSettings, to: str, sender: str, short: str | None) -> Iterator[tuple[str, Part]]:
    """Every part of the three messages; their ids are those of messages 1 to 3."""
    texts = (("short", short or SHORT, "auto"), ("long", LONG, "gsm7"), ("Unicode", UNICODE, "ucs2"))
    for message, (label, words, encoding) in enumerate(texts, 1):
        reference = secrets.randbelow(65_536)
        made = text.compose(words, encoding=encoding, narrow=account.narrow, lacks=account.lacks)
        pieces = ["".join(made.parts)] if account.whole else made.parts
        for place, content in enumerate(pieces, 1):
            yield (
                label,
                Part(
                    id=message * 256 + place,
                    to=to,
                    sender=sender,
                    content=content,
                    encoding=made.encoding,
                    number=place,
                    of=len(made.parts),
                    reference=reference,
                    validity=_VALIDITY,
                    service_code="0",
                    carries=len(made.parts) if account.whole else 1,
                    until=int((time.time() + _VALIDITY) * 1000),
                ),
            )
