"""The forms of a provider's message id: it may be written otherwise in another place than in its answer. Pure.

Rules: an id is compared in lower case. Only an id of at most 16 digits, decimal or hexadecimal, is a number: it loses
its zeros in front (and an 0x) and may be in another base; so may a longer decimal that is sixteen hexadecimal digits at
most. Any other (UUID, 20 or 32 digits, words) is never converted.
"""

import re
from collections.abc import Iterator
from typing import Final

from gateway.provider import Form

_DECIMAL: Final = re.compile(r"[0-9]{1,20}")
_HEX: Final = re.compile(r"[0-9a-f]{1,16}")
_MARKED: Final = re.compile(r"0x([0-9a-f]{1,16})")


def stored_key(message_id: str) -> str:
    """The key under which an id is kept and compared. Empty when there is none."""
    lower = message_id.strip().lower()
    marked = _MARKED.fullmatch(lower)
    number = marked[1] if marked else lower
    return (number.lstrip("0") or "0") if _HEX.fullmatch(number) else lower


def is_decimal(plain: str) -> bool:
    """Whether a key may be the decimal writing of sixteen hexadecimal digits at most."""
    return bool(_DECIMAL.fullmatch(plain)) and int(plain) < 1 << 64


def converted(plain: str) -> Iterator[tuple[Form, str]]:
    """The other forms of a key that is a number; none of one that is the same in both bases."""
    if is_decimal(plain) and (other := f"{int(plain):x}") != plain:
        yield Form.HEX_TO_DEC, other
    if _HEX.fullmatch(plain) and (other := str(int(plain, 16))) != plain:
        yield Form.DEC_TO_HEX, other
