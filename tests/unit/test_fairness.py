"""Schools take turns, message by message."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from gateway.fairness import Turns


def queue(first: int, messages: int, parts: int = 1) -> list[int]:
    """The parts of so many messages."""
    return [message * 256 + part for message in range(first, first + messages) for part in range(1, parts + 1)]


def test_one_message_is_not_behind_ten_thousand() -> None:
    dealt = Turns().deal({"A": queue(1, 10_000), "B": queue(20_000, 1)}, 2)
    assert set(dealt) == {queue(1, 1)[0], queue(20_000, 1)[0]}


def test_parts_of_a_message_stay_together() -> None:
    dealt = Turns().deal({"A": queue(1, 2, parts=3), "B": queue(10, 2, parts=2)}, 100)
    assert dealt == [*queue(1, 1, 3), *queue(10, 1, 2), *queue(2, 1, 3), *queue(11, 1, 2)]


def test_who_was_served_longest_ago_is_first() -> None:
    turns = Turns()
    for school in ("C", "A", "B"):
        turns.served(school)
    assert turns.order(["A", "B", "C", "new"]) == ["new", "C", "A", "B"]


def test_turns_go_on_from_one_claim_to_the_next() -> None:
    turns = Turns()
    waiting = {school: queue(place * 100, 10) for place, school in enumerate("ABC", 1)}
    served = [turns.deal(waiting, 1)[0] >> 8 for _ in range(6)]
    assert served == [100, 200, 300, 100, 200, 300]


def test_an_unfinished_message_goes_on_first() -> None:
    turns = Turns()
    assert turns.deal({"A": queue(1, 1, 3), "B": queue(10, 1)}, 1) == queue(1, 1)
    turns.unfinished("A")
    assert turns.deal({"A": queue(1, 1, 3)[1:], "B": queue(10, 1)}, 2) == queue(1, 1, 3)[1:]


def test_no_room_deals_nothing() -> None:
    assert Turns().deal({"A": queue(1, 3)}, 0) == []
    assert Turns().deal({}, 5) == []
    assert Turns().deal({"A": []}, 5) == []


@given(st.dictionaries(st.sampled_from("ABCDEFG"), st.tuples(st.integers(0, 9), st.integers(1, 4))), st.integers(0, 60))
def test_dealing_takes_each_part_once_in_order_and_fills_the_room(
    sizes: Mapping[str, tuple[int, int]], room: int
) -> None:
    waiting: dict[str, Sequence[int]] = {
        school: queue(1 + place * 1000, messages, parts)
        for place, (school, (messages, parts)) in enumerate(sizes.items())
    }
    dealt = Turns().deal(waiting, room)
    everything = [part for parts in waiting.values() for part in parts]
    assert len(dealt) == min(room, len(everything))
    assert len(set(dealt)) == len(dealt)
    for parts in waiting.values():
        mine = [part for part in dealt if part in set(parts)]
        assert mine == list(parts[: len(mine)])
