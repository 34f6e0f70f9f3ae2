"""The forms of a message id: providers write it otherwise in a receipt than in their answer.

Rules: an id is compared in lower case. Only an id of at most 16 digits, decimal or hexadecimal, is a number: it loses
its zeros in front (and an 0x) and may be in another base. Any other (UUID, 20 or 32 digits, words) is never converted.
What is stored is the id of the answer; it is the receipt's that is converted, so that a part finds its receipt
whatever the account's ``message_id`` was when it left.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from adapters.smpp.options import IdForm
from gateway.provider import Form

_DECIMAL: Final = re.compile(r"[0-9]{1,16}")
_HEX: Final = re.compile(r"[0-9a-f]{1,16}")
_MARKED: Final = re.compile(r"0x([0-9a-f]{1,16})")
_LONG_DECIMAL: Final = re.compile(r"[0-9]{17,20}")

#: Where the configuration says the form, the only one that counts.
_FIXED: Final[dict[IdForm, Form]] = {"hex-to-dec": Form.HEX_TO_DEC, "dec-to-hex": Form.DEC_TO_HEX}


def stored_key(message_id: str) -> str:
    """The key under which a part is stored, from the id of the provider's answer. Empty when it gave none."""
    lower = message_id.strip().lower()
    marked = _MARKED.fullmatch(lower)
    number = marked[1] if marked else lower
    return (number.lstrip("0") or "0") if _HEX.fullmatch(number) else lower


def receipt_keys(ids: Iterable[str], form: IdForm) -> tuple[tuple[str, ...], tuple[tuple[Form, str], ...]]:
    """What to look up for the ids of a receipt: as they are, and as what else they may stand for.

    With ``auto`` an id of digits alone may stand for two others: it must be told by the recipient's number, or by
    what the account's receipts were so far.
    """
    plain = tuple(dict.fromkeys(stored_key(each) for each in ids if each.strip()))
    if form == "raw":
        return plain, ()
    if form == "auto":
        other = {key: said for each in plain for said, key in _converted(each) if key not in plain}
        return plain, tuple((said, key) for key, said in other.items())
    fixed = _FIXED[form]
    pairs = tuple(_as_said(key, fixed) for key in plain)
    return tuple(key for said, key in pairs if said is Form.SAME), tuple(pair for pair in pairs if pair[0] is fixed)


def _converted(plain: str) -> Iterator[tuple[Form, str]]:
    """The other forms of a number; none of one that is the same in both bases."""
    if _DECIMAL.fullmatch(plain) and (other := f"{int(plain):x}") != plain:
        yield Form.HEX_TO_DEC, other
    if _HEX.fullmatch(plain) and (other := str(int(plain, 16))) != plain:
        yield Form.DEC_TO_HEX, other


def _as_said(plain: str, fixed: Form) -> tuple[Form, str]:
    """The key of a receipt whose form is known; what cannot be of that form kept the answer's."""
    if fixed is Form.HEX_TO_DEC and (_DECIMAL.fullmatch(plain) or _is_sixteen(plain)):
        return fixed, f"{int(plain):x}"
    if fixed is Form.DEC_TO_HEX and _HEX.fullmatch(plain):
        return fixed, str(int(plain, 16))
    return Form.SAME, plain


def _is_sixteen(plain: str) -> bool:
    """Whether a longer decimal is of sixteen hexadecimal digits."""
    return bool(_LONG_DECIMAL.fullmatch(plain)) and int(plain) < 1 << 64
