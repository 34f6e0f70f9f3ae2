"""Receipts that could each be of several parts, and are told together. Pure.

Rule: where as many writings of ids came as there are parts that any of them may be of, each part has one, for all
receipts of a part are written alike. If one form gives each its own part, no other does: to write an id in the other
base moves it up or down between the writings, and what moves up must be met by what moves down, which would be of the
same number. Where a receipt is missing, or a part has no id yet, nothing is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.matching import Case, Choice, Found, Heard, InDoubt, agrees
from gateway.provider import Form

Piece = tuple[int, str]


@dataclass(slots=True)
class Writing:
    """One way in which an id was written for a number: the receipts that said it, and the parts that it may mean."""

    receipts: list[int] = field(default_factory=list)
    pieces: set[Piece] = field(default_factory=set)  # that any of them may be of
    left: list[tuple[Form, Found]] = field(default_factory=list)  # that all of them may be of
    doubtful: bool = False  # or of a part without an id; or no number confirms it

    def add(self, receipt: int, left: Sequence[tuple[Form, Found]], *, doubtful: bool) -> None:
        """One more receipt that said it."""
        pieces = {one.piece for _, one in left}
        self.left = [each for each in self.left if each[1].piece in pieces] if self.receipts else list(left)
        self.receipts.append(receipt)
        self.pieces |= pieces
        self.doubtful |= doubtful

    def under(self, form: Form) -> dict[Piece, int]:
        """The parts that it means in a form: one of each piece."""
        return {one.piece: one.part for each, one in self.left if each is form}


def told_together(cases: Mapping[int, Case], in_doubt: Sequence[InDoubt], heard: Heard) -> dict[int, Choice]:
    """The parts of the receipts that can be told, by the receipts' ids."""
    writings: dict[tuple[tuple[str, ...], str], Writing] = {}
    for receipt, case in cases.items():
        if left := case.left(heard):
            parts = [one for _, one in left]
            doubtful = bool(case.rivals(in_doubt, parts)) or not all(agrees(case.said, one.number) for one in parts)
            key = (case.said.written, left[0][1].number)
            writings.setdefault(key, Writing()).add(receipt, left, doubtful=doubtful)
    told: dict[int, Choice] = {}
    for group, pieces in _groups(writings.values()):
        if len(group) == len(pieces) and not any(one.doubtful for one in group):
            told |= _told(group)
    return told


def _told(group: Sequence[Writing]) -> dict[int, Choice]:
    """By the one form that gives each writing a part of its own, if there is one."""
    ways = []
    for form in Form:
        means = [one.under(form) for one in group]
        if all(len(each) == 1 for each in means) and len(set().union(*means)) == len(group):
            ways.append((form, [part for each in means for part in each.values()]))
    if len(ways) != 1:
        return {}
    [(form, parts)] = ways
    return {
        receipt: Choice(part, form=form) for one, part in zip(group, parts, strict=True) for receipt in one.receipts
    }


def _groups(writings: Iterable[Writing]) -> Iterator[tuple[list[Writing], set[Piece]]]:
    """Those that may mean the same parts, directly or through others; and these parts."""
    groups: list[tuple[list[Writing], set[Piece]]] = []
    for one in writings:
        joined, pieces, apart = [one], set(one.pieces), []
        for group, theirs in groups:
            if theirs & pieces:
                joined, pieces = group + joined, theirs | pieces
            else:
                apart.append((group, theirs))
        groups = [*apart, (joined, pieces)]
    return iter(groups)
