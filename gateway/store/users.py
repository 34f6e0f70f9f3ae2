"""People who use the console, and their open sessions. Passwords come hashed, cookies as their SHA-256."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.roles import Role
from gateway.store.tables import person, session


@dataclass(frozen=True, slots=True)
class User:
    """A person. ``blocked`` is the reason for which they may not send; None: they may."""

    login: str
    name: str
    schools: frozenset[str]
    roles: frozenset[Role]
    recap_all: bool = True
    blocked: str | None = None
    disabled_at: int | None = None
    created_at: int = 0
    updated_at: int = 0
    password: str = ""
    failures: int = 0
    locked_until: int | None = None

    @property
    def only_school(self) -> str | None:
        """The person's school; None when they have several: who has one of these alone does not see them."""
        return next(iter(self.schools)) if len(self.schools) == 1 else None


@dataclass(frozen=True, slots=True)
class Session:
    """An open session, and whose it is."""

    sha256: str
    csrf: str
    school: str | None
    created_at: int
    seen_at: int
    user: User


# ---- people ----


async def find_user(conn: AsyncConnection, login: str) -> User | None:
    """The person of a login, disabled or not."""
    row = (await conn.execute(select(person).where(person.c.login == login))).first()
    return _user(row) if row else None


async def list_users(conn: AsyncConnection) -> Sequence[User]:
    """Everybody, by login."""
    return [_user(row) for row in (await conn.execute(select(person).order_by(person.c.login))).all()]


async def put_user(conn: AsyncConnection, user: User, now: int) -> bool:
    """Store a person; an empty ``password`` keeps the one there is. Says whether they are new.

    Whoever is disabled, blocked or has other rights meets that at their next request.
    """
    known = await find_user(conn, user.login)
    row = {
        "name": user.name,
        "schools": json.dumps(sorted(user.schools)),
        "roles": json.dumps(sorted(user.roles)),
        "recap_all": user.recap_all,
        "blocked": user.blocked,
        "disabled_at": user.disabled_at,
        "updated_at": now,
    }
    if user.password:
        row["password"] = user.password
    if known is None:
        whole = {**row, "login": user.login, "created_at": now, "failures": 0, "password": user.password}
        await conn.execute(insert(person).values(whole))
    else:
        await conn.execute(update(person).where(person.c.login == user.login).values(row))
    if user.disabled_at is not None:
        await end_sessions(conn, user.login)
    return known is None


async def set_password(conn: AsyncConnection, login: str, password: str, now: int) -> bool:
    """Change the (hashed) password, unlock, and end every session; False when nobody has this login."""
    row = {"password": password, "updated_at": now, "failures": 0, "locked_until": None}
    changed = await conn.execute(update(person).where(person.c.login == login).values(row))
    await end_sessions(conn, login)
    return changed.rowcount > 0


async def count_failure(conn: AsyncConnection, login: str, locked_until: int | None) -> None:
    """One more wrong password; from the one that locks on, until when."""
    row = {"failures": person.c.failures + 1, "locked_until": locked_until}
    await conn.execute(update(person).where(person.c.login == login).values(row))


async def blocked(conn: AsyncConnection) -> Mapping[tuple[str, str], str]:
    """Who may not send: (school, login) -> the reason."""
    question = select(person.c.login, person.c.schools, person.c.blocked).where(person.c.blocked.is_not(None))
    rows = (await conn.execute(question)).all()
    return {(school, row.login): row.blocked for row in rows for school in json.loads(row.schools)}


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(
        login=row.login,
        name=row.name,
        schools=frozenset(json.loads(row.schools)),
        roles=frozenset(Role(role) for role in json.loads(row.roles)),
        recap_all=bool(row.recap_all),
        blocked=row.blocked,
        disabled_at=row.disabled_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        password=row.password,
        failures=row.failures,
        locked_until=row.locked_until,
    )


# ---- sessions ----


async def open_session(
    conn: AsyncConnection, sha256: str, login: str, csrf: str, school: str | None, now: int, address: str
) -> None:
    """Begin a session; the wrong passwords before it are forgotten."""
    row = {"sha256": sha256, "login": login, "csrf": csrf, "school": school, "created_at": now}
    await conn.execute(insert(session).values({**row, "seen_at": now, "address": address}))
    fresh = {"failures": 0, "locked_until": None}
    await conn.execute(update(person).where(person.c.login == login).values(fresh))


async def find_session(conn: AsyncConnection, sha256: str) -> Session | None:
    """The session of a cookie with its person, however old."""
    row = (await conn.execute(select(session).where(session.c.sha256 == sha256))).first()
    user = await find_user(conn, row.login) if row else None
    if row is None or user is None:
        return None
    return Session(row.sha256, row.csrf, row.school, row.created_at, row.seen_at, user)


async def touch_session(conn: AsyncConnection, sha256: str, now: int) -> None:
    """It was used."""
    await conn.execute(update(session).where(session.c.sha256 == sha256).values(seen_at=now))


async def choose_school(conn: AsyncConnection, sha256: str, school: str, csrf: str) -> None:
    """Look at another school from now on; forms written for the one before are no longer taken."""
    await conn.execute(update(session).where(session.c.sha256 == sha256).values(school=school, csrf=csrf))


async def end_session(conn: AsyncConnection, sha256: str) -> None:
    """End one session."""
    await conn.execute(delete(session).where(session.c.sha256 == sha256))


async def end_sessions(conn: AsyncConnection, login: str) -> None:
    """End every session of a person."""
    await conn.execute(delete(session).where(session.c.login == login))


async def forget_sessions(conn: AsyncConnection, created_before: int, seen_before: int) -> None:
    """Throw away those that are too old to be used."""
    old = (session.c.created_at < created_before) | (session.c.seen_at < seen_before)
    await conn.execute(delete(session).where(old))


def may_manage(user: User, schools: Collection[str]) -> bool:
    """Whether somebody of these schools may see and change a person: all of the person's schools are theirs."""
    return user.schools <= frozenset(schools)
