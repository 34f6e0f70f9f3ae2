"""What telephones write, as text: the alphabets that a message from one may have. Pure.

Rules: reading never fails. What cannot be a text is shown as its octets in hexadecimal; a character that is torn
is shown as U+FFFD. Some providers say « default alphabet » and write Latin-1: octets that are no septets are read so.
"""

from enum import StrEnum

from gateway import gsm


class Alphabet(StrEnum):
    """How the octets of a message are to be read, the widest last."""

    GSM7 = "gsm7"  # unpacked: one septet an octet
    LATIN1 = "latin1"
    UCS2 = "ucs2"
    BINARY = "binary"


def read(octets: bytes, alphabet: Alphabet) -> tuple[str, Alphabet]:
    """The text, and the alphabet in which it could be read."""
    match alphabet:
        case Alphabet.GSM7 if octets.isascii():
            return gsm.decode(octets), Alphabet.GSM7
        case Alphabet.GSM7 | Alphabet.LATIN1:
            return _clean(_latin(octets)), Alphabet.LATIN1
        case Alphabet.UCS2:
            return _clean(_ucs2(octets)), Alphabet.UCS2
        case Alphabet.BINARY:
            return octets.hex().upper(), Alphabet.BINARY


def _latin(octets: bytes) -> str:
    """Latin-1 has controls where Windows has the euro and the quotes, and nobody types controls."""
    try:
        return octets.decode("cp1252")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _ucs2(octets: bytes) -> str:
    if octets.startswith(b"\xff\xfe"):
        return octets[2:].decode("utf-16-le", "replace")
    return octets.removeprefix(b"\xfe\xff").decode("utf-16-be", "replace")


def _clean(text: str) -> str:
    """Without the NULs that some providers end a text with; a database may not take those inside."""
    return text.rstrip("\0").replace("\0", "\N{REPLACEMENT CHARACTER}")
