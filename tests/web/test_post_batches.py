"""``POST /v1/batches``, ``/v1/recipients/resolve`` and ``/v1/preview`` over HTTP, in their three forms."""

from io import BytesIO
from typing import Any

import aiohttp
import orjson
import pytest
from pydantic import BaseModel

from gateway.web.answers.sending import BatchAccepted, Preview, Resolved
from tests.web.conftest import METZ, Gateway

BATCH: dict[str, Any] = {
    "action": "INFO",
    "text": "Bonjour, #ELEVE est absente.",
    "recipients": [
        {"to": "06 60 00 00 00", "label": "Mme REITER", "variables": {"ELEVE": "Pauline"}},
        {"to": "", "label": "M. ABAD", "variables": {"ELEVE": "Zoé"}},
        {"to": "06 60 00 00 01", "label": "Mme ABAD", "variables": {"ELEVE": "Zoé"}},
    ],
}


def has_the_form(model: type[BaseModel], answer: Any) -> None:
    """The reference's model reads the answer, and knows each of its fields."""
    names = {field.alias or name for name, field in model.model_fields.items()}
    assert set(answer) <= names
    model.model_validate(answer)


async def test_a_batch_is_accepted(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/batches", BATCH)
    assert answer.status == 202
    has_the_form(BatchAccepted, answer.json)
    assert answer.headers["Location"] == f"/v1/batches/{answer.json['id']}"
    assert (answer.json["accepted"], answer.json["ignored"], answer.json["parts"]) == (2, 1, 2)
    (row,) = answer.json["ignored_rows"]
    assert (row["row"], row["label"], row["reason"]) == (2, "M. ABAD", "empty_mobile")
    assert (await gateway.get(answer.headers["Location"])).status == 200


@pytest.mark.parametrize("flag", ["true", "1"])
async def test_a_dry_run_stores_nothing(gateway: Gateway, flag: str) -> None:
    answer = await gateway.post(f"/v1/batches?dry_run={flag}", BATCH)
    assert (answer.status, answer.json["id"], answer.json["accepted"]) == (200, None, 2)
    assert "Location" not in answer.headers
    assert (await gateway.get("/v1/messages?count=true")).json["page"]["total"] == 0


def form(text: str, csv: bytes) -> aiohttp.FormData:
    made = aiohttp.FormData()
    made.add_field("request", orjson.dumps({"action": "INFO", "text": text}).decode(), content_type="application/json")
    made.add_field("recipients", BytesIO(csv), filename="familles.csv", content_type="text/csv")
    return made


async def test_a_csv_file(gateway: Gateway) -> None:
    csv = "Portable;Destinataire;Élève;Prénom\r\n06 60 00 00 00;Mme REITER;REITER Pauline;Zoé\r\n;M. ABAD;;Léo\r\n"
    answer = await gateway.post("/v1/batches", data=form("Bonjour #PRENOM.", csv.encode("cp1252")))
    assert (answer.status, answer.json["accepted"], answer.json["ignored"]) == (202, 1, 1)
    (sent,) = (await gateway.get("/v1/messages?status=queued")).json["data"]
    assert sent["text"] == "Bonjour Zoé."


async def test_a_column_that_is_no_variable(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/batches", data=form("Bonjour #ELEVE.", "to;élève\n0660000000;Zoé".encode()))
    assert (answer.status, answer.code) == (422, "missing_variable")


async def test_ndjson(gateway: Gateway) -> None:
    lines = [{k: BATCH[k] for k in ("action", "text")}, *BATCH["recipients"]]
    raw = b"\n".join(map(orjson.dumps, lines))
    answer = await gateway.post("/v1/batches", data=raw, headers={"Content-Type": "application/x-ndjson"})
    assert (answer.status, answer.json["accepted"]) == (202, 2)


async def test_more_recipients_than_a_call_may_have(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/batches", {**BATCH, "recipients": [{}] * 10_001})
    assert (answer.status, answer.code) == (413, "too_many_recipients")
    assert "10000" in answer.json["detail"]


async def test_a_wrong_recipient_refuses_all(gateway: Gateway) -> None:
    wrong = {**BATCH, "recipients": [*BATCH["recipients"], {"to": "06 60 00 00 02", "labell": "x"}]}
    answer = await gateway.post("/v1/batches", wrong)
    assert (answer.status, answer.code, answer.pointers) == (422, "invalid_field", ["/recipients/3/labell"])
    assert (await gateway.get("/v1/messages?count=true")).json["page"]["total"] == 0


async def test_each_contact_with_its_verdict(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/recipients/resolve", BATCH)
    assert answer.status == 200
    has_the_form(Resolved, answer.json)
    assert [one["checked"] for one in answer.json["data"]] == [True, False, True]


async def test_a_preview_of_a_message(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/preview", {"action": "INFO", "text": "Il est en retard. « Oui » ê"})
    assert answer.status == 200
    has_the_form(Preview, answer.json)
    assert {one["char"] for one in answer.json["culprits"]} == {"«", "»", "ê"}


async def test_a_preview_of_a_batch_stores_nothing(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/preview", BATCH)
    assert answer.status == 200
    assert answer.json["recipients"]["accepted"] == 2
    assert (await gateway.get("/v1/messages?count=true")).json["page"]["total"] == 0


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b"{", 400, [""]),
        (b"[]", 422, [""]),
        (b'{"action":"INFO","text":"a","x":1}', 422, ["/x"]),
        (b'{"action":"INFO","text":"a","recipients":[{"x":1}]}', 422, ["/recipients/0/x"]),
    ],
)
async def test_a_preview_that_cannot_be_made(gateway: Gateway, body: bytes, status: int, pointers: list[str]) -> None:
    answer = await gateway.post("/v1/preview", data=body)
    assert (answer.status, answer.pointers) == (status, pointers)


async def test_the_answer_names_the_school_that_was_meant(gateway: Gateway) -> None:
    assert (await gateway.post("/v1/batches", BATCH, key="vgm_two")).code == "school_required"
    assert (await gateway.post("/v1/batches", {**BATCH, "school": METZ}, key="vgm_two")).status == 202
