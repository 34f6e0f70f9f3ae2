"""The commands ``recap``, ``synthesis`` and ``apikey``: the accounts, and the keys, at a terminal.

They open the store themselves, whether the gateway runs or not. Numbers are hidden unless asked for.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway import accounts
from gateway.accounts import Viewer
from gateway.caller import Scope
from gateway.csvout import Dialect
from gateway.exits import Exit
from gateway.french import ERASED
from gateway.model import parse_duration
from gateway.periods import begin, end, local, year_of
from gateway.registry import KnownSchool, Registry
from gateway.store import keys
from gateway.store.database import Store, open_store
from gateway.store.selection import Order, Selection, Sort

if TYPE_CHECKING:
    from gateway.config import Settings

_APP = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def _now() -> int:
    return time.time_ns() // 1_000_000


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _refuse(why: str) -> int:
    sys.stderr.write(f"vaguemestre: {why}\n")
    return Exit.USAGE


def _school(args: argparse.Namespace, registry: Registry) -> KnownSchool | str:
    """The school asked for, or the only one; else what to do."""
    schools = registry.schools()
    if args.school is None and len(schools) == 1:
        return schools[0]
    found = registry.school(args.school) if args.school else None
    names = ", ".join(school.uai for school in schools) or "none"
    return found or f"name one school with --school: {names}"


# ---- recap ----


def add_recap_arguments(parser: argparse.ArgumentParser) -> None:
    """The filters of the recap."""
    parser.add_argument("--school", metavar="UAI", help="which school (default: the only one)")
    parser.add_argument("--from", dest="since", metavar="DATE", help="first day, or timestamp with offset")
    parser.add_argument("--to", metavar="DATE", help="last day (included), or timestamp (excluded)")
    parser.add_argument("--user", help="only messages of this user")
    parser.add_argument("--workstation", help="only messages of this workstation")
    parser.add_argument("--action", metavar="CODE", help="only messages of this action")
    parser.add_argument("--numbers", action="store_true", help="show whole numbers")
    _add_csv(parser)


def _add_csv(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--csv", nargs="?", const="excel-fr", choices=("excel-fr", "rfc4180"), help="write CSV instead")


async def run_recap(args: argparse.Namespace, settings: "Settings") -> int:
    """Print what was sent, oldest first, with the totals by mode."""
    registry = Registry(settings)
    school = _school(args, registry)
    if isinstance(school, str):
        return _refuse(school)
    try:
        wanted = _selection(args, school)
    except ValueError:
        return _refuse("--from and --to take a date such as 2026-11-22, or a timestamp with its offset")
    async with open_store(settings.store.url, sealer=settings.store.sealer) as store:
        await registry.load(store)
        viewer = Viewer(school.zone, registry, masked=not args.numbers)
        if args.csv:
            await _write_recap(store, wanted, viewer, args.csv)
        else:
            await _print_recap(store, wanted, viewer)
    return Exit.FINE


def _selection(args: argparse.Namespace, school: KnownSchool) -> Selection:
    return Selection(
        school=school.uai,
        action=args.action,
        since=begin(args.since, school.zone) if args.since else None,
        before=end(args.to, school.zone) if args.to else None,
        user=args.user,
        workstation=args.workstation,
        submitted=True,
    )


async def _write_recap(store: Store, wanted: Selection, viewer: Viewer, dialect: Dialect) -> None:
    async for piece in accounts.recap_csv(store, wanted, viewer, dialect):
        sys.stdout.buffer.write(piece)
    sys.stdout.flush()


async def _print_recap(store: Store, wanted: Selection, viewer: Viewer) -> None:
    _say(f"{'Envoyé le':<24}{'Destinataire':<32}{'N° de téléphone':<18}État")
    async for rows in accounts.pages(store, wanted, Order(Sort.SENT), viewer.zone):
        for row in rows:
            view = accounts.recap_view(row, viewer)
            label, number = str(view["recipient_label"] or ERASED)[:30], view["number"] or ERASED
            _say(f"{view['sent_on']!s:<24}{label:<32}{number!s:<18}{view['status_label']}")
    found = await accounts.recap_totals(store, wanted, viewer.zone)
    _say("\nTotaux par mode d'envoi")
    for mode, parts in accounts.totals_by_mode(found.parts).items():
        _say(f"  {mode.capitalize():<12}{parts:>10}")


# ---- synthesis ----


def add_synthesis_arguments(parser: argparse.ArgumentParser) -> None:
    """Which year of which school, or the check of everything."""
    parser.add_argument("--school", metavar="UAI", help="which school (default: the only one)")
    parser.add_argument("--year", type=int, help="calendar year (default: today's)")
    parser.add_argument("--school-year", action="store_true", help="from 1 September of --year to 31 August")
    parser.add_argument(
        "--verify", action="store_true", help="recompute every counter from the ledger; exit 1 on any difference"
    )
    _add_csv(parser)


async def run_synthesis(args: argparse.Namespace, settings: "Settings") -> int:
    """Print the figures by month and action; with ``--verify`` compare all counters with the ledger."""
    if args.verify:
        async with open_store(settings.store.url, sealer=settings.store.sealer) as store:
            return max(await _verify(store), await _verify_days(store, Registry(settings)))
    registry = Registry(settings)
    school = _school(args, registry)
    if isinstance(school, str):
        return _refuse(school)
    year = args.year or year_of(local(_now(), school.zone).date(), school_year=args.school_year)
    async with open_store(settings.store.url, sealer=settings.store.sealer) as store:
        await registry.load(store)
        view = await accounts.synthesis(store, registry, school.uai, year, school_year=args.school_year)
    if args.csv:
        sys.stdout.buffer.write(accounts.synthesis_csv(view, args.csv))
        sys.stdout.flush()
    else:
        _print_synthesis(view)
    return Exit.FINE


def _print_synthesis(view: dict[str, Any]) -> None:
    _say(f"{'Action':<24}{'Date':<20}{'Nb délivré':>12}{'Nb total':>10}{'SMS':>8}{'Coût HT':>14}")
    for month in view["months"]:
        for row in view["rows"]:
            if row["month"] == month["month"]:
                date = f"{row['month'][5:]}/{row['month'][:4]}"
                _say(_figures(row["action_short_label"], date, row))
        _say(_figures("", month["label"], month))
    _say(_figures("", view["annual"]["label"], view["annual"]))
    _say(f"Non remis au fournisseur : {view['not_submitted']}")


def _figures(action: str, date: str, row: dict[str, Any]) -> str:
    cost = row["cost"]["amount"].replace(".", ",")
    counts = f"{row['delivered']:>12}{row['total']:>10}{row['parts']:>8}"
    return f"{action[:22]:<24}{date:<20}{counts}{cost:>12} €"


async def _verify(store: Store) -> int:
    counters, differences = await accounts.differences(store)
    for one in differences:
        place = " ".join(value or "-" for value in one.key[:5])
        place += f" regularising {one.key.of_month}" if one.key.of_month else ""
        figures = zip(one.counted._fields, one.counted, one.recomputed, strict=True)
        wrong = ", ".join(
            f"{name} {counted} instead of {found}" for name, counted, found in figures if counted != found
        )
        _say(f"{place}: {wrong}")
    if differences:
        _say(f"{len(differences)} of {counters} counters differ from the ledger")
        return Exit.NO
    _say(f"{counters} counters agree with the ledger and the receipts")
    return Exit.FINE


async def _verify_days(store: Store, registry: Registry) -> int:
    """The daily counters, which the recap's totals come from, against the messages."""
    counters, differences = await accounts.daily_differences(store, registry.day)
    for one in differences:
        _say(f"{' '.join(value or '-' for value in one)}: differs from the messages")
    if differences:
        _say(f"{len(differences)} of {counters} daily counters differ from the messages")
        return Exit.NO
    _say(f"{counters} daily counters agree with the messages")
    return Exit.FINE


# ---- apikey ----


def add_apikey_arguments(parser: argparse.ArgumentParser) -> None:
    """``create``, ``list`` and ``revoke``."""
    deeds = parser.add_subparsers(dest="deed", metavar="create|list|revoke", required=True)
    create = deeds.add_parser("create", help="make a key and print it, once")
    create.add_argument("--app", required=True, help="name of the application, as the audit shows it")
    create.add_argument("--school", required=True, action="append", metavar="UAI", help="may be given several times")
    create.add_argument("--scope", required=True, help=f"by comma, among {', '.join(Scope)}")
    create.add_argument("--expires", metavar="DURATION", help="such as 365d (default: never)")
    listing = deeds.add_parser("list", help="list the keys; of each its first characters only")
    revoke = deeds.add_parser("revoke", help="end a key, within two seconds")
    revoke.add_argument("id", help="as `list` shows it: key_…")
    for deed in (create, listing, revoke):
        deed.add_argument("--config", metavar="PATH", default=argparse.SUPPRESS, help="as before the word")


async def run_apikey(args: argparse.Namespace, settings: "Settings") -> int:
    """Make, list or revoke the keys that are in the store; those of the configuration are changed there."""
    if args.deed == "create":
        wrong = _wrong_key(args, settings)
        if wrong:
            return _refuse(wrong)
    async with open_store(settings.store.url, sealer=settings.store.sealer) as store:
        match args.deed:
            case "create":
                return await _create(args, store)
            case "revoke":
                return await _revoke(args, store)
            case _:
                return _list(await store.read(keys.list_keys))


def _wrong_key(args: argparse.Namespace, settings: "Settings") -> str:
    """What is wrong with the arguments of ``create``; empty when nothing is."""
    unknown = sorted(set(args.school) - {school.uai for school in settings.schools})
    scopes = sorted(set(_words(args.scope)) - set(Scope))
    if not _APP.fullmatch(args.app):
        return "--app takes 1 to 40 small letters, digits, - or _"
    if unknown:
        return f"--school {unknown[0]} is not declared in the configuration: add it under schools"
    if scopes or not _words(args.scope):
        return f"--scope takes {', '.join(Scope)}, by comma"
    try:
        lasting = parse_duration(args.expires) if args.expires else None
    except ValueError as error:
        return f"--expires: {error}"
    return "--expires must be longer than nothing" if lasting is not None and not lasting else ""


def _words(text: str) -> Sequence[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


async def _create(args: argparse.Namespace, store: Store) -> int:
    secret, now = keys.new_secret(), _now()
    expires_at = now + round(parse_duration(args.expires).total_seconds() * 1000) if args.expires else None
    scopes = [Scope(word) for word in _words(args.scope)]
    key_id = await store.write(
        lambda conn: keys.create_key(conn, secret, args.app, args.school, scopes, now, expires_at)
    )
    sys.stderr.write(f"{key_id}: keep this key now, it is not shown again\n")
    _say(secret)
    return Exit.FINE


async def _revoke(args: argparse.Namespace, store: Store) -> int:
    now = _now()
    if not await store.write(lambda conn: keys.revoke_key(conn, args.id, now)):
        sys.stderr.write("vaguemestre: no key has this id: see `vaguemestre apikey list`\n")
        return Exit.NO
    _say(f"{args.id} is revoked")
    return Exit.FINE


def _list(found: Iterable[keys.ApiKey]) -> int:
    for key in found:
        schools, scopes = ",".join(sorted(key.schools)), ",".join(sorted(key.scopes))
        _say(f"{key.id}  {key.hint}…  {key.app}  {schools}  {scopes}  {_state(key)}")
    return Exit.FINE


def _state(key: keys.ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {_day(key.revoked_at)}"
    if key.expires_at is None:
        return "active"
    return f"{'active until' if key.valid(_now()) else 'expired'} {_day(key.expires_at)}"


def _day(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant / 1000, UTC):%Y-%m-%d}"
