"""What a command_status means for a part: one table.

A status that is not in the table is a permanent refusal: trying again what we do not understand costs money.
"""

from typing import Final

from adapters.smpp import codes
from gateway.provider import Cause, Refused, Throttled, Unavailable

Verdict = Refused | Throttled | Unavailable

#: After these the session is of no use: bind again.
REBIND: Final = frozenset({0x04, 0x05})

_CAUSES: Final[dict[Cause, tuple[int, ...]]] = {
    Cause.DESTINATION: (0x0B, 0x50, 0x51),
    Cause.SENDER: (0x0A, 0x48, 0x49),
    # Malformed by us, or settings that the provider does not take: a person must look.
    Cause.CONFIGURATION: (
        *(0x01, 0x02, 0x03, 0x06, 0x07, 0x0D, 0x0E, 0x0F, 0x15, 0x43, 0x53, 0x61, 0x62, 0x63),
        *(0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0x100, 0x101, 0x103, 0x104),
    ),
    Cause.OTHER: (0x65, 0x66),
}
_CAUSE_OF: Final = {status: cause for cause, statuses in _CAUSES.items() for status in statuses}
_VENDOR: Final = range(0x400, 0x500)

#: Pauses of the whole account, in seconds: 0 leaves it to the throttle, a full queue is left alone for longer.
_THROTTLED: Final = {0x58: 0.0, 0x14: 5.0}

#: Temporary ones: (tries at most, seconds before the next).
_TEMPORARY: Final = {
    0x08: (3, 30.0),
    0x64: (5, 30.0),
    0x102: (5, 60.0),
    0x45: (2, 10.0),
    0xFE: (2, 10.0),
    0xFF: (2, 10.0),
}


def verdict(status: int) -> Verdict:
    """What a non-zero status means for the part that it answers."""
    code = f"0x{status:08X}"
    if status in _THROTTLED:
        return Throttled(code, _THROTTLED[status])
    if status in _TEMPORARY:
        tries, delay = _TEMPORARY[status]
        return Unavailable(codes.describe(status), counts=True, tries=tries, delay=delay)
    if status in REBIND:
        return Unavailable(codes.describe(status), delay=1.0)
    default = Cause.CONFIGURATION if status in _VENDOR else Cause.OTHER
    return Refused(code, _CAUSE_OF.get(status, default))
