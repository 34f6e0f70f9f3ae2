"""Every status of the table, and those that are not in it."""

import pytest

from adapters.smpp import codes
from adapters.smpp.status import REBIND, verdict
from gateway.provider import Cause, Refused, Throttled, Unavailable

D, S, C, O = Cause.DESTINATION, Cause.SENDER, Cause.CONFIGURATION, Cause.OTHER  # noqa: E741

REFUSED = (
    dict.fromkeys((0x0B, 0x50, 0x51), D)
    | dict.fromkeys((0x0A, 0x48, 0x49), S)
    | dict.fromkeys((0x01, 0x02, 0x03, 0x06, 0x07, 0x43, 0x15, 0x53, 0x61, 0x62), C)
    | dict.fromkeys((0x0D, 0x0E, 0x0F, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0x100, 0x101, 0x103, 0x104), C)
    | dict.fromkeys((0x400, 0x401, 0x402, 0x4FF), C)
    | dict.fromkeys((0x65, 0x66, 0x33, 0x3FF, 0x500, 0xFFFFFFFF), O)
)


@pytest.mark.parametrize(("status", "cause"), list(REFUSED.items()))
def test_permanent(status: int, cause: Cause) -> None:
    assert verdict(status) == Refused(f"0x{status:08X}", cause)


@pytest.mark.parametrize(("status", "pause"), [(0x58, 0.0), (0x14, 5.0)])
def test_throttling_never_ends_a_part(status: int, pause: float) -> None:
    assert verdict(status) == Throttled(f"0x{status:08X}", pause)


@pytest.mark.parametrize(("status", "tries"), [(0x08, 3), (0x64, 5), (0x102, 5), (0x45, 2), (0xFE, 2), (0xFF, 2)])
def test_temporary(status: int, tries: int) -> None:
    found = verdict(status)
    assert isinstance(found, Unavailable)
    assert (found.counts, found.tries) == (True, tries)
    assert found.delay > 0


@pytest.mark.parametrize("status", sorted(REBIND))
def test_a_session_out_of_step_costs_no_try(status: int) -> None:
    found = verdict(status)
    assert isinstance(found, Unavailable)
    assert not found.counts


def test_every_named_status_is_decided() -> None:
    assert {type(verdict(status)) for status in codes.STATUS_NAMES if status} == {Refused, Throttled, Unavailable}


def test_descriptions() -> None:
    assert codes.describe(0x0E) == "RINVPASWD 0x0000000E"
    assert codes.describe(0x400) == "0x00000400"
