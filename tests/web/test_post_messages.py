"""``POST /v1/messages`` over HTTP: what is accepted, and every way of being refused."""

import asyncio
from typing import Any

import pytest

from gateway.web.answers.sending import MessageAccepted
from tests.web.conftest import REUNION, Gateway

BODY: dict[str, Any] = {
    "to": "06 60 00 00 00",
    "action": "INFO",
    "text": "Bonjour, #ELEVE est là.",
    "variables": {"ELEVE": "Léa"},
    "reference": "ABS-9/1",
}


async def test_a_message_is_accepted(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/messages", BODY, key="vgm_send")
    assert answer.status == 202
    assert set(answer.json) <= set(MessageAccepted.model_fields)
    MessageAccepted.model_validate(answer.json)
    assert answer.headers["Location"] == f"/v1/messages/{answer.json['id']}"
    told = {name: answer.json[name] for name in ("serial", "status", "to", "text", "parts", "cost", "reference")}
    assert told == {
        "serial": 1,
        "status": "queued",
        "to": "+33660000000",
        "text": "Bonjour, Léa est là.",
        "parts": 1,
        "cost": {"amount": "0.0450", "currency": "EUR"},
        "reference": "ABS-9/1",
    }


async def test_the_address_of_the_answer_leads_to_the_message(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/messages", BODY)
    found = await gateway.get(answer.headers["Location"])
    assert (found.status, found.json["id"]) == (200, answer.json["id"])
    assert (await gateway.get(answer.headers["Location"], key="vgm_other")).status == 404


async def test_what_waits_and_what_is_ignored(gateway: Gateway) -> None:
    held = await gateway.post("/v1/messages", {**BODY, "action": "ABSENCE"})
    assert (held.status, held.json["status"], held.json["status_label"]) == (202, "held", "À diffuser")
    ignored = await gateway.post("/v1/messages", {**BODY, "to": "01 23 45 67 89"})
    assert (ignored.status, ignored.json["status"], ignored.json["reason"]) == (202, "ignored", "not_mobile")


async def test_many_at_once_each_once(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(gateway.post("/v1/messages", BODY) for _ in range(50)))
    assert sorted(answer.json["serial"] for answer in answers) == list(range(1, 51))
    assert len({answer.json["id"] for answer in answers}) == 50


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"to": 5}, 422, "invalid_field", "/to"),
        ({"to": None}, 422, "invalid_field", "/to"),
        ({"txt": "a"}, 422, "invalid_field", "/txt"),
        ({"text": ""}, 422, "invalid_field", "/text"),
        ({"event": {"from": "hier"}}, 422, "invalid_field", "/event/from"),
        ({"metadata": {"a": {"b": 1}}}, 422, "invalid_field", "/metadata/a"),
        ({"action": "INCONNUE"}, 422, "unknown_action", "/action"),
        ({"action": "COURRIER"}, 422, "treatment_not_sms", "/action"),
        ({"template": "INCONNU"}, 422, "unknown_template", "/template"),
        ({"variables": {}}, 422, "missing_variable", None),
        ({"text": None}, 422, "missing_text", None),
        ({"text": "é" * 3000}, 422, "text_too_long", None),
        ({"text": "żółw", "encoding": "gsm7", "variables": {}}, 422, "text_not_gsm7", None),
        ({"sender": "UN NOM TROP LONG"}, 422, "invalid_sender", "/sender"),
        ({"callback_url": "https://exemple.fr/"}, 422, "not_available", "/callback_url"),
        ({"school": REUNION}, 403, "school_forbidden", None),
    ],
)
async def test_every_way_of_being_refused(
    gateway: Gateway, change: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    answer = await gateway.post("/v1/messages", {**BODY, **change}, key="vgm_send")
    assert (answer.status, answer.code) == (status, code)
    if pointer is not None:
        assert answer.pointers == [pointer]
    assert (await gateway.get("/v1/messages?count=true")).json["page"]["total"] == 0


async def test_not_waiting_asks_for_a_scope(gateway: Gateway) -> None:
    body = {**BODY, "action": "ABSENCE", "hold": False}
    refused = await gateway.post("/v1/messages", body, key="vgm_send")
    assert (refused.status, refused.code) == (403, "release_required")
    assert (await gateway.post("/v1/messages", body)).json["status"] == "queued"


async def test_the_limit_of_a_message(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/messages", data=b" " * (256 * 1024 + 1))
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert "256 Kio" in answer.json["detail"]
