"""Utilisateurs: who may do what."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway import passwords
from gateway.caller import Scope
from gateway.problem import Problem
from gateway.roles import LABELS
from gateway.web.console.editing import Kind
from gateway.web.console.fields import faults
from gateway.web.console.visit import Page, Visit

_ADMIN = frozenset({Scope.ADMIN})
_NEW: dict[str, Any] = {"roles": ["envoi"], "recap_all": True}

#: Field of the form -> its words.
WORDS = {
    **{"login": "Identifiant", "name": "Nom", "schools": "Établissements", "roles": "Rôles"},
    **{"reason": "Raison, montrée à l'utilisateur", "password": "Mot de passe"},
}


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/utilisateurs``."""
    found = await visit.ask("GET", "/v1/users", everywhere=True)
    return visit.render("utilisateurs.html", users=found["data"], labels=LABELS)


async def edit(visit: Visit) -> web.StreamResponse:
    """``GET /console/utilisateurs/{login}``; ``nouveau``: an empty one."""
    if KIND.is_new(visit):
        return await _form(visit, {**_NEW, "schools": [visit.school.uai]})
    user = await visit.ask("GET", KIND.api, KIND.of_address(visit), everywhere=True)
    return await _form(visit, {**user, "disabled": user["disabled_at"] is not None})


async def _form(visit: Visit, values: Mapping[str, Any], problem: Problem | None = None) -> web.Response:
    texts = {"login": values.get("login", ""), "name": values.get("name", ""), "reason": values.get("blocked") or ""}
    lists = {name: values.get(name) or [] for name in ("schools", "roles")}
    return visit.render(
        "utilisateur.html",
        problem.status if problem else 200,
        values={**texts, **lists, "password": ""},
        words=WORDS,
        labels=LABELS,
        shortest=passwords.SHORTEST,
        recap_all=values.get("recap_all"),
        blocked=values.get("blocked") is not None,
        disabled=values.get("disabled"),
        new=KIND.is_new(visit),
        fixed=False,
        problem=problem,
        faults=faults(problem, WORDS, {"blocked": "reason"}),
    )


def _body(visit: Visit) -> dict[str, Any]:
    form = visit.form
    unsaid = [visit.school.uai] if len(visit.schools()) == 1 else []  # the form asks who has several
    return {
        "name": form.get("name", ""),
        "schools": visit.fields.get("schools", unsaid),
        "roles": visit.fields.get("roles", []),
        "recap_all": "recap_all" in form,
        "blocked": (form.get("reason") or "bloqué par l'administrateur") if "blocked" in form else None,
        "disabled": "disabled" in form,
        "password": form.get("password") or None,
    }


KIND = Kind(
    api="/v1/users/{login}",
    page="/utilisateurs",
    name="login",
    new="nouveau",
    form=_form,
    body=_body,
    taken="Un utilisateur a déjà cet identifiant : choisissez-en un autre.",
    spelled=str.lower,
    said=_body,
)

PAGES: tuple[Page, ...] = (
    Page("GET", "/utilisateurs", show, _ADMIN, menu="Utilisateurs", group="Administration"),
    Page("GET", KIND.path, edit, _ADMIN),
    Page("POST", KIND.path, KIND.save, _ADMIN),
)
