"""The settings of one provider account (S4 row 120): Modifier, Annuler, Valider; the password is never shown."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.caller import Scope
from gateway.model import MODES
from gateway.problem import Problem, field_problem
from gateway.web.console.fields import faults, filled
from gateway.web.console.visit import Page, Visit

_OPERATE = frozenset({Scope.OPERATE})

#: Field of the API -> its words.
WORDS: Mapping[str, str] = {
    "name": "Nom du compte",
    "provider": "Nom du fournisseur de service",
    "key_id": "Clé d'identification",
    "password": "Mot de passe",
    "option1": "Option 1",
    "option2": "Option 2",
    "service_code": "Code de service",
    "host": "Adresse du fournisseur",
    "port": "Port",
    "rate": "SMS par seconde",
    "window": "Envois sans réponse au plus",
    "price": "Prix d'un SMS en euros HT",
    "modes": "Modes d'envoi",
}

_TEXTS = ("provider", "key_id", "password", "option1", "option2", "service_code", "host", "price")
_FIELDS = tuple(name for name in WORDS if name not in ("name", "modes"))
_NEW: Mapping[str, Any] = {"port": 2775, "rate": 20, "window": 10}


async def new(visit: Visit) -> web.StreamResponse:
    """``GET /console/nouveau-compte``."""
    return await _form(visit, _NEW, [])


async def edit(visit: Visit) -> web.StreamResponse:
    """``GET /console/comptes/{name}/modifier``."""
    name = visit.request.match_info["name"]
    found = await visit.ask("GET", "/v1/accounts/{name}", name)
    options = found["options"]
    price = str(options["price"]).replace(".", ",") if options.get("price") is not None else None
    return await _form(visit, {**options, "price": price, "name": name}, found["modes"])


async def _form(visit: Visit, values: Mapping[str, Any], modes: Any, problem: Problem | None = None) -> web.Response:
    name = visit.request.match_info.get("name", "")
    declared = visit.parts.registry.declared_account(name)
    known = [one["name"] for one in (await visit.ask("GET", "/v1/providers"))["data"]]
    shown = {field: _shown(values.get(field)) for field in WORDS} | {"password": ""}
    return visit.render(
        "compte_modifier.html",
        problem.status if problem else 200,
        values=shown,
        chosen=modes,
        account=name,
        words=WORDS,
        choices={"provider": {"": "AUCUN", **{one: one for one in known}}},
        modes=MODES,
        declared=declared,
        fixed=declared,
        problem=problem,
        faults=faults(problem, WORDS),
    )


def _shown(value: Any) -> str:
    """As people write it: a decimal comma, no useless noughts."""
    if value is None:
        return ""
    return f"{value:g}".replace(".", ",") if isinstance(value, float) else str(value)


async def create(visit: Visit) -> web.StreamResponse:
    """``POST /console/nouveau-compte``."""
    name = str(visit.form.get("name", "")).strip()
    taken = visit.parts.registry.account(name) is not None
    why = "Un compte a déjà ce nom : choisissez-en un autre." if taken else ""
    return await _put(visit, name, {}, why)


async def save(visit: Visit) -> web.StreamResponse:
    """``POST /console/comptes/{name}/modifier``: what the page does not show stays as it was."""
    name = visit.request.match_info["name"]
    found = await visit.ask("GET", "/v1/accounts/{name}", name)
    return await _put(visit, name, found["options"], "")


async def _put(visit: Visit, name: str, before: Mapping[str, Any], why: str) -> web.StreamResponse:
    modes = visit.fields.get("modes", [])
    said = filled(visit.form, _FIELDS)
    said = {field: str(visit.form[field]).strip() if field in _TEXTS else value for field, value in said.items()}
    said |= {field: str(said[field]).replace(",", ".") for field in ("rate", "price") if field in said}
    kept = {field: value for field, value in before.items() if field not in _FIELDS}
    try:
        if why:
            raise field_problem("invalid_field", "/name", why)
        await visit.ask("PUT", "/v1/accounts/{name}", name, body={**kept, **said, "modes": modes})
    except Problem as problem:
        if problem.status != 422 and problem.code != "no_sealing_key":
            raise
        return await _form(visit, {**visit.form, "name": name}, modes, problem)
    return visit.go(f"/comptes/{name}", "enregistre")


async def delete(visit: Visit) -> web.StreamResponse:
    """``POST /console/comptes/{name}/supprimer``."""
    await visit.ask("DELETE", "/v1/accounts/{name}", visit.request.match_info["name"])
    return visit.go("/comptes", "supprime")


PAGES: tuple[Page, ...] = (
    Page("GET", "/nouveau-compte", new, _OPERATE, within="/comptes"),
    Page("POST", "/nouveau-compte", create, _OPERATE, within="/comptes"),
    Page("GET", "/comptes/{name}/modifier", edit, _OPERATE),
    Page("POST", "/comptes/{name}/modifier", save, _OPERATE),
    Page("POST", "/comptes/{name}/supprimer", delete, _OPERATE),
)
