"""Cursors of lists: a few values, opaque to who holds them, checked when they come back."""

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson

from gateway.problem import Problem


def write(*values: str | int) -> str:
    """The values as a cursor."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def read(cursor: str, size: int) -> list[Any]:
    """The ``size`` values of a cursor, of any JSON type. Raises ``invalid_cursor``."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise invalid() from error
    if not isinstance(values, list) or len(values) != size:
        raise invalid()
    return values


def after(last: int, *wanted: Any) -> str:
    """Continues the list of what is ``wanted``, and no other, after the row with this id."""
    return write(_mark(wanted), last)


def read_after(cursor: str | None, *wanted: Any) -> int | None:
    """The id after which the list of what is ``wanted`` goes on; None: it begins. Raises ``invalid_cursor``."""
    if cursor is None:
        return None
    mark, last = read(cursor, 2)
    if mark != _mark(wanted) or not is_place(last):
        raise invalid()
    return int(last)


def _mark(wanted: Sequence[Any]) -> str:
    return sha256(orjson.dumps(wanted)).hexdigest()[:12]


def is_place(value: Any) -> bool:
    """Whether a value read in a cursor is a number that the store can hold."""
    return type(value) is int and 0 <= value < 2**63


def invalid() -> Problem:
    """The cursor is not one of this list."""
    return Problem("invalid_cursor", "Reprenez la liste depuis le début, sans « cursor », ou gardez filtres et tri.")
