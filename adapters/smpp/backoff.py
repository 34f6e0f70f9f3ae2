"""How long to wait before connecting again. No clock, no random source: both are arguments."""

from collections.abc import Callable
from dataclasses import dataclass

#: A provider that refuses our bind counts the attempts: wait at least this many times the shortest pause.
REFUSED_FACTOR = 10


@dataclass(slots=True)
class Backoff:
    """Pauses that double from ``shortest`` to ``longest`` seconds, each shortened at random by up to a half."""

    shortest: float
    longest: float
    chance: Callable[[], float]  # 0 <= chance() < 1
    failures: int = 0

    def next(self, *, refused: bool) -> float:
        """The pause after one more failure; ``refused`` when the other side answered and does not want us."""
        base = min(self.shortest * float(2 ** min(self.failures, 32)), self.longest)
        if refused:
            base = min(max(base, self.shortest * REFUSED_FACTOR), self.longest)
        self.failures += 1
        return base * (1 - self.chance() / 2)

    def reset(self) -> None:
        """A bind succeeded: the next pause is the shortest."""
        self.failures = 0
