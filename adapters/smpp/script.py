"""How texts are written in octets: alphabets, packing, message classes.

Rules: a text is written in the alphabet in which it was counted, GSM 03.38 or UCS-2; an account may want the first in
Latin-1 or ASCII, a character an octet, or packed. A character that the account's alphabet lacks is never replaced:
such a text is composed as UCS-2 when it is accepted, and refused here if it comes all the same.
"""

from typing import Final, Literal

from gateway import gsm
from gateway.text import Encoding, encode

Alphabet = Literal["gsm", "latin1", "ascii"]

#: What each alphabet lacks of GSM 03.38.
LACKS: Final[dict[Alphabet, str]] = {"gsm": "", "latin1": gsm.NOT_LATIN_1, "ascii": gsm.NOT_ASCII}

_CODECS: Final[dict[Alphabet, str]] = {"latin1": "latin-1", "ascii": "ascii"}


def write(
    content: str, encoding: Encoding, alphabet: Alphabet = "gsm", *, packed: bool = False, after: int = 0
) -> bytes:
    """The octets of a text, without what stands before it: ``after`` octets of user data header.

    Raises ValueError, without the text, where it does not fit.
    """
    if encoding is Encoding.UCS2:
        return encode(content, encoding)
    if alphabet == "gsm":
        octets = gsm.encode(content)
        return gsm.pack(octets, fill(after)) if packed else octets
    try:
        return content.encode(_CODECS[alphabet])
    except UnicodeEncodeError:
        raise ValueError(f"the text does not fit {alphabet}, which default_alphabet says") from None


def is_flash(coding: int) -> bool:
    """Whether a data_coding has message class 0 of 3GPP 23.038: shown at once, not kept."""
    classes = coding >> 4 in (0b0001, 0b1111)
    return classes and coding & 0b11 == 0


def fill(after: int) -> int:
    """The empty bits after a header of so many octets, so that the text begins with a septet."""
    return -8 * after % 7
