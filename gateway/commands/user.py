"""The command ``user``: the people of the console, at a terminal. A password is read without being shown."""

import argparse
import getpass
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway import passwords
from gateway.exits import Exit
from gateway.roles import Role
from gateway.store import users
from gateway.store.audit import Entry, noted
from gateway.store.database import Store, open_store
from gateway.store.users import User
from gateway.web.api.users import LOGIN

if TYPE_CHECKING:
    from gateway.config import Settings

_WHO = "command line"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``add``, ``passwd``, ``list`` and ``disable``."""
    deeds = parser.add_subparsers(dest="deed", metavar="add|passwd|list|disable", required=True)
    add = deeds.add_parser("add", help="add a person, or change their name, schools and roles")
    add.add_argument("--name", required=True, help="as people know them")
    add.add_argument("--school", required=True, action="append", metavar="UAI", help="may be given several times")
    add.add_argument("--role", required=True, action="append", choices=[role.value for role in Role])
    passwd = deeds.add_parser("passwd", help="change a password; every session of theirs ends")
    listing = deeds.add_parser("list", help="list everybody")
    disable = deeds.add_parser("disable", help="end somebody's sessions and let them in no more; `add` again enables")
    for deed in (add, passwd, disable):
        deed.add_argument("login", help="small letters, digits, . - _")
    for deed in (add, passwd):
        deed.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    for deed in (add, passwd, listing, disable):
        deed.add_argument("--config", metavar="PATH", default=argparse.SUPPRESS, help="as before the word")


async def run(args: argparse.Namespace, settings: "Settings") -> int:
    """Carry it out in the store, whether the gateway runs or not: it sees the change at the next request."""
    if args.deed == "add" and (wrong := _wrong(args, settings)):
        return _refuse(wrong)
    async with open_store(settings.store.url, sealer=settings.store.sealer) as store:
        if args.deed == "list":
            return _list(await store.read(users.list_users))
        known = await store.read(lambda conn: users.find_user(conn, args.login))
        if known is None and args.deed != "add":
            sys.stderr.write("vaguemestre: nobody has this login: see `vaguemestre user list`\n")
            return Exit.NO
        if args.deed == "disable":
            return await _disable(store, known)
        return await _set(store, args, known)


def _wrong(args: argparse.Namespace, settings: "Settings") -> str:
    unknown = sorted(set(args.school) - {school.uai for school in settings.schools})
    if not LOGIN.fullmatch(args.login):
        return "a login is 2 to 64 small letters, digits, . - or _"
    return f"--school {unknown[0]} is not declared in the configuration: add it under schools" if unknown else ""


def _refuse(why: str) -> int:
    sys.stderr.write(f"vaguemestre: {why}\n")
    return Exit.USAGE


async def _set(store: Store, args: argparse.Namespace, known: User | None) -> int:
    """Add or change a person; the password is asked for where one is needed."""
    password = ""
    if known is None or args.deed == "passwd" or args.password_stdin:
        password = _read_password(from_stdin=args.password_stdin)
        if passwords.fault(password):
            return _refuse(f"a password has {passwords.SHORTEST} to {passwords.LONGEST} characters")
    stored, now = passwords.hashed(password) if password else "", time.time_ns() // 1_000_000
    if args.deed == "passwd":
        entry = Entry(now, _WHO, "password", args.login, "", known.only_school if known else None)
        await store.write(noted(lambda conn: users.set_password(conn, args.login, stored, now), entry))
        _say(f"the password of {args.login} is changed")
        return Exit.FINE
    user = User(
        login=args.login,
        name=args.name,
        schools=frozenset(args.school),
        roles=frozenset(Role(role) for role in args.role),
        recap_all=known.recap_all if known else True,
        blocked=known.blocked if known else None,
        password=stored,
    )
    entry = Entry(now, _WHO, "user_put", args.login, ", ".join(sorted(user.roles)), user.only_school)
    new = await store.write(noted(lambda conn: users.put_user(conn, user, now), entry))
    if stored and not new:
        await store.write(lambda conn: users.set_password(conn, args.login, stored, now))
    _say(f"{args.login} is {'added' if new else 'changed'}")
    return Exit.FINE


def _read_password(*, from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else getpass.getpass("Password: ")


async def _disable(store: Store, known: User | None) -> int:
    assert known is not None
    now = time.time_ns() // 1_000_000
    user = User(known.login, known.name, known.schools, known.roles, known.recap_all, known.blocked, now)
    entry = Entry(now, _WHO, "user_put", known.login, "disabled", known.only_school)
    await store.write(noted(lambda conn: users.put_user(conn, user, now), entry))
    _say(f"{known.login} is disabled")
    return Exit.FINE


def _list(found: Sequence[User]) -> int:
    for user in found:
        state = "disabled" if user.disabled_at is not None else "blocked" if user.blocked is not None else "active"
        _say(f"{user.login}  {user.name}  {','.join(sorted(user.schools))}  {','.join(sorted(user.roles))}  {state}")
    return Exit.FINE


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
