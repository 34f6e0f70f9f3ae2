"""Which messages, in which order, from where on: the filters, sorts and pages of every list and of the recap.

Rules: a selection is of one school. Pages follow keys, not offsets: a page begins after the last row of the one
before, so that rows that arrive meanwhile move nothing. Ties are broken by the message's id.
"""

from dataclasses import dataclass
from enum import StrEnum
from json import dumps
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from gateway.french import words
from gateway.states import FINAL, PROGRESS, WORST, Status
from gateway.store.sealed import stands_for
from gateway.store.tables import batch, message

#: Messages counted, or looked up by their label, one by one at most.
MOST = 10_000


class Sort(StrEnum):
    """What a list may be sorted by."""

    CREATED = "created"
    SENT = "sent"
    STATUS = "status"
    ACTION = "action"
    NAME = "name"
    DIVISION = "division"
    EVENT = "event"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class Selection:
    """The messages of a school that fit everything said. Instants are milliseconds; ``before`` is excluded.

    ``submitted``: only those that were handed to a provider; ``since`` and ``before`` are then about that moment.
    """

    school: str
    statuses: frozenset[Status] = frozenset()
    action: str | None = None
    mode: str | None = None
    since: int | None = None
    before: int | None = None
    user: str | None = None
    workstation: str | None = None
    number: str | None = None
    number_input: str | None = None
    batch: str | None = None
    event: str | None = None
    app: str | None = None
    label: str | None = None  # words by their beginnings
    submitted: bool = False
    #: The first messages that the label fits, once looked up (``labels.resolved``): all of them, if not over ``MOST``.
    ids: tuple[int, ...] | None = None

    @property
    def rare(self) -> bool:
        """Whether it says something that few messages fit, and that has an index of its own."""
        return self.named or any(said is not None for said in (self.number, self.number_input, self.event, self.batch))

    @property
    def named(self) -> bool:
        """Whether ``ids`` are all that the label fits."""
        return self.ids is not None and len(self.ids) <= MOST


@dataclass(frozen=True, slots=True)
class Order:
    """A sort and its direction."""

    sort: Sort = Sort.CREATED
    descending: bool = False


@dataclass(frozen=True, slots=True)
class After:
    """The last row of the page before: its id, and for ``status``, which moves, its rank as it was shown."""

    id: int
    rank: int | None = None


#: Uncertain ones are shown first: they are what a person should look at.
_RANKS = {
    status: rank
    for rank, status in enumerate((Status.UNCERTAIN, *(s for s in PROGRESS if s is not Status.UNCERTAIN), *WORST))
}


def rank(status: Status) -> int:
    """The place of a state in a list sorted by ``status``."""
    return _RANKS[status]


_m = message.c


def _key(sort: Sort, columns: Any) -> ColumnElement[Any]:
    """What a sort compares, of the columns of ``message`` or of an alias of it."""
    match sort:
        case Sort.CREATED:
            key = columns.id
        case Sort.SENT:
            key = func.coalesce(columns.sent_at, 0)
        case Sort.STATUS:
            key = case(_RANKS, value=columns.status, else_=len(_RANKS))
        case Sort.ACTION:
            key = columns.action
        case Sort.NAME:
            key = func.french_order(func.coalesce(columns.subject_name, ""))
        case Sort.DIVISION:
            key = func.coalesce(columns.division, "")
        case Sort.EVENT:
            key = func.french_order(func.coalesce(columns.event_label, ""))
        case Sort.RECIPIENT:
            key = func.french_order(columns.label)
    return key  # type: ignore[no-any-return]


def condition(wanted: Selection) -> ColumnElement[bool]:
    """The selection as a condition on ``message``."""
    at: ColumnElement[Any] = _m.sent_at if wanted.submitted else _m.created_at
    of_school = _m.school == wanted.school
    terms: list[ColumnElement[bool]] = [of_school]
    if wanted.rare:
        # A number, an event or a batch is rarer than a school: without this, SQLite would read all of the school's.
        terms, at = [func.likely(of_school)], at + 0
    if wanted.statuses:
        terms.append(_m.status.in_(sorted(wanted.statuses)))
        if not wanted.statuses & FINAL:
            # True of every message that is not final; said so that the index of the open ones is used.
            terms.append(_m.deadline_at.is_not(None))
    if wanted.submitted:
        terms.append(and_(_m.sent_at.is_not(None), _m.lines > 0))
    if wanted.since is not None:
        terms.append(at >= wanted.since)
    if wanted.before is not None:
        terms.append(at < wanted.before)
    if wanted.named:
        terms.append(_m.id.in_(select(func.json_each(dumps(wanted.ids)).table_valued("value").c.value)))
    elif wanted.label is not None:
        terms.append(func.label_fits(_m.label, " ".join(words(wanted.label))))
    if wanted.batch is not None:
        terms.append(_m.batch == select(batch.c.id).where(batch.c.ulid == wanted.batch).scalar_subquery())
    terms += [column == value for column, value in _equalities(wanted) if value is not None]
    terms += [stands_for(_m.number, wanted.number)] if wanted.number is not None else []
    terms += [stands_for(_m.number_input, wanted.number_input)] if wanted.number_input is not None else []
    return and_(*terms)


def _equalities(wanted: Selection) -> list[tuple[ColumnElement[Any], str | None]]:
    return [
        (_m.action, wanted.action),
        (_m.mode, wanted.mode),
        (_m.user, wanted.user),
        (_m.workstation, wanted.workstation),
        (_m.event_id, wanted.event),
        (_m.app, wanted.app),
    ]


def paged(
    question: Select[*tuple[Any, ...]], order: Order, after: After | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """The page of a question about ``message`` that begins after ``after``."""
    key = _key(order.sort, _m)
    if after is not None:
        question = question.where(_beyond(key, order, after))
    columns = [_m.id] if order.sort is Sort.CREATED else [key, _m.id]
    return question.order_by(*(column.desc() if order.descending else column.asc() for column in columns)).limit(limit)


def _beyond(key: ColumnElement[Any], order: Order, after: After) -> ColumnElement[bool]:
    past_id = _m.id < after.id if order.descending else _m.id > after.id
    if order.sort is Sort.CREATED:
        return past_id
    last: Any = after.rank
    if order.sort is not Sort.STATUS:
        # This key does not move, so it is read from the row: a name has no place in a cursor.
        other = message.alias()
        last = select(_key(order.sort, other.c)).where(other.c.id == after.id).scalar_subquery()
    past_key = key < last if order.descending else key > last
    return or_(past_key, and_(key == last, past_id))
