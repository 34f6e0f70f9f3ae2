"""The chart of a year: a bar a month, delivered below and the rest above, as an SVG that the server draws. Pure.

Readable without colour: what was delivered is filled, the rest hatched, and both figures stand above the bar.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: Pixels: the whole, and what is left for the words.
WIDTH, HEIGHT, TOP, FOOT = 720, 220, 24, 24
_GAP = 0.3  # of a month's place


@dataclass(frozen=True, slots=True)
class Bar:
    """A month: where its bar stands, and how high its two pieces are."""

    label: str  # « fév. »
    words: str  # « février 2008 : 0 délivré sur 1 »
    figure: str  # « 0/1 »
    middle: float
    left: float
    width: float
    top: float  # of what was not delivered
    rest: float
    delivered_top: float
    delivered: float


def bars(months: Sequence[tuple[str, str, int, int]]) -> list[Bar]:
    """The bars of (short month, month, delivered, total), in their order."""
    most = max((max(total, delivered) for _, _, delivered, total in months), default=0) or 1
    place, ground, room = WIDTH / max(1, len(months)), HEIGHT - FOOT, HEIGHT - FOOT - TOP
    found = []
    for number, (short, month, delivered, total) in enumerate(months):
        left, width = place * (number + _GAP / 2), place * (1 - _GAP)
        below = room * max(0, delivered) / most
        above = room * max(0, total - delivered) / most
        words = f"{month} : {delivered} délivré{'s' if delivered > 1 else ''} sur {total}"
        figure = f"{delivered}/{total}" if total or delivered else ""
        heights = (ground - below - above, above, ground - below, below)
        found.append(Bar(short, words, figure, left + width / 2, left, width, *(round(one, 1) for one in heights)))
    return found
