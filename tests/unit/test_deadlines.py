"""What each state waits for, and that a message is looked at when the first of its parts is due."""

from dataclasses import dataclass

import pytest

from gateway.deadlines import SENDING_MS, deadline, may_resend
from gateway.states import FINAL, Status

UNTIL, HELD_UNTIL, SEND_AT, WAIT = 1_000_000, 2_000_000, 300_000, 500_000


@dataclass
class Waiting:
    state: Status
    state_at: int = 100_000
    resends: int = 0
    uncertain_at: int | None = None


def due(*parts: Waiting, send_at: int | None = SEND_AT, resend_wait: int | None = None) -> int | None:
    return deadline(
        parts, until=UNTIL, held_until=HELD_UNTIL, send_at=send_at, receipts_wait=WAIT, resend_wait=resend_wait
    )


@pytest.mark.parametrize(
    ("state", "instant"),
    [
        (Status.HELD, HELD_UNTIL),
        (Status.SCHEDULED, SEND_AT),
        (Status.QUEUED, UNTIL),
        (Status.SENDING, UNTIL),
        (Status.IN_TRANSIT, UNTIL + WAIT),
        (Status.UNCERTAIN, UNTIL + WAIT),
        *((state, None) for state in sorted(FINAL)),
    ],
)
def test_a_part_waits_for_one_thing(state: Status, instant: int | None) -> None:
    assert due(Waiting(state)) == instant


def test_a_schedule_after_its_validity_ends_with_it() -> None:
    assert due(Waiting(Status.SCHEDULED), send_at=UNTIL + 1) == UNTIL
    assert due(Waiting(Status.SCHEDULED), send_at=None) == UNTIL


def test_a_part_being_sent_has_time_for_its_answer() -> None:
    assert due(Waiting(Status.SENDING, state_at=UNTIL - 1)) == UNTIL - 1 + SENDING_MS


def test_an_uncertain_part_waits_to_be_sent_once_more() -> None:
    assert due(Waiting(Status.UNCERTAIN, uncertain_at=200_000), resend_wait=60_000) == 260_000
    assert due(Waiting(Status.UNCERTAIN), resend_wait=60_000) == 160_000
    assert due(Waiting(Status.UNCERTAIN, resends=1), resend_wait=60_000) == UNTIL + WAIT
    assert due(Waiting(Status.UNCERTAIN, uncertain_at=UNTIL - 60_000), resend_wait=60_000) == UNTIL + WAIT


def test_the_earliest_part_decides() -> None:
    assert due(Waiting(Status.DELIVERED), Waiting(Status.IN_TRANSIT), Waiting(Status.QUEUED)) == UNTIL
    assert due(Waiting(Status.DELIVERED), Waiting(Status.INVALID)) is None


def test_sent_once_more_once_in_time_and_only_if_allowed() -> None:
    part = Waiting(Status.UNCERTAIN, uncertain_at=0)
    assert may_resend(part, UNTIL, 60_000)
    assert may_resend(part, UNTIL, 0)
    assert not may_resend(part, UNTIL, None)
    assert not may_resend(part, 60_000, 60_000)
    assert not may_resend(Waiting(Status.UNCERTAIN, uncertain_at=0, resends=1), UNTIL, 60_000)
