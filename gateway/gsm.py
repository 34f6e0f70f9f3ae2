"""The alphabet of GSM 03.38: which characters it has, what each costs in septets, and how they are written.

Rules of this file: the default table is one septet a character, the extension table two (escape, then code).
0x09 is capital Ç only, as the standard and the phones have it. The escape itself is no character of a text.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, NamedTuple

ESCAPE: Final = 0x1B
_CARRIAGE_RETURN: Final = 0x0D

#: The default table; the character at index n has the code n.
DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

#: The extension table: code after the escape -> character.
EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

_BASIC = DEFAULT.replace("\x1b", "")
_LATIN = "".join(char for char in _BASIC if char <= "\xff")
_EXTENDED = "".join(EXTENSION.values())

#: The characters that Latin-1 lacks, Greek capitals and €; those that ASCII lacks.
NOT_LATIN_1: Final = "".join(char for char in _BASIC + _EXTENDED if char > "\xff")
NOT_ASCII: Final = "".join(char for char in _BASIC + _EXTENDED if char > "\x7f")


class Alphabet(NamedTuple):
    """What a text is looked up in: the whole of GSM 03.38, or what is left of it where a provider takes less."""

    is_basic: Callable[[str], re.Match[str] | None]  # default characters only: as many septets as characters
    fits: Callable[[str], re.Match[str] | None]
    outside: Callable[[str], Iterator[re.Match[str]]]  # the characters that it lacks


@cache
def alphabet(lacks: str = "") -> Alphabet:
    """GSM 03.38 without the characters of ``lacks``."""
    without = str.maketrans("", "", lacks)
    basic, whole = (re.escape(known.translate(without)) for known in (_BASIC, _BASIC + _EXTENDED))
    return Alphabet(
        re.compile(f"[{basic}]*").fullmatch, re.compile(f"[{whole}]*").fullmatch, re.compile(f"[^{whole}]").finditer
    )


#: Those of the whole alphabet.
is_basic, fits, outside = alphabet()

_extended = re.compile(f"[{re.escape(_EXTENDED)}]")
_is_latin = re.compile(f"[{re.escape(_LATIN)}]*").fullmatch
_FROM_LATIN = bytes(DEFAULT.find(chr(code)) & 0xFF for code in range(256))
_OCTETS = {char: bytes([code]) for code, char in enumerate(DEFAULT) if code != ESCAPE} | {
    char: bytes([ESCAPE, code]) for code, char in EXTENSION.items()
}
_ESCAPED = re.compile("\x1b(.?)", re.DOTALL)


def septets(text: str) -> int:
    """What a text that fits costs, in septets."""
    return len(text) if is_basic(text) else len(text) + len(_extended.findall(text))


def cut(text: str, limit: int) -> Iterator[str]:
    """Parts of at most ``limit`` septets, each as full as it goes without cutting an escape from its code."""
    wire = _extended.sub("\x1b\\g<0>", text)
    start = 0
    while start < len(wire):
        end = start + limit
        if len(wire) > end and wire[end - 1] == "\x1b":
            end -= 1
        yield wire[start:end].replace("\x1b", "")
        start = end


def encode(text: str) -> bytes:
    """One septet an octet, as providers take it. Raises ValueError, without the text, where it does not fit."""
    if _is_latin(text):
        return text.encode("latin-1").translate(_FROM_LATIN)
    try:
        return b"".join(map(_OCTETS.__getitem__, text))
    except KeyError:
        raise ValueError("the text does not fit GSM 03.38") from None


def decode(data: bytes) -> str:
    """The text of unpacked septets; as the standard says, an unknown escape shows the default character.

    Raises ValueError on an octet above 0x7F.
    """
    if not data.isascii():
        raise ValueError("an octet above 0x7F is no septet")
    text, _ = codecs.charmap_decode(data, "strict", DEFAULT)
    return _ESCAPED.sub(_unescape, text) if ESCAPE in data else text


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Septets in octets as they go over the air (3GPP 23.038, 6.1.2.1), after ``fill`` empty bits.

    Where seven bits are left at the end a carriage return fills them (6.1.2.3.1): nothing would show a last @.
    """
    if not septets:
        return b""
    bits = sum(septet << (fill + 7 * place) for place, septet in enumerate(septets))
    size, spare = divmod(fill + 7 * len(septets) + 7, 8)
    if spare == 0:
        bits |= _CARRIAGE_RETURN << (fill + 7 * len(septets))
    return bits.to_bytes(size, "little")


def unpack(data: bytes, fill: int = 0, padding: bytes = b"\r") -> bytes:
    """Packed septets as one septet an octet, after ``fill`` bits that are none.

    Where the last septet is only padding (CR; sloppy writers leave NUL too), it is left out.
    """
    count, left = divmod(len(data) * 8 - fill, 7)
    value = int.from_bytes(data, "little") >> fill
    septets = bytes((value >> 7 * place) & 0x7F for place in range(count))
    return septets[:-1] if left == 0 and septets and septets[-1] in padding else septets


def _unescape(pair: re.Match[str]) -> str:
    code = DEFAULT.find(pair[1]) if pair[1] else ESCAPE
    return EXTENSION.get(code, " " if code == ESCAPE else pair[1])
