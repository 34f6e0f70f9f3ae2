"""What a lane has in hand: parts from their claim until their outcome is committed, and to whom. Pure.

Rules: to one number one message at a time is in hand, so that messages leave and arrive in the order in which they
were accepted, whatever becomes of each; the parts of one message fly together. A number is held from the moment at
which its message is expected to leave, before its transaction, until the last of its outcomes is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.provider import Part


@dataclass(slots=True)
class _Held:
    """One number: its message, 0 while that is being accepted, and how many of its parts are in hand."""

    message: int
    parts: int


class InHand:
    """The parts of one account. ``len`` counts those that are claimed; instants are monotonic seconds."""

    def __init__(self) -> None:
        self.expected = 0  # parts that leave with their acceptance, if that is committed
        self._left_at: dict[int, float | None] = {}  # part -> when it was handed over; None before, and once answered
        self._by_number: dict[str, _Held] = {}
        self._number_of: dict[int, str] = {}  # message -> its number

    def __len__(self) -> int:
        return len(self._left_at)

    def waits(self, number: str, message: int) -> bool:
        """Whether this message must wait, because another one to its number is in hand."""
        held = self._by_number.get(number)
        return held is not None and held.message != message

    def free(self, number: str) -> bool:
        """Whether nothing to this number is in hand, or about to be."""
        return number not in self._by_number

    def expect(self, number: str, parts: int) -> None:
        """A message to a number that nobody holds is about to be accepted, and to leave with that."""
        self.expected += parts
        self._by_number[number] = _Held(0, 0)

    def unexpected(self, number: str, parts: int) -> None:
        """It did not leave after all."""
        self.expected -= parts
        self._by_number.pop(number, None)

    def take(self, part: Part) -> None:
        """It is claimed."""
        message = part.id >> 8
        held = self._by_number.get(part.to)
        if held is None or held.message not in (message, 0):
            held = self._by_number[part.to] = _Held(message, 0)
        held.message = message
        held.parts += part.carries
        self._number_of[message] = part.to
        self._left_at.update(dict.fromkeys(part.ids))

    def arrived(self, part: Part) -> None:
        """One that was expected is claimed."""
        self.expected -= part.carries
        self.take(part)

    def left(self, parts: Sequence[Part], now: float) -> None:
        """They are handed over."""
        for part in parts:
            self._left_at.update(dict.fromkeys(part.ids, now))

    def answered(self, part: Part) -> float | None:
        """It is answered: when it was handed over; None when nobody waits for an answer."""
        left_at = self._left_at.get(part.id)
        if left_at is not None:
            self._left_at.update(dict.fromkeys(part.ids))
        return left_at

    def stored(self, part_id: int) -> None:
        """Its outcome is committed."""
        if part_id not in self._left_at:
            return
        del self._left_at[part_id]
        number = self._number_of[part_id >> 8]
        held = self._by_number[number]
        held.parts -= 1
        if held.parts == 0:
            del self._by_number[number], self._number_of[part_id >> 8]
