"""Pauses before connecting again."""

from adapters.smpp.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(1, 10, lambda: 0.0)
    assert [backoff.next(refused=False) for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_chance_shortens_by_up_to_a_half() -> None:
    assert Backoff(1, 10, lambda: 0.999999).next(refused=False) > 0.5


def test_a_refusal_waits_longer() -> None:
    backoff = Backoff(1, 60, lambda: 0.0)
    assert [backoff.next(refused=True) for _ in range(6)] == [10, 10, 10, 10, 16, 32]


def test_a_success_begins_again() -> None:
    backoff = Backoff(1, 60, lambda: 0.0)
    backoff.next(refused=False)
    backoff.next(refused=False)
    backoff.reset()
    assert backoff.next(refused=False) == 1


def test_it_never_overflows() -> None:
    backoff = Backoff(1, 60, lambda: 0.0)
    assert [backoff.next(refused=False) for _ in range(2000)][-1] == 60


def test_a_stall_is_tried_again_soon_once_then_ever_more_rarely() -> None:
    """Each try costs a message in doubt."""
    backoff = Backoff(1, 60, lambda: 0.0)
    assert [backoff.stalled() for _ in range(7)] == [1, 60, 120, 240, 480, 900, 900]
    backoff.answered()
    assert backoff.stalled() == 1


def test_after_leave_in_good_order_there_is_no_pause() -> None:
    assert Backoff(1, 60, lambda: 0.0).parted(lived=86_400) == 0


def test_who_lets_us_in_and_takes_leave_at_once_is_not_hammered() -> None:
    assert Backoff(1, 60, lambda: 0.0).parted(lived=0.5) == 1
