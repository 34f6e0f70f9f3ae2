"""Who may bind at the door, and how long somebody who guesses passwords waits. Pure: time is an argument.

Rules: who comes from an address that no login allows is not judged at all. An unknown system_id and a wrong password
are answered alike, and take alike. After a failure the same address waits before that system_id is judged again,
longer each time: guessing is slow however many connections it makes, and others behind that address do not suffer.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.smpp import codes
from adapters.smpp.addresses import address
from adapters.smpp.door_options import SmppLogin
from adapters.smpp.pdu import Pdu

#: Seconds of waiting after the first failure, and at most; each failure doubles them.
FIRST, MOST = 1.0, 30.0

#: Seconds without a failure after which all is forgiven.
FORGIVEN: Final = 300.0

_KEPT: Final = 10_000  # guessers


@dataclass(frozen=True, slots=True)
class Welcome:
    """Let in, as this application."""

    app: str
    login: SmppLogin


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """Not let in: the status to answer and, for the log and the metrics, why."""

    status: int
    why: str
    app: str = ""

    @property
    def guessed(self) -> bool:
        """Whether it may have been a guess."""
        return self.why in ("unknown system_id", "wrong password")


def judge(bind: Pdu, peer: str, guests: Mapping[str, SmppLogin], binds: Mapping[str, int]) -> Welcome | Unwelcome:
    """Whether a bind from the address ``peer`` is let in; ``binds`` are those that each application has."""
    if not any(_from_here(peer, login) for login in guests.values()):
        return Unwelcome(codes.RBINDFAIL, "address not allowed")
    given = bind.text("password").encode("latin-1")
    system_id = bind.text("system_id")
    app = next((name for name, login in guests.items() if login.system_id == system_id), "")
    login = guests.get(app)
    right = login.password.get_secret_value().encode() if login else b"\0"
    same = hmac.compare_digest(given.ljust(32, b"\0"), right.ljust(32, b"\0"))
    if login is None:
        return Unwelcome(codes.RINVPASWD, "unknown system_id")
    if not same:
        return Unwelcome(codes.RINVPASWD, "wrong password", app)
    if not _from_here(peer, login):
        return Unwelcome(codes.RBINDFAIL, "address not allowed", app)
    if binds.get(app, 0) >= login.max_binds:
        return Unwelcome(codes.RALYBND, "too many binds", app)
    return Welcome(app, login)


def may_stay(peer: str, before: SmppLogin, now: SmppLogin) -> bool:
    """Whether somebody who was let in by one login still would be by another."""
    same = (before.system_id, before.password) == (now.system_id, now.password)
    return same and _from_here(peer, now)


def _from_here(peer: str, login: SmppLogin) -> bool:
    return any(address(peer) in network for network in login.ips)


@dataclass(slots=True)
class _Guesser:
    failures: int = 0
    free_at: float = 0.0
    failed_at: float = 0.0


@dataclass(slots=True)
class Penalties:
    """Who failed lately: an address, and the system_id that it tried."""

    _guessers: dict[tuple[str, str], _Guesser] = field(default_factory=dict)

    def wait(self, who: tuple[str, str], now: float) -> float:
        """Seconds before a bind of these is judged."""
        guesser = self._guessers.get(who)
        return max(0.0, guesser.free_at - now) if guesser else 0.0

    def failed(self, who: tuple[str, str], now: float) -> float:
        """It gave a wrong password: seconds that it waits now."""
        guesser = self._guessers.pop(who, None)
        if guesser is None or now >= guesser.failed_at + FORGIVEN:
            guesser = _Guesser()
        pause = min(FIRST * 2.0**guesser.failures, MOST)
        guesser.failures = min(guesser.failures + 1, 16)
        guesser.failed_at, guesser.free_at = now, max(now, guesser.free_at) + pause
        self._guessers[who] = guesser  # the latest is the last
        while len(self._guessers) > _KEPT:
            del self._guessers[next(iter(self._guessers))]
        return guesser.free_at - now
