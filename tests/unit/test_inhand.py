"""What is in hand, and who holds a number."""

from gateway.inhand import InHand
from gateway.provider import Part
from gateway.text import Encoding

ADA, BEA = "+33611111111", "+33622222222"


def part(message: int, number: str = ADA, place: int = 1, carries: int = 1) -> Part:
    """One part of a message."""
    rest = ("LYCCURIE", "Bonjour", Encoding.GSM7, place, 3, 0, 60, "0", carries)
    return Part(message * 256 + place, number, *rest)


def test_one_message_a_number() -> None:
    hand = InHand()
    hand.take(part(1))
    assert not hand.waits(ADA, 1)
    assert hand.waits(ADA, 2)
    assert not hand.waits(BEA, 2)
    assert not hand.free(ADA)
    hand.stored(part(1).id)
    assert hand.free(ADA)
    assert len(hand) == 0


def test_parts_of_one_message_fly_together_and_the_last_frees_the_number() -> None:
    hand = InHand()
    first, second = part(1, place=1), part(1, place=2)
    hand.take(first)
    hand.take(second)
    assert not hand.waits(ADA, 1)
    hand.stored(second.id)
    assert hand.waits(ADA, 2)
    hand.stored(first.id)
    hand.stored(first.id)  # said twice
    assert hand.free(ADA)


def test_a_part_that_came_back_and_is_claimed_again() -> None:
    hand = InHand()
    for _ in range(2):
        hand.take(part(1))
        hand.stored(part(1).id)
    assert hand.free(ADA)


def test_one_piece_stands_for_all_its_parts() -> None:
    hand = InHand()
    hand.take(part(1, carries=3))
    assert len(hand) == 3
    for place in (1, 2, 3):
        assert hand.waits(ADA, 2)
        hand.stored(256 + place)
    assert hand.free(ADA)


def test_who_is_expected_holds_its_number_before_it_has_an_id() -> None:
    hand = InHand()
    hand.expect(ADA, 2)
    assert (hand.expected, hand.free(ADA), hand.waits(ADA, 7)) == (2, False, True)
    hand.arrived(part(7, place=1))
    hand.arrived(part(7, place=2))
    assert (hand.expected, len(hand), hand.waits(ADA, 7), hand.waits(ADA, 8)) == (0, 2, False, True)


def test_who_does_not_come_frees_its_number() -> None:
    hand = InHand()
    hand.expect(ADA, 2)
    hand.unexpected(ADA, 2)
    assert (hand.expected, hand.free(ADA)) == (0, True)


def test_an_answer_counts_once() -> None:
    hand = InHand()
    hand.take(part(1))
    assert hand.answered(part(1)) is None  # not handed over yet
    hand.left([part(1)], 5.0)
    assert hand.answered(part(1)) == 5.0
    assert hand.answered(part(1)) is None
    assert hand.answered(part(9)) is None
    assert len(hand) == 1  # until it is stored
