"""A month as the accountant signs it: by action and by provider account, tax once on each account's total.

Reads only. A closed month is shown as it was signed; what came later stands in the month in which it came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import budgets, french
from gateway.periods import local
from gateway.pricing import cents, euros, in_cents, vat
from gateway.store import months as closings
from gateway.store import synthesis as figures
from gateway.store.months import Budget, Closed

if TYPE_CHECKING:
    from gateway.registry import KnownSchool, Registry
    from gateway.store.database import Store


@dataclass(frozen=True, slots=True)
class Taxed:
    """A total before tax in millionths of a euro, its tax rate, and both in cents as an invoice has them."""

    amount: int
    rate: Decimal

    @property
    def view(self) -> dict[str, str]:
        """As the API says it."""
        before = cents(self.amount)
        tax = vat(before, self.rate)
        return {
            "ht_exact": euros(self.amount),
            "ht": in_cents(before),
            "vat_rate": format(self.rate.normalize(), "f"),
            "vat": in_cents(tax),
            "ttc": in_cents(before + tax),
        }


async def statement(store: "Store", registry: "Registry", school: str, month: str) -> dict[str, Any]:
    """The month of a school, open or closed."""

    async def question(conn: AsyncConnection) -> tuple[Closed | None, dict[str, Any]]:
        known = (await closings.closed(conn, school)).get(month)
        return known, {} if known else await worked_out(conn, registry, school, month)

    known, fresh = await store.read(question)
    if known is None:
        return {**fresh, "closed_at": None, "closed_by": None}
    at = local(known.at, registry.zone(school)).isoformat(timespec="milliseconds")
    return {**orjson.loads(known.statement), "closed_at": at, "closed_by": known.actor}


async def worked_out(conn: AsyncConnection, registry: "Registry", school: str, month: str) -> dict[str, Any]:
    """The figures of a month as the counters have them now."""
    lines = await figures.sums(conn, school, (month,))
    accounts = await figures.by_account(conn, school, month)
    taxed = [(one, Taxed(one.amount, _rate(registry, one.account)).view) for one in accounts]
    return {
        "school": school,
        "month": month,
        "label": french.month_label(month),
        "actions": [_action(line, registry) for line in lines if line.total or line.parts or line.delivered],
        "accounts": [{"account": one.account, **_counts(one), **view} for one, view in taxed],
        "total": {
            "delivered": sum(one.delivered for one in accounts),
            "total": sum(one.total for one in accounts),
            "parts": sum(one.parts for one in accounts),
            **{key: str(sum(Decimal(view[key]) for _, view in taxed)) or "0.00" for key in ("ht", "vat", "ttc")},
        },
        "not_submitted": sum(line.not_submitted for line in lines),
    }


def _rate(registry: "Registry", account: str) -> Decimal:
    known = registry.account(account)
    return known.vat if known is not None else Decimal(20)


def _counts(one: figures.AccountSums) -> dict[str, int]:
    return {"delivered": one.delivered, "total": one.total, "parts": one.parts}


def _action(line: figures.Sums, registry: "Registry") -> dict[str, Any]:
    action = registry.action(line.action)
    return {
        "action": line.action,
        "action_short_label": action.short_label if action else line.action,
        "regularises": line.of_month or None,
        "delivered": line.delivered,
        "total": line.total,
        "parts": line.parts,
        "ht_exact": euros(line.amount),
    }


# ---- budgets ----


async def budget_views(
    store: "Store", registry: "Registry", school: "KnownSchool", now: int
) -> Sequence[dict[str, Any]]:
    """Each budget of a school: what is spent and committed, the level, and when it will be used up."""
    day = local(now, school.zone).date()

    async def question(conn: AsyncConnection) -> list[dict[str, Any]]:
        mine = [one for one in await closings.budgets(conn) if one.school == school.uai]
        return [await _budget_view(conn, registry, one, day) for one in mine]

    return await store.read(question)


async def _budget_view(conn: AsyncConnection, registry: "Registry", one: Budget, day: date) -> dict[str, Any]:
    period = budgets.span(one.period, day)
    spent = await closings.spent(conn, one.school, one.action, period.months)
    committed = await closings.committed(conn, one.school, one.action)
    end = budgets.used_up(one.amount, spent, period, day)
    level = budgets.level(one.amount, spent + committed)
    action = registry.action(one.action)
    return {
        "action": one.action or "*",
        "action_label": action.long_label if action else one.action or "Tout l'établissement",
        "period": one.period,
        "from": period.first.isoformat(),
        "amount": euros(one.amount),
        "spent": euros(spent),
        "committed": euros(committed),
        "share": min(999, (spent + committed) * 100 // one.amount) if one.amount else 100,
        "level": level,
        "stop": one.stop,
        "exhausted_on": end.isoformat() if end else None,
        "forecast_label": french.forecast_label(level, end),
    }


async def over_budget(store: "Store", wanted: Sequence[Budget], cost: int, day: date) -> Budget | None:
    """The first of these budgets that a cost would exceed, with all that is spent and committed."""

    async def question(conn: AsyncConnection) -> Budget | None:
        for one in wanted:
            spent = await closings.spent(conn, one.school, one.action, budgets.span(one.period, day).months)
            if spent + await closings.committed(conn, one.school, one.action) + cost > one.amount:
                return one
        return None

    return await store.read(question)
