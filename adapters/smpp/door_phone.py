"""What a telephone wrote as deliver_sm: SMPP 3.4 section 4.6. Pure.

Rules: in the default alphabet where it fits, else in UCS-2. A text longer than one SMS goes whole as message_payload
to who knows parameters, else in parts with a user data header: several requests, taken when all of them are.
"""

import unicodedata

from adapters.smpp import codes, pdu
from adapters.smpp.door_options import SmppLogin
from adapters.smpp.fields import Value
from gateway import text as sms
from gateway.door import PhoneText
from gateway.text import Encoding

_ALPHANUMERIC, _SHORT, _INTERNATIONAL = (5, 0), (3, 0), (1, 1)  # type of number, numbering plan


def phone_bodies(said: PhoneText, login: SmppLogin, *, tlvs: bool) -> list[bytes]:
    """The bodies of the deliver_sm that carry a text, one or several."""
    composed = sms.compose("".join(map(_shown, said.text)), transliterate=False)
    coding, charset = _writing(composed.encoding, composed.text, login)
    addresses = _addresses(said)

    def body(text: str, header: bytes = b"", parameters: dict[int, bytes] | None = None) -> bytes:
        message = header + _octets(text, charset)
        values: dict[str, Value] = {
            **addresses,
            "esm_class": codes.UDHI if header else 0,
            "data_coding": coding,
            "short_message": b"" if parameters else message,
        }
        return pdu.body_of(codes.DELIVER_SM, values, parameters)

    if len(composed.parts) == 1:
        return [body(composed.text)]
    if tlvs:
        return [body("", parameters={codes.MESSAGE_PAYLOAD: _octets(composed.text, charset)})]
    reference, of = said.delivery & 0xFF, len(composed.parts)
    return [body(text, bytes((5, 0, 3, reference, of, number))) for number, text in enumerate(composed.parts, 1)]


def _shown(char: str) -> str:
    """What telephones write may hold what may not be written to them."""
    sendable = char in "\n\r\f" or unicodedata.category(char) not in ("Cc", "Cs")
    return char if sendable else "\N{REPLACEMENT CHARACTER}"


def _writing(encoding: Encoding, text: str, login: SmppLogin) -> tuple[int, str]:
    """The data_coding, and the charset, that the other side reads a text in."""
    if encoding is Encoding.GSM7 and login.default_alphabet == "gsm7":
        return 0, "gsm7"
    if login.default_alphabet == "latin1" and all(char <= "\xff" for char in text):
        return 0, "latin-1"
    return codes.UCS2, "utf-16-be"


def _octets(text: str, charset: str) -> bytes:
    return sms.encode(text, Encoding.GSM7) if charset == "gsm7" else text.encode(charset)


def _addresses(said: PhoneText) -> dict[str, Value]:
    source, to = said.number.removeprefix("+"), said.to.removeprefix("+")
    return {
        **dict(zip(("source_addr_ton", "source_addr_npi"), _plan(said.number), strict=True)),
        **dict(zip(("dest_addr_ton", "dest_addr_npi"), _plan(said.to), strict=True)),
        "source_addr": _written(source),
        "destination_addr": _written(to),
    }


def _plan(address: str) -> tuple[int, int]:
    digits = address.removeprefix("+")
    if not digits.isdecimal():
        return _ALPHANUMERIC
    return _SHORT if len(digits) <= 6 else _INTERNATIONAL


def _written(address: str) -> str:
    return address.encode("ascii", "ignore").decode().replace("\0", "")[:20]
