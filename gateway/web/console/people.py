"""Utilisateurs: who may do what."""

from typing import Any

from aiohttp import web

from gateway.caller import Scope
from gateway.problem import Problem
from gateway.roles import LABELS
from gateway.web.console.visit import Page, Visit

_ADMIN = frozenset({Scope.ADMIN})
_NEW: dict[str, Any] = {
    **{"login": "", "name": "", "schools": [], "roles": ["envoi"], "recap_all": True},
    **{"blocked": None, "disabled_at": None},
}


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/utilisateurs``."""
    found = await visit.ask("GET", "/v1/users", everywhere=True)
    return visit.render("utilisateurs.html", users=found["data"], labels=LABELS)


async def edit(visit: Visit) -> web.StreamResponse:
    """``GET /console/utilisateurs/{login}``; ``nouveau``: an empty one."""
    login = visit.request.match_info["login"]
    user = _NEW if login == "nouveau" else await visit.ask("GET", "/v1/users/{login}", login, everywhere=True)
    return _form(visit, user, None)


def _form(visit: Visit, user: Any, problem: Problem | None) -> web.Response:
    status = problem.status if problem else 200
    values = {"user": user, "labels": LABELS, "problem": problem}
    return visit.render("utilisateur.html", status, **values)


async def save(visit: Visit) -> web.StreamResponse:
    """``POST /console/utilisateurs/{login}``."""
    login = visit.request.match_info["login"]
    if login == "nouveau":
        login = str(visit.form.get("login", "")).strip().lower()
    body = {
        "name": visit.form.get("name", ""),
        "schools": visit.fields.get("schools", [visit.school.uai]),
        "roles": visit.fields.get("roles", []),
        "recap_all": "recap_all" in visit.form,
        "blocked": (visit.form.get("reason") or "bloqué par l'administrateur") if "blocked" in visit.form else None,
        "disabled": "disabled" in visit.form,
        "password": visit.form.get("password") or None,
    }
    try:
        await visit.ask("PUT", "/v1/users/{login}", login, body=body, everywhere=True)
    except Problem as problem:
        if problem.status != 422:
            raise
        shown = {**body, "login": login, "disabled_at": "oui" if body["disabled"] else None}
        return _form(visit, shown, problem)
    return visit.go("/utilisateurs", "enregistre")


PAGES: tuple[Page, ...] = (
    Page("GET", "/utilisateurs", show, _ADMIN, menu="Utilisateurs", group="Administration"),
    Page("GET", "/utilisateurs/{login}", edit, _ADMIN),
    Page("POST", "/utilisateurs/{login}", save, _ADMIN),
)
