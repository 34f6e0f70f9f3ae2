"""A part as a submit_sm: SMPP 3.4 section 4.4, built once and written as it is.

Rules: what is the same for every message of a sender is built once. The sequence number is the session's: only
the body is built here. What an account that takes messages whole gets in parts, because others of them left before,
has a user data header.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from adapters.smpp import codes, pdu, script
from adapters.smpp.message_options import LongMessages, MessageOptions
from adapters.smpp.parameters import Parameters
from adapters.smpp.times import relative_time, write_time
from gateway.provider import Apart, Cause, Part, Refused
from gateway.text import Encoding

_SENDERS_KEPT: Final = 4096
_SHORT_CODE_DIGITS: Final = 6
_DISPLAY: Final = b"\x01"  # dest_addr_subunit: the phone's screen
_AFTER_NUMBER: Final = 11  # octets from the NUL of an empty destination_addr to the end of an empty message


@dataclass(frozen=True, slots=True)
class PreparedSubmit:
    """A part and the body of its submit_sm; ``optional`` says whether it holds optional parameters."""

    part: Part
    body: bytes
    optional: bool = False


class SubmitBuilder:
    """Builds for one account, in the form that its options say."""

    def __init__(self, options: MessageOptions) -> None:
        self._options = options
        self._long = options.long_messages
        self._alphabet, self._packed = options.default_alphabet, options.packed
        self._codings = {
            (Encoding.GSM7, False): bytes((options.data_coding.gsm7, 0)),  # and no default message
            (Encoding.UCS2, False): bytes((options.data_coding.ucs2, 0)),
        } | _flash_codings(options)
        self._at_once = pdu.tlv(codes.DEST_ADDR_SUBUNIT, _DISPLAY) if options.flash == "dest_addr_subunit" else b""
        self._parameters = Parameters(options.written, options.message_tlvs)
        kind = bytes((options.protocol_id, options.priority_flag))
        self._kind = {codes.UDHI: b"\0" + bytes((codes.UDHI,)) + kind, 0: b"\0\0" + kind}
        self._receipt = bytes((options.registered_delivery, 0))  # and nothing replaced
        self._prefixes: dict[tuple[str, str], bytes] = {}

    def build(self, part: Part, *, optional: bool = True) -> PreparedSubmit | Refused | Apart:
        """The part, ready; Refused(CONFIGURATION) when it cannot be written as SMPP.

        ``optional`` False: to a provider that takes no optional parameters. A long message goes in parts with a header
        then, and without what is for its provider alone; what would be another message without them is refused.
        """
        if part.carries > 1 and not optional:
            return Apart()
        if part.tlvs:
            part = replace(part, tlvs=self._parameters.known(part.tlvs) if optional else None)
        if part.flash and self._options.flash == "refused":
            return Refused("the account has flash: refused", Cause.CONFIGURATION)
        try:
            return self._built(part, optional=optional)
        except ValueError as error:
            return Refused(f"cannot be encoded: {error}", Cause.CONFIGURATION)

    def _built(self, part: Part, *, optional: bool) -> PreparedSubmit:
        key = (part.service_code, part.sender)
        prefix = self._prefixes.get(key) or self._remember(key)
        form = self._form(part, optional=optional)
        header = _header(part, form)
        message = header + script.write(
            part.content, part.encoding, self._alphabet, packed=self._packed, after=len(header)
        )
        tlvs = b""
        if part.carries > 1:
            message, tlvs = b"", pdu.tlv(codes.MESSAGE_PAYLOAD, message)
        elif form == "sar" and part.of > 1:
            tlvs = _segment(part)
        if part.flash and self._at_once and not optional:
            raise ValueError("the provider does not say that it takes optional parameters: see optional_parameters")
        if optional:
            tlvs += (self._at_once if part.flash else b"") + self._parameters.write(part.tlvs)
        if len(message) > 254:
            raise ValueError("the message is longer than 254 octets")
        body = b"".join(
            (
                prefix,
                part.to.removeprefix("+").encode("ascii"),
                self._kind[codes.UDHI if header else 0],
                self._times(part),
                self._receipt,
                self._codings[part.encoding, part.flash],
                bytes((len(message),)),
                message,
                tlvs,
            )
        )
        return PreparedSubmit(part, body, bool(tlvs))

    def _form(self, part: Part, *, optional: bool) -> LongMessages:
        """That of the account, where it can be; else what every provider takes."""
        if (self._long == "sar" and not optional) or (self._long == "udh16" and not part.narrow):
            return "udh8"
        return self._long

    def _times(self, part: Part) -> bytes:
        """schedule_delivery_time and validity_period."""
        if self._options.validity == "absolute":
            return _absolute(part.starts) + _absolute(part.until)
        first = (
            b"\0" if part.starts is None else relative_time((part.starts - part.until) // 1000 + part.validity) + b"\0"
        )
        return first + (relative_time(part.validity) + b"\0" if self._options.validity == "relative" else b"\0")

    def _remember(self, key: tuple[str, str]) -> bytes:
        if len(self._prefixes) >= _SENDERS_KEPT:
            self._prefixes.clear()
        return self._prefixes.setdefault(key, _prefix(self._options, *key))


def _header(part: Part, form: LongMessages) -> bytes:
    """The user data header of a part of several."""
    if part.of == part.carries or form == "sar":
        return b""
    if form == "udh16":
        return b"\x06\x08\x04" + (part.reference & 0xFFFF).to_bytes(2, "big") + bytes((part.of, part.number))
    return bytes((5, 0, 3, part.reference & 0xFF, part.of, part.number))


def _absolute(instant: int | None) -> bytes:
    """A time of section 7.1.1 that was milliseconds, empty when there is none."""
    return b"\0" if instant is None else write_time(datetime.fromtimestamp(instant / 1000, UTC)).encode() + b"\0"


def _flash_codings(options: MessageOptions) -> dict[tuple[Encoding, bool], bytes]:
    """None where the account refuses such messages, which intake knows."""
    coding = options.data_coding
    match options.flash:
        case "data_coding":
            found = (coding.flash_gsm7, coding.flash_ucs2)
        case "dest_addr_subunit":
            found = (coding.gsm7, coding.ucs2)
        case _:
            return {}
    return {(Encoding.GSM7, True): bytes((found[0], 0)), (Encoding.UCS2, True): bytes((found[1], 0))}


def _segment(part: Part) -> bytes:
    """A part of several without a header; its reference is one that an SMSC can write in eight bits."""
    return b"".join(
        (
            pdu.tlv(codes.SAR_MSG_REF_NUM, (part.reference & 0xFF).to_bytes(2, "big")),
            pdu.tlv(codes.SAR_TOTAL_SEGMENTS, bytes((part.of,))),
            pdu.tlv(codes.SAR_SEGMENT_SEQNUM, bytes((part.number,))),
        )
    )


def _prefix(options: MessageOptions, service_code: str, sender: str) -> bytes:
    """Everything up to the recipient's number."""
    source = plan(options, sender)
    whole = pdu.body_of(
        codes.SUBMIT_SM,
        {
            "service_type": options.service_type if service_code == "0" else service_code,
            "source_addr_ton": source[0],
            "source_addr_npi": source[1],
            "source_addr": sender.removeprefix("+"),
            "dest_addr_ton": options.ton_npi.recipient[0],
            "dest_addr_npi": options.ton_npi.recipient[1],
        },
    )
    return whole[:-_AFTER_NUMBER]


def plan(options: MessageOptions, sender: str) -> tuple[int, int]:
    """Type of number and numbering plan of a sender."""
    digits = sender.removeprefix("+")
    if not digits.isdecimal():
        return options.ton_npi.alphanumeric
    return options.ton_npi.short_code if len(digits) <= _SHORT_CODE_DIGITS else options.ton_npi.international
