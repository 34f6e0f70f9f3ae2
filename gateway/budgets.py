"""Budgets: which period a day is in, how much is used, and when it will be used up. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from gateway.periods import months, year_of

Period = Literal["month", "year", "school_year"]

#: The share from which one is warned.
WARNING = 80


@dataclass(frozen=True, slots=True)
class Span:
    """A budget's period: its accounting months, its first day and the day after its last."""

    months: tuple[str, ...]
    first: date
    after: date


def span(period: str, day: date) -> Span:
    """The period that a day is in."""
    if period == "month":
        first = day.replace(day=1)
        return Span((f"{day.year:04}-{day.month:02}",), first, _next_month(first))
    of_school = period == "school_year"
    found = months(year_of(day, school_year=of_school), school_year=of_school)
    first = date.fromisoformat(f"{found[0]}-01")
    return Span(found, first, first.replace(year=first.year + 1))


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def used_up(amount: int, spent: int, period: Span, day: date) -> date | None:
    """The day on which a budget is used up if one goes on as since the period's first day; None: not before its end.

    A budget that is used up already is so today.
    """
    if spent >= amount:
        return day
    elapsed = (day - period.first).days + 1
    if spent <= 0:
        return None
    left = -(-(amount - spent) * elapsed // spent)  # days, rounded up
    end = day + timedelta(days=min(left, 366))
    return end if end < period.after else None


def level(amount: int, used: int) -> str:
    """``fine``, ``warning`` from 80 %, ``exhausted``."""
    if used >= amount:
        return "exhausted"
    return "warning" if used * 100 >= amount * WARNING else "fine"
