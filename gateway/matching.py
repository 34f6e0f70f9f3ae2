"""Which part a receipt is of: the rules, without the store.

Rules:
- a part is a candidate if the id of its answer is the receipt's, but for case and zeros, or as it would be in another
  base where the account's ids may differ so (``message_id: auto``); if it had left; and if its number is the receipt's,
  which an id so long that it never comes round again needs not prove, and a receipt without a number cannot;
- one candidate: it is that, whatever the account's other receipts were like. It waits while a part to that number has
  no id yet, for short ids may be the same in two bases, unless the time that the receipt names is that of the first;
  and where there is neither a number nor a long id, until the account's form is learned;
- of several, those are not meant that left after the time that the receipt names, if another left then, or weeks before
  another, or whose receipts are written otherwise: all of a part are written alike. Then the account's form decides, if
  its receipts never had another; between two that are still open, not before the receipts after it were of that form;
- what cannot be told waits: a receipt on a wrong part is worse than one that comes later, or never.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple, Protocol

from gateway import numbers
from gateway.provider import Form, Receipt
from gateway.states import FINAL, Status

#: Matches in a row that teach the form of an account's ids; after which it may choose between parts; and the same of
#: an account whose ids were of several forms.
ENOUGH: Final = 3
SURE: Final = 50
AGAIN: Final = 1_000

#: Characters from which an id (UUID, 32 hexadecimal digits, a time and a counter) is of one message for ever.
_UNMISTAKABLE: Final = 20

#: Characters in either base from which an id is no other one's by chance, among the few parts that are in doubt.
_TELLING: Final = 6

#: How far the clocks of two processes of ours may differ, in milliseconds.
_SLACK: Final = 5_000

#: How far the time that a receipt names may be from our claim.
NEAR: Final = timedelta(minutes=10)

#: How late a receipt comes when another part may be meant: providers deliver again for a week.
_LATEST: Final = 14 * 86_400_000


@dataclass(frozen=True, slots=True)
class Habit:
    """What the receipts of an account were like: ``learned`` is the form of their ids, as far as it is known."""

    learned: Form | None = None
    last: Form | None = None  # of the last receipt that could only be of one form
    run: int = 0  # how many of these in a row, as far as it matters
    mixed: bool = False  # they were of several forms

    @property
    def sure(self) -> Form | None:
        """The form that may choose between parts: of many in a row, and never of another before."""
        return self.learned if self.run >= (AGAIN if self.mixed else SURE) else None

    def saw(self, form: Form) -> "Habit":
        """A receipt had this form, and could have no other."""
        mixed = self.mixed or form is not (self.last or form)
        run = min(AGAIN if mixed else SURE, self.run + 1) if form is self.last else 1
        known = self.learned is form or run >= (AGAIN if mixed else ENOUGH)
        return Habit(form if known else None, form, run, mixed)


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

    @property
    def wanted(self) -> list[str]:
        """Every key that may lead to its part."""
        return [*self.keys, *(key for _, key in self.converted), *map(adopted_key, self.written)]

    @property
    def written(self) -> tuple[str, ...]:
        """Its ids as they are written, but for case and zeros; of a form that is fixed, the id itself."""
        return self.keys or ((self.id.lower(),) if self.id else ())

    @property
    def telling(self) -> bool:
        """Whether its id is long in each base."""
        return all(len(key) >= _TELLING for key in (*self.keys, *(key for _, key in self.converted)))


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
    school: str = ""

    @property
    def piece(self) -> tuple[int, str]:
        """Parts that left in one piece have one id, and one receipt."""
        return self.part >> 8, self.provider_id

    @property
    def over(self) -> bool:
        """Whether it has come to an end."""
        return self.state in FINAL


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
    @property
    def school(self) -> str: ...


#: The zone of a school.
Zone = Callable[[str], tzinfo]

#: The writings of the receipts that parts have had.
Heard = Mapping[int, Collection[str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """The part of a receipt, if it is known; ``waits``: it may be one's, and will be told later."""

    part: int | None = None
    waits: bool = False
    form: Form | None = None  # evidence: that it has, or most likely has, when it could have another


class Case:
    """A receipt, what is known of its account, and the parts ``found`` under its keys."""

    def __init__(
        self, said: Said, habit: Habit, found: Mapping[str, Sequence[Found]], zone: Zone = lambda _: UTC
    ) -> None:
        self.said, self.habit, self._zone = said, habit, zone
        forms = said.forms
        self._several = len(forms) > 1
        self._adopted = _possible(said, map(adopted_key, said.written), found)
        self.candidates = [] if self._adopted else self._in_time(list(_under(said, forms, found)))

    @property
    def asks_for_doubts(self) -> bool:
        """Whether it matters which parts are in doubt: not if an open part has a long id, or one of the known form."""
        return any(one.over or not self._trusts(form) for form, one in self.candidates)

    @property
    def asks_for_heard(self) -> set[int]:
        """The parts of which it matters which receipts they have had."""
        return set() if self._is_told(self.candidates) else {one.part for _, one in self.candidates}

    def left(self, heard: Heard) -> list[tuple[Form, Found]]:
        """The candidates without those whose receipts are written otherwise; all, if that leaves none."""
        if self._is_told(self.candidates):
            return self.candidates
        words = [(one, set(heard.get(one.part, ()))) for _, one in self.candidates]
        others = {one.piece for one, writings in words if writings and not writings & set(self.said.written)}
        return [(form, one) for form, one in self.candidates if one.piece not in others] or self.candidates

    def choose(self, in_doubt: Sequence[InDoubt] = (), heard: Heard | None = None, *, still: bool = False) -> Choice:
        """Its part. ``still``: receipts that came after it were of the account's form, as those before."""
        if self._adopted:
            return Choice(_best(self.said, self._adopted).part)
        left = self.left(heard or {})
        if not left:
            return Choice()
        if self._is_told(left):
            return self._of_one(left[0][0], [one for _, one in left], in_doubt)
        sure = self.habit.sure
        own = [one for form, one in left if form is sure]
        if sure is None or not own:
            return Choice(waits=True)
        settled = all(one.over for form, one in left if form is not sure)
        if settled or (still and not _best(self.said, own).over):
            return self._of_one(sure, own, in_doubt)
        return Choice(waits=True)

    def rivals(self, in_doubt: Iterable[InDoubt], candidates: Iterable[Found]) -> list[InDoubt]:
        """The parts without an id that it may be of, as far as its number says, and its time: one that left at another
        is not meant where a candidate left then.
        """
        said = self.said
        rivals = [one for one in in_doubt if had_left(said, one.claimed_at) and agrees(said, one.number) is not False]
        if rivals and any(self._near(one) for one in candidates):
            return [one for one in rivals if self._near(one)]
        return rivals

    def _near(self, one: Found | InDoubt) -> bool:
        return any(abs(later) <= NEAR for later in self._later(one))

    def _later(self, one: Found | InDoubt) -> list[timedelta]:
        """How much after the time that it names a part left, if providers write UTC, and if they write its zone."""
        if self.said.submitted is None or one.claimed_at is None:
            return []
        return [later_than(self.said.submitted, one.claimed_at, zone) for zone in (UTC, self._zone(one.school))]

    def _in_time(self, candidates: list[tuple[Form, Found]]) -> list[tuple[Form, Found]]:
        """Of several, those that may be meant by the time that it names, and that did not leave weeks before."""
        if len(candidates) < 2:
            return candidates
        if any(self._near(one) for _, one in candidates):
            candidates = [each for each in candidates if min(self._later(each[1])) <= NEAR]
        at = self.said.at
        return [each for each in candidates if at - (each[1].claimed_at or 0) <= _LATEST] or candidates

    def _is_told(self, candidates: Sequence[tuple[Form, Found]]) -> bool:
        """Whether they are one piece; or have one id, as when ids come round again, of an account that has one form."""
        if len({one.piece for _, one in candidates}) < 2:
            return True
        mixed = self._several and self.habit.mixed and not self.habit.sure
        return not mixed and len({form for form, _ in candidates}) == 1

    def _trusts(self, form: Form) -> bool:
        """Whether a part that has its id in this form needs not fear that a part without an id is meant."""
        return not self._several or self.said.telling or self.habit.sure is form

    def _of_one(self, form: Form, parts: Sequence[Found], in_doubt: Sequence[InDoubt]) -> Choice:
        """Of parts that have one id in one form, unless a part without an id may be meant."""
        said, habit = self.said, self.habit
        best = _best(said, parts)
        rivals = self.rivals(in_doubt, [best])
        if best.over and any(one.state == Status.SENDING for one in rivals):
            return Choice(waits=True)  # ids come round again: this may be the newer one's
        if not self._several:
            return Choice(best.part)
        if not self._trusts(form):
            if rivals:
                return Choice(waits=True, form=form)
            plain = form is Form.SAME and habit.learned is None
            if not agrees(said, best.number) and not plain and habit.learned is not form:
                return Choice(waits=True, form=form if habit.learned is None else None)
        # Copies of one receipt teach no more than one.
        return Choice(best.part, form=None if best.over and form is habit.last else form)


def choose(said: Said, habit: Habit, found: Mapping[str, Sequence[Found]]) -> Choice:
    """The part of a receipt among those found, where nothing else is in doubt."""
    return Case(said, habit, found).choose()


def _under(
    said: Said, forms: Mapping[Form, Sequence[str]], found: Mapping[str, Sequence[Found]]
) -> Iterator[tuple[Form, Found]]:
    """The candidates, each under the first form that leads to it."""
    seen: set[int] = set()
    for form, keys in forms.items():
        for one in _possible(said, keys, found):
            if one.part not in seen:
                seen.add(one.part)
                yield form, one


def _possible(said: Said, keys: Iterable[str], found: Mapping[str, Sequence[Found]]) -> list[Found]:
    """The parts that a receipt may be of, as far as its number, time and writing say."""
    parts = [one for key in keys for one in found.get(key, ()) if had_left(said, one.claimed_at)]
    return [one for one in parts if is_to_it(said, one) and same_writing(said, one)]


def is_to_it(said: Said, one: Found) -> bool:
    """Whether a receipt's number lets it be the part's."""
    return len(one.key) >= _UNMISTAKABLE or agrees(said, one.number) is not False


def had_left(said: Said, claimed_at: int | None) -> bool:
    """What left after the receipt came is not meant: ids come round again."""
    return claimed_at is not None and claimed_at <= said.at + _SLACK


def later_than(named: datetime, claimed_at: int, zone: tzinfo) -> timedelta:
    """How much later a part left than a provider's date, read in a zone, says."""
    return datetime.fromtimestamp(claimed_at / 1000, zone).replace(tzinfo=None) - named


def agrees(said: Said, number: str) -> bool | None:
    """Whether the number is the part's; None: none is said. Some providers leave sender and recipient as they were."""
    to = numbers.same(said.to, number)
    return True if to or numbers.same(said.sender, number) else to


def same_writing(said: Said, one: Found) -> bool:
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
        return one.provider_id != said.id, one.over, near, one.part

    return min(possible, key=rank)


def _instant(provider_clock: datetime) -> int:
    """Milliseconds, as if it were UTC: good enough to tell days apart."""
    return int(provider_clock.replace(tzinfo=UTC).timestamp() * 1000)
