"""A text as it is sent: its alphabet, its parts, what was replaced, and what keeps it out of GSM-7.

Rules of this file (contract section 4): one function, ``compose``, counts for the preview, the sender and the
accounts, after the variables are merged. Texts are NFC with LF line ends. Parts are counted by cutting: never
inside an escape pair, a surrogate pair or a grapheme. A sensitive value is sent as it is or not at all.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, pairwise
from typing import NamedTuple

import regex

from gateway import gsm
from gateway.keywords import HIDDEN, Merged, keywords, merge, merged_length
from gateway.transliteration import replacement

__all__ = [
    "Composed",
    "Culprit",
    "Encoding",
    "Merged",
    "NotGsm7",
    "Replacement",
    "SensitiveNotGsm7",
    "Unencodable",
    "compose",
    "decode",
    "encode",
    "is_narrow",
    "keywords",
    "merge",
    "merged_length",
    "remaining",
]


class Encoding(StrEnum):
    """The two alphabets of SMS."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


GSM7, UCS2 = Encoding.GSM7, Encoding.UCS2

#: Units (septets, UTF-16 units) of a text in one part; of each part of several; the same with 16-bit references.
_ALONE = {GSM7: 160, UCS2: 70}
_EACH = {GSM7: 153, UCS2: 67}
_EACH_NARROW = {GSM7: 152, UCS2: 66}

# What no phone can show: surrogates without their other half, and controls that are no line end, page or tab.
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_graphemes = regex.compile(r"\X").findall


@dataclass(frozen=True, slots=True)
class Replacement:
    """A character of the text, what was put in its place, and how many times."""

    source: str
    to: str
    count: int


@dataclass(frozen=True, slots=True)
class Culprit:
    """A character outside GSM-7, its position in code points, and whether something can stand for it.

    For a sensitive value that has some: one culprit at its beginning, shown as ``•``.
    """

    char: str
    position: int
    replaceable: bool


class Composed(NamedTuple):
    """A text ready to send. ``units`` are septets or UTF-16 units, ``characters`` code points, of ``text``.

    ``shown`` is ``text`` with ``•••`` for each sensitive value.
    """

    text: str
    shown: str
    encoding: Encoding
    characters: int
    units: int
    parts: tuple[str, ...]
    replacements: tuple[Replacement, ...] = ()
    culprits: tuple[Culprit, ...] = ()


class NotGsm7(ValueError):
    """GSM-7 was asked for and the text does not fit: these characters stand in the way."""

    def __init__(self, culprits: tuple[Culprit, ...]) -> None:
        super().__init__("the text does not fit GSM-7")
        self.culprits = culprits


class SensitiveNotGsm7(ValueError):
    """Sensitive values do not fit GSM-7 and may not be transliterated: these keywords."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__("a sensitive value does not fit GSM-7")
        self.names = names


class Unencodable(ValueError):
    """No alphabet has the character at this position (code points): half a surrogate pair, or a control."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the character at {position} cannot be sent")
        self.position = position


class _Piece(NamedTuple):
    """A stretch of the text: its start, and the keyword whose sensitive value it is, None for the rest."""

    text: str
    start: int
    secret: str | None = None


def compose(
    merged: Merged | str,
    *,
    encoding: str = "auto",
    transliterate: bool = True,
    narrow: bool = False,
    lacks: str = "",
) -> Composed:
    """Choose the alphabet and cut.

    ``encoding``: ``auto``, ``gsm7`` or ``ucs2``. ``narrow``: long messages go with 16-bit references. ``lacks``: the
    characters of GSM-7 that a provider cannot be sent, which are then outside it. With ``transliterate`` the
    replacements are kept only if the whole text then fits GSM-7.

    Raises ``Unencodable``; ``SensitiveNotGsm7`` unless ``ucs2`` was asked for; ``NotGsm7`` if ``gsm7`` was.
    """
    if isinstance(merged, str):
        merged = Merged(merged, merged)
    known = gsm.alphabet(lacks)
    if encoding != "ucs2" and not merged.protected and _is_plain(merged.text, known):
        return Composed(merged.text, merged.text, GSM7, len(merged.text), len(merged.text), (merged.text,))
    pieces = list(_pieces(merged))
    text = "".join(piece.text for piece in pieces)
    if found := _UNSENDABLE.search(text):
        raise Unencodable(found.start())
    if known.fits(text):
        return _cut(pieces, UCS2 if encoding == "ucs2" else GSM7, narrow)
    culprits = tuple(_culprits(pieces, known))
    if encoding == "ucs2":
        return _cut(pieces, UCS2, narrow, culprits=culprits)
    if secrets := dict.fromkeys(piece.secret for piece in pieces if piece.secret and not known.fits(piece.text)):
        raise SensitiveNotGsm7(tuple(secrets))
    if transliterate and all(culprit.replaceable for culprit in culprits):
        replacements = _replacements(culprits, known)
        return _cut([_replaced(piece, replacements) for piece in pieces], GSM7, narrow, replacements, culprits)
    if encoding == "gsm7":
        raise NotGsm7(culprits)
    return _cut(pieces, UCS2, narrow, culprits=culprits)


def remaining(composed: Composed, *, narrow: bool = False) -> int:
    """How many more units the last part can take."""
    if len(composed.parts) == 1:
        return _ALONE[composed.encoding] - composed.units
    each = _EACH_NARROW if narrow else _EACH
    return each[composed.encoding] - _units(composed.parts[-1], composed.encoding)


def is_narrow(parts: Iterable[str], encoding: Encoding) -> bool:
    """Whether each of several parts leaves room for a 16-bit reference, however they were cut."""
    return all(_units(part, encoding) <= _EACH_NARROW[encoding] for part in parts)


def encode(content: str, encoding: Encoding) -> bytes:
    """The octets of a part: unpacked septets, or UTF-16 big endian. Raises ValueError where it does not fit."""
    return gsm.encode(content) if encoding is GSM7 else content.encode("utf-16-be")


def decode(data: bytes, encoding: Encoding) -> str:
    """The text of a part's octets. Raises ValueError where they are none."""
    return gsm.decode(data) if encoding is GSM7 else data.decode("utf-16-be")


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _is_plain(text: str, known: gsm.Alphabet) -> bool:
    """Whether a text goes as it is in one part, at a septet a character: most do."""
    return len(text) <= _ALONE[GSM7] and known.is_basic(text) is not None and "\r" not in text


def _pieces(merged: Merged) -> Iterator[_Piece]:
    """Each stretch is normalised by itself, so that no accent leaves or enters a sensitive value."""
    bounds = pairwise((0, *chain.from_iterable(merged.protected), len(merged.text)))
    secrets = chain([None], chain.from_iterable((name, None) for name in merged.names))
    position = 0
    for (start, end), secret in zip(bounds, secrets, strict=True):
        piece = _Piece(_normal(merged.text[start:end]), position, secret)
        yield piece
        position += len(piece.text)


def _culprits(pieces: Iterable[_Piece], known: gsm.Alphabet) -> Iterator[Culprit]:
    for piece in pieces:
        if piece.secret is None:
            for found in known.outside(piece.text):
                yield Culprit(found[0], piece.start + found.start(), _stand_in(found[0], known) is not None)
        elif not known.fits(piece.text):
            yield Culprit("•", piece.start, False)


def _replaced(piece: _Piece, replacements: Iterable[Replacement]) -> _Piece:
    if piece.secret is not None:
        return piece
    text = piece.text
    for change in replacements:
        text = text.replace(change.source, change.to)
    return piece._replace(text=text)


def _stand_in(char: str, known: gsm.Alphabet) -> str | None:
    """What stands for a character in this alphabet; None when nothing does."""
    found = replacement(char)
    return found if found is not None and known.fits(found) else None


def _replacements(culprits: tuple[Culprit, ...], known: gsm.Alphabet) -> tuple[Replacement, ...]:
    counts: dict[str, int] = {}
    for culprit in culprits:
        counts[culprit.char] = counts.get(culprit.char, 0) + 1
    return tuple(Replacement(char, _stand_in(char, known) or "", count) for char, count in counts.items())


def _units(text: str, encoding: Encoding) -> int:
    return gsm.septets(text) if encoding is GSM7 else len(text) + sum(char > "\uffff" for char in text)


def _cut(
    pieces: Sequence[_Piece],
    encoding: Encoding,
    narrow: bool,
    replacements: tuple[Replacement, ...] = (),
    culprits: tuple[Culprit, ...] = (),
) -> Composed:
    text = "".join(piece.text for piece in pieces)
    shown = "".join(HIDDEN if piece.secret else piece.text for piece in pieces)
    units = _units(text, encoding)
    if units <= _ALONE[encoding]:
        parts: tuple[str, ...] = (text,)
    else:
        limit = (_EACH_NARROW if narrow else _EACH)[encoding]
        parts = tuple(gsm.cut(text, limit) if encoding is GSM7 else _cut_ucs2(text, limit))
    return Composed(text, shown, encoding, len(text), units, parts, replacements, culprits)


def _cut_ucs2(text: str, limit: int) -> Iterator[str]:
    """Fill each part as far as it goes with what may not be cut."""
    held: list[str] = []
    room = limit
    for atom in _atoms(text, limit):
        size = _units(atom, UCS2)
        if size > room:
            yield "".join(held)
            held, room = [], limit
        held.append(atom)
        room -= size
    yield "".join(held)


def _atoms(text: str, limit: int) -> Iterator[str]:
    """Graphemes; one that no part can hold goes by code points."""
    for grapheme in _graphemes(text):
        if _units(grapheme, UCS2) > limit:
            yield from grapheme
        else:
            yield grapheme
