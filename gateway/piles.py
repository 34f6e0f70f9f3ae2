"""The lines of a provider's invoice beside what we sent, made into five piles. Pure.

Rules:
- by the provider's id first (case, zeros in front and the other base apart), unless the line's number is another's;
  an id written in another base counts only with the number, or without one within a day;
- else by number and time: the same minute before a few minutes, as many parts before other numbers of parts, the
  nearest first; a line is used once. Several lines of one part make up a message of several parts;
- an id billed again, beyond the parts that have it, is theirs alone.
Instants are milliseconds, amounts millionths of a euro before tax.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.idforms import converted, stored_key

MINUTE: Final = 60_000
DAY: Final = 24 * 60 * MINUTE

#: How far the clocks of a provider and ours, and what it calls the time of a message, may be apart.
TOLERANCE: Final = 10 * MINUTE


class Pile(StrEnum):
    """Where a line or a message ends up."""

    IDENTICAL = "identical"
    PARTS = "parts_differ"
    THEIRS = "only_theirs"
    OURS = "only_ours"
    OTHER = "other_month"


class Why(StrEnum):
    """What more is known of a row."""

    BY_ID = "by_id"
    BY_NUMBER = "by_number"
    UNKNOWN = "unknown"  # theirs: nothing of ours is like it
    TWICE = "billed_twice"  # theirs: what it bills was billed by another line, or in another month
    NO_MESSAGE = "no_message"  # theirs: neither id nor number: a fee
    NOT_BILLED = "not_billed"  # ours: in none of their invoices


class Billed(NamedTuple):
    """A line of an invoice. ``at``: the middle of the time that it says, give or take ``half``; None: it says none."""

    line: int
    ids: tuple[str, ...]
    number: str  # E.164; empty: none, or not a whole one
    at: int | None
    half: int
    parts: int
    amount: int | None


class Sent(NamedTuple):
    """A message of ours as the ledger of a month has it: what its lines of that month come to.

    ``ids``: of its parts, empty where the provider gave none. ``of_month``: the closed month that it regularises.
    """

    message: int
    school: str
    month: str
    number: str
    at: int
    ids: tuple[str, ...]
    parts: int
    amount: int
    of_month: str = ""


@dataclass(slots=True)
class Pair:
    """A message of ours with the lines that bill it."""

    sent: Sent
    billed: list[Billed] = field(default_factory=list)
    why: Why = Why.BY_NUMBER

    @property
    def parts(self) -> int:
        """What is billed."""
        return sum(line.parts for line in self.billed)

    @property
    def pile(self) -> Pile:
        """Identical, or not."""
        return Pile.IDENTICAL if self.parts == self.sent.parts else Pile.PARTS


class Paired(NamedTuple):
    """What belongs together, and what is left on each side, in the order in which it was given."""

    pairs: list[Pair]
    billed: list[tuple[Billed, Why]]
    sent: list[Sent]


def pair(billed: Sequence[Billed], sent: Sequence[Sent]) -> Paired:
    """Which line bills which message."""
    pairs = [Pair(one) for one in sent]
    left, why = _by_id(billed, pairs)
    open_ = [one for one in pairs if not one.billed and one.sent.parts >= 0]
    used = _by_number([line for line in left if line.number and line.at is not None and line.parts >= 0], open_)
    return Paired(
        [one for one in pairs if one.billed],
        [(line, why.get(line.line, Why.UNKNOWN)) for line in left if line.line not in used],
        [one.sent for one in pairs if not one.billed],
    )


# ---- by id ----


class _Place(NamedTuple):
    """A message under one of its ids, and how many of its parts may have it."""

    pair: Pair
    parts: int


def _by_id(billed: Sequence[Billed], pairs: Sequence[Pair]) -> tuple[list[Billed], dict[int, Why]]:
    """Hands lines to the messages whose ids they say; those left, and why where it is known."""
    places, uses = _places(pairs), defaultdict[tuple[int, str], int](int)
    left, why = list[Billed](), dict[int, Why]()
    for line in billed:
        found = list(_candidates(line, places))
        key, place = next(((key, one) for key, one in found if _has_room(line, key, one, uses)), ("", None))
        if place is None:
            left.append(line)
            if found:
                why[line.line] = Why.TWICE
            elif not line.number and not line.ids:
                why[line.line] = Why.NO_MESSAGE
            continue
        uses[place.pair.sent.message, key] += 1
        place.pair.billed.append(line)
        place.pair.why = Why.BY_ID
    return left, why


def _places(pairs: Sequence[Pair]) -> Mapping[str, list[_Place]]:
    places: dict[str, list[_Place]] = defaultdict(list)
    for one in pairs:
        keys = [stored_key(id_) if id_ else "" for id_ in one.sent.ids]
        nameless = keys.count("")
        for key in dict.fromkeys(filter(None, keys)):
            places[key].append(_Place(one, keys.count(key) + nameless))
    return places


def _candidates(line: Billed, places: Mapping[str, list[_Place]]) -> Iterator[tuple[str, _Place]]:
    """The messages that have an id of the line, the nearest in time first, as it is before in another base."""
    keys = [stored_key(id_) for id_ in line.ids if id_]
    for key in keys:
        yield from ((key, one) for one in _nearest(line, places.get(key, ())) if _agrees(line, one) is not False)
    for key in keys:
        for _, other in converted(key):
            yield from ((other, one) for one in _nearest(line, places.get(other, ())) if _is_it(line, one))


def _nearest(line: Billed, places: Sequence[_Place]) -> Sequence[_Place]:
    at = line.at
    if at is None or len(places) < 2:
        return places
    return sorted(places, key=lambda one: abs(one.pair.sent.at - at))


def _agrees(line: Billed, place: _Place) -> bool | None:
    number = place.pair.sent.number
    return line.number == number if line.number and number else None


def _is_it(line: Billed, place: _Place) -> bool:
    agrees = _agrees(line, place)
    near = line.at is not None and abs(place.pair.sent.at - line.at) <= DAY + line.half
    return agrees or (agrees is None and near)


def _has_room(line: Billed, key: str, place: _Place, uses: Mapping[tuple[int, str], int]) -> bool:
    """Whether the line may be of this message: its id is not used up, or it takes something back."""
    used = uses.get((place.pair.sent.message, key), 0)
    fits = place.pair.parts + line.parts <= place.pair.sent.parts
    return used == 0 or line.parts < 0 or (used < place.parts and fits)


# ---- by number and time ----


def _by_number(billed: Sequence[Billed], pairs: Sequence[Pair]) -> set[int]:
    """Hands lines to messages to the same number at the same time; the lines that were used."""
    used: set[int] = set()
    for half in sorted({line.half for line in billed}):
        lines = [line for line in billed if line.half == half]
        for reach in (half + MINUTE, half + TOLERANCE):
            for stage in (_whole, _of_single_parts, _any):
                lines = [line for line in lines if line.line not in used]
                stage(lines, [one for one in pairs if not one.billed], reach, used)
    return used


def _whole(lines: Sequence[Billed], pairs: Sequence[Pair], reach: int, used: set[int]) -> None:
    """Lines of as many parts as the message has."""
    ours, theirs = defaultdict[object, list[Pair]](list), defaultdict[object, list[Billed]](list)
    for one in pairs:
        ours[one.sent.number, one.sent.parts].append(one)
    for line in lines:
        theirs[line.number, line.parts].append(line)
    _hand_over(theirs, ours, reach, used)


def _of_single_parts(lines: Sequence[Billed], pairs: Sequence[Pair], reach: int, used: set[int]) -> None:
    """Lines of one part each for a message of several: it is there once for each of its parts."""
    ours, theirs = defaultdict[object, list[Pair]](list), defaultdict[object, list[Billed]](list)
    for one in pairs:
        if one.sent.parts > 1:
            ours[one.sent.number].extend([one] * one.sent.parts)
    for line in lines:
        if line.parts == 1:
            theirs[line.number].append(line)
    _hand_over(theirs, ours, reach, used)


def _any(lines: Sequence[Billed], pairs: Sequence[Pair], reach: int, used: set[int]) -> None:
    """Lines of another number of parts."""
    ours, theirs = defaultdict[object, list[Pair]](list), defaultdict[object, list[Billed]](list)
    for one in pairs:
        ours[one.sent.number].append(one)
    for line in lines:
        theirs[line.number].append(line)
    _hand_over(theirs, ours, reach, used)


def _hand_over(
    theirs: Mapping[object, list[Billed]], ours: Mapping[object, list[Pair]], reach: int, used: set[int]
) -> None:
    for key in theirs.keys() & ours.keys():
        lines, pairs = theirs[key], ours[key]
        for i, j in closest([line.at or 0 for line in lines], [one.sent.at for one in pairs], reach):
            pairs[j].billed.append(lines[i])
            used.add(lines[i].line)


def closest(some: Sequence[int], others: Sequence[int], reach: int) -> Iterator[tuple[int, int]]:
    """Pairs of places, the closest first, each used once, none farther apart than ``reach``.

    The closest two of different kinds always stand side by side among all in order, so looking at neighbours is
    enough; each pair taken makes new ones.
    """
    points = sorted((at, kind, place) for kind, ats in enumerate((some, others)) for place, at in enumerate(ats))
    before, after = list(range(-1, len(points) - 1)), list(range(1, len(points) + 1))
    gone = [False] * len(points)
    heap: list[tuple[int, int, int]] = []

    def look(left: int, right: int) -> None:
        if left >= 0 and right < len(points) and points[left][1] != points[right][1]:
            apart = points[right][0] - points[left][0]
            if apart <= reach:
                heapq.heappush(heap, (apart, left, right))

    for place in range(len(points) - 1):
        look(place, place + 1)
    while heap:
        _, left, right = heapq.heappop(heap)
        if gone[left] or gone[right]:
            continue
        gone[left] = gone[right] = True
        outer, inner = before[left], after[right]
        if outer >= 0:
            after[outer] = inner
        if inner < len(points):
            before[inner] = outer
        look(outer, inner)
        first, second = (left, right) if points[left][1] == 0 else (right, left)
        yield points[first][2], points[second][2]
