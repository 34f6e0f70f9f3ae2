"""The text of a delivery receipt: SMPP 3.4 appendix B, and what providers make of it.

Rules: no field is required, none has a fixed place, width or case. A field is a known key with its colon or equals
sign; its value goes to the next key. What follows ``text:`` is the message: nothing is read there, unless the
state stands only there. Bytes are read as Latin-1 (one character an octet), as UTF-16, or as packed septets, whichever
shows a key.
"""

import re
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from adapters.smpp.receipt_dates import read_date
from gateway import gsm

_GAP: Final = r"[\s_+\x11-]*"  # inside a key; 0x11 is the underscore of GSM 03.38
_KEYS: Final = {
    "id": "id",
    "sub": "sub",
    "dlvrd": "dlvrd",
    "submit": f"submit{_GAP}(?:date|time)",
    "done": f"done{_GAP}(?:date|time)",
    "stat": "stat(?:us|e)?",
    "err": f"err(?:or)?(?:{_GAP}code)?",
    "text": "text",
}
#: Another name of the id, for who writes no ``id:``.
_OTHER_ID: Final = f"(?:message|msg){_GAP}id"
_DATES: Final = ("submit", "done")
_PACKED: Final = "7"


def _key_pattern() -> re.Pattern[str]:
    """A key stands alone, or is glued to the value before it (``stat:DELIVRDerr:000``): never to a word."""
    alone = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _KEYS.items()) + f"|(?P<other>{_OTHER_ID})"
    glued = "|".join(f"(?P<{name}_>(?i:{key[0]}){key[1:]})" for name, key in _KEYS.items() if name != "id")
    first = "[" + "".join(sorted({key[0] + key[0].upper() for key in (*_KEYS.values(), "m")})) + "]"
    return re.compile(rf"(?={first})(?:(?<![\w.-])(?i:{alone})|(?<=[0-9A-Z.])(?:{glued}))[\"']?\s*[:=]")


_KEY: Final = _key_pattern()
_STATE: Final = re.compile(r"\s*[\"']?[A-Z_]{5,}\b")
_SEPARATORS: Final = re.compile(r"[\s\0,;|&}]+")
_VENDOR_FIELDS: Final = re.compile(r"(?:\s*(?!(?i:msg|message|body|content|sms):)[A-Za-z_]\w*:\S*)*\s*")
_WORDS_WITH_DIGITS: Final = re.compile(r"\S*(?:\s+[^\s:=]*\d[^\s:=]*)*")
_QUOTED: Final = re.compile(r"\s*([\"'])(.*?)\1")
_NO_VALUE: Final = re.compile(r"(?i:null|none|nil|n/a|\.*|-*)")


@dataclass(frozen=True, slots=True)
class Fields:
    """What the text says; None: it does not say. Dates are naive, ``sub`` and ``dlvrd`` digits as written."""

    id: str | None = None
    stat: str | None = None
    err: str | None = None
    sub: str | None = None
    dlvrd: str | None = None
    submit_date: datetime | None = None
    done_date: datetime | None = None


class _Found(NamedTuple):
    """A key's name, and where its value begins and ends."""

    name: str
    begin: int
    end: int


class _View(NamedTuple):
    """A text, the order of the octets in a character (as ``struct`` names it; empty: one octet; ``_PACKED``), and its
    fields.
    """

    text: str
    order: str
    found: list[_Found]


def examine(body: bytes, near: datetime) -> tuple[Fields, bytes]:
    """``read_text`` and ``blank`` in one pass."""
    view = _view(body)
    return _said(view, near), _blanked(view, body)


def read_text(body: bytes, near: datetime) -> Fields:
    """Read a receipt's text; ``near`` (naive) is about when it was sent, to choose between readings of a date."""
    return _said(_view(body), near)


def blank(body: bytes) -> bytes:
    """The same octets with the message's words replaced by spaces: the value of ``text:``, or free text at the end."""
    return _blanked(_view(body), body)


def is_receipt_text(body: bytes) -> bool:
    """Whether a text has the shape of a receipt: a state, and an id or a date."""
    names = {field.name for field in _view(body).found}
    return "stat" in names and not names.isdisjoint({"id", "other", *_DATES})


def _said(view: _View, near: datetime) -> Fields:
    values: dict[str, str] = {}
    for name, begin, end in view.found:
        values.setdefault(name, view.text[begin:end].strip())
    last = view.found[-1].name if view.found else ""
    return Fields(
        id=next(filter(None, (_id(values.get(name, ""), last=name == last) for name in ("id", "other"))), None),
        stat=_word(values.get("stat", "")),
        err=_word(values.get("err", "")),
        sub=_count(values.get("sub", "")),
        dlvrd=_count(values.get("dlvrd", "")),
        submit_date=read_date(_bare(values.get("submit", "")), near),
        done_date=read_date(_bare(values.get("done", "")), near),
    )


def _blanked(view: _View, body: bytes) -> bytes:
    begin, end = _personal(view.text, view.found)
    blanked = view.text[:begin] + " " * (end - begin) + view.text[end:]
    if not view.order:
        return blanked.encode("latin-1")
    if view.order == _PACKED:
        return gsm.pack(blanked.encode("latin-1"))
    odd = body[2 * len(blanked) :]  # half a character at the end
    if end == len(blanked):
        odd = b" " * len(odd)
    return struct.pack(f"{view.order}{len(blanked)}H", *map(ord, blanked)) + odd


def _view(body: bytes) -> _View:
    """One character for each octet, or each pair of octets, or each seven bits, where only that shows a key."""
    text = body.decode("latin-1")
    found = _fields(text)
    if found:
        return _View(text, "", found)
    for order in (">", "<"):
        pairs = struct.unpack_from(f"{order}{len(body) // 2}H", body)
        if wide := _fields(wide_text := "".join(map(chr, pairs))):
            return _View(wide_text, order, wide)
    septets = gsm.unpack(body, padding=b"").decode("latin-1")
    packed = _fields(septets)
    if {"id", "stat"} <= {field.name for field in packed}:
        return _View(septets, _PACKED, packed)
    return _View(text, "", [])


def _fields(text: str) -> list[_Found]:
    """The fields in their order, up to ``text:`` unless the state comes only after it."""
    keys = [((key.lastgroup or "").rstrip("_"), key.start(), key.end()) for key in _KEY.finditer(text)]
    names = [name for name, _, _ in keys]
    if "text" in names:
        at = names.index("text")
        shuffled = any(name == "stat" and _STATE.match(text, begin) for name, _, begin in keys[at + 1 :])
        if "stat" in names[:at] or not shuffled:
            keys = keys[: at + 1]
    ends = [start for _, start, _ in keys[1:]] + [len(text)]
    return [_Found(name, begin, end) for (name, _, begin), end in zip(keys, ends, strict=False)]


def _personal(text: str, fields: list[_Found]) -> tuple[int, int]:
    """Where words of the message stand: from, to."""
    for field in fields:
        if field.name == "text":
            return field.begin, field.end
    if not any(field.name == "stat" for field in fields) or fields[-1].name in _DATES:
        return 0, 0
    value = text[fields[-1].begin :]
    rest = value.lstrip().partition(" ")[2]
    return (0, 0) if _VENDOR_FIELDS.fullmatch(rest) else (len(text) - len(rest), len(text))


def _id(value: str, *, last: bool) -> str | None:
    """An id goes to the next known key: it may be of several words with digits; the last of all is one word."""
    whole = _bare(value).strip("\0,;|& \t\r\n")
    if last or not _WORDS_WITH_DIGITS.fullmatch(whole):
        return _word(value)
    return None if _NO_VALUE.fullmatch(whole) else whole


def _word(value: str) -> str | None:
    word = _SEPARATORS.split(_bare(value), maxsplit=1)[0]
    return None if _NO_VALUE.fullmatch(word) else word


def _bare(value: str) -> str:
    """Without the quotes around it."""
    quoted = _QUOTED.match(value)
    return quoted[2].strip() if quoted else value


def _count(value: str) -> str | None:
    word = _word(value)
    return word if word and word.isdecimal() else None
