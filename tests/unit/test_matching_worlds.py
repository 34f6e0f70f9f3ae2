"""Whatever a provider mixes, no receipt is applied to a wrong part, and none that can be of one part only is left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.smpp.ids import receipt_keys
from gateway.elimination import told_together
from gateway.idforms import stored_key
from gateway.matching import ENOUGH, Case, Choice, Found, Habit, Said
from gateway.states import Status

NOW = 1_795_419_000_000
DAY = 86_400_000
NUMBERS = ("+33692123456", "+262692123456", "+33612345678")

#: Which base an answer and the receipts of a message are in, by its place.
Bases = Callable[[int], tuple[int, int]]


@dataclass
class Doubt:
    """A part without an id."""

    part: int
    state: str
    number: str
    claimed_at: int | None
    school: str = ""


@dataclass
class Sent:
    """A message of one part, as its provider knows it and as we do."""

    value: int
    receipt: str  # how each of its receipts writes its id
    answer: str
    ours: Found

    @property
    def doubt(self) -> Doubt:
        """It as long as its answer is not known."""
        return Doubt(self.ours.part, self.ours.state, self.ours.number, self.ours.claimed_at)


@dataclass
class World:
    """A provider whose ids are few, so that they collide in both bases; and the gateway."""

    bases: Bases
    first: int
    chance: Random
    numbers: Sequence[str] = NUMBERS
    dated: bool = True
    sent: list[Sent] = field(default_factory=list)
    came: list[tuple[Sent, Said]] = field(default_factory=list)
    matched: dict[int, Sent] = field(default_factory=dict)  # by the place of the receipt
    heard: dict[int, set[str]] = field(default_factory=dict)
    habit: Habit = field(default_factory=Habit)
    clock: int = NOW

    # ---- the provider ----

    def submit(self, to: str) -> Sent:
        """Ids are given in order; no two answers are the same."""
        place, value = len(self.sent), self.first + len(self.sent)
        base, receipt = self.bases(place)
        answers = {each.answer for each in self.sent}
        answer = next(word for word in (self._written(value, base), f"{value}", f"{value:x}") if word not in answers)
        part = Found((place + 1) * 256 + 1, "", "", to, Status.SENDING, self.clock)
        self.sent.append(Sent(value, self._written(value, receipt), answer, part))
        return self.sent[-1]

    def _written(self, value: int, base: int) -> str:
        return str(value) if base == 10 else f"{value:x}"

    def answer(self, one: Sent) -> None:
        if one.ours.state is Status.SENDING:
            word = self._dressed(one.answer)
            one.ours = one.ours._replace(key=stored_key(word), provider_id=word, state=Status.IN_TRANSIT)

    def lose(self, one: Sent) -> None:
        if one.ours.state is Status.SENDING:
            one.ours = one.ours._replace(state=Status.UNCERTAIN)

    def report(self, one: Sent, *, readable: bool = True) -> None:
        """Providers deliver again for a week, and no longer."""
        if self.clock - (one.ours.claimed_at or 0) > 13 * DAY:
            return
        id_ = self._dressed(one.receipt)
        keys, converted = receipt_keys((id_,), "auto")
        left = datetime.fromtimestamp((one.ours.claimed_at or 0) / 1000, UTC).replace(tzinfo=None)
        to = one.ours.number if readable else ""
        said = Said(id_, keys, converted, False, to, "CLG", left if self.dated else None, self.clock)
        self.came.append((one, said))
        self._look(len(self.came) - 1, arrives=True)

    def _dressed(self, id_: str) -> str:
        """Capitals and zeros, as it pleases the provider."""
        return self.chance.choice([id_, id_.upper(), f"{id_:0>10}"])

    # ---- the gateway ----

    @property
    def found(self) -> dict[str, list[Found]]:
        by_key: dict[str, list[Found]] = {}
        for one in self.sent:
            by_key.setdefault(one.ours.key, []).append(one.ours)
        by_key.pop("", None)
        return by_key

    @property
    def doubts(self) -> list[Doubt]:
        return [one.doubt for one in self.sent if not one.ours.key]

    def case(self, place: int) -> Case:
        return Case(self.came[place][1], self.habit, self.found)

    def _look(self, place: int, *, arrives: bool = False, still: bool = False) -> None:
        case = self.case(place)
        choice = case.choose(self.doubts, self.heard, still=still)
        if choice.part is not None or arrives:
            self._apply(place, choice, again=not arrives and not case.asks_for_heard)

    def _apply(self, place: int, choice: Choice, *, again: bool = False) -> None:
        one, said = self.came[place]
        if choice.form is not None and not again:
            self.habit = self.habit.saw(choice.form)
        if choice.part is not None:
            assert choice.part == one.ours.part, (said, self.habit)
            one.ours = one.ours._replace(state=Status.DELIVERED) if one.ours.key else one.ours
            self.heard.setdefault(choice.part, set()).update(said.written)
            self.matched[place] = one

    @property
    def waiting(self) -> list[int]:
        return [place for place in range(len(self.came)) if place not in self.matched]

    def settle(self) -> None:
        """Look again at what waits: each by itself, then together."""
        told = self._told_since() if self.habit.sure else -1
        for place in self.waiting:
            self._look(place, still=place <= told)
        cases = {place: self.case(place) for place in self.waiting}
        for place, choice in told_together(cases, self.doubts, self.heard).items():
            self._apply(place, choice)

    def _told_since(self) -> int:
        found = self.found
        own = [place for place in self.matched if Case(self.came[place][1], Habit(), found).choose().form is not None]
        return sorted(own)[-ENOUGH] - 1 if len(own) >= ENOUGH else -1

    def unambiguous(self) -> list[Said]:
        """Receipts left that name a number and can be of one part only."""
        left = []
        for place in self.waiting:
            one, said = self.came[place]
            keys = {*said.keys, *(key for _, key in said.converted)}
            alike = [each for each in self.sent if each.ours.number == one.ours.number and said.to]
            can = [each for each in alike if not each.ours.key or each.ours.key in keys]
            if len([each for each in can if (each.ours.claimed_at or 0) <= said.at + 5_000]) == 1 and one.ours.key:
                left.append(said)
        return left


def steady(answer: int, receipt: int) -> Bases:
    """Each as the others."""
    return lambda _: (answer, receipt)


def upgraded(before: tuple[int, int], after: tuple[int, int], at: int) -> Bases:
    """Another way from a message on."""
    return lambda place: before if place < at else after


def mixed(chance: Random) -> Bases:
    """As it comes."""
    return lambda _: (chance.choice((10, 16)), chance.choice((10, 16)))


def by_bind(one: tuple[int, int], other: tuple[int, int]) -> Bases:
    """Two machines of the provider's in turns, each in its own way."""
    return lambda place: (one, other)[place % 2]


BASE = st.sampled_from((10, 16))
WAY = st.tuples(BASE, BASE)
BASES = st.one_of(
    st.builds(steady, BASE, BASE),
    st.builds(upgraded, WAY, WAY, st.integers(1, 40)),
    st.integers().map(Random).map(mixed),
    st.builds(by_bind, WAY, WAY),
)
FIRST = st.sampled_from((1, 9, 15, 90, 250, 305_419_890))
DEEDS = ("submit", "submit", "answer", "answer", "lose", "report", "report", "masked", "again", "seconds", "day")
STEPS = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 60)), min_size=10, max_size=90)


def live(world: World, steps: Sequence[tuple[str, int]]) -> None:
    """Go through the steps; each receipt that finds a part is checked when it does."""
    for deed, place in steps:
        world.clock += 1_000
        one = world.sent[place % len(world.sent)] if world.sent else None
        if deed == "submit" or one is None:
            world.submit(world.numbers[place % len(world.numbers)])
        elif deed == "answer":
            world.answer(one)
        elif deed == "lose":
            world.lose(one)
        elif deed in ("report", "masked", "again"):
            world.report(one, readable=deed != "masked")
        else:
            world.clock += place * (1_000 if deed == "seconds" else DAY // 8)
        world.settle()


def end(world: World) -> None:
    """Everything is answered that will be, and looked at until nothing changes."""
    for one in world.sent:
        world.answer(one)
    before = -1
    while before != len(world.matched):
        before = len(world.matched)
        world.clock += 60_000
        world.settle()


@settings(max_examples=300)
@given(BASES, FIRST, st.sampled_from((1, 2, 3)), st.booleans(), st.integers(), STEPS)
def test_never_a_wrong_part_and_none_left_that_is_told(
    bases: Bases, first: int, numbers: int, dated: bool, seed: int, steps: Sequence[tuple[str, int]]
) -> None:
    world = World(bases, first, Random(seed), NUMBERS[:numbers], dated)
    live(world, steps)
    end(world)
    assert world.unambiguous() == []


@given(BASE, BASE, st.sampled_from((1, 9, 30, 305_419_890)), st.integers(), st.integers(1, 40))
def test_of_a_provider_that_has_one_form_every_receipt_is_told(
    answer: int, receipt: int, first: int, seed: int, count: int
) -> None:
    """All to one number, all handed over before the first receipt, some reported twice."""
    chance = Random(seed)
    world = World(steady(answer, receipt), first, chance, NUMBERS[:1])
    for one in [world.submit(NUMBERS[0]) for _ in range(count)]:
        world.answer(one)
    for one in chance.sample([*world.sent, *world.sent[::3]], count + len(world.sent[::3])):
        world.clock += 1_000
        world.report(one)
    end(world)
    assert world.waiting == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("answer", "receipt"), [(10, 10), (16, 10), (10, 16)])
def test_and_where_receipts_are_missing_once_its_form_is_sure(answer: int, receipt: int, seed: int) -> None:
    chance = Random(seed)
    world = World(steady(answer, receipt), 90, chance, NUMBERS[:1])
    for place in range(350):
        world.clock += 1_000
        world.submit(NUMBERS[0])
        if place >= 20:
            world.answer(world.sent[place - 20])
        if place >= 40 and chance.random() < 0.8:
            world.report(world.sent[place - 40])
        if place % 20 == 0:
            world.settle()
    end(world)
    assert world.habit.sure
    assert [world.came[place][0].value for place in world.waiting] == []
