"""The alphabet of GSM 03.38: which characters it has, what each costs in septets, and how they are written.

Rules of this file: the default table is one septet a character, the extension table two (escape, then code).
0x09 is capital Ç only, as the standard and the phones have it. The escape itself is no character of a text.
"""

import codecs
import re
from collections.abc import Iterator
from typing import Final

ESCAPE: Final = 0x1B

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

#: Matches a text of default characters only: as many septets as characters.
is_basic = re.compile(f"[{re.escape(_BASIC)}]*").fullmatch
#: Matches a text that fits the alphabet.
fits = re.compile(f"[{re.escape(_BASIC + _EXTENDED)}]*").fullmatch
#: Finds the characters of a text that the alphabet lacks.
outside = re.compile(f"[^{re.escape(_BASIC + _EXTENDED)}]").finditer

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


def unpack(data: bytes, fill: int = 0) -> bytes:
    """Packed septets (TS 23.038, 6.1.2.1) as one septet an octet, after ``fill`` bits that are none.

    Where the last septet is only padding (CR, or the nought of sloppy writers), it is left out.
    """
    count, left = divmod(len(data) * 8 - fill, 7)
    value = int.from_bytes(data, "little") >> fill
    septets = bytes((value >> 7 * place) & 0x7F for place in range(count))
    return septets[:-1] if left == 0 and septets[-1:] in (b"\r", b"\0") else septets


def _unescape(pair: re.Match[str]) -> str:
    code = DEFAULT.find(pair[1]) if pair[1] else ESCAPE
    return EXTENSION.get(code, " " if code == ESCAPE else pair[1])
