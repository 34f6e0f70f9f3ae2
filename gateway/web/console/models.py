"""« Modèles »: predefined messages, with their keywords; for one school, or for all."""

from typing import Any

from aiohttp import web

from gateway.caller import Scope
from gateway.problem import Problem, field_problem
from gateway.web.console.fields import in_words
from gateway.web.console.visit import Page, Visit

_READ, _OPERATE = frozenset({Scope.READ}), frozenset({Scope.OPERATE})

NEW = "nouveau"

_WORDS = {"code": "Code", "label": "Libellé", "text": "Texte", "school": "Établissement"}


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/modeles``: those of every school, and of all the person's schools."""
    found = await visit.ask("GET", "/v1/templates", everywhere=True)
    return visit.render("modeles.html", templates=found["data"], operate=visit.may(Scope.OPERATE))


async def edit(visit: Visit) -> web.StreamResponse:
    """``GET /console/modeles/{code}``; ``nouveau``: an empty one. Who may not change it sees it."""
    code = visit.request.match_info["code"]
    if code == NEW:
        return await _form(visit, {"code": "", "label": "", "text": "", "school": visit.school.uai})
    return await _form(visit, await visit.ask("GET", "/v1/templates/{code}", code, everywhere=True))


async def _form(visit: Visit, values: Any, problem: Problem | None = None) -> web.Response:
    code = visit.request.match_info["code"]
    declared = visit.parts.registry.declared_template(code)
    known = (await visit.ask("GET", "/v1/templates/keywords", everywhere=True))["data"]
    return visit.render(
        "modele.html",
        problem.status if problem else 200,
        values=values,
        keywords=[one["keyword"] for one in known],
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
    values = {name: str(visit.form.get(name, "")) for name in ("label", "text", "school")}
    body = {name: value for name, value in values.items() if value.strip()}
    try:
        if new and any(one.code == code for one in visit.parts.registry.templates()):
            raise field_problem("invalid_field", "/code", "Un modèle a déjà ce code : choisissez-en un autre.")
        await visit.ask("PUT", "/v1/templates/{code}", code, body=body, everywhere=True)
    except Problem as problem:
        if problem.status != 422:
            raise
        return await _form(visit, {**values, "code": code}, in_words(problem, _WORDS))
    return visit.go("/modeles", "enregistre")


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
