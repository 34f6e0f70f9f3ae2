"""The forms of a message id: providers write it otherwise in a receipt than in their answer.

Rules: those of ``gateway.idforms``. What is stored is the id of the answer; it is the receipt's that is converted, so
that a part finds its receipt whatever the account's ``message_id`` was when it left.
"""

import re
from collections.abc import Iterable
from typing import Final

from adapters.smpp.options import IdForm
from gateway.idforms import converted, is_decimal, stored_key
from gateway.provider import Form

_HEX: Final = re.compile(r"[0-9a-f]{1,16}")

#: Where the configuration says the form, the only one that counts.
_FIXED: Final[dict[IdForm, Form]] = {"hex-to-dec": Form.HEX_TO_DEC, "dec-to-hex": Form.DEC_TO_HEX}


def receipt_keys(ids: Iterable[str], form: IdForm) -> tuple[tuple[str, ...], tuple[tuple[Form, str], ...]]:
    """What to look up for the ids of a receipt: as they are, and as what else they may stand for.

    With ``auto`` an id of digits alone may stand for two others: it must be told by the recipient's number, or by
    what the account's receipts were so far.
    """
    plain = tuple(dict.fromkeys(stored_key(each) for each in ids if each.strip()))
    if form == "raw":
        return plain, ()
    if form == "auto":
        other = {key: said for each in plain for said, key in converted(each) if key not in plain}
        return plain, tuple((said, key) for key, said in other.items())
    fixed = _FIXED[form]
    pairs = tuple(_as_said(key, fixed) for key in plain)
    return tuple(key for said, key in pairs if said is Form.SAME), tuple(pair for pair in pairs if pair[0] is fixed)


def _as_said(plain: str, fixed: Form) -> tuple[Form, str]:
    """The key of a receipt whose form is known; what cannot be of that form kept the answer's."""
    if fixed is Form.HEX_TO_DEC and is_decimal(plain):
        return fixed, f"{int(plain):x}"
    if fixed is Form.DEC_TO_HEX and _HEX.fullmatch(plain):
        return fixed, str(int(plain, 16))
    return Form.SAME, plain
