"""Templates over HTTP."""

from typing import Any

import pytest

from tests.web.conftest import METZ, REUNION, Gateway

BODY = {"label": "Identifiants", "text": "#SITE : #LOGIN, ##1, #PASS et #LOGIN"}


async def put(gateway: Gateway, code: str, body: Any, key: str = "vgm_admin") -> Any:
    return await gateway.ask("PUT", f"/v1/templates/{code}", key, json=body)


async def codes(gateway: Gateway, key: str = "vgm_all") -> list[str]:
    return [template["code"] for template in (await gateway.get("/v1/templates", key)).json["data"]]


async def test_a_template_is_made_replaced_and_deleted(gateway: Gateway) -> None:
    made = await put(gateway, "CODES", BODY)
    assert made.status == 201
    assert made.json == {
        **BODY,
        **{"code": "CODES", "school": None, "sensitive": [], "requires": [], "keywords": ["SITE", "LOGIN", "PASS"]},
        "declared_in_configuration": False,
    }
    assert (await put(gateway, "CODES", {**BODY, "label": "Autre"})).status == 200
    assert (await gateway.get("/v1/templates/CODES")).json["label"] == "Autre"
    assert await codes(gateway) == ["BONJOUR", "CODES"]
    assert (await gateway.ask("DELETE", "/v1/templates/CODES", "vgm_admin")).status == 200
    assert (await gateway.get("/v1/templates/CODES")).code == "not_found"
    assert (await gateway.ask("DELETE", "/v1/templates/CODES", "vgm_admin")).code == "not_found"


async def test_it_can_be_sent_at_once(gateway: Gateway) -> None:
    await put(gateway, "CODES", {"label": "Codes", "text": "Bonjour #LOGIN"})
    body = {"to": "0612345678", "action": "INFO", "template": "CODES", "variables": {"LOGIN": "pauline"}}
    assert (await gateway.post("/v1/messages", body)).json["text"] == "Bonjour pauline"


async def test_what_it_calls_confidential_is_so_in_all_its_messages(gateway: Gateway) -> None:
    assert (
        await put(gateway, "CODES", {"label": "Codes", "text": "#LOGIN #PASS", "sensitive": ["PASS"]})
    ).status == 201
    message = {"to": "0612345678", "action": "INFO", "template": "CODES"}
    said = {"LOGIN": "pauline", "PASS": "s3cret"}
    for text, shown in ((None, "pauline •••"), ("Passe : #PASS", "Passe : •••"), ("Bonjour #LOGIN", "Bonjour pauline")):
        answer = await gateway.post("/v1/messages", {**message, "text": text, "variables": said})
        assert answer.json["text"] == shown
        group = {"action": "INFO", "template": "CODES", "text": text}
        await gateway.post("/v1/batches", {**group, "recipients": [{"to": "0612345679", "variables": said}]})
    assert b"s3cret" not in (await gateway.get("/v1/messages")).raw


async def test_what_it_requires_is_given_back(gateway: Gateway) -> None:
    wanted = ["never_connected", "credentials_unchanged"]
    assert (await put(gateway, "CODES", {**BODY, "requires": wanted})).json["requires"] == wanted
    assert (await gateway.get("/v1/templates/CODES")).json["requires"] == wanted


async def test_keywords_are_listed_with_their_templates(gateway: Gateway) -> None:
    await put(gateway, "CODES", BODY)
    await put(gateway, "LIEN", {"label": "Lien", "text": "#SITE"})
    listed = (await gateway.get("/v1/templates/keywords")).json["data"]
    assert {entry["keyword"]: entry["templates"] for entry in listed} == {
        "#LOGIN": ["CODES"],
        "#NOM": ["BONJOUR"],
        "#PASS": ["CODES"],
        "#SITE": ["CODES", "LIEN"],
    }


async def test_a_school_s_template_is_seen_by_that_school(gateway: Gateway) -> None:
    await put(gateway, "METZ", {**BODY, "school": METZ})
    assert "METZ" in await codes(gateway)
    assert "METZ" not in await codes(gateway, "vgm_other")
    assert (await gateway.get("/v1/templates/METZ", "vgm_other")).code == "not_found"
    body = {"to": "0692123456", "action": "INFO", "template": "METZ"}
    assert (await gateway.post("/v1/messages", body, "vgm_other")).code == "unknown_template"


async def test_another_school_s_template_is_not_touched(gateway: Gateway) -> None:
    answer = await put(gateway, "PORT", {**BODY, "school": REUNION})
    assert (answer.code, answer.pointers) == ("school_forbidden", ["/school"])


async def test_what_the_configuration_declares_is_read_only(gateway: Gateway) -> None:
    for method, more in (("PUT", {"json": BODY}), ("DELETE", {})):
        answer = await gateway.ask(method, "/v1/templates/BONJOUR", "vgm_admin", **more)
        assert (answer.status, answer.code) == (409, "declared_in_configuration")


BAD: list[tuple[str, Any, str]] = [
    ("CODES", {"label": "x"}, "/text"),
    ("CODES", {**BODY, "text": ""}, "/text"),
    ("CODES", {**BODY, "school": "x"}, "/school"),
    ("CODES", {**BODY, "code": "AUTRE"}, "/code"),
    ("codes", BODY, "/code"),
    ("CODES", {**BODY, "colour": 1}, "/colour"),
    ("CODES", {**BODY, "sensitive": ["PASS", "MDP"]}, "/sensitive/1"),
    ("CODES", {**BODY, "requires": ["always"]}, "/requires/0"),
]


@pytest.mark.parametrize(("code", "body", "pointer"), BAD)
async def test_a_wrong_template_is_named(gateway: Gateway, code: str, body: Any, pointer: str) -> None:
    answer = await put(gateway, code, body)
    assert (answer.status, answer.code, answer.pointers) == (422, "invalid_field", [pointer])


async def test_only_an_administrator_changes_them(gateway: Gateway) -> None:
    assert (await put(gateway, "CODES", BODY, "vgm_all")).code == "forbidden_scope"
