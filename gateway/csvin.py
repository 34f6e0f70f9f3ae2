"""CSV files as schools export them, and XLSX workbooks, as rows of cells. Pure.

``;`` or ``,``; UTF-8 with or without BOM, else Windows-1252; headings whatever their case, accents and spaces.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator

from gateway import sheets
from gateway.problem import Problem

#: Rows and columns at most; more rows than whoever reads them takes, who says so in their own words.
MOST_ROWS, MOST_COLUMNS = 200_000, sheets.MOST_COLUMNS

#: What cells say for yes and no.
TRUTH = {
    **dict.fromkeys(("oui", "o", "1", "true", "vrai", "x", "yes"), True),
    **dict.fromkeys(("non", "n", "0", "false", "faux", "no"), False),
}


def read_table(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with its line in the file; the headings come first, even when there are none.

    Cells are without the spaces around them. Raises ``malformed_body`` for what is not CSV.
    """
    if raw.startswith(sheets.BEGINS):
        yield from _of_sheet(raw)
        return
    text = _decode(raw)
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") >= first.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield 1, _cells(next(rows, []), 1)
        for count, row in enumerate(rows, 2):
            if count > MOST_ROWS:
                raise _malformed(f"il a plus de {MOST_ROWS} lignes")
            if any(cell.strip() for cell in row):
                yield rows.line_num, _cells(row, rows.line_num)
    except csv.Error as error:
        raise _malformed(f"à la ligne {rows.line_num}, un guillemet est mal fermé") from error


def _cells(row: list[str], line: int) -> list[str]:
    """Without the spaces around them, and the empty ones at the end."""
    if len(row) > MOST_COLUMNS:
        while row and not row[-1].strip():
            row.pop()
        if len(row) > MOST_COLUMNS:
            raise _malformed(f"à la ligne {line}, il a plus de {MOST_COLUMNS} colonnes")
    return [cell.strip() for cell in row]


def _of_sheet(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    rows = sheets.read(raw)
    yield next(rows, (1, []))
    yield from ((number, row) for number, row in rows if any(row))


def plain(heading: str) -> str:
    """Without case, accents and spaces: ``Opposé aux SMS`` is ``oppose_aux_sms``."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", heading.strip()) if not unicodedata.combining(char))
    return re.sub(r"[\s_-]+", "_", bare.lower())


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _malformed("il est en UTF-16, enregistrez-le en « CSV UTF-8 »")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _malformed("il n'est ni en UTF-8 ni en Windows-1252, enregistrez-le en « CSV UTF-8 »")


def _malformed(why: str) -> Problem:
    return Problem("malformed_body", f"Le fichier CSV ne peut pas être lu : {why}.")
