"""Actions: why messages are sent. Those of the configuration are read-only."""

from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from gateway import numbers
from gateway.caller import Caller, Scope
from gateway.model import Action, Code
from gateway.problem import CATALOGUE, Problem, field_problem
from gateway.registry import Registry
from gateway.requests import Body
from gateway.store import catalogue
from gateway.store.audit import noted
from gateway.web.answers.base import Deleted
from gateway.web.answers.settings import ActionList, ActionView
from gateway.web.route import Call, Reply, Route

READ = frozenset({Scope.READ})
#: Of who sets things up: ``admin`` opens everything.
OPERATE = frozenset({Scope.OPERATE})

_code = TypeAdapter(Code)


class ActionsQuery(Body):
    """Which actions."""

    usable: bool = Field(False, description="true: only those fully set up")


class ActionBody(Action):
    """An action; its code is the one of the address."""

    code: Code = Field("", description="as in the address; may be left out")


def checked_code(call: Call, code: str) -> str:
    """The code of the address, which the body may repeat. Raises ``invalid_field``."""
    wanted = call.path["code"]
    try:
        _code.validate_python(wanted)
    except ValidationError as error:
        cure = "Un code a 1 à 40 capitales, chiffres, « _ » ou « - », et commence par une capitale ou un chiffre."
        raise field_problem("invalid_field", "/code", cure) from error
    if code not in ("", wanted):
        raise field_problem("invalid_field", "/code", "Ce code n'est pas celui de l'adresse : retirez-le du corps.")
    return wanted


def _view(action: Action, registry: Registry) -> dict[str, Any]:
    obstacle = registry.obstacle(action)
    return {
        **action.model_dump(mode="json"),
        "mode": registry.mode(action),
        "usable": obstacle is None,
        "why_not": obstacle,
        "why_not_label": CATALOGUE[obstacle][1] if obstacle is not None else None,
        "declared_in_configuration": registry.declared(action.code),
    }


async def list_actions(call: Call) -> Reply:
    """``GET /v1/actions``."""
    registry = call.parts.registry
    actions = [action for action in registry.actions() if not call.query.usable or registry.usable(action)]
    return Reply(whole([_view(action, registry) for action in actions]))


def whole(data: list[Any]) -> dict[str, Any]:
    """A list that is always given whole, in the form of all lists."""
    return {"data": data, "page": {"next_cursor": None, "limit": len(data), "total": len(data)}}


async def show_action(call: Call) -> Reply:
    """``GET /v1/actions/{code}``."""
    action = call.parts.registry.action(call.path["code"])
    if action is None:
        raise _unknown()
    return Reply(_view(action, call.parts.registry))


async def put_action(call: Call) -> Reply:
    """``PUT /v1/actions/{code}``: create or replace it."""
    body: ActionBody = call.body
    registry = call.parts.registry
    action = Action.model_validate({**body.model_dump(), "code": checked_code(call, body.code)})
    _refuse_declared(registry, action.code)
    _check(action, registry, call.caller)
    entry = call.act("action_put", action.code)
    verb = noted(lambda conn: catalogue.put_action(conn, action, entry.at), entry)
    new = await call.parts.store.write(verb)
    await registry.load(call.parts.store)
    return Reply(_view(action, registry), 201 if new else 200)


def _check(action: Action, registry: Registry, caller: Caller) -> None:
    templates = {template.code for template in registry.templates_of(caller.schools)}
    if (before := registry.action(action.code)) is not None:
        templates.add(before.template or "")  # another school's may have been chosen by somebody of that school
    if action.template is not None and action.template not in templates:
        raise field_problem("unknown_template", "/template", "Ce modèle n'existe pas : créez-le d'abord.")
    if action.sender is not None:
        short_codes = {code for account in registry.accounts() for code in account.senders}
        if numbers.read_sender(action.sender, short_codes) is not None:
            cure = "Un émetteur a 1 à 11 lettres ou chiffres dont une lettre, ou est un numéro court d'un compte."
            raise field_problem("invalid_sender", "/sender", cure)


async def delete_action(call: Call) -> Reply:
    """``DELETE /v1/actions/{code}``: no more messages for it; the accounts keep its code."""
    code = call.path["code"]
    _refuse_declared(call.parts.registry, code)
    verb = noted(lambda conn: catalogue.delete_action(conn, code), call.act("action_deleted", code))
    if call.parts.registry.action(code) is None or not await call.parts.store.write(verb):
        raise _unknown()
    await call.parts.registry.load(call.parts.store)
    return Reply({"code": code, "deleted": True})


def _refuse_declared(registry: Registry, code: str) -> None:
    if registry.declared(code):
        raise Problem("declared_in_configuration", f"L'action {code} est dans le fichier de configuration.")


def _unknown() -> Problem:
    return Problem("not_found", "Aucune action n'a ce code : voir GET /v1/actions.")


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/actions", list_actions, READ, "Les actions ; usable=true : celles qui peuvent servir"),
        query=ActionsQuery,
        answer=ActionList,
        tag="actions",
    ),
    Route(
        *("GET", "/v1/actions/{code}", show_action, READ, "Une action"),
        answer=ActionView,
        tag="actions",
        problems=("not_found",),
    ),
    Route(
        *("PUT", "/v1/actions/{code}", put_action, OPERATE, "Créer ou remplacer une action"),
        body=ActionBody,
        answer=ActionView,
        also=(201,),
        tag="actions",
        problems=("declared_in_configuration", "unknown_template", "invalid_sender"),
    ),
    Route(
        *("DELETE", "/v1/actions/{code}", delete_action, OPERATE, "Supprimer une action"),
        answer=Deleted,
        tag="actions",
        problems=("declared_in_configuration", "not_found"),
    ),
)
