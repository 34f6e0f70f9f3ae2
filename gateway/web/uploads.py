"""A batch as it may come: JSON, a CSV file in a form, or NDJSON. All become one ``BatchIn``.

A CSV file has headings in French or English. Every error names its line and column in the file, and its place as a
JSON pointer.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway import csvin
from gateway.problem import FieldError, Problem
from gateway.requests import BatchIn
from gateway.web import bounds
from gateway.web.bounds import FEW, read_long
from gateway.web.endpoint import check_json, read_json
from gateway.web.media import FORM, JSON, media_type, read_form
from gateway.web.problems import MOST_ERRORS, MOST_RECIPIENTS, malformed_json, too_many
from gateway.web.reading import aside
from gateway.web.route import Call

NDJSON = "application/x-ndjson"

MEDIA = (JSON, FORM, NDJSON)

MAX_BYTES = 16 * 1024 * 1024

#: JSON of so many octets is read at once.
_SMALL = 256 * 1024

#: Heading, without case and accents -> where its cells go.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("portable", "telephone", "to"), ("to",)),
    **dict.fromkeys(("destinataire", "label"), ("label",)),
    **dict.fromkeys(("consentement", "consent"), ("consent",)),
    **dict.fromkeys(("ne_pas_envoyer", "do_not_sms"), ("do_not_sms",)),
    "reference": ("reference",),
    **dict.fromkeys(("eleve", "subject.name"), ("subject", "name")),
    **dict.fromkeys(("division", "subject.division"), ("subject", "division")),
    **dict.fromkeys(("jamais_connecte", "flags.never_connected"), ("flags", "never_connected")),
    **dict.fromkeys(("identifiants_modifies", "flags.credentials_changed"), ("flags", "credentials_changed")),
}

_WHEN_EMPTY: Mapping[tuple[str, ...], bool | None] = {
    **{("consent",): None, ("do_not_sms",): False},
    **{("flags", "never_connected"): None, ("flags", "credentials_changed"): None},
}
_KEYWORD = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


@dataclass(slots=True)
class Rows:
    """The recipients of a file, the line of each, and the heading of each place (``/to``)."""

    recipients: list[Any] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)

    def add(self, recipient: Any, line: int) -> None:
        """One more. Raises ``too_many_recipients``."""
        if len(self.recipients) == MOST_RECIPIENTS:
            raise too_many()
        self.recipients.append(recipient)
        self.lines.append(line)


def read_batch(content_type: str, raw: bytes) -> BatchIn:
    """The batch of a body. Raises what says why it is none: 400, 413 or 422."""
    media = media_type(content_type)
    if media == FORM:
        return _from_form(read_form(content_type, raw))
    return _from_lines(raw) if media == NDJSON else _from_json(raw)


async def batch_of(call: Call) -> BatchIn:
    """The batch of a request; a large one, or a file, is read aside."""
    media = media_type(call.content_type)
    if media == JSON and len(call.raw) <= _SMALL:
        return read_batch(call.content_type, call.raw)
    return await aside(lambda: read_batch(call.content_type, call.raw), file=media == FORM)


def _from_json(raw: bytes) -> BatchIn:
    if raw.count(b",") <= FEW:
        return read_json(BatchIn, raw)
    check_json(raw)
    said = orjson.loads(raw)
    if not isinstance(said, dict):
        return read_json(BatchIn, raw)
    if isinstance(listed := said.get("recipients"), list) and len(listed) > MOST_RECIPIENTS:
        raise too_many()
    return read_long(BatchIn, said, "recipients")


# ---- CSV ----


def _from_form(form: Mapping[str, bytes]) -> BatchIn:
    if set(form) != {"request", "recipients"}:
        detail = "Le formulaire doit avoir deux champs : « request » (JSON) et « recipients » (fichier CSV)."
        raise Problem("malformed_body", detail)
    return _build(_load(form["request"], 0), read_csv(form["recipients"]))


def read_csv(raw: bytes) -> Rows:
    """The recipients of a CSV file. Raises ``malformed_body``, ``invalid_field``, ``too_many_recipients``."""
    cells = csvin.read_table(raw)
    _, headings = next(cells)
    places = _places(headings)
    rows, errors = Rows(headings={_pointer(place): headings[i] for i, place in places.items()}), list[FieldError]()
    for line, row in cells:
        rows.add(_recipient(row, places, _Place(len(rows.recipients), line, headings), errors), line)
        if len(errors) > MOST_ERRORS:
            break
    if errors:
        raise Problem("invalid_field", errors[0].message, errors[:MOST_ERRORS])
    return rows


def _places(headings: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """Where the cells of each column go."""
    places: dict[int, tuple[str, ...]] = {}
    for column, heading in enumerate(headings):
        if heading:
            place = COLUMNS.get(csvin.plain(heading)) or ("variables", _keyword(heading, column))
            if place in places.values():
                raise _bad_heading(column, heading, "est donnée deux fois : gardez-en une")
            places[column] = place
    if ("to",) not in places.values():
        names = ", ".join(f"« {name} »" for name, place in COLUMNS.items() if place == ("to",))
        raise Problem("malformed_body", f"Le fichier CSV n'a pas de colonne des numéros : nommez-la {names}.")
    return places


def _keyword(heading: str, column: int) -> str:
    name = re.sub(r"[^A-Z0-9_]", "_", csvin.plain(heading).upper())
    if not _KEYWORD.fullmatch(name):
        raise _bad_heading(column, heading, "ne peut pas être un mot-clé : commencez-la par une lettre, 64 au plus")
    return name


def _bad_heading(column: int, heading: str, why: str) -> Problem:
    return Problem("malformed_body", f"Ligne 1 du fichier CSV, colonne {column + 1} : « {heading[:40]} » {why}.")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row stands: among the recipients, and in the file."""

    index: int
    line: int
    headings: Sequence[str]

    def error(self, column: int, pointer: str, message: str) -> FieldError:
        """An error of one cell."""
        heading = self.headings[column] if column < len(self.headings) else ""
        where = f"Ligne {self.line}, colonne {column + 1}" + (f" « {heading} »" if heading else "")
        return FieldError(f"/recipients/{self.index}{pointer}", "wrong_value", f"{where} : {message}")


def _recipient(
    row: Sequence[str], places: Mapping[int, tuple[str, ...]], here: _Place, errors: list[FieldError]
) -> dict[str, Any]:
    recipient: dict[str, Any] = {}
    for column, cell in enumerate(row):
        place = places.get(column)
        value: str | bool | None = cell
        if place is None:
            if value:
                errors.append(here.error(column, "", "cette valeur n'a pas de titre de colonne."))
            continue
        if place in _WHEN_EMPTY:
            said = csvin.plain(cell)
            value = csvin.TRUTH.get(said, _WHEN_EMPTY[place])
            if said and said not in csvin.TRUTH:
                errors.append(here.error(column, _pointer(place), "écrivez oui ou non, ou laissez vide."))
        _put(recipient, place, value)
    return recipient


def _put(recipient: dict[str, Any], place: tuple[str, ...], value: str | bool | None) -> None:
    if len(place) == 2:
        recipient.setdefault(place[0], {})[place[1]] = value
    else:
        recipient[place[0]] = value


def _pointer(place: Sequence[str]) -> str:
    return "".join(f"/{step}" for step in place)


# ---- NDJSON ----


def _from_lines(raw: bytes) -> BatchIn:
    lines = io.BytesIO(raw.removeprefix(b"\xef\xbb\xbf"))
    first, rows = lines.readline(), Rows()
    for number, line in enumerate(lines, 2):
        if line.strip():
            rows.add(_load(line, number), number)
    return _build(_load(first, 1), rows)


def _load(raw: bytes, line: int) -> Any:
    """A JSON value; ``line`` is its line in the body, 0 for a whole field of a form."""
    bounds.check(raw)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        where = f"La ligne {line}" if line else "Le champ « request »"
        detail = f"{where} n'est pas du JSON valide en UTF-8, colonne {error.colno}. Corrigez et renvoyez la demande."
        raise Problem("malformed_json", detail, [FieldError("", "malformed_json", detail)]) from error


# ---- both ----


def _build(request: Any, rows: Rows) -> BatchIn:
    if not isinstance(request, dict):
        raise malformed_json("expected an object at line 1 column 1")
    if "recipients" in request:
        message = "Les destinataires sont dans la suite du corps : retirez ce champ."
        raise Problem("invalid_field", message, [FieldError("/recipients", "unknown_field", message)])
    try:
        return read_long(BatchIn, {**request, "recipients": rows.recipients}, "recipients")
    except Problem as problem:
        raise _with_lines(problem, rows) from problem


def _with_lines(problem: Problem, rows: Rows) -> Problem:
    """The same problem, its messages telling the line and the column of the file."""
    errors = [_with_line(error, rows) for error in problem.errors]
    return Problem(problem.code, errors[0].message, errors)


def _with_line(error: FieldError, rows: Rows) -> FieldError:
    found = re.fullmatch(r"/recipients/(\d+)(.*)", error.pointer)
    if found is None:
        return error
    heading = rows.headings.get(found[2])
    where = f"Ligne {rows.lines[int(found[1])]}" + (f", colonne « {heading} »" if heading else "")
    return FieldError(error.pointer, error.code, f"{where} : {error.message}")
