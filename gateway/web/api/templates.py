"""Templates: predefined messages with #KEY variables. Those of the configuration are read-only."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from gateway.keywords import keywords
from gateway.model import Condition, Template, Uai
from gateway.problem import Problem, field_problem
from gateway.registry import Registry
from gateway.requests import Body
from gateway.store import catalogue
from gateway.store.audit import noted
from gateway.web.answers.base import Deleted
from gateway.web.answers.settings import KeywordList, TemplateList, TemplateView
from gateway.web.api.actions import OPERATE, READ, checked_code, whole
from gateway.web.route import Call, Reply, Route


class TemplateBody(Body):
    """A template; its code is the one of the address."""

    code: Annotated[str, StringConstraints(max_length=40)] = Field("", description="as in the address")
    label: str = Field(min_length=1, max_length=120)
    text: str = Field(min_length=1, max_length=10_000)
    school: Uai | None = Field(None, description="null: for every school")
    sensitive: tuple[Annotated[str, StringConstraints(max_length=64)], ...] = Field((), max_length=20)
    requires: tuple[Condition, ...] = Field((), max_length=2)


def _view(template: Template, registry: Registry) -> dict[str, Any]:
    return {
        **template.model_dump(mode="json"),
        "keywords": list(keywords(template.text)),
        "declared_in_configuration": registry.declared_template(template.code),
    }


def _visible(call: Call) -> tuple[Template, ...]:
    """Those of every school, and of the caller's."""
    return call.parts.registry.templates_of(call.caller.schools)


async def list_templates(call: Call) -> Reply:
    """``GET /v1/templates``."""
    return Reply(whole([_view(template, call.parts.registry) for template in _visible(call)]))


async def list_keywords(call: Call) -> Reply:
    """``GET /v1/templates/keywords``: what a right click offers."""
    users: dict[str, list[str]] = {}
    for template in _visible(call):
        for keyword in keywords(template.text):
            users.setdefault(keyword, []).append(template.code)
    return Reply(whole([{"keyword": f"#{name}", "templates": users[name]} for name in sorted(users)]))


async def show_template(call: Call) -> Reply:
    """``GET /v1/templates/{code}``."""
    for template in _visible(call):
        if template.code == call.path["code"]:
            return Reply(_view(template, call.parts.registry))
    raise _unknown()


async def put_template(call: Call) -> Reply:
    """``PUT /v1/templates/{code}``: create or replace it."""
    body: TemplateBody = call.body
    template = Template.model_validate({**body.model_dump(), "code": checked_code(call, body.code)})
    for place, name in enumerate(template.sensitive):
        if name not in keywords(template.text):
            cure = f"« {name} » n'est pas un mot-clé du texte : écrivez-le comme dans le texte, sans #."
            raise field_problem("invalid_field", f"/sensitive/{place}", cure)
    registry = call.parts.registry
    _refuse_hidden(call, template.code)
    if template.school is not None and template.school not in call.caller.schools:
        raise field_problem("school_forbidden", "/school", "La clé n'est pas celle de cet établissement.")
    entry = call.act("template_put", template.code, school=template.school)
    new = await call.parts.store.write(noted(lambda conn: catalogue.put_template(conn, template, entry.at), entry))
    await registry.load(call.parts.store)
    return Reply(_view(template, registry), 201 if new else 200)


async def delete_template(call: Call) -> Reply:
    """``DELETE /v1/templates/{code}``."""
    code = call.path["code"]
    _refuse_hidden(call, code)
    known = next((template for template in _visible(call) if template.code == code), None)
    if known is None:
        raise _unknown()
    entry = call.act("template_deleted", code, school=known.school)
    await call.parts.store.write(noted(lambda conn: catalogue.delete_template(conn, code), entry))
    await call.parts.registry.load(call.parts.store)
    return Reply({"code": code, "deleted": True})


def _refuse_hidden(call: Call, code: str) -> None:
    """What the configuration declares is changed there; another school's is not seen."""
    registry = call.parts.registry
    if registry.declared_template(code):
        raise Problem("declared_in_configuration", f"Le modèle {code} est dans le fichier de configuration.")
    if any(template.code == code for template in registry.templates()) and not any(
        template.code == code for template in _visible(call)
    ):
        raise _unknown()


def _unknown() -> Problem:
    return Problem("not_found", "Aucun modèle n'a ce code : voir GET /v1/templates.")


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/templates", list_templates, READ, "Les modèles de messages"),
        answer=TemplateList,
        tag="templates",
    ),
    Route(
        *("GET", "/v1/templates/keywords", list_keywords, READ, "Les mots-clés des modèles"),
        answer=KeywordList,
        tag="templates",
    ),
    Route(
        *("GET", "/v1/templates/{code}", show_template, READ, "Un modèle"),
        answer=TemplateView,
        tag="templates",
        problems=("not_found",),
    ),
    Route(
        *("PUT", "/v1/templates/{code}", put_template, OPERATE, "Créer ou remplacer un modèle"),
        body=TemplateBody,
        answer=TemplateView,
        also=(201,),
        tag="templates",
        problems=("declared_in_configuration", "school_forbidden"),
    ),
    Route(
        *("DELETE", "/v1/templates/{code}", delete_template, OPERATE, "Supprimer un modèle"),
        answer=Deleted,
        tag="templates",
        problems=("declared_in_configuration", "not_found"),
    ),
)
