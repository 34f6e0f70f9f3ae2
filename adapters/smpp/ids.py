"""The forms of a message id: providers write it otherwise in a receipt than in their answer.

Rules: an id is compared in lower case. Only an id of at most 16 digits, decimal or hexadecimal, is a number:
it loses its zeros in front and may change base. Any other (UUID, 32 digits, words) is never converted.
"""

import re
from typing import Final

from adapters.smpp.options import IdForm

_DECIMAL: Final = re.compile(r"[0-9]{1,16}")
_HEX: Final = re.compile(r"[0-9a-f]{1,16}")


def stored_key(message_id: str, form: IdForm) -> str:
    """The key under which a part is stored, from the id of the provider's answer. Empty when it gave none."""
    if form == "raw":
        return message_id
    plain = _plain(message_id)
    if form == "hex-to-dec":
        return _to_decimal(plain) or plain
    if form == "dec-to-hex":
        return _to_hex(plain) or plain
    return plain


def candidate_keys(ids: tuple[str, ...], form: IdForm) -> tuple[str, ...]:
    """The keys to look up for the ids of a receipt (best first), those that need no conversion first.

    With ``auto`` an id of digits alone may stand for two others: compare the recipient's number too.
    """
    ids = tuple(filter(None, ids))
    if form == "raw":
        return tuple(dict.fromkeys(ids))
    plain = [_plain(each) for each in ids]
    converted = [key for each in plain for key in _converted(each, form) if key]
    return tuple(dict.fromkeys(plain + converted))


def _converted(plain: str, form: IdForm) -> tuple[str, ...]:
    if form == "auto":
        return _to_hex(plain), _to_decimal(plain)
    if form == "hex-to-dec" and not _DECIMAL.fullmatch(plain):
        return (_to_decimal(plain),)  # this receipt kept the base of the answer
    return ()


def _plain(message_id: str) -> str:
    lower = message_id.strip().lower()
    return (lower.lstrip("0") or "0") if _HEX.fullmatch(lower) else lower


def _to_decimal(plain: str) -> str:
    return str(int(plain, 16)) if _HEX.fullmatch(plain) else ""


def _to_hex(plain: str) -> str:
    return f"{int(plain):x}" if _DECIMAL.fullmatch(plain) else ""
