"""A provider's lines beside our messages: planted differences are all found, and none is invented. Issue 4, point 4."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.piles import DAY, MINUTE, TOLERANCE, Billed, Pile, Sent, Why, closest, pair

T = 1_795_419_000_000
ONE, TWO = "+33612345678", "+33698765432"


def sent(message: int, at: int = T, parts: int = 1, number: str = ONE, ids: Sequence[str] | None = None) -> Sent:
    known = tuple(ids if ids is not None else [f"{message:04}-{n}" for n in range(parts)])
    return Sent(message, "0570051W", "2026-11", number, at, known, parts, parts * 45_000)


def line(place: int, id_: str = "", at: int | None = T, parts: int = 1, number: str = ONE, half: int = 500) -> Billed:
    return Billed(place, (id_,) if id_ else (), number, at, half, parts, None)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("ABC-1", "abc-1"), ("00012af", "12AF"), ("0x12af", "12af"), ("4783", "12af"), ("12af", "4783"), ("7", "07")],
)
def test_an_id_in_its_other_forms(theirs: str, ours: str) -> None:
    found = pair([line(2, theirs, at=T + 3 * DAY)], [sent(1, ids=[ours])])
    assert [(one.why, one.pile) for one in found.pairs] == [(Why.BY_ID, Pile.IDENTICAL)]


def test_an_id_with_another_number_is_not_ours() -> None:
    found = pair([line(2, "1-0", number=TWO)], [sent(1, ids=["1-0"])])
    assert not found.pairs
    assert found.billed[0][1] is Why.UNKNOWN


def test_an_id_that_came_round_again_is_of_the_nearest() -> None:
    found = pair([line(2, "9", at=T + DAY)], [sent(1, ids=["9"]), sent(2, T + DAY, ids=["9"])])
    assert [one.sent.message for one in found.pairs] == [2]


def test_a_message_of_three_parts_as_one_line_or_as_three() -> None:
    whole = pair([line(2, "0001-0", parts=3)], [sent(1, parts=3)])
    each = pair([line(2 + n, f"0001-{n}") for n in range(3)], [sent(1, parts=3)])
    same = pair([line(2 + n, "A") for n in range(3)], [sent(1, parts=3, ids=["A", "A", "A"])])
    nameless = pair([line(2 + n) for n in range(3)], [sent(1, parts=3, ids=["", "", ""])])
    for found in (whole, each, same, nameless):
        assert [one.pile for one in found.pairs] == [Pile.IDENTICAL]
        assert not found.billed
        assert not found.sent


def test_what_is_billed_twice_is_theirs_alone() -> None:
    found = pair([line(2, "0001-0"), line(3, "0001-0"), line(4, "0001-1")], [sent(1, parts=2)])
    assert [one.pile for one in found.pairs] == [Pile.IDENTICAL]
    assert [(one.line, why) for one, why in found.billed] == [(3, Why.TWICE)]


def test_what_is_taken_back_counts_with_its_message() -> None:
    (one,) = pair([line(2, "A"), line(3, "A", parts=-1)], [sent(1, parts=0, ids=["A"])]).pairs
    assert one.pile is Pile.IDENTICAL


def test_a_fee_is_no_message() -> None:
    fee = Billed(9, (), "", None, 0, 0, 10_000_000)
    assert pair([fee], [sent(1)]).billed == [(fee, Why.NO_MESSAGE)]


def test_the_nearest_in_time_within_a_few_minutes() -> None:
    ours = [sent(1, T, ids=[""]), sent(2, T + 5 * MINUTE, ids=[""])]
    found = pair([line(2, at=T + 4 * MINUTE)], ours)
    assert [one.sent.message for one in found.pairs] == [2]
    assert pair([line(2, at=T + TOLERANCE + MINUTE)], [sent(1, ids=[""])]).pairs == []


def test_clocks_that_differ_do_not_mix_up_parts() -> None:
    ours = [sent(1, T, ids=[""]), sent(2, T + 5 * MINUTE, parts=2, ids=["", ""])]
    found = pair([line(2, at=T + 3 * MINUTE), line(3, at=T + 8 * MINUTE, parts=2)], ours)
    assert [one.pile for one in found.pairs] == [Pile.IDENTICAL, Pile.IDENTICAL]


def test_a_day_without_an_hour_is_enough() -> None:
    midnight = T - T % DAY
    found = pair([line(2, at=midnight + DAY // 2, half=DAY // 2)], [sent(1, T, ids=[""])])
    assert len(found.pairs) == 1


# ---- planted differences ----

KINDS = ("same", "same_in_lines", "more", "fewer", "theirs", "twice", "ours")


@st.composite
def months(draw: st.DrawFn) -> tuple[list[Billed], list[Sent], Counter[str], bool]:
    """A month and its invoice, what was planted in it, and whether the invoice says ids."""
    with_ids = draw(st.booleans())
    kinds = draw(st.lists(st.sampled_from(KINDS), max_size=40))
    billed: list[Billed] = []
    ours: list[Sent] = []
    for place, kind in enumerate(kinds):
        parts = draw(st.integers(1 if kind in ("same", "theirs", "twice", "ours") else 2, 4))
        # Messages to one number are farther apart than clocks differ: else nothing but an id tells them apart.
        at = T + (place // 5) * 25 * MINUTE
        message = sent(place, at, parts, f"+3361234567{place % 5}")
        if kind != "theirs":
            ours.append(message)
        said = at + draw(st.integers(-MINUTE, 2 * MINUTE))
        sizes = {"same_in_lines": [1] * parts, "more": [parts + 1], "fewer": [parts - 1], "ours": []}.get(kind, [parts])
        for n, size in enumerate(sizes + ([parts] if kind == "twice" else [])):
            id_ = f"{place:04}-{n if kind == 'same_in_lines' else 0}" if with_ids else ""
            billed.append(Billed(0, (id_,) if id_ else (), message.number, said, 500, size, None))
    Random(draw(st.integers(0, 99))).shuffle(billed)
    lines = [one._replace(line=n) for n, one in enumerate(billed, 2)]
    return lines, ours, Counter(kinds), with_ids


@settings(max_examples=300)
@given(months())
def test_planted_differences_are_found_and_none_is_invented(
    month: tuple[list[Billed], list[Sent], Counter[str], bool],
) -> None:
    billed, ours, planted, with_ids = month
    found = pair(billed, ours)
    piles = Counter(one.pile for one in found.pairs)
    assert piles[Pile.IDENTICAL] == planted["same"] + planted["same_in_lines"] + planted["twice"]
    assert piles[Pile.PARTS] == planted["more"] + planted["fewer"]
    assert len(found.billed) == planted["theirs"] + planted["twice"]
    assert len(found.sent) == planted["ours"]
    if with_ids:
        assert sum(why is Why.TWICE for _, why in found.billed) == planted["twice"]
    used = [one.line for pair_ in found.pairs for one in pair_.billed] + [one.line for one, _ in found.billed]
    assert sorted(used) == [one.line for one in billed]


@given(st.lists(st.integers(0, 60)), st.lists(st.integers(0, 60)), st.integers(0, 20))
def test_the_closest_first_as_by_trying_all(some: list[int], others: list[int], reach: int) -> None:
    found = list(closest(some, others, reach))
    apart = [abs(some[i] - others[j]) for i, j in found]
    assert apart == sorted(apart)
    assert all(one <= reach for one in apart)
    left, right = set(range(len(some))), set(range(len(others)))
    for i, j in found:
        assert abs(some[i] - others[j]) == min(abs(some[a] - others[b]) for a in left for b in right)
        left.remove(i)
        right.remove(j)
    assert not any(abs(some[i] - others[j]) <= reach for i in left for j in right)


def test_fifty_thousand_lines_to_one_number_do_not_take_a_square_of_time() -> None:
    ours = [sent(n, T + n, ids=[""]) for n in range(50_000)]
    began = perf_counter()
    found = pair([line(n + 2, at=T + 3 * MINUTE + n) for n in range(50_000)], ours)
    assert len(found.pairs) == 50_000
    assert perf_counter() - began < 30
