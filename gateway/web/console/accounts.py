"""« Comptes fournisseurs »: how each is doing, pause and resume, and who to call."""

from typing import Any

from aiohttp import web

from gateway.caller import Scope
from gateway.problem import Problem
from gateway.web.console.contracts import WORDS
from gateway.web.console.visit import Page, Visit

_SEE = frozenset({Scope.READ, Scope.ACCOUNTS})
_OPERATE = frozenset({Scope.OPERATE})


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/comptes``."""
    accounts = (await visit.ask("GET", "/v1/accounts"))["data"]
    providers = (await visit.ask("GET", "/v1/providers"))["data"]
    operate = visit.may(Scope.OPERATE)
    return visit.render("comptes.html", accounts=accounts, providers=providers, operate=operate)


async def consult(visit: Visit) -> web.StreamResponse:
    """``GET /console/comptes/{name}``."""
    account = await _account(visit)
    providers = (await visit.ask("GET", "/v1/providers"))["data"]
    provider = next((one for one in providers if one["name"] == account["provider"]), None)
    operate = visit.may(Scope.OPERATE)
    values = {"account": account, "provider": provider, "operate": operate, "options": {}, "uses": {}}
    if operate:
        contract = await visit.ask("GET", "/v1/accounts/{name}", account["name"])
        values |= {"options": contract["options"], "uses": contract["option_uses"]}
    return visit.render("compte.html", words=WORDS, **values)


async def _account(visit: Visit) -> Any:
    name = visit.request.match_info["name"]
    for account in (await visit.ask("GET", "/v1/accounts"))["data"]:
        if account["name"] == name:
            return account
    raise Problem("not_found", "Aucun compte fournisseur n'a ce nom.")


async def pause(visit: Visit) -> web.StreamResponse:
    """``POST /console/comptes/{name}/suspendre``."""
    name = visit.request.match_info["name"]
    query = {"reason": str(visit.form.get("reason", "")).strip()}
    await visit.ask("POST", "/v1/accounts/{name}/pause", name, query=query)
    return visit.go(f"/comptes/{name}", "suspendu")


async def resume(visit: Visit) -> web.StreamResponse:
    """``POST /console/comptes/{name}/reprendre``."""
    name = visit.request.match_info["name"]
    await visit.ask("POST", "/v1/accounts/{name}/resume", name)
    return visit.go(f"/comptes/{name}", "repris")


PAGES: tuple[Page, ...] = (
    Page("GET", "/comptes", show, _SEE, menu="Comptes fournisseurs", group="Paramètres"),
    Page("GET", "/comptes/{name}", consult, _SEE),
    Page("POST", "/comptes/{name}/suspendre", pause, _OPERATE),
    Page("POST", "/comptes/{name}/reprendre", resume, _OPERATE),
)
