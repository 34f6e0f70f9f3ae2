"""Provider accounts: how each is doing, and pause and resume. Never a secret."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.caller import Scope
from gateway.model import MODES, AccountSettings
from gateway.problem import Problem
from gateway.requests import Body, Short
from gateway.states import Status
from gateway.store import catalogue, evidence, reports
from gateway.store.audit import noted
from gateway.web.answers.accounts import AccountList, Paused, ProviderList
from gateway.web.api.actions import OPERATE, whole
from gateway.web.api.views import stamp
from gateway.web.route import Call, Reply, Route

SEE = frozenset({Scope.READ, Scope.ACCOUNTS})


class PauseQuery(Body):
    """Why: shown with the account."""

    reason: Short = Field("", description="shown with the account")


async def list_accounts(call: Call) -> Reply:
    """``GET /v1/accounts``. ``bound``, ``ready`` and ``why`` are null where no lane runs (role ``api``)."""

    known = await call.parts.store.read(_known_of_accounts)
    return Reply(whole([_view(call, account, known) for account in call.parts.registry.accounts()]))


class Known(NamedTuple):
    """What the store knows of the accounts, by name; of modes, by mode."""

    pauses: Mapping[str, catalogue.Pause]
    queued: Mapping[str, int]
    in_hand: Mapping[tuple[str, Status], int]
    ids: Mapping[str, evidence.Known]


async def _known_of_accounts(conn: AsyncConnection) -> Known:
    return Known(
        await catalogue.pauses(conn),
        await reports.queued_by_mode(conn),
        await reports.in_hand(conn),
        await evidence.learned(conn),
    )


def _view(call: Call, account: AccountSettings, known: Known) -> dict[str, Any]:
    modes = [mode for mode in MODES if account in call.parts.registry.accounts_of(mode)]
    lane = call.parts.lanes.get(account.name)
    running = lane.describe() if lane is not None else {}
    pause = known.pauses.get(account.name)
    ids = known.ids.get(account.name, evidence.Known(None, None, mixed=False))
    return {
        "name": account.name,
        "adapter": account.adapter,
        "provider": account.provider,
        "declared_in_configuration": call.parts.registry.declared_account(account.name),
        "modes": modes,
        "bound": running.get("bound"),
        "ready": running.get("ready"),
        "why": running.get("why"),
        "paused": pause is not None,
        "paused_at": stamp(pause.at, call.parts.registry.home) if pause else None,
        "paused_by": pause.actor if pause else None,
        "paused_reason": pause.reason if pause else None,
        "rate": account.rate,
        "rate_now": running.get("rate_now"),
        "rate_learned": running.get("rate_learned"),
        "window": account.window,
        "credit": running.get("credit"),
        "queue": sum(known.queued.get(mode, 0) for mode in modes),
        "sending": known.in_hand.get((account.name, Status.SENDING), 0),
        "uncertain": known.in_hand.get((account.name, Status.UNCERTAIN), 0),
        "message_id": getattr(account, "message_id", None),
        "message_id_learned": ids.form,
        "message_id_learned_at": stamp(ids.since, call.parts.registry.home),
        "message_id_mixed": ids.mixed,
    }


async def list_providers(call: Call) -> Reply:
    """``GET /v1/providers``: as the configuration declares them, with the accounts of each."""
    registry = call.parts.registry
    accounts = registry.accounts()
    data = [
        {**one.model_dump(), "accounts": [account.name for account in accounts if account.provider == one.name]}
        for one in registry.settings.providers
    ]
    return Reply(whole(data))


async def pause_account(call: Call) -> Reply:
    """``POST /v1/accounts/{name}/pause``: nothing more leaves; what left is waited for. Outlives restarts."""
    name, who, now = _known(call), call.caller.actor, call.parts.clock()
    reason = call.query.reason
    entry = call.act("account_paused", name, reason)
    await call.parts.store.write(noted(lambda conn: catalogue.pause(conn, name, who, reason, now), entry))
    lane = call.parts.lanes.get(name)
    if lane is not None:
        lane.pause()
    return Reply({"name": name, "paused": True})


async def resume_account(call: Call) -> Reply:
    """``POST /v1/accounts/{name}/resume``."""
    name = _known(call)
    entry = call.act("account_resumed", name)
    await call.parts.store.write(noted(lambda conn: catalogue.resume(conn, name), entry))
    lane = call.parts.lanes.get(name)
    if lane is not None:
        lane.resume()
    return Reply({"name": name, "paused": False})


def _known(call: Call) -> str:
    name = call.path["name"]
    if call.parts.registry.account(name) is None:
        raise unknown()
    return name


def unknown() -> Problem:
    """There is no such account."""
    return Problem("not_found", "Aucun compte fournisseur n'a ce nom : voir GET /v1/accounts.")


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/accounts", list_accounts, SEE, "Les comptes fournisseurs et leur état"),
        answer=AccountList,
        tag="accounts",
    ),
    Route(
        *("GET", "/v1/providers", list_providers, SEE, "Les fournisseurs et leurs contacts"),
        answer=ProviderList,
        tag="accounts",
    ),
    Route(
        *("POST", "/v1/accounts/{name}/pause", pause_account, OPERATE, "Suspendre un compte fournisseur"),
        query=PauseQuery,
        answer=Paused,
        tag="accounts",
        problems=("not_found",),
    ),
    Route(
        *("POST", "/v1/accounts/{name}/resume", resume_account, OPERATE, "Reprendre un compte fournisseur"),
        answer=Paused,
        tag="accounts",
        problems=("not_found",),
    ),
)
