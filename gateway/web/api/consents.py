"""Consents and opt-outs of a school's families: one number, a file of them, those who opted out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice
from typing import Annotated, Any

import orjson
from pydantic import Field, StrictBool, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import csvin, csvout, french, numbers
from gateway.caller import Scope
from gateway.model import Uai
from gateway.problem import Problem, field_problem
from gateway.registry import KnownSchool
from gateway.requests import Body, Short
from gateway.store import people, wishes
from gateway.store.audit import noted
from gateway.store.people import ConsentWish, OptOut, OptOutsAfter, Person, Wish
from gateway.web.answers.settings import ConsentView, Imported, OptOutList
from gateway.web.api import cursors
from gateway.web.api.filters import Paging
from gateway.web.api.lists import known_school
from gateway.web.api.views import masked, stamp
from gateway.web.bounds import read_long
from gateway.web.endpoint import check_json, read_json
from gateway.web.media import JSON, media_type
from gateway.web.reading import aside
from gateway.web.route import Call, Reply, Route

SEE = frozenset({Scope.READ, Scope.CONSENTS})
CHANGE = frozenset({Scope.CONSENTS})
CSV = "text/csv"
MOST_ROWS = 50_000
_BYTES = 16 * 1024 * 1024


class SchoolQuery(Body):
    """Of which school."""

    school: Uai | None = None


class ConsentBody(Body):
    """What the family says now. A field that is left out stays as it was; ``consent: null`` forgets it."""

    consent: StrictBool | None = None
    opted_out: StrictBool | None = None
    source: Short = Field("api", description="where this is known from")
    school: Uai | None = None


class ImportRow(Body):
    """One number. ``opted_out: false`` does not lift an opt-out: an old list must not undo a STOP."""

    number: Annotated[str, StringConstraints(max_length=64)]
    consent: StrictBool | None = None
    opted_out: StrictBool | None = None
    source: Short | None = None


class ImportBody(Body):
    """Many numbers at once."""

    rows: tuple[ImportRow, ...] = Field(max_length=MOST_ROWS)
    source: Short = "import"
    school: Uai | None = None


class ImportQuery(SchoolQuery):
    """For a CSV file, which has no place for these."""

    source: Short = "import"


class OptOutsQuery(SchoolQuery, Paging):
    """A page of the numbers that opted out."""


_WISHES: Mapping[bool | None, ConsentWish] = {True: "yes", False: "no", None: "unknown"}


# ---- one number ----


def _number(call: Call, school: KnownSchool) -> str:
    read = numbers.read(call.path["number"], school.region, school.foreign)
    if isinstance(read, numbers.Unusable):
        raise field_problem("invalid_number", "/number", f"{french.reason_label(read.reason, read.detail)}.")
    return read.e164


async def show_consent(call: Call) -> Reply:
    """``GET /v1/consents/{number}``, with its history."""
    school = known_school(call.parts.registry, call.caller, call.query.school)
    return await _reply(call, school, _number(call, school))


async def _reply(call: Call, school: KnownSchool, number: str) -> Reply:
    async def question(conn: AsyncConnection) -> tuple[Person, Sequence[people.Change]]:
        known = await people.people(conn, school.uai, [number])
        return known[number], await people.history(conn, school.uai, number)

    person, changes = await call.parts.store.read(question)
    lines = [
        {"at": stamp(one.at, school.zone), "change": one.change, "source": one.source, "by": one.actor}
        for one in changes
    ]
    return Reply({**_view(person, school.zone, masked(call.caller)), "school": school.uai, "history": lines})


def _view(person: Person, zone: tzinfo, hide: bool) -> dict[str, Any]:
    return {
        "number": csvout.hidden(person.number) if hide else person.number,
        "consent": person.consent,
        "consent_source": person.consent_source,
        "consent_at": stamp(person.consent_at, zone),
        "opted_out": bool(person.opt_outs),
        "opted_out_source": person.opt_outs[0].source if person.opt_outs else None,
        "opted_out_at": stamp(person.opt_outs[0].at, zone) if person.opt_outs else None,
        "opt_outs": [_opt_out_view(one, zone) for one in person.opt_outs],
    }


def _opt_out_view(one: OptOut, zone: tzinfo) -> dict[str, Any]:
    return {"sender": one.sender or None, "source": one.source, "at": stamp(one.at, zone)}


async def put_consent(call: Call) -> Reply:
    """``PUT /v1/consents/{number}``."""
    body: ConsentBody = call.body
    school = known_school(call.parts.registry, call.caller, body.school)
    number = _number(call, school)
    consent = _WISHES[body.consent] if "consent" in body.model_fields_set else None
    wish = Wish(number, consent, body.opted_out, body.source)
    who, now = call.caller.actor, call.parts.clock()
    entry = call.act("consent", detail=wish.source, school=school.uai)
    rules = call.parts.rules
    await call.parts.store.write(noted(lambda conn: wishes.obey(conn, school.uai, [wish], who, now, rules), entry))
    return await _reply(call, school, number)


# ---- many ----


@dataclass(frozen=True, slots=True)
class Line:
    """A row of an import: its line, and what it wishes or why it cannot be taken."""

    row: int
    raw: str
    wish: Wish | None
    reason: str = ""
    detail: str = ""


async def import_consents(call: Call) -> Reply:
    """``POST /v1/consents/import``: JSON, or CSV. Rows that can be taken are; each other is told with its reason."""
    csv_file = media_type(call.content_type) == CSV
    read = _from_csv if csv_file else _from_json
    rows, source, asked, ignored = await aside(lambda: read(call), file=csv_file)
    school = known_school(call.parts.registry, call.caller, asked)
    lines = [_line(place, row, school, source) for place, row in rows]
    asked_for = [line.wish for line in lines if line.wish is not None]
    who, now = call.caller.actor, call.parts.clock()
    rules = call.parts.rules
    entry = call.act("consents_imported", detail=f"{len(asked_for)} numéro(s)", school=school.uai)
    verb = noted(lambda conn: wishes.obey(conn, school.uai, asked_for, who, now, rules), entry)
    changed = iter(await call.parts.store.write(verb))
    outcomes = ["refused" if line.wish is None else "changed" if next(changed) else "unchanged" for line in lines]
    return Reply(_import_view(lines, outcomes, ignored, masked(call.caller)))


def _from_json(call: Call) -> tuple[Iterable[tuple[int, ImportRow]], str, str | None, list[str]]:
    check_json(call.raw)
    said = orjson.loads(call.raw)
    body = read_long(ImportBody, said, "rows") if isinstance(said, dict) else read_json(ImportBody, call.raw)
    return enumerate(body.rows, 1), body.source, body.school or call.query.school, []


def _line(place: int, row: ImportRow, school: KnownSchool, source: str) -> Line:
    read = numbers.read(row.number, school.region, school.foreign)
    if isinstance(read, numbers.Unusable):
        return Line(place, row.number, None, read.reason, read.detail)
    consent = _WISHES[row.consent] if row.consent is not None else None
    return Line(place, row.number, Wish(read.e164, consent, row.opted_out or None, row.source or source))


def _import_view(
    lines: Sequence[Line], outcomes: Sequence[str], ignored: Sequence[str], hide: bool
) -> dict[str, object]:
    return {
        "rows": len(lines),
        **{word: outcomes.count(word) for word in ("changed", "unchanged", "refused")},
        "ignored_columns": list(ignored),
        "report": [_line_view(line, outcome, hide) for line, outcome in zip(lines, outcomes, strict=True)],
    }


def _line_view(line: Line, outcome: str, hide: bool) -> dict[str, object]:
    number = line.wish.number if line.wish else line.raw
    return {
        "row": line.row,
        "number": csvout.hidden(number) if hide else number,
        "outcome": outcome,
        "reason": line.reason or None,
        "reason_label": french.reason_label(line.reason, line.detail) if line.reason else None,
    }


# ---- CSV ----

_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("portable", "telephone", "numero", "to", "number"), "number"),
    **dict.fromkeys(("consentement", "accepte_les_sms", "consent"), "consent"),
    **dict.fromkeys(("opposition", "oppose", "stop", "opted_out"), "opted_out"),
    "source": "source",
}


def _from_csv(call: Call) -> tuple[Iterable[tuple[int, ImportRow]], str, str | None, list[str]]:
    (_, headed), *rows = islice(csvin.read_table(call.raw), MOST_ROWS + 2)
    headings = [csvin.plain(heading) for heading in headed]
    places = {_COLUMNS[heading]: place for place, heading in enumerate(headings) if heading in _COLUMNS}
    if "number" not in places:
        raise Problem("malformed_body", "Il faut une colonne des numéros : nommez-la « portable » ou « telephone ».")
    if len(rows) > MOST_ROWS:
        raise Problem("body_too_large", f"La limite est de {MOST_ROWS} lignes par import : envoyez-en moins.")
    found = [(line, _csv_row(line, cells, places)) for line, cells in rows]
    return found, call.query.source, call.query.school, [name for name in headings if name and name not in _COLUMNS]


def _csv_row(line: int, cells: Sequence[str], places: Mapping[str, int]) -> ImportRow:
    def cell(name: str) -> str:
        place = places.get(name, len(cells))
        return cells[place] if place < len(cells) else ""

    return ImportRow(
        number=cell("number")[:64],
        consent=_truth(line, "consent", cell),
        opted_out=_truth(line, "opted_out", cell),
        source=cell("source")[:200] or None,
    )


def _truth(line: int, name: str, cell: Callable[[str], str]) -> bool | None:
    said = csvin.plain(cell(name))
    if said and said not in csvin.TRUTH:
        message = f"Ligne {line} : écrivez oui ou non, ou laissez vide."
        raise field_problem("invalid_field", f"/rows/{line}/{name}", message)
    return csvin.TRUTH.get(said)


# ---- opt-outs ----


async def list_opt_outs(call: Call) -> Reply:
    """``GET /v1/opt-outs``."""
    query: OptOutsQuery = call.query
    school = known_school(call.parts.registry, call.caller, query.school)
    after = _read_cursor(query.cursor, school.uai)

    async def question(conn: AsyncConnection) -> tuple[list[OptOut], int | None]:
        found = await people.opt_outs(conn, school.uai, after, query.limit + 1)
        return list(found), await people.count_opt_outs(conn, school.uai) if query.count else None

    found, total = await call.parts.store.read(question)
    shown = found[: query.limit]
    cursor = _write_cursor(school.uai, after, shown) if len(found) > query.limit else None
    hide = masked(call.caller)
    data = [
        {"number": csvout.hidden(one.number) if hide else one.number, **_opt_out_view(one, school.zone)}
        for one in shown
    ]
    return Reply({"data": data, "page": {"next_cursor": cursor, "limit": query.limit, "total": total}})


def _write_cursor(school: str, after: OptOutsAfter, shown: Sequence[OptOut]) -> str:
    at = shown[-1].at
    seen = sum(one.at == at for one in shown) + (after.seen if after.at == at else 0)
    return cursors.write(school, at, seen)


def _read_cursor(cursor: str | None, school: str) -> OptOutsAfter:
    if cursor is None:
        return OptOutsAfter()
    place, at, seen = cursors.read(cursor, 3)
    if place != school or not (cursors.is_place(at) and cursors.is_place(seen)):
        raise cursors.invalid()
    return OptOutsAfter(at, seen)


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/consents/{number}", show_consent, SEE, "Ce qui est connu d'un numéro, avec l'historique"),
        query=SchoolQuery,
        answer=ConsentView,
        tag="consents",
        problems=("invalid_number", "school_required"),
    ),
    Route(
        *("PUT", "/v1/consents/{number}", put_consent, CHANGE, "Noter un accord, un refus ou une opposition"),
        body=ConsentBody,
        answer=ConsentView,
        tag="consents",
        problems=("invalid_number", "school_required"),
    ),
    Route(
        *("POST", "/v1/consents/import", import_consents, CHANGE, "Importer des accords et des oppositions"),
        body=ImportBody,
        query=ImportQuery,
        answer=Imported,
        tag="consents",
        raw_body=True,
        media=(JSON, CSV),
        max_bytes=_BYTES,
        problems=("malformed_body", "malformed_json", "school_required"),
    ),
    Route(
        *("GET", "/v1/opt-outs", list_opt_outs, SEE, "Les numéros opposés aux SMS"),
        query=OptOutsQuery,
        answer=OptOutList,
        tag="consents",
        problems=("invalid_cursor", "school_required"),
    ),
)
