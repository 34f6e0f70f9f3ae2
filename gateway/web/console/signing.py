"""Signing in: passwords, lock-out, sessions. The cookie is 256 bits of chance; the store knows its SHA-256 only.

Rules: after five wrong passwords in a row a login is locked, for five minutes, then twice as long each time, an hour
at most; an address that fails twenty times in ten minutes waits too, whatever logins it tries. Whoever is told no
is not told why: a wrong password and an unknown login look and last the same.
"""

import asyncio
import hashlib
import secrets
from collections import deque
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import passwords
from gateway.caller import CONSOLE, Caller
from gateway.config.settings import ConsoleSettings
from gateway.parts import Parts
from gateway.roles import scopes
from gateway.store import users
from gateway.store.audit import Entry, note, noted
from gateway.store.users import Session, User

#: Wrong passwords after which a login is locked; milliseconds of the first lock, and of the longest.
FREE_TRIES, FIRST_LOCK, LONGEST_LOCK = 5, 5 * 60_000, 60 * 60_000

#: Failures of one address, and within how many milliseconds, after which it waits.
ADDRESS_TRIES, ADDRESS_WINDOW = 20, 10 * 60_000

#: Milliseconds between two notes that a session is in use.
SEEN_EVERY = 60_000

#: Addresses remembered at once.
_ADDRESSES = 10_000


def locked_until(failures: int, now: int) -> int | None:
    """Until when a login is locked by its ``failures``-th wrong password in a row; None: not yet."""
    if failures < FREE_TRIES:
        return None
    return now + min(LONGEST_LOCK, FIRST_LOCK << min(failures - FREE_TRIES, 10))


@dataclass(slots=True)
class Attempts:
    """Failures by address, in memory: a restart forgives."""

    _failed: dict[str, deque[int]] = field(default_factory=dict)

    def barred(self, address: str, now: int) -> bool:
        """Whether this address must wait."""
        times = self._failed.get(address, deque())
        while times and times[0] <= now - ADDRESS_WINDOW:
            times.popleft()
        return len(times) >= ADDRESS_TRIES

    def failed(self, address: str, now: int) -> None:
        """One more failure."""
        if len(self._failed) >= _ADDRESSES:
            self._failed.clear()
        self._failed.setdefault(address, deque(maxlen=ADDRESS_TRIES)).append(now)


@dataclass(frozen=True, slots=True)
class Denied(Exception):
    """No session; ``why`` is a French sentence that says no more than anybody may know."""

    why: str


WRONG = "Identifiant ou mot de passe incorrect."
BARRED = "Trop d'essais : attendez quelques minutes, puis recommencez."


def digest(cookie: str) -> str:
    """What is stored of a cookie."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()


def fresh_token() -> str:
    """For the forms of a session."""
    return secrets.token_urlsafe(24)


async def sign_in(parts: Parts, attempts: Attempts, login: str, password: str, address: str, before: str = "") -> str:
    """A fresh session; its cookie. That of the cookie ``before`` ends. Raises Denied, StoreUnavailable."""
    now, login = parts.clock(), login.strip().lower()
    if attempts.barred(address, now):
        raise Denied(BARRED)
    user = await parts.store.read(lambda conn: users.find_user(conn, login))
    locked = user is not None and user.locked_until is not None and user.locked_until > now
    right = await asyncio.to_thread(passwords.matches, user.password if user else passwords.NOBODY, password)
    if user is None or locked or not right or user.disabled_at is not None:
        attempts.failed(address, now)
        await _note_failure(parts, user, locked or right, address)
        raise Denied(BARRED if locked else WRONG)
    cookie, csrf = secrets.token_urlsafe(32), fresh_token()
    school = next(iter(sorted(_schools(parts, user))), None)
    entry = Entry(now, f"{CONSOLE}/{login}", "login", login, "", school, address)

    async def verb(conn: AsyncConnection) -> None:
        await users.end_session(conn, digest(before))
        await users.open_session(conn, digest(cookie), login, csrf, school, now, address)

    await parts.store.write(noted(verb, entry))
    return cookie


async def _note_failure(parts: Parts, user: User | None, counted: bool, address: str) -> None:
    """A wrong password is counted and told; a locked login's are not counted again."""
    now = parts.clock()
    who, school = (user.login, user.only_school) if user else ("?", None)
    entry = Entry(now, f"{CONSOLE}/{who}", "login_failed", who, "", school, address)
    if user is None or counted:
        await parts.store.write(lambda conn: note(conn, entry))
        return
    until = locked_until(user.failures + 1, now)
    await parts.store.write(noted(lambda conn: users.count_failure(conn, user.login, until), entry))


async def visitor(parts: Parts, cookie: str | None) -> Session | None:
    """The open session of a cookie, which is noted as used; None: sign in."""
    if not cookie:
        return None
    sha256, now = digest(cookie), parts.clock()
    found = await parts.store.read(lambda conn: users.find_session(conn, sha256))
    if found is None or found.user.disabled_at is not None or expired(found, parts.settings.console, now):
        return None
    if now - found.seen_at >= SEEN_EVERY:
        await parts.store.write(lambda conn: users.touch_session(conn, sha256, now))
    return found


def expired(session: Session, limits: ConsoleSettings, now: int) -> bool:
    """Whether a session is too old, or was not used for too long."""
    oldest = now - int(limits.session.total_seconds() * 1000)
    quiet = now - int(limits.idle.total_seconds() * 1000)
    return session.created_at < oldest or session.seen_at < quiet


def _schools(parts: Parts, user: User) -> frozenset[str]:
    """Those of the person's schools that are declared."""
    return frozenset(uai for uai in user.schools if parts.registry.school(uai) is not None)


def caller_of(parts: Parts, session: Session) -> Caller:
    """The person as the API sees them: in the school they look at."""
    user = session.user
    schools = _schools(parts, user)
    chosen = session.school if session.school in schools else next(iter(sorted(schools)), None)
    return Caller(
        CONSOLE,
        user.login,
        frozenset({chosen}) if chosen else frozenset(),
        scopes(user.roles),
        own_only=not user.recap_all,
    )
