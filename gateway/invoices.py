"""The detail of a provider's invoice: which column is what, and what its lines say. Pure.

Rules: OVHcloud's export and a generic format are known by their headings, French or English; any other needs
``Columns``. Dates begin with the day (or are ISO 8601); amounts may have a decimal comma; a line without a quantity
is of one part; a total at the foot is no line. Every error names its line and column, and the cure.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import tzinfo
from itertools import islice
from typing import Final, Literal, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from gateway import csvin
from gateway.invoice_cells import Bad, moment, money, quantity, telephone
from gateway.piles import Billed
from gateway.problem import FieldError, Problem

Format = Literal["ovhcloud", "generic", "mapping"]

#: Errors that are listed at most; lines at most.
MOST_ERRORS, MOST_LINES = 100, 100_000

#: What each column holds, in French.
FIELDS: Final[Mapping[str, str]] = {
    "id": "identifiant du fournisseur",
    "id2": "second identifiant",
    "number": "numéro du destinataire",
    "at": "date, ou date et heure",
    "time": "heure, si elle est à part",
    "parts": "nombre de SMS",
    "amount": "montant hors taxes",
    "credits": "crédits : 0, la ligne n'est pas facturée",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which heading of a provider's file is what; None: there is no such column. ``timezone``: of its times."""

    id: str | None = None
    id2: str | None = None
    number: str | None = None
    at: str | None = None
    time: str | None = None
    parts: str | None = None
    amount: str | None = None
    credits: str | None = None
    timezone: str | None = None

    @property
    def enough(self) -> bool:
        """Whether lines can be told apart: by an id, or by number and date."""
        return bool(self.id or (self.number and self.at))

    @property
    def view(self) -> dict[str, str | None]:
        """As JSON has it."""
        return asdict(self)

    @property
    def headings(self) -> dict[str, str]:
        """Field -> heading, of the columns that there are."""
        return {name: value for name, value in self.view.items() if value is not None and name != "timezone"}

    def fits(self, headings: Sequence[str]) -> bool:
        """Whether a file has all these columns."""
        return {plain(heading) for heading in self.headings.values()} <= {plain(heading) for heading in headings}

    def places(self, headings: Sequence[str]) -> dict[str, int]:
        """Field -> place of its column. Raises ``unknown_columns`` for a heading that is not there."""
        known = {plain(heading): place for place, heading in reversed(list(enumerate(headings)))}
        found = {}
        for name, heading in self.headings.items():
            if plain(heading) not in known:
                raise unknown_columns(f"Il n'y a pas de colonne « {heading[:40]} »", headings)
            found[name] = known[plain(heading)]
        return found


_OVHCLOUD: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("messageid", "id"),
    "id2": ("id",),
    "number": ("receiver", "destinataire", "receivers"),
    "at": ("creationdatetime", "creation_datetime", "sentat"),
    "parts": ("numberofsms", "number_of_sms", "nombre_de_sms"),
    "credits": ("credits", "credit"),
}

_GENERIC: Final[Mapping[str, tuple[str, ...]]] = {
    "id": (
        *("message_id", "messageid", "id_message", "identifiant_message", "identifiant_du_message", "id_fournisseur"),
        *("identifiant_fournisseur", "identifiant_du_fournisseur", "provider_id", "sms_id", "id_sms", "msgid"),
        *("msg_id", "uuid", "identifiant", "id"),
    ),
    "number": (
        *("numero", "n", "numero_de_telephone", "n_de_telephone", "n_telephone", "telephone", "tel", "portable"),
        *("mobile", "gsm", "msisdn", "numero_destinataire", "numero_du_destinataire", "n_destinataire", "to"),
        *("receiver", "recipient", "phone", "phone_number", "number", "destination", "destinataire"),
    ),
    "at": (
        *("date_heure", "date_et_heure", "date_d_envoi", "date_envoi", "envoye_le", "horodatage", "datetime"),
        *("date_time", "timestamp", "sent_at", "date_sent", "sent", "submitted_at", "created_at", "creationdatetime"),
        *("date_de_creation", "date_creation", "creation_date", "submit_date", "date"),
    ),
    "time": ("heure", "heure_d_envoi", "heure_envoi", "hour", "time"),
    "parts": (
        *("nb_sms", "nombre_de_sms", "nombre_sms", "nbre_sms", "nb_de_sms", "sms", "parties", "nb_parties", "parts"),
        *("segments", "num_segments", "number_of_sms", "numberofsms", "sms_count", "quantite", "qte", "quantity"),
        *("qty", "unites", "count"),
    ),
    "amount": (
        *("montant_ht", "prix_ht", "cout_ht", "total_ht", "amount_ht", "montant", "cout", "prix", "amount", "cost"),
        *("price", "charge"),
    ),
}


def plain(heading: str) -> str:
    """A heading without case, accents and signs: ``N° de téléphone`` is ``n_de_telephone``."""
    return re.sub(r"[^a-z0-9]+", "_", csvin.plain(heading)).strip("_")


def recognised(headings: Sequence[str]) -> tuple[Format, Columns] | None:
    """The built-in format that a file has by its headings, with its columns."""
    names = {plain(heading) for heading in headings}
    if names & {"creationdatetime", "creation_datetime"} and names & {"numberofsms", "number_of_sms", "credits"}:
        found = of_format("ovhcloud", headings)
        if found.enough:
            return "ovhcloud", found
    found = of_format("generic", headings)
    return ("generic", found) if found.enough else None


def of_format(wanted: Format, headings: Sequence[str]) -> Columns:
    """The columns that a built-in format has in this file."""
    known = _OVHCLOUD if wanted == "ovhcloud" else _GENERIC
    written = {plain(heading): heading for heading in reversed(headings)}
    found = {field: next((written[name] for name in names if name in written), None) for field, names in known.items()}
    if found.get("id2") == found["id"]:
        found["id2"] = None
    return Columns(**found)


def unknown_columns(why: str, headings: Sequence[str]) -> Problem:
    """The columns cannot be told: what there is, and what to do."""
    there = ", ".join(f"« {heading[:30]} »" for heading in headings[:20] if heading) or "aucune"
    cure = "Dites dans « mapping » quelle colonne est quoi : id, ou number et at."
    return Problem("unknown_columns", f"{why}. Colonnes du fichier : {there}. {cure}")


# ---- lines ----


class Invoice(NamedTuple):
    """What a file says: its lines, and how many rows were totals."""

    lines: list[Billed]
    totals: int


T = TypeVar("T")


def read(rows: Iterable[tuple[int, Sequence[str]]], headings: Sequence[str], columns: Columns, zone: tzinfo) -> Invoice:
    """The lines of a table without its headings. Raises ``unknown_columns``, ``invalid_field``, ``too_many_rows``.

    ``zone``: of times that say none, unless the columns do.
    """
    if not columns.enough:
        raise unknown_columns("Il faut l'identifiant, ou le numéro et la date", headings)
    reader = _Reader(headings, columns.places(headings), ZoneInfo(columns.timezone) if columns.timezone else zone)
    lines, totals = list[Billed](), 0
    for line, cells in rows:
        if _is_total(cells):
            totals += 1
        elif (found := reader.read(line, cells)) is not None:
            lines.append(found)
        if len(reader.errors) >= MOST_ERRORS:
            break
        if len(lines) > MOST_LINES:
            raise Problem("body_too_large", f"Le fichier a plus de {MOST_LINES} lignes : envoyez un mois à la fois.")
    if reader.errors:
        raise Problem("invalid_field", reader.errors[0].message, reader.errors)
    return Invoice(lines, totals)


class _Reader:
    """Reads rows, and keeps what is wrong with them."""

    def __init__(self, headings: Sequence[str], places: Mapping[str, int], zone: tzinfo) -> None:
        self._headings = headings
        self._places = places
        self._zone = zone
        self.errors: list[FieldError] = []

    def read(self, line: int, cells: Sequence[str]) -> Billed | None:
        """A row as a line; None for what is wrong."""
        said = {name: cells[place] if place < len(cells) else "" for name, place in self._places.items()}
        ids = tuple(id_ for id_ in (said.get("id", ""), said.get("id2", "")) if id_)
        fee = not ids and not said.get("number")
        if fee and not said.get("amount"):
            self._wrong(line, next(iter(self._places)), "ni identifiant, ni numéro, ni montant : retirez la ligne.")
            return None
        known = len(self.errors)
        number = self._cell(line, "number", said, telephone, "")
        at, half = self._moment(line, said)
        parts = self._cell(line, "parts", said, quantity, 0 if fee else 1)
        amount = self._cell(line, "amount", said, money, None)
        if self._cell(line, "credits", said, money, None) == 0:
            parts = 0
        if len(self.errors) > known:
            return None
        return Billed(line, ids, number, at, half, parts, amount)

    def _moment(self, line: int, said: Mapping[str, str]) -> tuple[int | None, int]:
        text = f"{said.get('at', '')} {said.get('time', '')}".strip()
        nothing: tuple[int | None, int] = (None, 0)
        return self._cell(line, "at", {"at": text}, lambda value: moment(value, self._zone), nothing)

    def _cell(self, line: int, name: str, said: Mapping[str, str], reader: Callable[[str], T], empty: T) -> T:
        text = said.get(name, "")
        if not text:
            return empty
        try:
            return reader(text)
        except Bad as error:
            self._wrong(line, name, str(error))
            return empty

    def _wrong(self, line: int, name: str, cure: str) -> None:
        place = self._places.get(name, 0)
        where = f"Ligne {line}, colonne {place + 1} « {self._headings[place][:40]} »"
        self.errors.append(FieldError(f"/invoice/{line}/{name}", "wrong_value", f"{where} : {cure}"))


def _is_total(cells: Sequence[str]) -> bool:
    """Whether a row begins with « Total »."""
    return _TOTAL(next(filter(None, cells), "")) is not None


_TOTAL = re.compile(r"(sous[- ]?|sub-?|grand )?total", re.IGNORECASE).match


# ---- files ----

#: Rows shown of a file whose columns are asked for.
SHOWN = 5


class Table(NamedTuple):
    """A file: its headings, and the rows below with their lines."""

    headings: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Choice:
    """What was said of a file's columns: a mapping or a format, else what was kept of the account's last file."""

    columns: Columns | None = None
    format: Format | None = None
    kept: Columns | None = None

    def of(self, headings: Sequence[str]) -> tuple[Format, Columns]:
        """The columns of a file with these headings. Raises ``unknown_columns``."""
        if self.columns is not None:
            return "mapping", self.columns
        if self.format == "mapping" and self.kept is not None:
            return "mapping", self.kept
        if self.format in ("ovhcloud", "generic"):
            return self.format, of_format(self.format, headings)
        found = self.proposed(headings)
        if found is None:
            raise unknown_columns("Aucun format connu n'a ces colonnes", headings)
        return found

    def proposed(self, headings: Sequence[str]) -> tuple[Format, Columns] | None:
        """What was kept, if the file has those columns; else what its headings say."""
        if self.kept is not None and self.kept.fits(headings):
            return "mapping", self.kept
        return recognised(headings)


def read_file(raw: bytes, chosen: Choice, zone: tzinfo) -> tuple[Format, Invoice]:
    """The lines of a file, and the format that it had. Raises Problem."""
    table = csvin.read_table(raw)
    _, headings = next(table)
    format_, columns = chosen.of(headings)
    return format_, read(table, headings, columns, zone)


def first_rows(raw: bytes) -> Table:
    """The headings of a file, and its first rows. Raises ``malformed_body``."""
    table = csvin.read_table(raw)
    _, headings = next(table)
    return Table(headings, list(islice(table, SHOWN)))
