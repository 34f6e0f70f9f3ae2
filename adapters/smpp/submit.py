"""A part as a submit_sm: SMPP 3.4 section 4.4, built once and written as it is.

Rules: what is the same for every message of a sender is built once. The sequence number is the session's: only
the body is built here. What an account that takes messages whole gets in parts, because others of them left before,
has a user data header.
"""

from dataclasses import dataclass
from typing import Final, Literal

from adapters.smpp import codes, pdu
from gateway import text
from gateway.provider import Cause, Part, Refused
from gateway.text import Encoding

_BOTH: Final = b"\x01"  # registered_delivery: final success and failure
_ALPHANUMERIC, _SHORT_CODE, _INTERNATIONAL = (5, 0), (3, 1), (1, 1)  # type of number, numbering plan
_LONGEST: Final = 30 * 86_400 + 86_399  # a relative time has no longer month
_CODING: Final = {Encoding.GSM7: b"\x00\x00", Encoding.UCS2: bytes((codes.UCS2, 0))}  # and no default message
_SENDERS_KEPT: Final = 4096
LongMessages = Literal["udh8", "udh16", "sar", "payload"]

_AFTER_NUMBER: Final = 11  # octets from the NUL of an empty destination_addr to the end of an empty message


@dataclass(frozen=True, slots=True)
class PreparedSubmit:
    """A part and the body of its submit_sm."""

    part: Part
    body: bytes


class SubmitBuilder:
    """Builds for one account. ``long_messages``: how parts say that they belong together."""

    def __init__(self, long_messages: LongMessages = "udh8") -> None:
        self._long = long_messages
        self._prefixes: dict[tuple[str, str], bytes] = {}

    def build(self, part: Part) -> PreparedSubmit | Refused:
        """The part, ready; Refused(CONFIGURATION) when it cannot be written as SMPP."""
        try:
            return PreparedSubmit(part, self._body(part))
        except ValueError as error:
            return Refused(f"cannot be encoded: {error}", Cause.CONFIGURATION)

    def _body(self, part: Part) -> bytes:
        key = (part.service_code, part.sender)
        prefix = self._prefixes.get(key) or self._remember(key)
        header = self._header(part)
        message, tlvs = header + text.encode(part.content, part.encoding), b""
        if part.carries > 1:
            message, tlvs = b"", pdu.tlv(codes.MESSAGE_PAYLOAD, message)
        elif self._long == "sar" and part.of > 1:
            tlvs = _segment(part)
        if len(message) > 254:
            raise ValueError("the message is longer than 254 octets")
        return b"".join(
            (
                prefix,
                part.to.removeprefix("+").encode("ascii"),
                b"\0\x40\0\0\0" if header else b"\0\0\0\0\0",  # esm_class, protocol, priority, schedule
                relative_time(part.validity),
                b"\0" + _BOTH + b"\0",
                _CODING[part.encoding],
                bytes((len(message),)),
                message,
                tlvs,
            )
        )

    def _remember(self, key: tuple[str, str]) -> bytes:
        if len(self._prefixes) >= _SENDERS_KEPT:
            self._prefixes.clear()
        return self._prefixes.setdefault(key, _prefix(*key))

    def _header(self, part: Part) -> bytes:
        """The user data header of a part of several."""
        if part.of == part.carries or self._long == "sar":
            return b""
        if self._long == "udh16":
            return b"\x06\x08\x04" + (part.reference & 0xFFFF).to_bytes(2, "big") + bytes((part.of, part.number))
        return bytes((5, 0, 3, part.reference & 0xFF, part.of, part.number))


def _segment(part: Part) -> bytes:
    """A part of several without a header; its reference is one that an SMSC can write in eight bits."""
    return b"".join(
        (
            pdu.tlv(codes.SAR_MSG_REF_NUM, (part.reference & 0xFF).to_bytes(2, "big")),
            pdu.tlv(codes.SAR_TOTAL_SEGMENTS, bytes((part.of,))),
            pdu.tlv(codes.SAR_SEGMENT_SEQNUM, bytes((part.number,))),
        )
    )


def relative_time(seconds: int) -> bytes:
    """A relative time of section 7.1.1, ``YYMMDDhhmmss000R``: needs no clock in common. At most 30 days."""
    minutes, second = divmod(min(max(seconds, 1), _LONGEST), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return b"0000%02d%02d%02d%02d000R" % (day, hour, minute, second)


def _prefix(service_code: str, sender: str) -> bytes:
    """Everything up to the recipient's number."""
    whole = pdu.body_of(
        codes.SUBMIT_SM,
        {
            "service_type": "" if service_code == "0" else service_code,
            "source_addr_ton": _plan(sender)[0],
            "source_addr_npi": _plan(sender)[1],
            "source_addr": sender.removeprefix("+"),
            "dest_addr_ton": _INTERNATIONAL[0],
            "dest_addr_npi": _INTERNATIONAL[1],
        },
    )
    return whole[:-_AFTER_NUMBER]


def _plan(sender: str) -> tuple[int, int]:
    digits = sender.removeprefix("+")
    if not digits.isdecimal():
        return _ALPHANUMERIC
    return _SHORT_CODE if len(digits) <= 6 else _INTERNATIONAL
