"""How long to wait before connecting again. No clock, no random source: both are arguments."""

from collections.abc import Callable
from dataclasses import dataclass

#: A provider that refuses our bind counts the attempts: wait at least this many times the shortest pause.
REFUSED_FACTOR = 10

#: One that lets us in and then answers no message is left alone for up to so many times the longest pause.
STALLED_FACTOR = 15


@dataclass(slots=True)
class Backoff:
    """Pauses that double from ``shortest`` to ``longest`` seconds, each shortened at random by up to a half."""

    shortest: float
    longest: float
    chance: Callable[[], float]  # 0 <= chance() < 1
    failures: int = 0
    stalls: int = 0

    def next(self, *, refused: bool) -> float:
        """The pause after one more failure; ``refused`` when the other side answered and does not want us."""
        base = min(self.shortest * float(2 ** min(self.failures, 32)), self.longest)
        if refused:
            base = min(max(base, self.shortest * REFUSED_FACTOR), self.longest)
        self.failures += 1
        return self._shortened(base)

    def stalled(self) -> float:
        """The pause after one more link on which nothing was answered; the first time it is the shortest.

        Each of them cost a message in doubt, to find out whether the provider is well again.
        """
        base = self.longest * float(2 ** min(self.stalls - 1, 32)) if self.stalls else self.shortest
        self.stalls += 1
        return self._shortened(min(base, self.longest * STALLED_FACTOR))

    def parted(self, lived: float) -> float:
        """The pause after a link that ended in good order: none, if it lived longer than the shortest pause."""
        return 0.0 if lived >= self.shortest else self._shortened(self.shortest)

    def reset(self) -> None:
        """A bind succeeded: the next pause is the shortest."""
        self.failures = 0

    def answered(self) -> None:
        """A message was answered: no stall any more."""
        self.stalls = 0

    def _shortened(self, base: float) -> float:
        return base * (1 - self.chance() / 2)
