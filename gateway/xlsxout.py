"""Tables as XLSX workbooks: numbers are numbers, dates are dates, totals are formulas. Text is never a formula.

A workbook is written row by row to a file, so that its size costs disk and not memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import xlsxwriter

Kind = Literal["text", "integer", "money", "moment", "month"]
Cell = str | int | Decimal | datetime | date | None

#: Rows that a sheet can hold, headings and totals included.
MOST_ROWS = 1_048_576

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FORMATS: dict[Kind, str | None] = {
    "text": None,
    "integer": "#,##0",
    "money": '#,##0.0000 "€"',
    "moment": "dd/mm/yyyy hh:mm",
    "month": "mm/yyyy",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what is in it, its width in characters, and whether it has a total."""

    heading: str
    kind: Kind = "text"
    width: int = 16
    total: bool = False


class Sheet:
    """A workbook of one sheet, being written while its context is entered."""

    def __init__(self, file: Path, name: str, columns: Sequence[Column]) -> None:
        self._book = xlsxwriter.Workbook(
            str(file), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._sheet = self._book.add_worksheet(name)
        self._columns = columns
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._formats = [self._format(column, bold=False) for column in columns]
        self._totals = [self._format(column, bold=True) for column in columns]
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, column.width)
            self._sheet.write_string(0, place, column.heading, self._bold)
        self._sheet.freeze_panes(1, 0)
        self.row = 1

    def _format(self, column: Column, *, bold: bool) -> object:
        pattern = _FORMATS[column.kind]
        return self._book.add_format(
            {**({"num_format": pattern} if pattern else {}), **({"bold": True} if bold else {})}
        )

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Add rows. Raises ValueError when the sheet is full."""
        if self.row + len(rows) > MOST_ROWS - 1:
            raise ValueError("a sheet holds no more rows")
        for row in rows:
            for place, cell in enumerate(row):
                self._put(self.row, place, cell, self._formats[place])
            self.row += 1

    def total(self, label: str, first: int, last: int) -> None:
        """A row of totals, as formulas over the rows ``first`` to ``last`` (as ``row`` counts them)."""
        self._sheet.write_string(self.row, 0, label, self._totals[0])
        for place, column in enumerate(self._columns):
            if column.total:
                letter = _letter(place)
                formula = f"=SUBTOTAL(9,{letter}{first + 1}:{letter}{max(first, last) + 1})"
                self._sheet.write_formula(self.row, place, formula, self._totals[place])
        self.row += 1

    def blank(self) -> None:
        """An empty row."""
        self.row += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file."""
        self._book.close()

    def _put(self, row: int, place: int, cell: Cell, form: object) -> None:
        match cell:
            case None:
                return
            case str():
                self._sheet.write_string(row, place, cell, form)
            case datetime():
                self._sheet.write_datetime(row, place, cell.replace(tzinfo=None), form)
            case date():
                self._sheet.write_datetime(row, place, cell, form)
            case _:
                self._sheet.write_number(row, place, cell, form)


def _letter(place: int) -> str:
    return chr(ord("A") + place)
