"""Cursors of lists: a few values, opaque to who holds them, checked when they come back."""

import base64
import binascii
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


def is_place(value: Any) -> bool:
    """Whether a value read in a cursor is a number that the store can hold."""
    return type(value) is int and 0 <= value < 2**63


def invalid() -> Problem:
    """The cursor is not one of this list."""
    return Problem("invalid_cursor", "Reprenez la liste depuis le début, sans « cursor », ou gardez filtres et tri.")
