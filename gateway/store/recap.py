"""The recap: a page of what was submitted, and its totals, at a cost that does not grow with the messages.

Rules: the daily counters say on which days there is something that fits, so a page looks at no others; the totals are
sums of whole days from the counters, and of the messages of the days at the ends that are not whole. What is asked
about a number, a batch, an event or a label is found by its own index, and its totals are counted up to ``MOST``. A
selection with a label is looked up first (``labels.resolved``).
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.periods import FIRST_YEAR, LAST_YEAR, begin, covering, end, local
from gateway.store import labels, reports
from gateway.store.selection import MOST, After, Order, Selection, Sort, condition
from gateway.store.tables import daily, message

_m = message.c
_d = daily.c
_DAY = timedelta(days=1)
_EVER = 2**62
_YEARS = [f"{year:04}" for year in range(FIRST_YEAR, LAST_YEAR + 1)]


@dataclass(slots=True)
class Totals:
    """Of a whole selection. ``at_least``: there are more; they were not counted."""

    messages: int = 0
    parts: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by mode
    amount: int = 0  # millionths of a euro, of the ledger
    at_least: bool = False


# ---- a page ----


async def page(
    conn: AsyncConnection, wanted: Selection, order: Order, after: After | None, limit: int, zone: tzinfo
) -> Sequence[reports.AnyRow]:
    """The messages of a selection that come after ``after``, ``limit`` at most."""
    if wanted.rare or order.sort is not Sort.SENT:
        return await reports.page(conn, wanted, order, after, limit)
    ids = await _walk(conn, wanted, order, await _start(conn, after), limit, zone)
    return await reports.of_ids(conn, ids)


async def _start(conn: AsyncConnection, after: After | None) -> tuple[int, int] | None:
    """When the last row of the page before was sent, and its id."""
    if after is None:
        return None
    sent = (await conn.execute(select(_m.sent_at).where(_m.id == after.id))).scalar_one_or_none()
    return (sent or 0, after.id)


async def _walk(
    conn: AsyncConnection, wanted: Selection, order: Order, start: tuple[int, int] | None, limit: int, zone: tzinfo
) -> list[int]:
    """The ids of a page, day by day of those that have something that fits."""
    if start is not None:  # inside the period that is left, so that no day before is looked at
        if order.descending:
            wanted = replace(wanted, before=_least(wanted.before, start[0] + 1))
        else:
            wanted = replace(wanted, since=max(wanted.since or 0, start[0]))
    found: list[int] = []
    async for since, before in _spans(conn, wanted, order, zone):
        span = replace(wanted, since=since, before=before)
        keys = (_m.sent_at.desc(), _m.id.desc()) if order.descending else (_m.sent_at, _m.id)
        question = select(_m.id).where(condition(span)).order_by(*keys).limit(limit - len(found))
        if start is not None:
            question = question.where(_beyond(start, descending=order.descending))
        found += (await conn.execute(question)).scalars().all()
        if len(found) >= limit:
            break
    return found


def _beyond(start: tuple[int, int], *, descending: bool) -> ColumnElement[bool]:
    sent, last = start
    if descending:
        return or_(_m.sent_at < sent, and_(_m.sent_at == sent, _m.id < last))
    return or_(_m.sent_at > sent, and_(_m.sent_at == sent, _m.id > last))


async def _spans(
    conn: AsyncConnection, wanted: Selection, order: Order, zone: tzinfo
) -> AsyncIterator[tuple[int, int]]:
    """The days that hold something that fits, as instants cut to the period of the selection.

    Of a label that fits too many to be looked up nothing is known by day: it is met soon enough in all of them.
    """
    if wanted.label is not None:
        yield max(wanted.since or 0, await labels.earliest(conn, wanted)), wanted.before or _EVER
        return
    first, last = _days(wanted, zone)
    for year in await _holding(conn, wanted, order, _YEARS, first, last):
        for month in await _holding(conn, wanted, order, [f"{year}-{n:02}" for n in range(1, 13)], first, last):
            for day in await _holding(conn, wanted, order, [f"{month}-{n:02}" for n in range(1, 32)], first, last):
                since, before = begin(day, zone), end(day, zone)
                yield max(since, wanted.since or 0), _least(wanted.before, before)


async def _holding(
    conn: AsyncConnection, wanted: Selection, order: Order, periods: Sequence[str], first: date, last: date
) -> Sequence[str]:
    """Those of these years, months or days that hold something that fits, in the order of the list."""
    size = len(periods[0])
    asked = [one for one in periods if first.isoformat()[:size] <= one <= last.isoformat()[:size]]
    key = _d.period.desc() if order.descending else _d.period
    return (
        (await conn.execute(select(_d.period).distinct().where(*_counted(wanted, asked)).order_by(key))).scalars().all()
    )


# ---- the totals ----


async def totals(conn: AsyncConnection, wanted: Selection, zone: tzinfo) -> Totals:
    """How many messages a selection holds, their parts by mode, and what they cost."""
    if wanted.rare:
        return await _over_matches(conn, wanted)
    if wanted.ids is not None:
        return replace(await _over_matches(conn, replace(wanted, ids=wanted.ids[:MOST])), at_least=True)
    result = Totals()
    figures = (func.sum(_d.messages), func.sum(_d.parts), func.sum(_d.amount))
    counters = _counted(wanted, covering(*_whole(wanted, zone)))
    _add(result, (await conn.execute(select(_d.mode, *figures).where(*counters).group_by(_d.mode))).all())
    for since, before in _ends(wanted, zone):
        span = replace(wanted, since=since, before=before)
        sums = (func.count(), func.sum(_m.parts), func.sum(_m.billed))
        counting = select(_m.mode, *sums).where(condition(span)).group_by(_m.mode)
        _add(result, (await conn.execute(counting)).all())
    return result


def _add(result: Totals, rows: Sequence[Any]) -> None:
    for mode, messages, parts, amount in rows:
        result.messages += messages
        result.parts[mode] += parts
        result.amount += amount


async def _over_matches(conn: AsyncConnection, wanted: Selection) -> Totals:
    """Counted one by one, ``MOST`` at most."""
    some = select(_m.mode, _m.parts, _m.billed).where(condition(wanted)).limit(MOST + 1).subquery()
    result = Totals()
    figures = (func.count(), func.sum(some.c.parts), func.sum(some.c.billed))
    _add(result, (await conn.execute(select(some.c.mode, *figures).group_by(some.c.mode))).all())
    if result.messages > MOST:
        result.messages, result.at_least = MOST, True
    return result


# ---- the counters ----


def _counted(wanted: Selection, periods: Sequence[str]) -> list[ColumnElement[bool]]:
    """The selection as a condition on the counters of some periods."""
    terms: list[ColumnElement[bool]] = [_d.school == wanted.school, _d.period.in_(periods), _d.messages > 0]
    terms += [_d.status.in_(sorted(wanted.statuses))] if wanted.statuses else []
    said = (
        *((_d.action, wanted.action), (_d.mode, wanted.mode)),
        *((_d.user, wanted.user), (_d.workstation, wanted.workstation)),
    )
    return terms + [column == value for column, value in said if value is not None]


def _days(wanted: Selection, zone: tzinfo) -> tuple[date, date]:
    """The first and the last day that the period touches."""
    first = _date(wanted.since, zone) if wanted.since is not None else date(FIRST_YEAR, 1, 1)
    last = _date(wanted.before - 1, zone) if wanted.before is not None else date(LAST_YEAR, 12, 31)
    return first, last


def _whole(wanted: Selection, zone: tzinfo) -> tuple[date, date]:
    """The first and the last day that lie wholly in the period; none do when the first is after the last."""
    first, last = _days(wanted, zone)
    if wanted.since is not None and begin(first.isoformat(), zone) != wanted.since:
        first += _DAY
    if wanted.before is not None and end(last.isoformat(), zone) != wanted.before:
        last -= _DAY
    return first, last


def _ends(wanted: Selection, zone: tzinfo) -> Iterator[tuple[int, int]]:
    """What the period has of days that are not whole."""
    since, before = wanted.since, wanted.before
    first, last = (day.isoformat() for day in _days(wanted, zone))
    if since is not None and begin(first, zone) != since:
        yield since, _least(before, end(first, zone))
        if first == last:
            return
    if before is not None and end(last, zone) != before:
        yield max(since or 0, begin(last, zone)), before


def _date(instant: int, zone: tzinfo) -> date:
    return local(instant, zone).date()


def _least(limit: int | None, instant: int) -> int:
    return instant if limit is None else min(limit, instant)


# ---- who sends ----


async def origins(conn: AsyncConnection, school: str, user: str | None) -> tuple[Sequence[str], Sequence[str]]:
    """The users and the workstations that occur in a school's recap; of one user alone, if named."""
    whose = [_d.school == school, _d.period.in_(_YEARS), _d.messages > 0]
    whose += [_d.user == user] if user is not None else []
    found = []
    for column in (_d.user, _d.workstation):
        question = select(column).distinct().where(*whose, column != "").order_by(column)
        found.append((await conn.execute(question)).scalars().all())
    return found[0], found[1]
