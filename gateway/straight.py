"""Straight through: a message accepted while nothing waits leaves with its own acceptance.

Its parts are claimed in the transaction that stores them, which saves the claim's own: a third of the work of a
message. Rules: only where a claim has found nothing waiting for the mode and nothing was queued since, so that nobody
is overtaken; only within the room of the window and the throttle, which are reserved first; only when no other
message to its number is in hand. Everything else goes through the queue. What is so is settled when the transaction
begins: a message whose own transaction ends with a claim is taken by that claim, so that the next ones go straight
again, however many come without a pause.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.provider import Apart, Part, Prepared, Refused


class Leaving(Protocol):
    """The lane, as a reservation needs it."""

    def let_go(self, number: str, parts: int) -> None:
        """The reserved parts did not leave after all."""

    def leave(self, prepared: Sequence[Prepared], since: int) -> None:
        """They are committed as claimed: hand them over. ``since`` is when they could first leave."""


@dataclass(slots=True)
class Reservation:
    """Room for the parts of one message, at one account, until ``end``."""

    account: str
    parts: int
    number: str  # to which no other message leaves meanwhile
    at: int  # milliseconds: the instant of the claim
    prepare: Callable[[Part], Prepared | Refused | Apart]
    lane: Leaving
    whole: bool = False  # all parts leave in one piece

    def end(self, prepared: Sequence[Prepared]) -> None:
        """After the commit: what leaves with it; nothing, when it failed or the message goes through the queue."""
        if prepared:
            self.lane.leave(prepared, self.at)
        else:
            self.lane.let_go(self.number, self.parts)


class Followed:
    """No room is needed: a claim that comes after the message takes it, with what waits before it."""

    def end(self, prepared: Sequence[Prepared]) -> None:
        """The claim does the rest."""


FOLLOWED: Final = Followed()

#: How a message leaves that need not be nudged for; None: it waits until a lane looks.
Departure = Reservation | Followed


@dataclass(slots=True)
class Sight:
    """What a lane knows of the queue: where nothing waits, and what its claim under way may bring."""

    empty: frozenset[str] = frozenset()  # modes in which a claim left nothing, and no hint came since
    asking: frozenset[str] = frozenset()  # modes of the claim that is not committed yet
    asked: int = 0  # parts that it may bring, or has brought and not handed over yet
    looked: float = 0.0  # when it was asked
    hinted: bool = False  # since then

    def hint(self) -> None:
        """Something may wait."""
        self.empty, self.hinted = frozenset(), True

    def begins(self, modes: Sequence[str], parts: int, now: float) -> None:
        """A claim is asked for."""
        self.looked, self.hinted, self.asking, self.asked = now, False, frozenset(modes), parts

    def committed(self, parts: int, *, left: bool) -> None:
        """The claim is committed, with all that was queued before it."""
        self.empty = frozenset() if left or self.hinted else self.asking
        self.asking, self.asked = frozenset(), parts

    def over(self) -> None:
        """What it brought is handed over, or nothing came of it."""
        self.asking, self.asked = frozenset(), 0
