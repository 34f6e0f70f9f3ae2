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
