"""Which part a receipt is of: never a wrong one, and what an account's receipts teach."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.smpp.ids import receipt_keys
from gateway.elimination import told_together
from gateway.idforms import stored_key
from gateway.matching import AGAIN, ENOUGH, SURE, Case, Choice, Found, Habit, Said, adopted_key
from gateway.provider import Form
from gateway.states import Status

NOW = 1_795_419_000_000
MINUTE, DAY = 60_000, 86_400_000
METZ, PARIS = "0570051W", ZoneInfo("Europe/Paris")
MINE, OTHER, ALIKE = "+33692123456", "+33612345678", "+262692123456"

WAITS = Choice(waits=True)


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
    school: str = METZ


def day(instant: int) -> datetime:
    return datetime.fromtimestamp(instant / 1000, UTC).replace(tzinfo=None)


FRESH = Habit()
MIXED = Habit(None, Form.SAME, 1, mixed=True)


def learned(form: Form, run: int = SURE) -> Habit:
    return Habit(form, form, run)


def choose(
    receipt: Said,
    habit: Habit,
    parts: Mapping[str, Sequence[Found]],
    doubts: Sequence[Doubt] = (),
    heard: Mapping[int, Collection[str]] | None = None,
    *,
    still: bool = False,
) -> Choice:
    return Case(receipt, habit, parts, lambda _: PARIS).choose(doubts, heard, still=still)


# ---- one receipt ----


def test_the_part_whose_answer_said_the_id() -> None:
    assert choose(said("0016"), FRESH, found(part(1, "16"))) == Choice(257, form=Form.SAME)


@pytest.mark.parametrize(("answered", "form"), [("10", Form.HEX_TO_DEC), ("22", Form.DEC_TO_HEX)])
def test_or_would_have_said_it_in_another_base(answered: str, form: Form) -> None:
    assert choose(said("16"), FRESH, found(part(1, answered))) == Choice(257, form=form)


@pytest.mark.parametrize("to", [OTHER, ALIKE])
@pytest.mark.parametrize("habit", [FRESH, MIXED, learned(Form.SAME)])
def test_never_of_another_number(to: str, habit: Habit) -> None:
    assert choose(said("16"), habit, found(part(1, "16", to))).part is None
    assert choose(said("abc-16"), habit, found(part(1, "abc-16", to))) == Choice()


@pytest.mark.parametrize("answered", ["16", "10", "22"])
@pytest.mark.parametrize("habit", [FRESH, MIXED, *map(learned, Form)])
def test_whatever_the_others_were_like_one_that_can_be_of_one_part_only_is_of_that(answered: str, habit: Habit) -> None:
    assert choose(said("0016"), habit, found(part(1, answered), part(2, "17"), part(3, "22", OTHER))).part == 257


def test_but_an_id_that_never_comes_round_again_is_believed() -> None:
    uuid = "4a38dc46-5125-4969-90be-72104c340d5c"
    assert choose(said(uuid.upper(), OTHER), FRESH, found(part(1, uuid))).part == 257


NOBODY = pytest.mark.parametrize("to", ["", "36111", "33692****56", "CLG"])


@NOBODY
def test_without_a_number_a_short_id_only_as_it_is_or_in_the_form_that_is_known(to: str) -> None:
    assert choose(said("16", to), FRESH, found(part(1, "16"))).part == 257
    assert choose(said("16", to), FRESH, found(part(1, "10"))) == Choice(waits=True, form=Form.HEX_TO_DEC)
    assert choose(said("16", to), learned(Form.HEX_TO_DEC, ENOUGH), found(part(1, "10"))).part == 257
    assert choose(said("16", to), learned(Form.HEX_TO_DEC), found(part(1, "16"))) == WAITS


@NOBODY
def test_without_a_number_a_long_id_in_any_form(to: str) -> None:
    assert choose(said("0489708364", to), FRESH, found(part(1, "1d305b4c"))).part == 257
    assert choose(said("1d305b4c", to), learned(Form.SAME), found(part(1, "489708364"))).part == 257


@pytest.mark.parametrize("state", [Status.SENDING, Status.UNCERTAIN])
def test_without_a_number_any_part_in_doubt_may_be_meant(state: Status) -> None:
    parts, doubt = found(part(1, "16")), Doubt(1025, state, OTHER)
    assert choose(said("16", ""), FRESH, parts, [doubt]) == Choice(waits=True, form=Form.SAME)
    assert choose(said("16", ""), learned(Form.SAME), parts, [doubt]).part == 257


def test_some_providers_leave_sender_and_recipient_where_they_were() -> None:
    assert choose(said("16", "33700000000", sender=MINE), FRESH, found(part(1, "16"))).part == 257


@pytest.mark.parametrize("state", [Status.SENDING, Status.UNCERTAIN])
def test_while_a_part_to_that_number_has_no_id_a_short_one_waits(state: Status) -> None:
    doubt = Doubt(1025, state)
    for habit in (FRESH, MIXED, learned(Form.SAME, SURE - 1), learned(Form.HEX_TO_DEC)):
        assert choose(said("16"), habit, found(part(1, "16")), [doubt]) == Choice(waits=True, form=Form.SAME)
    assert choose(said("16"), learned(Form.SAME), found(part(1, "16")), [doubt]).part == 257
    for other in (replace(doubt, number=OTHER), replace(doubt, claimed_at=NOW + 60_000)):
        assert choose(said("16"), FRESH, found(part(1, "16")), [other]).part == 257


@pytest.mark.parametrize("ahead", [0, 60])
def test_unless_the_time_that_it_names_is_that_of_the_one_alone(ahead: int) -> None:
    """A provider writes UTC, or the time of the school."""
    one, earlier = part(1, "16", claimed_at=NOW - 20 * MINUTE), Doubt(1025, Status.UNCERTAIN, claimed_at=NOW - DAY)
    named = said("16", submitted=day(NOW + (ahead - 20) * MINUTE))
    assert choose(named, FRESH, found(one), [earlier]).part == 257
    assert choose(said("16"), FRESH, found(one), [earlier]).waits
    assert choose(named, FRESH, found(one), [replace(earlier, claimed_at=NOW - 28 * MINUTE)]).waits
    assert choose(said("16", submitted=day(NOW - DAY)), FRESH, found(one), [earlier]).waits


@pytest.mark.parametrize("answered", ["489708364", "1d305b4c"])
def test_a_long_one_does_not(answered: str) -> None:
    doubts = [Doubt(1025, Status.SENDING), Doubt(1281, Status.UNCERTAIN)]
    assert choose(said("0489708364"), MIXED, found(part(1, answered)), doubts).part == 257


def test_an_id_that_is_no_number_waits_for_nothing() -> None:
    assert choose(said("abc-16"), FRESH, found(part(1, "abc-16")), [Doubt(1025, Status.SENDING)]) == Choice(257)


def test_what_left_after_the_receipt_came_is_not_meant() -> None:
    assert choose(said("16"), FRESH, found(part(1, "16", claimed_at=NOW + 60_000))).part is None


def test_ids_come_round_again() -> None:
    old = part(1, "16", state=Status.DELIVERED, claimed_at=NOW - 9_000_000)
    assert choose(said("16"), learned(Form.SAME), found(old, part(2, "16"))).part == 513
    assert choose(said("16"), learned(Form.SAME), found(old), [Doubt(1025, Status.SENDING)]) == WAITS
    assert choose(said("16"), learned(Form.SAME), found(old)).part == 257
    both = found(old, part(2, "16", state=Status.DELIVERED))
    of_old = datetime.fromtimestamp((NOW - 9_000_000) / 1000, UTC).replace(tzinfo=None)
    assert choose(said("16", submitted=of_old), learned(Form.SAME), both).part == 257
    assert choose(said("16"), learned(Form.SAME), both).part == 513


def test_of_ids_that_mix_small_and_capital_letters_both_count() -> None:
    assert choose(said("aBx"), FRESH, found(part(1, "AbX"), part(2, "aBx"))).part == 513
    assert choose(said("aBx"), FRESH, found(part(1, "AbX"))).part is None
    assert choose(said("ABX"), FRESH, found(part(1, "abx"))).part == 257


def test_an_account_may_take_no_other_writing() -> None:
    assert choose(said("0016", exact=True, converted=()), FRESH, found(part(1, "16"))).part is None
    assert choose(said("16", exact=True, converted=()), FRESH, found(part(1, "16"))).part == 257


def test_a_part_that_took_the_id_of_a_receipt_is_found_as_receipts_write_it() -> None:
    adopted = part(1, "16")._replace(key=adopted_key("16"))
    for habit in (FRESH, MIXED, *map(learned, Form)):
        assert choose(said("0016"), habit, found(adopted, part(2, "10"))).part == 257


def test_parts_that_left_in_one_piece_are_one() -> None:
    assert choose(said("16"), FRESH, found(part(1, "16")._replace(part=258), part(1, "16"))).part == 257


# ---- several ----

# Decimal and hexadecimal meet: the receipt ``16`` may be of each of them.
PLAIN, HEX, DECIMAL = part(1, "16"), part(2, "10"), part(3, "22")
ALL = found(PLAIN, HEX, DECIMAL)


@pytest.mark.parametrize("habit", [FRESH, MIXED, learned(Form.SAME, SURE - 1), *map(learned, Form)])
def test_one_that_may_be_of_several_open_parts_waits(habit: Habit) -> None:
    assert choose(said("16"), habit, ALL) == WAITS


def test_until_those_after_it_were_of_the_form_of_those_before() -> None:
    assert [choose(said("16"), learned(form), ALL, still=True).part for form in Form] == [257, 513, 769]
    for habit in (FRESH, MIXED, learned(Form.SAME, SURE - 1)):
        assert choose(said("16"), habit, ALL, still=True) == WAITS


def test_the_form_decides_at_once_where_the_others_have_come_to_their_end() -> None:
    ended = found(PLAIN, HEX._replace(state=Status.DELIVERED), DECIMAL._replace(state=Status.NO_RECEIPT))
    assert choose(said("16"), learned(Form.SAME), ended).part == 257
    assert choose(said("16"), FRESH, ended) == WAITS
    assert choose(said("16"), learned(Form.HEX_TO_DEC), ended, still=True) == WAITS  # its copy, or another's first
    every = found(*(one._replace(state=Status.DELIVERED) for one in (PLAIN, HEX, DECIMAL)))
    assert choose(said("16"), learned(Form.HEX_TO_DEC), every).part == 513


def test_not_of_a_part_whose_receipts_are_written_otherwise() -> None:
    heard = {HEX.part: {"10"}, DECIMAL.part: {"22"}}
    assert choose(said("16"), FRESH, ALL, heard=heard).part == 257
    assert choose(said("16"), FRESH, ALL, heard={**heard, DECIMAL.part: {"16"}}) == WAITS
    assert choose(said("16"), FRESH, ALL, heard={one.part: {"9"} for one in (PLAIN, HEX, DECIMAL)}) == WAITS


def test_not_of_a_part_that_left_days_after_the_time_that_it_names() -> None:
    old = part(2, "10", claimed_at=NOW - 3 * DAY)
    assert choose(said("16", submitted=day(NOW - 3 * DAY)), FRESH, found(PLAIN, old)).part == 513
    assert choose(said("16", submitted=day(NOW)), FRESH, found(PLAIN, old)) == WAITS  # some write when they report
    assert choose(said("16", submitted=day(NOW - DAY)), FRESH, found(PLAIN, old)) == WAITS
    assert choose(said("16", submitted=day(0)), FRESH, found(PLAIN, old)) == WAITS


def test_not_of_one_that_left_weeks_before_another() -> None:
    old = part(2, "10", claimed_at=NOW - 15 * DAY)
    assert choose(said("16"), FRESH, found(PLAIN, old)).part == 257
    assert choose(said("16"), FRESH, found(old)).part == 513  # alone, it is meant however late


def test_ids_that_come_round_again_are_not_told_apart_where_forms_mix() -> None:
    again = part(4, "16", claimed_at=NOW - 900)
    assert choose(said("16"), FRESH, found(PLAIN, again)).part == 257
    assert choose(said("16"), MIXED, found(PLAIN, again)) == WAITS


def test_it_is_asked_only_for_what_matters() -> None:
    alone = Case(said("489708364"), FRESH, found(part(1, "1d305b4c")))
    assert (alone.asks_for_doubts, alone.asks_for_heard) == (False, set())
    usual = Case(said("16"), learned(Form.SAME), found(PLAIN))
    assert (usual.asks_for_doubts, usual.asks_for_heard) == (False, set())
    nobody = Case(said("16"), FRESH, {})
    assert (nobody.asks_for_doubts, nobody.asks_for_heard) == (False, set())
    short = Case(said("16"), FRESH, found(PLAIN))
    assert (short.asks_for_doubts, short.asks_for_heard) == (True, set())
    assert Case(said("16"), FRESH, ALL).asks_for_heard == {257, 513, 769}


# ---- together ----


def cases(*ids: str, parts: Mapping[str, Sequence[Found]]) -> dict[int, Case]:
    return {place: Case(said(id_), FRESH, parts) for place, id_ in enumerate(ids)}


@pytest.mark.parametrize(
    ("form", "answers", "receipts"),
    [
        (Form.SAME, ["10", "16", "22"], ["22", "16", "10"]),
        (Form.HEX_TO_DEC, ["10", "16", "22"], ["34", "16", "22"]),
        (Form.DEC_TO_HEX, ["16", "22", "34"], ["10", "16", "22"]),
    ],
)
def test_as_many_writings_as_parts_are_told_by_the_one_form_that_gives_each_its_own(
    form: Form, answers: list[str], receipts: list[str]
) -> None:
    parts = found(*(part(place, answer) for place, answer in enumerate(answers)))
    told = told_together(cases(*receipts, receipts[0], parts=parts), [], {})
    assert {choice.form for choice in told.values()} == {form}
    for place, choice in told.items():
        assert choice.part is not None
        answer, receipt = answers[choice.part >> 8], [*receipts, receipts[0]][place]
        assert {
            Form.SAME: answer == receipt,
            Form.HEX_TO_DEC: int(answer, 16) == int(receipt),
            Form.DEC_TO_HEX: int(answer) == int(receipt, 16),
        }[form]
    assert len(told) == 4


def test_nothing_is_told_while_one_is_missing_or_may_be_of_another() -> None:
    parts = found(part(1, "10"), part(2, "16"), part(3, "22"))
    assert told_together(cases("10", "16", parts=parts), [], {}) == {}
    assert told_together(cases("10", "10", "16", parts=parts), [], {}) == {}
    every = cases("10", "16", "22", parts=parts)
    assert len(told_together(every, [], {})) == 3
    assert told_together(every, [Doubt(1025, Status.UNCERTAIN)], {}) == {}
    assert len(told_together(every, [Doubt(1025, Status.UNCERTAIN, OTHER)], {})) == 3
    nameless = {**every, 3: Case(said("16", ""), FRESH, parts)}
    assert told_together(nameless, [], {}) == {}


def test_what_each_to_another_number_means_is_told_by_itself() -> None:
    parts = found(
        *(
            part(place, id_, to)
            for place, (id_, to) in enumerate((id_, to) for to in (MINE, OTHER) for id_ in ("10", "16"))
        )
    )
    every = cases("10", "16", parts=parts) | {9: Case(said("16", OTHER), FRESH, parts)}
    assert {place: choice.part for place, choice in told_together(every, [], {}).items()} == {0: 1, 1: 257}


# ---- habits ----


def test_a_form_is_learned_by_a_few_in_a_row_and_sure_after_many() -> None:
    habit = Habit()
    for count in range(1, SURE + 1):
        habit = habit.saw(Form.HEX_TO_DEC)
        assert habit.learned is (Form.HEX_TO_DEC if count >= ENOUGH else None)
        assert habit.sure is (Form.HEX_TO_DEC if count == SURE else None)
    assert habit.saw(Form.HEX_TO_DEC) == habit  # nothing more to write down


def test_one_that_says_otherwise_and_it_is_not_known_for_long() -> None:
    habit = learned(Form.SAME).saw(Form.HEX_TO_DEC)
    assert (habit.learned, habit.sure, habit.mixed) == (None, None, True)
    for _ in range(AGAIN - 2):
        habit = habit.saw(Form.HEX_TO_DEC)
    assert habit.learned is None
    habit = habit.saw(Form.HEX_TO_DEC)
    assert (habit.learned, habit.sure, habit.mixed) == (Form.HEX_TO_DEC, Form.HEX_TO_DEC, True)
    assert habit.saw(Form.HEX_TO_DEC) == habit


def test_copies_teach_no_more_than_one() -> None:
    ended = found(PLAIN._replace(state=Status.DELIVERED))
    assert choose(said("16"), FRESH, ended).form is Form.SAME
    assert choose(said("16"), learned(Form.SAME, 1), ended) == Choice(257)
    assert choose(said("16"), learned(Form.HEX_TO_DEC, 1), ended).form is Form.SAME
