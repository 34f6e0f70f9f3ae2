"""Months and budgets: what the accountant signs, and what a school allows itself to spend."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import orjson
from aiohttp import web
from pydantic import Field, StrictBool
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import csvout, french, statements, workbooks
from gateway.budgets import Period
from gateway.caller import Scope
from gateway.model import Uai
from gateway.periods import local, months, year_of
from gateway.pricing import MICROS
from gateway.problem import Problem, field_problem
from gateway.registry import KnownSchool
from gateway.requests import Body
from gateway.store import months as closings
from gateway.store.audit import note, noted
from gateway.store.months import Budget, Closed
from gateway.web.answers.base import Deleted
from gateway.web.answers.months import BudgetList, BudgetView, MonthList, MonthStatement
from gateway.web.api.actions import whole
from gateway.web.api.lists import known_school
from gateway.web.api.views import stamp
from gateway.web.files import exported, stream, workbook
from gateway.web.route import Call, Reply, Route

SEE = frozenset({Scope.READ, Scope.ACCOUNTS})
SIGN = frozenset({Scope.ACCOUNTS})

#: The budget of the whole school, where an address or an answer names an action.
ALL = "*"


class MonthsQuery(Body):
    """Which year of which school."""

    year: int | None = Field(None, ge=2000, le=2100)
    school_year: bool = False
    school: Uai | None = None


class SchoolQuery(Body):
    """Of which school."""

    school: Uai | None = None


class BudgetBody(Body):
    """What may be spent."""

    amount: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=4)]
    period: Period = "year"
    stop: StrictBool = False
    school: Uai | None = None


def _school(call: Call, asked: str | None) -> KnownSchool:
    return known_school(call.parts.registry, call.caller, asked)


async def list_months(call: Call) -> Reply:
    """``GET /v1/months``: the months of a year, open, closed or to come."""
    query: MonthsQuery = call.query
    school = _school(call, query.school)
    today = local(call.parts.clock(), school.zone).date()
    year = query.year or year_of(today, school_year=query.school_year)
    found = await call.parts.store.read(lambda conn: closings.closed(conn, school.uai))
    wanted = months(year, school_year=query.school_year)
    return Reply(whole([_month(month, found.get(month), today.isoformat()[:7], school) for month in wanted]))


def _month(month: str, closed: Closed | None, current: str, school: KnownSchool) -> dict[str, Any]:
    state = "closed" if closed else "over" if month < current else "current" if month == current else "to_come"
    return {
        "month": month,
        "label": french.month_label(month),
        "state": state,
        "closed_at": stamp(closed.at, school.zone) if closed else None,
        "closed_by": closed.actor if closed else None,
    }


async def show_month(call: Call) -> Reply:
    """``GET /v1/months/{month}``: the statement, as it is now or as it was signed."""
    school = _school(call, call.query.school)
    month = _named(call)
    return Reply(await statements.statement(call.parts.store, call.parts.registry, school.uai, month))


async def close_month(call: Call) -> Reply:
    """``POST /v1/months/{month}/close``: its figures never move again. Closing again changes nothing."""
    school, month, now = _school(call, call.query.school), _named(call), call.parts.clock()
    if month >= local(now, school.zone).date().isoformat()[:7]:
        raise Problem("month_not_over", f"{french.month_label(month).capitalize()} se clôt à partir du mois suivant.")
    entry = call.act("month_closed", month, school=school.uai)

    async def verb(conn: AsyncConnection) -> None:
        figures = await statements.worked_out(conn, call.parts.registry, school.uai, month)
        signed = orjson.dumps(figures).decode()
        if await closings.close(conn, school.uai, month, signed, call.caller.actor, now):
            await note(conn, entry)

    await call.parts.store.write(verb)
    return Reply(await statements.statement(call.parts.store, call.parts.registry, school.uai, month))


class LedgerQuery(SchoolQuery):
    """The ledger as CSV."""

    dialect: csvout.Dialect = "excel-fr"


async def ledger_csv(call: Call) -> web.StreamResponse:
    """``GET /v1/months/{month}/ledger.csv``: every line of the month."""
    school, month = _school(call, call.query.school), _named(call)
    await exported(call, f"registre {month} (CSV)", school.uai)
    pieces = workbooks.ledger_csv(call.parts.store, school.uai, month, school.zone, call.query.dialect)
    return await stream(call, f"registre-{school.uai}-{month}.csv", pieces)


async def ledger_xlsx(call: Call) -> web.StreamResponse:
    """``GET /v1/months/{month}/ledger.xlsx``."""
    school, month = _school(call, call.query.school), _named(call)
    await exported(call, f"registre {month} (XLSX)", school.uai)

    async def write(file: Path) -> None:
        await workbooks.ledger(call.parts.store, school.uai, month, school.zone, file)

    return await workbook(call, f"registre-{school.uai}-{month}.xlsx", write)


def _named(call: Call) -> str:
    """The month of the address. Raises ``not_found``."""
    month = call.path["month"]
    year, _, number = month.partition("-")
    if not (len(month) == 7 and year.isdecimal() and month.isascii() and number.isdecimal()):
        raise Problem("not_found", "Un mois s'écrit comme 2026-02.")
    if not (2000 <= int(year) <= 2100 and 1 <= int(number) <= 12):
        raise Problem("not_found", "Un mois s'écrit comme 2026-02.")
    return month


# ---- budgets ----


async def list_budgets(call: Call) -> Reply:
    """``GET /v1/budgets``: each with what is spent, committed, and when it will be used up."""
    school = _school(call, call.query.school)
    views = await statements.budget_views(call.parts.store, call.parts.registry, school, call.parts.clock())
    return Reply(whole(list(views)))


async def put_budget(call: Call) -> Reply:
    """``PUT /v1/budgets/{action}``; ``*``: of the whole school."""
    body: BudgetBody = call.body
    school, action = _school(call, body.school), _action(call)
    wanted = Budget(school.uai, action, body.period, int(body.amount * MICROS), body.stop)
    said = f"{body.amount} € HT, {body.period}" + (", avec arrêt" if body.stop else "")
    entry = call.act("budget_put", action or ALL, said, school.uai)
    who = call.caller.actor
    await call.parts.store.write(noted(lambda conn: closings.put_budget(conn, wanted, who, entry.at), entry))
    await call.parts.registry.load(call.parts.store)
    views = await statements.budget_views(call.parts.store, call.parts.registry, school, entry.at)
    return Reply(next(view for view in views if view["action"] == (action or ALL)))


async def delete_budget(call: Call) -> Reply:
    """``DELETE /v1/budgets/{action}``."""
    school, action = _school(call, call.query.school), _action(call)
    entry = call.act("budget_deleted", action or ALL, school=school.uai)

    async def verb(conn: AsyncConnection) -> bool:
        return await closings.delete_budget(conn, school.uai, action)

    if not any(one.school == school.uai and one.action == action for one in await _budgets(call)):
        raise Problem("not_found", "Cette action n'a pas de budget : voir GET /v1/budgets.")
    await call.parts.store.write(noted(verb, entry))
    await call.parts.registry.load(call.parts.store)
    return Reply({"code": action or ALL, "deleted": True})


async def _budgets(call: Call) -> list[Budget]:
    return list(await call.parts.store.read(closings.budgets))


def _action(call: Call) -> str:
    """The action of the address; empty for the whole school. Raises ``unknown_action``."""
    code = call.path["action"]
    if code == ALL:
        return ""
    if call.parts.registry.action(code) is None:
        raise field_problem("unknown_action", "/action", "L'action n'existe pas : GET /v1/actions donne la liste.")
    return code


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/months", list_months, SEE, "Les mois d'une année, ouverts ou clos"),
        query=MonthsQuery,
        answer=MonthList,
        tag="accounts",
        problems=("school_required",),
    ),
    Route(
        *("GET", "/v1/months/{month}", show_month, SEE, "Le relevé d'un mois : actions, comptes, TVA"),
        query=SchoolQuery,
        answer=MonthStatement,
        tag="accounts",
        problems=("not_found", "school_required"),
    ),
    Route(
        *("POST", "/v1/months/{month}/close", close_month, SIGN, "Clore un mois : ses chiffres ne bougent plus"),
        query=SchoolQuery,
        answer=MonthStatement,
        tag="accounts",
        problems=("month_not_over", "not_found", "school_required"),
    ),
    Route(
        *("GET", "/v1/months/{month}/ledger.csv", ledger_csv, SIGN, "Le registre d'un mois, ligne par ligne"),
        query=LedgerQuery,
        tag="accounts",
        problems=("not_found", "school_required"),
    ),
    Route(
        *("GET", "/v1/months/{month}/ledger.xlsx", ledger_xlsx, SIGN, "Le registre d'un mois, en classeur"),
        query=SchoolQuery,
        tag="accounts",
        problems=("not_found", "school_required", "too_many_rows"),
    ),
    Route(
        *("GET", "/v1/budgets", list_budgets, SEE, "Les budgets, ce qui en est dépensé, et la prévision"),
        query=SchoolQuery,
        answer=BudgetList,
        tag="accounts",
        problems=("school_required",),
    ),
    Route(
        *("PUT", "/v1/budgets/{action}", put_budget, SIGN, "Fixer le budget d'une action, ou de l'établissement (*)"),
        body=BudgetBody,
        answer=BudgetView,
        tag="accounts",
        problems=("unknown_action", "school_required"),
    ),
    Route(
        *("DELETE", "/v1/budgets/{action}", delete_budget, SIGN, "Lever un budget"),
        query=SchoolQuery,
        answer=Deleted,
        tag="accounts",
        problems=("not_found", "unknown_action", "school_required"),
    ),
)
