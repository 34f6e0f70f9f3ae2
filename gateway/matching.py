"""Which part a receipt is of: the rules, without the store.

Rules:
- an id means the part whose answer said it, but for case and zeros; or that it would mean in another base, where the
  account's ids may differ so (``message_id: auto``);
- where a receipt says a number, it is that of the part, unless the id is so long that it never comes round again;
  without one, only an id that needs no conversion counts;
- which form an account's ids have is learned from the first receipts that can be of one part only. Until then, one
  that may be of two parts, or of one whose id is not known yet, waits. From then on only that form counts, until
  as many receipts in a row are of another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from gateway import numbers
from gateway.provider import Form, Receipt
from gateway.states import FINAL, Status

#: Matches in a row that teach the form of an account's ids.
ENOUGH: Final = 3

#: Receipts in a row of nobody after which it is forgotten.
PATIENCE: Final = 20

#: Characters from which an id (UUID, 32 hexadecimal digits, a time and a counter) is of one message for ever.
_UNMISTAKABLE: Final = 20

#: How far the clocks of two processes of ours may differ, in milliseconds.
_SLACK: Final = 5_000


@dataclass(frozen=True, slots=True)
class Habit:
    """What the receipts of an account were like: ``learned`` is the form of their ids, as far as it is known."""

    learned: Form | None = None
    last: Form | None = None  # of the last receipt that could only be of one form
    run: int = 0  # how many of these in a row, up to ENOUGH
    missed: int = 0  # receipts since then of which no part was found

    def saw(self, form: Form) -> "Habit":
        """A receipt had this form, and could have no other."""
        run = min(ENOUGH, self.run + 1) if form is self.last else 1
        return Habit(form if run >= ENOUGH else self.learned, form, run)

    def missed_one(self) -> "Habit":
        """A receipt whose form would tell is of no part."""
        return Habit() if self.missed + 1 >= PATIENCE else replace(self, missed=self.missed + 1)


@dataclass(frozen=True, slots=True)
class Said:
    """A receipt, as far as finding its part needs. ``at`` is our own clock, in milliseconds."""

    id: str
    keys: tuple[str, ...]
    converted: tuple[tuple[Form, str], ...]
    exact: bool
    to: str
    sender: str
    submitted: datetime | None
    at: int

    @classmethod
    def of(cls, receipt: Receipt, at: int) -> "Said":
        """A receipt as an adapter tells it."""
        said = receipt
        return cls(said.id, said.keys, said.converted, said.exact, said.to, said.sender, said.submitted, at)

    @property
    def forms(self) -> dict[Form, list[str]]:
        """The keys to look up, by form."""
        forms: dict[Form, list[str]] = {Form.SAME: list(self.keys)} if self.keys else {}
        for form, key in self.converted:
            forms.setdefault(form, []).append(key)
        return forms

    def known(self, learned: Form | None) -> Form | None:
        """The one form that its id can have: there is no other, or it was learned."""
        forms = self.forms
        if len(forms) == 1:
            return next(iter(forms))
        return learned if learned in forms else None

    @property
    def wanted(self) -> list[str]:
        """Every key that may lead to its part."""
        return [*self.keys, *(key for _, key in self.converted), *map(adopted_key, self.written)]

    @property
    def written(self) -> tuple[str, ...]:
        """Its ids as they are written, but for case and zeros; of a form that is fixed, the id itself."""
        return self.keys or ((self.id.lower(),) if self.id else ())


def adopted_key(key: str) -> str:
    """The key of a part that took the id of a receipt: as receipts write it, whatever the answers' form is."""
    return f"={key}"


class Found(NamedTuple):
    """A part that has one of the ids looked for."""

    part: int
    key: str
    provider_id: str
    number: str
    state: Status
    claimed_at: int | None


class InDoubt(Protocol):
    """A part whose id is not known: being sent, or uncertain."""

    @property
    def part(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def claimed_at(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The part of a receipt, if it is known; ``waits``: it is one of several, and will be told later."""

    part: int | None = None
    waits: bool = False
    form: Form | None = None  # evidence: that it has, when it could have another
    missed: bool = False  # of no part, though its form would tell


def asks(said: Said, learned: Form | None, found: Mapping[str, Sequence[Found]]) -> bool:
    """Whether ``choose`` must know which parts are in doubt: not when the form is known and an open part has the id."""
    known = said.known(learned)
    hits = _possible(said, said.forms[known], found) if known is not None else []
    return not hits or any(one.state in FINAL for one in hits)


def choose(
    said: Said, learned: Form | None, found: Mapping[str, Sequence[Found]], in_doubt: Sequence[InDoubt] = ()
) -> Choice:
    """The part of a receipt among those ``found`` under its keys; ``in_doubt`` are the parts without an id."""
    adopted = _possible(said, map(adopted_key, said.written), found)
    if adopted:
        return Choice(_best(said, adopted).part)
    known = said.known(learned)
    if known is not None:
        return _of_known_form(said, known, found, in_doubt)
    return _of_any_form(said, found, in_doubt)


def _of_known_form(said: Said, form: Form, found: Mapping[str, Sequence[Found]], in_doubt: Sequence[InDoubt]) -> Choice:
    several = len(said.forms) > 1
    possible = _possible(said, said.forms[form], found)
    if possible:
        best = _best(said, possible)
        sending = any(one.state == Status.SENDING for one in _rivals(said, in_doubt))
        if best.state in FINAL and sending:
            return Choice(waits=True)  # ids come round again: this may be the newer one's
        return Choice(best.part, form=form if several else None)
    if not several:
        return Choice()
    other = _of_any_form(said, found, in_doubt)
    return replace(other, part=None, waits=other.waits or other.part is not None)


def _of_any_form(said: Said, found: Mapping[str, Sequence[Found]], in_doubt: Sequence[InDoubt]) -> Choice:
    possible = {form: _possible(said, keys, found) for form, keys in said.forms.items()}
    best = {form: _best(said, parts) for form, parts in possible.items() if parts}
    rivals = _rivals(said, in_doubt)
    if not best:
        return Choice(missed=bool(said.converted) and not rivals)
    form, chosen = next(iter(best.items()))
    if any(_left_together(one) != _left_together(chosen) for one in best.values()):
        return Choice(waits=True)
    # Until the form is known, a part without an id to this number may be meant; without a number, one being sent.
    if any(one.state == Status.SENDING or _agrees(said, one.number) for one in rivals):
        return Choice(waits=True)
    if form is not Form.SAME and not _agrees(said, chosen.number):
        return Choice()
    return Choice(chosen.part, form=form)


def _possible(said: Said, keys: Iterable[str], found: Mapping[str, Sequence[Found]]) -> list[Found]:
    """The parts that a receipt may be of, as far as its number, time and writing say."""
    parts = [one for key in keys for one in found.get(key, ()) if _had_left(said, one.claimed_at)]
    return [one for one in parts if _is_to_it(said, one) and _same_writing(said, one)]


def _is_to_it(said: Said, one: Found) -> bool:
    return len(one.key) >= _UNMISTAKABLE or _agrees(said, one.number) is not False


def _had_left(said: Said, claimed_at: int | None) -> bool:
    """What left after the receipt came is not meant: ids come round again."""
    return claimed_at is not None and claimed_at <= said.at + _SLACK


def _agrees(said: Said, number: str) -> bool | None:
    """Whether the number is the part's; None: none is said. Some providers leave sender and recipient as they were."""
    to = numbers.same(said.to, number)
    return True if to or numbers.same(said.sender, number) else to


def _same_writing(said: Said, one: Found) -> bool:
    """Of ids that mix small and capital letters, both count."""
    if one.provider_id == said.id:
        return True
    return not said.exact and not (_mixed(said.id) and _mixed(one.provider_id))


def _mixed(written: str) -> bool:
    return written not in (written.lower(), written.upper())


def _best(said: Said, possible: Sequence[Found]) -> Found:
    """Of parts whose ids are the same (they come round again): as written, then not final, then the nearest in time."""

    def rank(one: Found) -> tuple[bool, bool, int, int]:
        left = one.claimed_at or 0
        near = abs(_instant(said.submitted) - left) if said.submitted else said.at - left
        return one.provider_id != said.id, one.state in FINAL, near, one.part

    return min(possible, key=rank)


def _instant(provider_clock: datetime) -> int:
    """Milliseconds, as if it were UTC: good enough to tell days apart."""
    return int(provider_clock.replace(tzinfo=UTC).timestamp() * 1000)


def _left_together(one: Found) -> tuple[int, str]:
    """Parts that left in one piece have one id, and one receipt."""
    return one.part >> 8, one.provider_id


def _rivals(said: Said, in_doubt: Sequence[InDoubt]) -> list[InDoubt]:
    """The parts without an id that it may be of, as far as its number says."""
    return [one for one in in_doubt if _had_left(said, one.claimed_at) and _agrees(said, one.number) is not False]


# ---- why not ----


class Why(StrEnum):
    """Why a receipt is not applied to a part that it might be of, the strongest objection first."""

    OTHER_ACCOUNT = "other_account"  # its id, but that left by another account
    OTHER_NUMBER = "other_number"  # its id, but another number
    LEFT_LATER = "left_later"  # its id, but the part left after the receipt came
    OTHER_WRITING = "other_writing"  # its id, but in other letters or with other zeros
    SEVERAL = "several"  # it may be of several parts, or of one that has no id yet
    OTHER_FORM = "other_form"  # its id in another base, which is not the account's or cannot be told without a number
    CLOSE = "close"  # its number; an id that differs by a character
    NO_ID = "no_id"  # its number; a part whose answer was never heard, too far in time or of another sender
    OTHER_ID = "other_id"  # its number; another id


def why_not(said: Said, account: str, part_account: str, one: Found, *, waits: bool) -> Why:
    """What speaks against a part as that of a receipt which has none; ``waits`` is as ``Choice`` said it."""
    if one.key not in said.wanted:
        return _of_its_number(said, one)
    if account != part_account:
        return Why.OTHER_ACCOUNT
    if not _is_to_it(said, one):
        return Why.OTHER_NUMBER
    if not _had_left(said, one.claimed_at):
        return Why.LEFT_LATER
    if not _same_writing(said, one):
        return Why.OTHER_WRITING
    return Why.SEVERAL if waits else Why.OTHER_FORM


def _of_its_number(said: Said, one: Found) -> Why:
    if not one.provider_id:
        return Why.NO_ID
    close = any(_one_edit(written, one.key) for written in said.written)
    return Why.CLOSE if close else Why.OTHER_ID


def _one_edit(one: str, other: str) -> bool:
    """Whether one character more, less or other makes them the same."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[same + (len(short) == len(long)) :] == long[same + 1 :]
