"""What a provider answered, put back into the order in which the parts were handed over. Pure.

Rules: parts that were handed over together are one flight. A flight is told when all of it is answered and all before
it was told; one whose answers are missing is not waited for once parts sent a second later have theirs.
"""

from dataclasses import dataclass

#: Seconds by which answers may overtake each other.
_OVERTAKING = 1.0


@dataclass(slots=True)
class Flight:
    """Parts handed over at one instant (seconds): how many were taken, and how many refused as too fast."""

    at: float
    open: int = 0
    taken: int = 0
    refused: int = 0


class Flights:
    """The flights that are not told yet, in the order of their departure."""

    def __init__(self) -> None:
        self._by_start: dict[float, Flight] = {}
        self._answered_up_to = 0.0  # departure of the last flight that is wholly answered

    def left(self, parts: int, now: float) -> None:
        """Parts were handed over."""
        self._by_start.setdefault(now, Flight(now)).open += parts

    def answered(self, left_at: float, parts: int, *, taken: int = 0, refused: int = 0) -> list[Flight]:
        """Parts of a flight are answered (neither: they never left, or nobody knows); the flights to be told now."""
        flight = self._by_start.get(left_at)
        if flight is None:
            return []
        flight.open -= parts
        flight.taken += taken
        flight.refused += refused
        if flight.open > 0:
            return []
        self._answered_up_to = max(self._answered_up_to, left_at)
        return self._due()

    def _due(self) -> list[Flight]:
        due: list[Flight] = []
        for flight in self._by_start.values():
            if flight.open > 0 and flight.at + _OVERTAKING > self._answered_up_to:
                break
            due.append(flight)
        for flight in due:
            del self._by_start[flight.at]
        return due
