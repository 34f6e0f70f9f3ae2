"""« Modèles »: predefined messages, with their keywords; for one school, or for all."""

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.caller import Scope
from gateway.problem import Problem
from gateway.web.console.editing import Kind
from gateway.web.console.fields import faults
from gateway.web.console.visit import Page, Visit

_READ, _OPERATE = frozenset({Scope.READ}), frozenset({Scope.OPERATE})

WORDS = {
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
    if KIND.is_new(visit):
        return await _form(visit, {"school": visit.school.uai})
    found = await visit.ask("GET", KIND.api, KIND.of_address(visit), everywhere=True)
    return await _form(visit, {**found, "sensitive": " ".join(f"#{name}" for name in found["sensitive"])})


async def _form(visit: Visit, values: Mapping[str, Any], problem: Problem | None = None) -> web.Response:
    declared = visit.parts.registry.declared_template(KIND.of_address(visit))
    known = (await visit.ask("GET", "/v1/templates/keywords", everywhere=True))["data"]
    schools = {school.uai: f"{school.name} ({school.uai})" for school in visit.schools()}
    return visit.render(
        "modele.html",
        problem.status if problem else 200,
        values={name: values.get(name) or "" for name in WORDS},
        words=WORDS,
        choices={"school": {"": "Tous les établissements", **schools}},
        requires=values.get("requires") or [],
        conditions=CONDITIONS,
        keywords=[one["keyword"] for one in known],
        declared=declared,
        fixed=declared or not visit.may(Scope.OPERATE),
        new=KIND.is_new(visit),
        problem=problem,
        faults=faults(problem, WORDS),
    )


def _body(visit: Visit) -> dict[str, Any]:
    values = {name: str(visit.form.get(name, "")) for name in ("label", "text", "school")}
    body: dict[str, Any] = {name: value for name, value in values.items() if value.strip()}
    body["sensitive"] = [name for name in re.split(r"[\s,;#]+", str(visit.form.get("sensitive", ""))) if name]
    body["requires"] = visit.fields.get("requires", [])
    return body


KIND = Kind(
    api="/v1/templates/{code}",
    page="/modeles",
    name="code",
    new="nouveau",
    form=_form,
    body=_body,
    said=lambda visit: {**visit.form, "requires": visit.fields.get("requires", [])},
    taken="Un modèle a déjà ce code : choisissez-en un autre.",
)

PAGES: tuple[Page, ...] = (
    Page("GET", "/modeles", show, _READ, menu="Modèles", group="Paramètres"),
    Page("GET", KIND.path, edit, _READ),
    Page("POST", KIND.path, KIND.save, _OPERATE),
    Page("POST", f"{KIND.path}/supprimer", KIND.delete, _OPERATE),
)
