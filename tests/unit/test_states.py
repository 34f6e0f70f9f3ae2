"""The table of moves, pair by pair, and the judgement of a message from its parts."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.states import FINAL, FRENCH, MOVES, PROGRESS, UNSENT, WORST, Status, judge, may_move

S = Status
statuses = st.lists(st.sampled_from(list(Status)), min_size=1, max_size=6)

#: The contract's list.
FINAL_STATES = {"delivered", "undelivered", "invalid", "expired", "rejected", "cancelled", "ignored", "no_receipt"}
#: What a receipt may still bring, however late.
LATE = {
    S.NO_RECEIPT: {S.DELIVERED, S.UNDELIVERED, S.EXPIRED, S.REJECTED},
    S.UNDELIVERED: {S.DELIVERED},
    S.EXPIRED: {S.DELIVERED},
    S.REJECTED: {S.DELIVERED},
    S.CANCELLED: {S.DELIVERED},  # its provider had taken it back, and sent it all the same
}


@pytest.mark.parametrize(("old", "new"), list(product(Status, Status)))
def test_every_pair(old: Status, new: Status) -> None:
    assert may_move(old, new) == (new in MOVES[old])
    if old == new:
        assert not may_move(old, new)
    if new in (S.HELD, S.IGNORED):
        assert not may_move(old, new), "messages begin so, none becomes so"
    if old in FINAL:
        by_hand = {S.QUEUED} if old is S.NO_RECEIPT else set()
        assert may_move(old, new) == (new in LATE.get(old, set()) | by_hand)
    if new is S.CANCELLED:
        assert may_move(old, new) == (old in UNSENT or old is S.IN_TRANSIT), "unsent, or taken back by its provider"
    if new is S.SENDING:
        assert may_move(old, new) == (old is S.QUEUED)


def test_every_state_is_in_every_table() -> None:
    assert set(MOVES) == set(FRENCH) == set(PROGRESS) | set(WORST) == set(Status)
    assert not set(PROGRESS) & set(WORST)
    assert set(WORST) == FINAL


def test_the_final_states_are_the_contract_s() -> None:
    assert {status.value for status in FINAL} == FINAL_STATES


def test_the_french_words_differ() -> None:
    assert len(set(FRENCH.values())) == len(Status)


def test_nothing_leaves_delivered() -> None:
    assert not MOVES[S.DELIVERED]


@pytest.mark.parametrize("start", list(Status))
def test_from_everywhere_an_end_can_be_reached(start: Status) -> None:
    reached = {start}
    while len(reached) < len(wider := reached | {new for old in reached for new in MOVES[old]}):
        reached = wider
    assert reached & FINAL


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ([S.DELIVERED, S.IN_TRANSIT], S.IN_TRANSIT),
        ([S.INVALID, S.QUEUED], S.QUEUED),
        ([S.IN_TRANSIT, S.SENDING, S.DELIVERED], S.SENDING),
        ([S.UNCERTAIN, S.IN_TRANSIT], S.UNCERTAIN),
        ([S.DELIVERED, S.NO_RECEIPT], S.NO_RECEIPT),
        ([S.NO_RECEIPT, S.EXPIRED], S.EXPIRED),
        ([S.EXPIRED, S.UNDELIVERED], S.UNDELIVERED),
        ([S.UNDELIVERED, S.REJECTED], S.REJECTED),
        ([S.REJECTED, S.INVALID], S.INVALID),
        ([S.DELIVERED, S.DELIVERED], S.DELIVERED),
    ],
)
def test_judge(parts: list[Status], shown: Status) -> None:
    assert judge(parts) is shown


@given(statuses)
def test_the_judgement_is_of_the_parts_and_of_no_order(parts: list[Status]) -> None:
    shown = judge(parts)
    assert shown in parts
    assert judge(sorted(parts)) is shown
    assert (shown in FINAL) == all(part in FINAL for part in parts)
    assert (shown is S.DELIVERED) <= (set(parts) <= {S.DELIVERED, S.IGNORED})
