"""Actions over HTTP."""

from typing import Any

import pytest

from tests.web.conftest import Gateway

RETARD: dict[str, Any] = {"short_label": "SMS ret.", "long_label": "SMS de retard"}


async def put(gateway: Gateway, code: str, body: Any, key: str = "vgm_admin") -> Any:
    return await gateway.ask("PUT", f"/v1/actions/{code}", key, json=body)


async def codes(gateway: Gateway, query: str = "") -> list[str]:
    answer = await gateway.get(f"/v1/actions{query}")
    assert answer.json["page"]["total"] == len(answer.json["data"])
    return [action["code"] for action in answer.json["data"]]


@pytest.mark.row("S4 136")
async def test_only_what_is_fully_set_up_is_usable(gateway: Gateway) -> None:
    await put(gateway, "CHER", {**RETARD, "mode": "economique"})
    assert await codes(gateway) == ["ABSENCE", "CHER", "COURRIER", "INFO"]
    for query in ("?usable=true", "?usable=1"):
        assert await codes(gateway, query) == ["ABSENCE", "INFO"]


async def test_an_action_is_made_replaced_and_deleted(gateway: Gateway) -> None:
    made = await put(gateway, "RETARD", {**RETARD, "hold_max": "24h", "response_delay_days": 2})
    assert made.status == 201
    assert made.json["hold_max"] == "24h"
    assert made.json["mode"] == "standard"
    assert (made.json["usable"], made.json["declared_in_configuration"]) == (True, False)
    replaced = await put(gateway, "RETARD", {**RETARD, "code": "RETARD", "template": "BONJOUR"})
    assert (replaced.status, replaced.json["response_delay_days"]) == (200, 0)
    assert (await gateway.get("/v1/actions/RETARD")).json == replaced.json
    sent = await gateway.post("/v1/messages", {"to": "0612345678", "action": "RETARD", "text": "Bonjour"})
    assert sent.status == 202
    assert (await gateway.ask("DELETE", "/v1/actions/RETARD", "vgm_admin")).status == 200
    assert (await gateway.get("/v1/actions/RETARD")).code == "not_found"
    assert (await gateway.ask("DELETE", "/v1/actions/RETARD", "vgm_admin")).code == "not_found"


async def test_it_is_still_there_after_a_restart(gateway: Gateway) -> None:
    await put(gateway, "RETARD", RETARD)
    registry = type(gateway.parts.registry)(gateway.parts.settings)
    assert registry.action("RETARD") is None
    await registry.refresh(gateway.parts.store)
    assert registry.action("RETARD") is not None


async def test_another_process_sees_a_change_and_a_deletion(gateway: Gateway) -> None:
    other = type(gateway.parts.registry)(gateway.parts.settings)
    await other.load(gateway.parts.store)
    for label in ("un", "deux"):
        await put(gateway, "RETARD", {**RETARD, "short_label": label})
        await other.refresh(gateway.parts.store)
        action = other.action("RETARD")
        assert action is not None
        assert action.short_label == label
    await gateway.ask("DELETE", "/v1/actions/RETARD", "vgm_admin")
    await other.refresh(gateway.parts.store)
    assert other.action("RETARD") is None


async def test_what_the_configuration_declares_is_read_only(gateway: Gateway) -> None:
    for method, more in (("PUT", {"json": RETARD}), ("DELETE", {})):
        answer = await gateway.ask(method, "/v1/actions/ABSENCE", "vgm_admin", **more)
        assert (answer.status, answer.code) == (409, "declared_in_configuration")
    assert (await gateway.get("/v1/actions/ABSENCE")).json["declared_in_configuration"] is True


BAD: list[tuple[str, Any, str, str]] = [
    ("RETARD", {"short_label": "x"}, "invalid_field", "/long_label"),
    ("RETARD", {**RETARD, "colour": "red"}, "invalid_field", "/colour"),
    ("RETARD", {**RETARD, "mode": "ancien"}, "invalid_field", "/mode"),
    ("RETARD", {**RETARD, "validity": "soon"}, "invalid_field", "/validity"),
    ("RETARD", {**RETARD, "code": "AUTRE"}, "invalid_field", "/code"),
    ("retard", RETARD, "invalid_field", "/code"),
    ("RETARD", {**RETARD, "template": "NONE"}, "unknown_template", "/template"),
    ("RETARD", {**RETARD, "sender": "trop long pour cela"}, "invalid_sender", "/sender"),
    ("RETARD", {**RETARD, "sender": "0612345678"}, "invalid_sender", "/sender"),
]


@pytest.mark.parametrize(("code", "body", "problem", "pointer"), BAD)
async def test_a_wrong_action_is_named(gateway: Gateway, code: str, body: Any, problem: str, pointer: str) -> None:
    answer = await put(gateway, code, body)
    assert (answer.status, answer.code, answer.pointers) == (422, problem, [pointer])
    assert len(await codes(gateway)) == 3


async def test_only_an_administrator_changes_them(gateway: Gateway) -> None:
    assert (await put(gateway, "RETARD", RETARD, "vgm_all")).code == "forbidden_scope"
    assert (await gateway.ask("DELETE", "/v1/actions/RETARD", "vgm_all")).code == "forbidden_scope"
