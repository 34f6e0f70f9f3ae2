"""Tables as CSV, for people and for machines. Pure.

For French Excel: ``;``, a BOM, CRLF, a decimal comma, national telephone numbers, and no cell that Excel would take
for a formula, nor a piece of one were the file read with another separator. For machines (RFC 4180): ``,``, CRLF, a
decimal point, the values as they are.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal

from gateway import numbers
from gateway.french import ERASED

Dialect = Literal["excel-fr", "rfc4180"]
Cell = str | int | Decimal | None

#: What the file begins with.
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"

#: Excel and LibreOffice read a cell that begins so as a formula, or drop the characters before it and read on.
_FORMULA = re.compile(r"[\s\x00-\x1f\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠﹢﹣⁺−﹦﹫]|[\t\r\n]").match

#: What parts cells, in whichever way the file is read.
_PARTS = re.compile(r'[;,|"\t\r\n]').search


def begin(headings: Sequence[str], dialect: Dialect) -> bytes:
    """The first bytes of the file: its headings."""
    return (BOM.encode() if dialect == "excel-fr" else b"") + lines([headings], dialect)


def lines(rows: Iterable[Sequence[Cell]], dialect: Dialect) -> bytes:
    """Rows as bytes, each ended by CRLF."""
    if dialect == "excel-fr":
        return "".join([";".join(map(_french, row)) + "\r\n" for row in rows]).encode()
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def _french(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return f"{cell:f}".replace(".", ",")
        case str():
            text = guard(cell)
            return f'"{text.replace(_QUOTE, _QUOTE * 2)}"' if _PARTS(text) else text
    return str(cell)


_QUOTE = '"'


def guard(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA(text) else text


def telephone(number: str, dialect: Dialect, *, masked: bool) -> str:
    """A number as the file shows it: ``06 12 34 56 78``, masked ``06 ** ** ** 78``; for machines E.164."""
    if dialect == "rfc4180" or not number.startswith("+"):
        return hidden(number) if masked else number
    shown = numbers.national(number)
    return _stars(shown) if masked else shown


def recipient(row: Any, dialect: Dialect, *, masked: bool) -> tuple[str, str]:
    """Label and number of a message's row; once they are erased ``effacé``, for machines nothing."""
    if row.people_erased_at is not None:
        word = "" if dialect == "rfc4180" else ERASED
        return word, word
    return row.label, telephone(row.number or row.number_input, dialect, masked=masked)


def hidden(number: str) -> str:
    """``+336******78``; what is not a number (it could not be read) shows its last two characters at most."""
    if number.startswith("+"):
        return numbers.mask(number)
    return "*" * max(len(number) - 2, 0) + number[-2:] if len(number) > 4 else "*" * len(number)


def _stars(shown: str) -> str:
    if shown.startswith("+"):
        return numbers.mask(shown.replace(" ", ""))
    return "".join("*" if char.isdigit() and 2 <= place < len(shown) - 2 else char for place, char in enumerate(shown))
