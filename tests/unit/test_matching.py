"""Which part a receipt is of: never a wrong one, and what an account's receipts teach."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.smpp.ids import receipt_keys
from gateway.idforms import stored_key
from gateway.matching import ENOUGH, PATIENCE, Choice, Found, Habit, Said, adopted_key, choose
from gateway.provider import Form
from gateway.states import FINAL, Status

NOW = 1_795_419_000_000
MINE, OTHER, ALIKE = "+33692123456", "+33612345678", "+262692123456"


def said(id_: str, to: str = MINE, at: int = NOW, **more: object) -> Said:
    keys, converted = receipt_keys((id_,), "auto")
    return replace(Said(id_, keys, converted, False, to, "CLG", None, at), **more)  # type: ignore[arg-type]


def part(number: int, id_: str, to: str = MINE, state: Status = Status.IN_TRANSIT, claimed_at: int = NOW - 9) -> Found:
    return Found(number * 256 + 1, stored_key(id_), id_, to, state, claimed_at)


def found(*parts: Found) -> dict[str, list[Found]]:
    by_key: dict[str, list[Found]] = {}
    for one in parts:
        by_key.setdefault(one.key, []).append(one)
    return by_key


@dataclass(frozen=True)
class Doubt:
    part: int
    state: str
    number: str = MINE
    claimed_at: int | None = NOW - 9


# ---- one receipt ----


def test_the_part_whose_answer_said_the_id() -> None:
    assert choose(said("0016"), None, found(part(1, "16"))) == Choice(257, form=Form.SAME)


@pytest.mark.parametrize(("answered", "form"), [("10", Form.HEX_TO_DEC), ("22", Form.DEC_TO_HEX)])
def test_or_would_have_said_it_in_another_base(answered: str, form: Form) -> None:
    assert choose(said("16"), None, found(part(1, answered))) == Choice(257, form=form)


@pytest.mark.parametrize("to", [OTHER, ALIKE])
@pytest.mark.parametrize("learned", [None, Form.SAME])
def test_never_of_another_number(to: str, learned: Form | None) -> None:
    assert choose(said("16"), learned, found(part(1, "16", to))).part is None
    assert choose(said("abc-16"), learned, found(part(1, "abc-16", to))) == Choice()


def test_but_an_id_that_never_comes_round_again_is_believed() -> None:
    uuid = "4a38dc46-5125-4969-90be-72104c340d5c"
    assert choose(said(uuid.upper(), OTHER), None, found(part(1, uuid))).part == 257


@pytest.mark.parametrize("to", ["", "36111", "33692****56", "CLG"])
def test_without_a_number_only_an_id_that_needs_no_conversion(to: str) -> None:
    assert choose(said("16", to), None, found(part(1, "16"))).part == 257
    assert choose(said("16", to), None, found(part(1, "10"))).part is None
    assert choose(said("16", to), Form.HEX_TO_DEC, found(part(1, "10"))).part == 257


def test_some_providers_leave_sender_and_recipient_where_they_were() -> None:
    assert choose(said("16", "33700000000", sender=MINE), None, found(part(1, "16"))).part == 257


def test_one_that_may_be_of_two_parts_waits_until_the_form_is_known() -> None:
    parts = found(part(1, "16"), part(2, "10"), part(3, "22"))
    assert choose(said("16"), None, parts) == Choice(waits=True)
    assert [choose(said("16"), form, parts).part for form in Form] == [257, 513, 769]


@pytest.mark.parametrize("state", [Status.SENDING, Status.UNCERTAIN])
def test_while_a_part_to_that_number_has_no_id_it_waits_until_the_form_is_known(state: Status) -> None:
    doubt = Doubt(1025, state)
    assert choose(said("16"), None, found(part(1, "16")), [doubt]) == Choice(waits=True)
    assert choose(said("16"), Form.SAME, found(part(1, "16")), [doubt]).part == 257
    for other in (replace(doubt, number=OTHER), replace(doubt, claimed_at=NOW + 60_000)):
        assert choose(said("16"), None, found(part(1, "16")), [other]).part == 257


def test_an_id_that_is_no_number_waits_for_nothing() -> None:
    assert choose(said("abc-16"), None, found(part(1, "abc-16")), [Doubt(1025, Status.SENDING)]) == Choice(257)


def test_what_left_after_the_receipt_came_is_not_meant() -> None:
    assert choose(said("16"), None, found(part(1, "16", claimed_at=NOW + 60_000))).part is None


def test_ids_come_round_again() -> None:
    old = part(1, "16", state=Status.DELIVERED, claimed_at=NOW - 9_000_000)
    assert choose(said("16"), Form.SAME, found(old, part(2, "16"))).part == 513
    assert choose(said("16"), Form.SAME, found(old), [Doubt(1025, Status.SENDING)]) == Choice(waits=True)
    assert choose(said("16"), Form.SAME, found(old)).part == 257
    both = found(old, part(2, "16", state=Status.DELIVERED))
    of_old = datetime.fromtimestamp((NOW - 9_000_000) / 1000, UTC).replace(tzinfo=None)
    assert choose(said("16", submitted=of_old), Form.SAME, both).part == 257
    assert choose(said("16"), Form.SAME, both).part == 513


def test_of_ids_that_mix_small_and_capital_letters_both_count() -> None:
    assert choose(said("aBx"), None, found(part(1, "AbX"), part(2, "aBx"))).part == 513
    assert choose(said("aBx"), None, found(part(1, "AbX"))).part is None
    assert choose(said("ABX"), None, found(part(1, "abx"))).part == 257


def test_an_account_may_take_no_other_writing() -> None:
    assert choose(said("0016", exact=True, converted=()), None, found(part(1, "16"))).part is None
    assert choose(said("16", exact=True, converted=()), None, found(part(1, "16"))).part == 257


def test_a_part_that_took_the_id_of_a_receipt_is_found_as_receipts_write_it() -> None:
    adopted = part(1, "16")._replace(key=adopted_key("16"))
    for learned in (None, *Form):
        assert choose(said("0016"), learned, found(adopted, part(2, "10"))).part == 257


def test_parts_that_left_in_one_piece_are_one() -> None:
    assert choose(said("16"), None, found(part(1, "16")._replace(part=258), part(1, "16"))).part == 257


# ---- habits ----


def test_a_form_is_learned_by_a_few_in_a_row() -> None:
    habit = Habit()
    for _ in range(ENOUGH - 1):
        habit = habit.saw(Form.HEX_TO_DEC)
    assert habit.learned is None
    assert habit.saw(Form.SAME).saw(Form.HEX_TO_DEC).learned is None
    assert habit.saw(Form.HEX_TO_DEC).learned is Form.HEX_TO_DEC


def test_what_is_learned_changes_nothing_more() -> None:
    habit = Habit(Form.SAME, Form.SAME, ENOUGH)
    assert habit.saw(Form.SAME) == habit


def test_it_is_learned_anew_when_as_many_say_otherwise() -> None:
    habit = Habit(Form.SAME, Form.SAME, ENOUGH)
    for _ in range(ENOUGH):
        assert habit.learned is Form.SAME
        choice = choose(said("16"), habit.learned, found(part(1, "10")))
        assert (choice.part, choice.waits) == (None, True)
        assert choice.form is not None
        habit = habit.saw(choice.form)
    assert habit.learned is Form.HEX_TO_DEC


def test_it_is_forgotten_when_nothing_matches_any_more() -> None:
    habit = Habit(Form.SAME, Form.SAME, ENOUGH)
    assert choose(said("16"), habit.learned, found()).missed
    assert not choose(said("16"), habit.learned, found(), [Doubt(257, Status.SENDING)]).missed  # it may be of that
    assert not choose(said("abc-16"), None, found()).missed
    for _ in range(PATIENCE - 1):
        habit = habit.missed_one()
    assert habit.learned is Form.SAME
    assert habit.saw(Form.SAME).missed == 0
    assert habit.missed_one() == Habit()


# ---- never a wrong part ----


@dataclass
class World:
    """A provider, the gateway's parts, and receipts on their way; ids are few, so that they collide in both bases."""

    form: Form
    first: int
    parts: list[Found] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # the provider's own
    waiting: list[tuple[int, Said]] = field(default_factory=list)
    habit: Habit = field(default_factory=Habit)
    clock: int = NOW
    matched: int = 0

    def submit(self, to: str) -> None:
        place = len(self.parts)
        self.parts.append(Found((place + 1) * 256 + 1, "", "", to, Status.SENDING, self.clock))
        self.numbers.append(self.first + place)

    def answer(self, place: int) -> None:
        if self.parts[place].state is Status.SENDING:
            id_ = str(self.numbers[place]) if self.form is not Form.HEX_TO_DEC else f"{self.numbers[place]:x}"
            self.parts[place] = self.parts[place]._replace(
                key=stored_key(id_), provider_id=id_, state=Status.IN_TRANSIT
            )

    def lose(self, place: int) -> None:
        if self.parts[place].state is Status.SENDING:
            self.parts[place] = self.parts[place]._replace(state=Status.UNCERTAIN)

    def report(self, place: int, *, readable: bool) -> None:
        number = self.numbers[place]
        id_ = f"{number:x}" if self.form is Form.DEC_TO_HEX else f"{number:010}"
        self.waiting.append((place, said(id_, self.parts[place].number if readable else "", self.clock)))

    def match(self) -> None:
        """Look at each receipt that has no part yet."""
        for place, receipt in list(self.waiting):
            doubts = [Doubt(one.part, one.state, one.number, one.claimed_at) for one in self.parts if not one.key]
            choice = choose(receipt, self.habit.learned, found(*(one for one in self.parts if one.key)), doubts)
            if choice.form is not None:
                self.habit = self.habit.saw(choice.form)
            if choice.part is not None:
                assert choice.part == self.parts[place].part
                self.parts[place] = self.parts[place]._replace(state=Status.DELIVERED)
                self.waiting.remove((place, receipt))
                self.matched += 1


STEPS = st.lists(
    st.tuples(st.sampled_from(["answer", "answer", "lose", "report", "report", "masked"]), st.sampled_from(range(16))),
    min_size=4,
    max_size=40,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(Form)), st.sampled_from([9, 15, 16]), st.sampled_from([1, 2, 3]), STEPS)
def test_a_receipt_is_never_applied_to_a_wrong_part(
    form: Form, first: int, numbers: int, steps: Sequence[tuple[str, int]]
) -> None:
    world = World(form, first)
    for place in range(16):
        world.submit((MINE, ALIKE, OTHER)[place % numbers])
    for step, place in steps:
        world.clock += 1_000
        if step == "answer":
            world.answer(place)
        elif step == "lose":
            world.lose(place)
        else:
            doubtful = any(one.state is Status.UNCERTAIN for one in world.parts)
            world.report(place, readable=step == "report" or doubtful)
        world.match()


@pytest.mark.parametrize("form", Form)
def test_and_every_receipt_of_an_answered_part_finds_it(form: Form) -> None:
    world = World(form, 8)
    for place in range(30):
        world.submit((MINE, OTHER, ALIKE)[place % 3])
        world.report(place, readable=True)
        world.match()
    for place in range(30):
        world.answer(place)
        world.match()
    assert (world.matched, world.waiting) == (30, [])
    assert world.habit.learned is form
    assert {one.state for one in world.parts} <= FINAL
