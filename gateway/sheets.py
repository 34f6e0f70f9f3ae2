"""Spreadsheets that people upload (XLSX), as rows of text. Bounded: a file may say it holds far more than it does.

Only the first sheet is read, and values, never formulas.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from gateway.problem import Problem

#: How an XLSX file begins.
BEGINS = b"PK\x03\x04"

#: Octets once unpacked, rows and columns at most.
MOST_OCTETS, MOST_ROWS, MOST_COLUMNS = 200 * 1024 * 1024, 100_000, 200


def read(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each row of the first sheet, with its number. Raises ``malformed_body`` for what is no spreadsheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(item.file_size for item in packed.infolist()) > MOST_OCTETS:
                raise _malformed("il est trop grand une fois décompressé")
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, EOFError, OSError) as error:
        raise _malformed("ce n'est pas un classeur XLSX") from error
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        rows = sheet.iter_rows(values_only=True) if sheet is not None else iter(())
        for number, row in enumerate(rows, 1):
            if number > MOST_ROWS:
                raise _malformed(f"il a plus de {MOST_ROWS} lignes")
            yield number, [cell(value) for value in row[:MOST_COLUMNS]]
    finally:
        book.close()


def cell(value: Any) -> str:
    """A value as a person would have typed it: 0612345678 kept as text stays so, 612345678.0 has no decimals."""
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
    return str(value).strip()


def _malformed(why: str) -> Problem:
    return Problem("malformed_body", f"Le classeur ne peut pas être lu : {why}.")
