"""How fast an application may submit, over all its binds. Pure: time is an argument."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Allowance:
    """``rate`` a second on average, and as many at once as a second allows."""

    rate: float
    _left: float = field(init=False)
    _at: float | None = None

    def __post_init__(self) -> None:
        self._left = self._most

    @property
    def _most(self) -> float:
        return max(1.0, self.rate)

    def take(self, now: float) -> bool:
        """Take one; False when it would be too fast."""
        if self._at is not None:
            self._left = min(self._most, self._left + (now - self._at) * self.rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
