"""The requests of one side that wait for their answer, and those given up on whose answer may still come.

Rules: each request leaves by exactly one of ``answered``, ``overdue`` and ``abandon``. One given up on stays in doubt
until an answer to it, or to a later one, shows that the other side went on: until then it takes its place in the
window, so that a peer that answers nothing leaves no more in doubt than one window.
"""

from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Any, Final

from adapters.smpp import codes
from adapters.smpp.pdu import Pdu

_LATE_KEPT: Final = 10_000  # requests given up on whose late answer is still recognised


class Own(Enum):
    """Requests of the session itself, which the shell never hears of; what it means when no answer comes."""

    BIND = "no answer to our bind"
    PING = "the other side does not answer enquire_link"
    LEAVE = "no answer to our unbind"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was made: when its answer is due, and what its maker knows it by.

    ``doubts``: that no answer comes puts the other side in doubt.
    """

    command: int
    token: Any
    deadline: float
    doubts: bool = True

    def is_answered_by(self, answer: Pdu) -> bool:
        """Whether an answer with its sequence number is one to it."""
        return answer.command in (self.command | codes.RESPONSE, codes.GENERIC_NACK)


class Pending:
    """Requests by sequence number, in the order they were made; all wait equally long."""

    def __init__(self) -> None:
        self._open: dict[int, Request] = {}
        self._late: dict[int, Request] = {}
        self._doubtful: dict[int, None] = {}
        self.doubtful_since = inf  # when the last of those in doubt was given up on

    def __contains__(self, sequence: int) -> bool:
        return sequence in self._open

    @property
    def waiting(self) -> int:
        """How many still wait for their answer."""
        return len(self._open)

    @property
    def doubtful(self) -> int:
        """How many were given up on, and nothing came since that shows that they were passed over."""
        return len(self._doubtful)

    @property
    def deadline(self) -> float:
        """When the oldest must be answered."""
        for oldest in self._open.values():
            return oldest.deadline
        return inf

    def add(self, sequence: int, request: Request) -> None:
        """One was made."""
        self._late.pop(sequence, None)
        self._open[sequence] = request

    def answered(self, answer: Pdu) -> tuple[Request, bool] | None:
        """The request that this answers, and whether it had been given up on; None when it answers nothing."""
        for waiting in (self._open, self._late):
            request = waiting.get(answer.sequence)
            if request is not None and request.is_answered_by(answer):
                del waiting[answer.sequence]
                if self._doubtful:
                    self._settle(answer.sequence)
                return request, waiting is self._late
        return None

    def _settle(self, sequence: int) -> None:
        """Those in doubt up to this one, or all of them when this one was not given up on."""
        settled = list(self._doubtful)
        if sequence in self._doubtful:
            settled = settled[: settled.index(sequence) + 1]
        for each in settled:
            del self._doubtful[each]
        if not self._doubtful:
            self.doubtful_since = inf

    def overdue(self, now: float) -> list[Request]:
        """Give up on those whose answer is due."""
        found: list[Request] = []
        while self.deadline <= now:
            sequence = next(iter(self._open))
            found.append(self._open.pop(sequence))
            self._late[sequence] = found[-1]
            if found[-1].doubts:
                self._doubtful[sequence] = None
                self.doubtful_since = now
        while len(self._late) > _LATE_KEPT:
            del self._late[next(iter(self._late))]
        return found

    def abandon(self) -> list[Request]:
        """Give up on all of them: the session is over."""
        left, self._open = list(self._open.values()), {}
        self._doubtful.clear()
        self.doubtful_since = inf
        return left
