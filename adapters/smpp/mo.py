"""A deliver_sm or data_sm that a telephone wrote, read whole.

Rules: nothing is refused. The text is the short message, else message_payload; its alphabet is what data_coding
says; what no alphabet is known for is kept as octets. Parts are told by the user data header (an 8-bit or a 16-bit
reference), else by the sar parameters; numbers that cannot be (part 3 of 2) mean a message of its own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from adapters.smpp import codes, script
from adapters.smpp.options import SmppAccount
from adapters.smpp.pdu import Pdu
from gateway import gsm
from gateway.alphabets import Alphabet
from gateway.provider import FromPhone

_BY_CODING: Final = {0: Alphabet.GSM7, 1: Alphabet.LATIN1, 3: Alphabet.LATIN1, codes.UCS2: Alphabet.UCS2}
#: Of data codings that carry a message class: bits 2 and 3 (TS 23.038, section 4).
_CLASSED: Final = (Alphabet.GSM7, Alphabet.BINARY, Alphabet.UCS2, Alphabet.BINARY)
_INTERNATIONAL: Final = 1  # type of number
_CONCATENATION: Final = {0x00: 3, 0x08: 4}  # information element -> its length


@dataclass(frozen=True, slots=True)
class Writing:
    """How an account's provider writes what telephones say."""

    packed: bool = False  # septets are packed, eight in seven octets
    default: Alphabet = Alphabet.GSM7  # of texts under one of ``default_codings``
    default_codings: tuple[int, ...] = (0,)
    id_tag: int | None = None  # the optional parameter with the provider's own id of the message


def alphabet_named(name: script.Alphabet) -> Alphabet:
    """The alphabet that the options of an account name; ASCII is Latin-1 that says less."""
    return Alphabet.GSM7 if name == "gsm" else Alphabet.LATIN1


def writing_of(options: SmppAccount) -> Writing:
    """What an account's options say of the messages that it brings."""
    codings = (options.data_coding.gsm7,)
    return Writing(options.packed, alphabet_named(options.default_alphabet), codings, options.inbound_id)


def read_message(pdu: Pdu, link: str, how: Writing, up: Collection[str] = ()) -> FromPhone:
    """What the telephone wrote. ``link`` names the connection, ``up`` those of the account that are up."""
    raw = pdu.octets("short_message") or pdu.tlvs.get(codes.MESSAGE_PAYLOAD, b"")
    header, body = _split(pdu, raw)
    alphabet = alphabet_of(pdu.number("data_coding"), how)
    if alphabet is Alphabet.GSM7 and how.packed:
        body = gsm.unpack(body, script.fill(len(header)), padding=b"\r\0")
    reference, place, of = _concatenated(header) or _segment(pdu) or (None, 1, 1)
    return FromPhone(
        sender=_address(pdu, "source"),
        to=_address(pdu, "dest", "destination"),
        octets=body,
        alphabet=alphabet,
        link=link,
        up=frozenset(up),
        id=_own_id(pdu, how.id_tag),
        reference=reference,
        place=place,
        of=of,
        coding=pdu.number("data_coding"),
        raw=raw,
        tlvs={tag: value for tag, value in pdu.tlvs.items() if tag != codes.MESSAGE_PAYLOAD},
    )


def _split(pdu: Pdu, raw: bytes) -> tuple[bytes, bytes]:
    """The user data header, with its length, and the text. A header longer than the message is none."""
    if not pdu.number("esm_class") & codes.UDHI or not raw or raw[0] >= len(raw):
        return b"", raw
    cut = 1 + raw[0]
    return raw[:cut], raw[cut:]


def _concatenated(header: bytes) -> tuple[int, int, int] | None:
    """The reference, the place and the count of a header, if it says them."""
    position = 1
    while position + 2 <= len(header):
        element, length = header[position], header[position + 1]
        value = header[position + 2 : position + 2 + length]
        if len(value) == length == _CONCATENATION.get(element):
            return _possible(int.from_bytes(value[:-2], "big"), value[-1], value[-2])
        position += 2 + length
    return None


def _segment(pdu: Pdu) -> tuple[int, int, int] | None:
    """The same of the sar parameters."""
    tags = (codes.SAR_MSG_REF_NUM, codes.SAR_SEGMENT_SEQNUM, codes.SAR_TOTAL_SEGMENTS)
    values = [pdu.tlvs[tag] for tag in tags if pdu.tlvs.get(tag)]
    if len(values) != len(tags):
        return None
    reference, place, of = (int.from_bytes(value, "big") for value in values)
    return _possible(reference, place, of)


def _possible(reference: int, place: int, of: int) -> tuple[int, int, int] | None:
    return (reference, place, of) if 1 <= place <= of <= 255 and of > 1 and reference <= 0xFFFF else None


def alphabet_of(coding: int, how: Writing) -> Alphabet:
    """How octets under a data_coding are to be read."""
    if coding in how.default_codings:
        return how.default
    if 0x10 <= coding <= 0x1F or coding >= 0xF0:
        return _CLASSED[coding >> 2 & (3 if coding < 0xF0 else 1)]
    if 0xC0 <= coding <= 0xEF:  # a message-waiting indication
        return Alphabet.UCS2 if coding >= 0xE0 else Alphabet.GSM7
    return _BY_CODING.get(coding, Alphabet.BINARY)


def _address(pdu: Pdu, kind: str, name: str = "") -> str:
    """As it was said; with its plus where it is said to be international."""
    address = pdu.text(f"{name or kind}_addr").strip()
    international = pdu.number(f"{kind}_addr_ton") == _INTERNATIONAL
    return f"+{address}" if international and address.isdecimal() and not address.startswith("00") else address


def _own_id(pdu: Pdu, tag: int | None) -> str:
    return "" if tag is None else pdu.tlvs.get(tag, b"").rstrip(b"\0").decode("latin-1").strip()
