"""The filters, sorts and cursors of lists, of the recap and of « Diffuser la sélection », as outsiders write them."""

import hashlib
from dataclasses import fields
from datetime import UTC
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gateway import numbers
from gateway.caller import Caller
from gateway.model import Code, Mode, Uai
from gateway.periods import FIRST_YEAR, LAST_YEAR, begin, end
from gateway.registry import KnownSchool
from gateway.requests import Body, Short
from gateway.states import FINAL, Status
from gateway.store.selection import After, Order, Selection, Sort, rank
from gateway.web.api import cursors

#: Not final yet: « Suivi ».
PENDING = "pending"

_STATUSES = frozenset(Status)


def _words(value: Any) -> Any:
    """``a,b`` in an address, ``"a"`` or ``["a", "b"]`` in a body."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _known_statuses(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if word != PENDING and word not in _STATUSES:
            raise ValueError(f"États possibles : {', '.join(sorted(_STATUSES))}, ou {PENDING}.")
    return words


def _moment(text: str) -> str:
    try:
        begin(text, UTC)
    except ValueError as error:
        raise ValueError(_MOMENT) from error
    return text


_MOMENT = (
    "Une date est attendue, comme 2026-11-23, ou une date et heure avec décalage, comme 2026-11-23T08:30:00+01:00, "
    f"de {FIRST_YEAR} à {LAST_YEAR}."
)


Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]
Statuses = Annotated[tuple[str, ...], BeforeValidator(_words), AfterValidator(_known_statuses)]


AnyMode = Literal[Mode, "ancien"]


class Emptiable(Body):
    """Filters that a form may leave empty."""

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, value: Any) -> Any:
        """A filter left empty in a form filters nothing."""
        return {name: one for name, one in value.items() if one != ""} if isinstance(value, dict) else value


class Filters(Emptiable):
    """Which messages. A date is a whole local day, ``to`` included; a timestamp excludes ``to``."""

    status: Statuses = Field((), description="several by comma; pending: all that are not final")
    action: Code | None = None
    mode: AnyMode | None = Field(None, description="quality class; ancien: imported")
    from_: Moment | None = Field(None, alias="from", description="date, or timestamp with its offset")
    to: Moment | None = Field(None, description="date (included), or timestamp (excluded)")
    school: Uai | None = None
    user: Short | None = None
    workstation: Short | None = None
    number: Short | None = Field(None, description="in any usual form")
    batch: Short | None = None
    event: Short | None = None
    label: Short | None = Field(None, description="words of the recipient's label, each by its beginning")


class Paging(Body):
    """Where in a list."""

    limit: int = Field(50, ge=1, le=500)
    cursor: Annotated[str, Field(max_length=200)] | None = Field(None, description="the next_cursor of the page before")
    count: bool = Field(False, description="true: page.total is given")


class ListQuery(Filters, Paging):
    """Filters, sort and page of a list of messages."""

    sort: Annotated[str, Field(pattern=rf"^-?({'|'.join(Sort)})$")] | None = Field(None, description="- : descending")


def selection(wanted: Filters, school: KnownSchool, caller: Caller, *, submitted: bool = False) -> Selection:
    """The filters as the store takes them, in the school's zone and with its numbers.

    Who sees only their own messages gets those, whatever the filters say.
    """
    number, number_input = _number(wanted.number, school)
    return Selection(
        school=school.uai,
        statuses=_statuses(wanted.status),
        action=wanted.action,
        mode=wanted.mode,
        since=begin(wanted.from_, school.zone) if wanted.from_ else None,
        before=end(wanted.to, school.zone) if wanted.to else None,
        user=caller.person if caller.own_only else wanted.user,
        workstation=wanted.workstation,
        number=number,
        number_input=number_input,
        batch=wanted.batch.removeprefix("bat_") if wanted.batch is not None else None,
        event=wanted.event,
        label=wanted.label,
        submitted=submitted,
    )


def _statuses(words: tuple[str, ...]) -> frozenset[Status]:
    named = frozenset(Status(word) for word in words if word != PENDING)
    return named | (_STATUSES - FINAL) if PENDING in words else named


def _number(raw: str | None, school: KnownSchool) -> tuple[str | None, str | None]:
    """As E.164 if it is a mobile; else it is looked for as it was written."""
    if raw is None:
        return None, None
    read = numbers.read(raw, school.region, school.foreign)
    return (read.e164, None) if isinstance(read, numbers.Number) else (None, raw)


def order_of(sort: str | None, default: Order) -> Order:
    """``-created`` as an order."""
    return default if sort is None else Order(Sort(sort.removeprefix("-")), sort.startswith("-"))


# ---- cursors ----


def write_cursor(wanted: Selection, order: Order, last: Any) -> str:
    """An opaque cursor that continues this list, and no other, after the row ``last``."""
    return cursors.write(_mark(wanted, order), last.id, rank(Status(last.status)))


def read_cursor(cursor: str | None, wanted: Selection, order: Order) -> After | None:
    """Where a list goes on. Raises ``invalid_cursor``."""
    if cursor is None:
        return None
    mark, last, place = cursors.read(cursor, 3)
    if mark != _mark(wanted, order) or not (cursors.is_place(last) and cursors.is_place(place)):
        raise cursors.invalid()
    return After(last, place)


def _mark(wanted: Selection, order: Order) -> str:
    said = [(field.name, getattr(wanted, field.name)) for field in fields(wanted) if field.name != "ids"]
    stable = [(name, sorted(value) if isinstance(value, frozenset) else value) for name, value in said]
    return hashlib.sha256(orjson.dumps([stable, order.sort, order.descending])).hexdigest()[:12]
