"""What a person pastes or uploads as recipients, as a table with headings. Pure.

Rules: a first row whose cells name a column we know is a row of headings; without one, the columns are the number,
then the name. ``;``, ``,`` and tabulations part cells; a line without any is a number, with the name after it if
there are letters.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from gateway import csvin
from gateway.problem import Problem
from gateway.web.problems import MOST_RECIPIENTS, too_many
from gateway.web.uploads import COLUMNS

_PLAIN = ("portable", "destinataire")
_NUMBER_THEN_NAME = re.compile(r"^\s*([+0-9][0-9 .\-/()]*[0-9])\s+(?=\D)(.+)$")


def from_text(pasted: str) -> str:
    """The pasted lines as ``;`` text with headings; empty when nothing was pasted. Raises ``malformed_body``."""
    lines = [line for line in pasted.splitlines() if line.strip()]
    if not lines:
        return ""
    mark = next((mark for mark in ("\t", ";", ",") if any(mark in line for line in lines)), None)
    try:
        return _text(list(csv.reader(lines, delimiter=mark)) if mark else [_parted(line) for line in lines])
    except csv.Error as error:
        raise Problem("malformed_body", "Une ligne des destinataires est trop longue : un numéro par ligne.") from error


def from_file(raw: bytes) -> str:
    """An uploaded CSV or XLSX file as the same. Raises ``malformed_body``, ``too_many_recipients``."""
    rows = [row for _, row in islice(csvin.read_table(raw), MOST_RECIPIENTS + 2)]
    if len(rows) > MOST_RECIPIENTS + 1:
        raise too_many()
    return _text(rows)


def of_people(people: Sequence[Sequence[str]]) -> str:
    """People as number, name and « ne pas envoyer », which is left out when nobody says it."""
    if any(one[2] for one in people):
        return _text([[*_PLAIN, "ne_pas_envoyer"], *people])
    return _text([one[:2] for one in people])


def shown(heading: str) -> str:
    """What a page calls a column."""
    return _CALLED.get(COLUMNS.get(csvin.plain(heading), ()), heading)


_CALLED: Mapping[tuple[str, ...], str] = {("to",): "Téléphone", ("label",): "Destinataire"}


def number_column(headings: Sequence[str]) -> int | None:
    """Which column holds the numbers, from 0."""
    places = [COLUMNS.get(csvin.plain(heading)) for heading in headings]
    return places.index(("to",)) if ("to",) in places else None


def rows(table: str) -> list[list[str]]:
    """The rows of what the functions above give, headings first."""
    return list(csv.reader(io.StringIO(table), delimiter=";"))


def with_one_more(pasted: str, number: str, name: str) -> str:
    """The list with a person at its end, in the columns of their number and name."""
    known = rows(from_text(pasted)) or [list(_PLAIN)]
    places = {COLUMNS.get(csvin.plain(heading)): column for column, heading in enumerate(known[0])}
    if ("label",) not in places:
        places["label",] = len(known[0])
        known[0].append("destinataire")
    row = [""] * len(known[0])
    row[places.get(("to",), 0)] = number
    row[places["label",]] = name.strip()
    return _text([*known, row])


def without(pasted: str, place: int) -> str:
    """The list without its ``place``-th person, counted from 1; as it was if there is none."""
    known = rows(from_text(pasted))
    if not 0 < place < len(known):
        return pasted
    return _text([*known[:place], *known[place + 1 :]]) if len(known) > 2 else ""


def keywords(text: str) -> list[str]:
    """The keywords that the columns give: pupil, division and name, and every column of another name."""
    first = text.partition("\n")[0]
    names = [csvin.plain(name) for name in next(csv.reader([first], delimiter=";"), [])]
    places = [COLUMNS.get(name) for name in names]
    own = [word for word, place in _OWN.items() if place in places]
    return [*own, *(re.sub(r"[^A-Z0-9_]", "_", name.upper()) for name in names if name and name not in COLUMNS)]


def with_own_words(recipient: Mapping[str, Any]) -> dict[str, Any]:
    """The recipient, whose pupil, division and name are keywords too, unless columns of these names say otherwise."""
    subject = recipient.get("subject") or {}
    recipient = {name: value for name, value in recipient.items() if name != "subject" or value}
    said = {"ELEVE": subject.get("name"), "DIVISION": subject.get("division"), "DESTINATAIRE": recipient.get("label")}
    words = {name: value for name, value in said.items() if value}
    return {**recipient, "variables": {**words, **recipient.get("variables", {})}}


#: Keywords that come from who the recipient is.
_OWN: Mapping[str, tuple[str, ...]] = {
    "ELEVE": ("subject", "name"),
    "DIVISION": ("subject", "division"),
    "DESTINATAIRE": ("label",),
}


def _parted(line: str) -> list[str]:
    found = _NUMBER_THEN_NAME.match(line)
    return [found[1], found[2].strip()] if found else [line.strip()]


def _text(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    headed = any(csvin.plain(cell) in COLUMNS for cell in rows[0])
    width = max(map(len, rows))
    plain = [*_PLAIN, *(f"COLONNE_{place}" for place in range(3, width + 1))][:width]
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\n")
    writer.writerows([*([] if headed else [plain]), *rows])
    return written.getvalue()
