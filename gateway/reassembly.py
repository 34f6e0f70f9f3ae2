"""Long messages from telephones, put together however their parts arrive. Pure: instants are milliseconds.

Rules:
- parts belong together by account, telephone, our number, reference and count: what is handed in here shares those;
- a part that comes again is told from another message's by its octets, by the provider's own id where it gives one,
  and for a message of one part by the link: a provider repeats what it got no answer for after it has connected anew;
- what is still missing ``timeout`` after the last part came is shown as ``GAP``; a part that comes later mends it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

from gateway import alphabets
from gateway.alphabets import Alphabet

#: What stands for parts that did not come.
GAP: Final = "[…]"

#: The same words as on a link that is gone, within this time, are the same message: a restart, or a link made anew.
REPEATED_MS: Final = 600_000

#: A part that comes later than this after the first one is of another message: references begin anew.
LATE_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A part as it came. ``bundle``: the id of the part of its message that came first."""

    bundle: int
    at: int
    octets: bytes
    alphabet: Alphabet
    link: str
    provider_id: str = ""
    reference: int | None = None  # None: a message of one part
    place: int = 1
    of: int = 1
    up: frozenset[str] = frozenset()  # the links that were up when it came


def comes_again(new: Piece, old: Piece) -> bool:
    """Whether ``new`` is ``old`` once more, both from the same telephone to the same number of the same account."""
    if new.provider_id and old.provider_id:
        return new.provider_id == old.provider_id
    alike = (new.octets, new.alphabet, new.reference, new.place, new.of)
    if alike != (old.octets, old.alphabet, old.reference, old.place, old.of):
        return False
    if new.reference is not None:
        return new.at - old.at <= LATE_MS
    return old.link not in {new.link, *new.up} and new.at - old.at <= REPEATED_MS


def bundle_of(new: Piece, earlier: Iterable[Piece]) -> int | None:
    """The message whose missing part ``new`` is: the latest begun that lacks its place. None: it begins one."""
    if new.reference is None:
        return None
    alike = [one for one in earlier if (one.reference, one.of) == (new.reference, new.of)]
    begun = {one.bundle: one.at for one in reversed(alike)}
    taken = {one.bundle for one in alike if one.place == new.place}
    return max((b for b, at in begun.items() if b not in taken and new.at - at <= LATE_MS), default=None)


class Joined(NamedTuple):
    """A message as it is shown. ``missing``: the places of the parts that did not come, from 1."""

    text: str
    alphabet: Alphabet
    missing: tuple[int, ...]


def join(pieces: Sequence[Piece]) -> Joined:
    """The text of the parts that came. Neighbours are read as one: a character may be torn between two parts."""
    by_place = {piece.place: piece for piece in pieces}
    of = pieces[0].of
    missing = tuple(place for place in range(1, of + 1) if place not in by_place)
    runs = groupby(range(1, of + 1), key=lambda place: by_place[place].alphabet if place in by_place else None)
    words, widest = [], Alphabet.GSM7
    for alphabet, places in runs:
        if alphabet is None:
            words.append(GAP)
            continue
        text, read = alphabets.read(b"".join(by_place[place].octets for place in places), alphabet)
        words.append(text)
        widest = max(widest, read, key=_RANK.__getitem__)
    return Joined("".join(words), widest, missing)


_RANK: Mapping[Alphabet, int] = {alphabet: rank for rank, alphabet in enumerate(Alphabet)}


def is_whole(pieces: Sequence[Piece]) -> bool:
    """Whether every part came."""
    return len({piece.place for piece in pieces}) == pieces[0].of
