"""Straight through: a message accepted while nothing waits leaves with its own acceptance.

Its parts are claimed in the transaction that stores them, which saves the claim's own: a third of the work of a
message. Rules: only where a claim has just found nothing waiting for the mode, so that nobody is overtaken; only
within the room of the window and the throttle, which are reserved first. Everything else goes through the queue.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.provider import Part, Prepared, Refused


class Leaving(Protocol):
    """The lane, as a reservation needs it."""

    def let_go(self, parts: int) -> None:
        """The reserved parts did not leave after all."""

    def leave(self, prepared: Sequence[Prepared], since: int) -> None:
        """They are committed as claimed: hand them over. ``since`` is when they could first leave."""


@dataclass(slots=True)
class Reservation:
    """Room for the parts of one message, at one account, until ``end``."""

    account: str
    parts: int
    at: int  # milliseconds: the instant of the claim
    prepare: Callable[[Part], Prepared | Refused]
    lane: Leaving
    whole: bool = False  # all parts leave in one piece

    def end(self, prepared: Sequence[Prepared]) -> None:
        """After the commit: what leaves with it; nothing, when it failed or the message goes through the queue."""
        if prepared:
            self.lane.leave(prepared, self.at)
        else:
            self.lane.let_go(self.parts)
