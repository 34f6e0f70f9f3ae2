"""« Modèles »: predefined messages, with their keywords; for one school, or for all."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from gateway.caller import Scope
from gateway.problem import Problem, field_problem
from gateway.web.console.fields import in_words
from gateway.web.console.visit import Page, Visit

_READ, _OPERATE = frozenset({Scope.READ}), frozenset({Scope.OPERATE})

NEW = "nouveau"

_WORDS = {
    **{"code": "Code", "label": "Libellé", "text": "Texte", "school": "Établissement"},
    "sensitive": "Mots-clés confidentiels",
}

#: Condition of the API -> what a page calls it.
CONDITIONS: Mapping[str, str] = {
    "never_connected": "EcoleDirecte : seulement ceux qui ne se sont jamais connectés",
    "credentials_unchanged": "Clés : seulement ceux qui n'ont pas modifié leurs identifiants",
}


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/modeles``: those of every school, and of all the person's schools."""
    found = await visit.ask("GET", "/v1/templates", everywhere=True)
    return visit.render("modeles.html", templates=found["data"], operate=visit.may(Scope.OPERATE))


async def edit(visit: Visit) -> web.StreamResponse:
    """``GET /console/modeles/{code}``; ``nouveau``: an empty one. Who may not change it sees it."""
    code = visit.request.match_info["code"]
    if code == NEW:
        empty = {"code": "", "label": "", "text": "", "sensitive": "", "requires": []}
        return await _form(visit, {**empty, "school": visit.school.uai})
    found = await visit.ask("GET", "/v1/templates/{code}", code, everywhere=True)
    return await _form(visit, {**found, "sensitive": " ".join(f"#{name}" for name in found["sensitive"])})


async def _form(visit: Visit, values: Any, problem: Problem | None = None) -> web.Response:
    code = visit.request.match_info["code"]
    declared = visit.parts.registry.declared_template(code)
    known = (await visit.ask("GET", "/v1/templates/keywords", everywhere=True))["data"]
    return visit.render(
        "modele.html",
        problem.status if problem else 200,
        values=values,
        keywords=[one["keyword"] for one in known],
        conditions=CONDITIONS,
        declared=declared,
        fixed=declared or not visit.may(Scope.OPERATE),
        new=code == NEW,
        problem=problem,
    )


async def save(visit: Visit) -> web.StreamResponse:
    """``POST /console/modeles/{code}``."""
    code = visit.request.match_info["code"]
    new = code == NEW
    code = str(visit.form.get("code", "")).strip().upper() if new else code
    values = {name: str(visit.form.get(name, "")) for name in ("label", "text", "school", "sensitive")}
    body: dict[str, Any] = {name: value for name, value in values.items() if value.strip()}
    body["sensitive"] = [name for name in re.split(r"[\s,;#]+", values["sensitive"]) if name]
    body["requires"] = visit.fields.get("requires", [])
    try:
        if new and any(one.code == code for one in visit.parts.registry.templates()):
            raise field_problem("invalid_field", "/code", "Un modèle a déjà ce code : choisissez-en un autre.")
        await visit.ask("PUT", "/v1/templates/{code}", code, body=body, everywhere=True)
    except Problem as problem:
        if problem.status != 422:
            raise
        return await _form(visit, {**values, "requires": body["requires"], "code": code}, _told(problem))
    return visit.go("/modeles", "enregistre")


def _told(problem: Problem) -> Problem:
    """By what the page calls each field; a list is one field here."""
    whole = [replace(one, pointer=f"/{one.pointer.split('/')[1]}") for one in problem.errors if one.pointer]
    return in_words(Problem(problem.code, problem.detail, whole or problem.errors), _WORDS)


async def delete(visit: Visit) -> web.StreamResponse:
    """``POST /console/modeles/{code}/supprimer``."""
    await visit.ask("DELETE", "/v1/templates/{code}", visit.request.match_info["code"], everywhere=True)
    return visit.go("/modeles", "supprime")


PAGES: tuple[Page, ...] = (
    Page("GET", "/modeles", show, _READ, menu="Modèles", group="Paramètres"),
    Page("GET", "/modeles/{code}", edit, _READ),
    Page("POST", "/modeles/{code}", save, _OPERATE),
    Page("POST", "/modeles/{code}/supprimer", delete, _OPERATE),
)
