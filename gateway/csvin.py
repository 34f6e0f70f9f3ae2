"""CSV files as schools export them, as rows of cells. Pure.

``;`` or ``,``; UTF-8 with or without BOM, else Windows-1252; headings whatever their case, accents and spaces.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator

#: What cells say for yes and no.
TRUTH = {
    **dict.fromkeys(("oui", "o", "1", "true", "vrai", "x", "yes"), True),
    **dict.fromkeys(("non", "n", "0", "false", "faux", "no"), False),
}


def read_table(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with its line in the file; the headings come first, plain.

    Raises ValueError, in French, for what is not CSV.
    """
    text = _decode(raw)
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") >= first.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield 1, [plain(heading) for heading in next(rows, [])]
        for row in rows:
            if any(cell.strip() for cell in row):
                yield rows.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise ValueError(f"ligne {rows.line_num} : un guillemet y est mal fermé") from error


def plain(heading: str) -> str:
    """Without case, accents and spaces: ``Opposé aux SMS`` is ``oppose_aux_sms``."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", heading.strip()) if not unicodedata.combining(char))
    return re.sub(r"[\s_-]+", "_", bare.lower())


def _decode(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ValueError("ni UTF-8 ni Windows-1252 : enregistrez-le en « CSV UTF-8 »")
