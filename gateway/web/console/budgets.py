"""Budgets: what a school allows itself, what is used, when it will be used up; set and lifted by the comptable."""

from aiohttp import web

from gateway.caller import Scope
from gateway.problem import Problem
from gateway.web.console.visit import Page, Visit

SEE = frozenset({Scope.READ, Scope.ACCOUNTS})
SIGN = frozenset({Scope.ACCOUNTS})

#: The period of a budget -> its words.
PERIODS = {"month": "par mois", "year": "par année civile", "school_year": "par année scolaire"}

#: The level of a budget -> its words, the look of its badge.
LEVELS = {
    "fine": ("dans le budget", "delivered"),
    "warning": ("80 % dépassés", "held"),
    "exhausted": ("épuisé", "undelivered"),
}
_FORM = {"action": "*", "amount": "", "period": "year", "stop": ""}


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/budgets``."""
    return await _page(visit, None)


async def _page(visit: Visit, problem: Problem | None) -> web.StreamResponse:
    return visit.render(
        "budgets.html",
        problem.status if problem else 200,
        problem=problem,
        budgets=(await visit.ask("GET", "/v1/budgets"))["data"],
        actions=visit.parts.registry.actions(),
        periods=PERIODS,
        levels=LEVELS,
        form={name: str(visit.form.get(name, value)) for name, value in _FORM.items()},
        sign=visit.may(Scope.ACCOUNTS),
    )


async def put(visit: Visit) -> web.StreamResponse:
    """``POST /console/budgets``: set, or set otherwise, the one of an action or of the school."""
    form = visit.form
    amount = "".join(str(form.get("amount", "")).split()).removesuffix("€").replace(",", ".")
    body = {"amount": amount, "period": form.get("period", ""), "stop": form.get("stop") == "yes"}
    try:
        await visit.ask("PUT", "/v1/budgets/{action}", str(form.get("action", "")), body=body)
    except Problem as problem:
        return await _page(visit, problem)
    return visit.go("/budgets", "budget-fixe")


async def lift(visit: Visit) -> web.StreamResponse:
    """``POST /console/budgets/lever``."""
    await visit.ask("DELETE", "/v1/budgets/{action}", str(visit.form.get("action", "")))
    return visit.go("/budgets", "budget-leve")


PAGES: tuple[Page, ...] = (
    Page("GET", "/budgets", show, SEE, menu="Budgets", group="Comptes"),
    Page("POST", "/budgets", put, SIGN),
    Page("POST", "/budgets/lever", lift, SIGN),
)
