"""Keys: of the configuration and of the store; expired, revoked, without the scope."""

from functools import partial

import pytest

from gateway.caller import Caller, Scope
from gateway.parts import Parts
from gateway.problem import Problem
from gateway.store.keys import create_key, new_secret, revoke_key
from gateway.web.auth import Keys, require
from tests.web.conftest import METZ, MORNING, Gateway

BODY = {"to": "06 60 00 00 00", "action": "INFO", "text": "Bonjour."}


async def stored_key(parts: Parts, expires_at: int | None = None) -> tuple[str, str]:
    """The key and its id."""
    secret = new_secret()
    made = partial(create_key, secret=secret, app="cantine", schools=[METZ], scopes=[Scope.SEND])
    return secret, await parts.store.write(partial(made, now=MORNING, expires_at=expires_at))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "vgm_send",
        "Basic vgm_send",
        "Bearer",
        "Bearer  ",
        "Bearer vgm_nobody",
        "Bearer vgm_s\u00e9nd",
        "Bearer " + "x" * 600,
    ],
)
async def test_a_key_that_opens_nothing(gateway: Gateway, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = await gateway.post("/v1/messages", BODY, key=None, headers=headers)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_scheme_may_have_any_case(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/messages", BODY, key=None, headers={"Authorization": "bearer vgm_send"})
    assert answer.status == 202


async def test_a_stored_key_opens_until_it_expires(gateway: Gateway) -> None:
    good, _ = await stored_key(gateway.parts, MORNING + 1)
    expired, _ = await stored_key(gateway.parts, MORNING)
    assert (await gateway.post("/v1/messages", BODY, key=good)).status == 202
    answer = await gateway.post("/v1/messages", BODY, key=expired)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert "expiré" in answer.json["detail"]


async def test_a_revocation_works_within_two_seconds(parts: Parts) -> None:
    secret, key_id = await stored_key(parts)
    now = [100.0]
    keys = Keys(parts, lambda: now[0])
    assert (await keys.caller(f"Bearer {secret}")).app == "cantine"
    await parts.store.write(partial(revoke_key, key_id=key_id, now=MORNING))
    now[0] += 0.9
    assert (await keys.caller(f"Bearer {secret}")).key == key_id
    now[0] += 0.2
    with pytest.raises(Problem, match="unauthorized"):
        await keys.caller(f"Bearer {secret}")


async def test_another_configuration_is_seen_at_once(gateway: Gateway) -> None:
    apps = tuple(app for app in gateway.parts.settings.apps if app.name != "vie-scolaire")
    assert (await gateway.post("/v1/messages", BODY, key="vgm_send")).status == 202
    gateway.parts.settings = gateway.parts.settings.model_copy(update={"apps": apps})
    assert (await gateway.post("/v1/messages", BODY, key="vgm_send")).status == 401


async def test_a_scope_is_missing(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/messages", BODY, key="vgm_read")
    assert (answer.status, answer.code) == (403, "forbidden_scope")
    assert "« send »" in answer.json["detail"]


async def test_another_schools_messages_cannot_be_sent(gateway: Gateway) -> None:
    forbidden = await gateway.post("/v1/messages", {**BODY, "school": "9741046A"}, key="vgm_send")
    assert (forbidden.status, forbidden.code) == (403, "school_forbidden")
    unsaid = await gateway.post("/v1/messages", BODY, key="vgm_two")
    assert (unsaid.status, unsaid.code) == (422, "school_required")


def test_admin_holds_every_scope() -> None:
    admin = Caller("a", "k", frozenset(), frozenset({Scope.ADMIN}))
    for scope in Scope:
        require(admin, frozenset({scope}))


def test_any_of_the_scopes_opens() -> None:
    caller = Caller("a", "k", frozenset(), frozenset({Scope.READ}))
    require(caller, frozenset({Scope.ACCOUNTS, Scope.READ}))
    with pytest.raises(Problem, match="forbidden_scope"):
        require(caller, frozenset({Scope.ACCOUNTS}))
