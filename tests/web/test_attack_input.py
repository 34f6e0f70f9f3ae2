"""What a hostile or sloppy application sends: always a problem that says what to do, never a fault of ours."""

import base64
import re
from typing import Any

import orjson
import pytest

from tests.web.conftest import METZ, Gateway

BODY: dict[str, Any] = {"to": "06 60 00 00 00", "action": "INFO", "text": "Bonjour."}
ENGLISH = re.compile(r"\b(expected|must|input|should|needs)\b", re.IGNORECASE)


@pytest.mark.parametrize(
    "change",
    [
        {"valid_until": "9999-12-31T23:59:59Z"},
        {"valid_until": "0001-01-01T00:00:00+14:00"},
        {"send_at": "9999-12-31T23:59:59-12:00"},
        {"event": {"from": "0001-01-01T00:00:00+14:00"}},
        {"event": {"to": "9999-12-31T23:59:59-12:00"}},
        {"event": {"type": "absence", "from": "9999-12-31T23:59:59Z"}},
        {"event": {"from": 1_795_419_000}},
        {"send_at": 1e12},
    ],
)
async def test_no_zone_has_to_show_the_end_of_time(gateway: Gateway, change: dict[str, Any]) -> None:
    for path in ("/v1/messages", "/v1/preview"):
        answer = await gateway.post(path, {**BODY, **change})
        assert (answer.status, answer.code) == (422, "invalid_field")
        assert not ENGLISH.search(answer.json["errors"][0]["message"])
    assert (await gateway.get("/v1/messages")).json["data"] == []


@pytest.mark.parametrize(
    "query",
    [
        "from=0001-01-01",
        "to=9999-12-31",
        "from=9999-12-31",
        "from=0001-01-01T00:00:00%2B14:00",
        "to=9999-12-31T23:59:59-12:00",
        "from=2026-02-30",
        "from=2026-01-01T00:00:00",
        "status=flying",
    ],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/recap", "/v1/recap.csv"])
async def test_filters_that_make_no_sense(gateway: Gateway, path: str, query: str) -> None:
    answer = await gateway.get(f"{path}?{query}")
    assert (answer.status, answer.code) == (400, "malformed_query")
    assert not ENGLISH.search(answer.json["errors"][0]["message"])


@pytest.mark.parametrize("body", [{}, {"ids": [], "filter": {}}, {"filter": {}}, {"ids": [], "expected_count": 1}])
async def test_a_selection_said_wrongly(gateway: Gateway, body: dict[str, Any]) -> None:
    answer = await gateway.post("/v1/messages/release", body)
    assert (answer.status, answer.code) == (422, "invalid_field")
    assert not ENGLISH.search(answer.json["errors"][0]["message"])


@pytest.mark.parametrize("place", ["9223372036854775808", "99999999999999999999", "-1", "1.5", "null", "[1]", "true"])
async def test_a_cursor_that_no_row_has(gateway: Gateway, place: str) -> None:
    forged = base64.urlsafe_b64encode(f'["{METZ}",{place},1]'.encode()).decode().rstrip("=")
    answer = await gateway.get(f"/v1/opt-outs?cursor={forged}")
    assert (answer.status, answer.code) == (400, "invalid_cursor")


async def test_a_cursor_of_ours_moved_out_of_the_store(gateway: Gateway) -> None:
    for _ in range(2):
        await gateway.post("/v1/messages", BODY)
    cursor = (await gateway.get("/v1/messages?limit=1")).json["page"]["next_cursor"]
    mark = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[0]
    forged = base64.urlsafe_b64encode(orjson.dumps([mark, 2**63, 1])).decode().rstrip("=")
    answer = await gateway.get(f"/v1/messages?limit=1&cursor={forged}")
    assert (answer.status, answer.code) == (400, "invalid_cursor")


async def test_an_empty_sender_is_a_slip(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/messages", {**BODY, "sender": ""})
    assert (answer.status, answer.code, answer.pointers) == (422, "invalid_sender", ["/sender"])


async def test_a_duration_is_refused_in_french(gateway: Gateway) -> None:
    action = {"short_label": "SMS", "long_label": "SMS", "validity": "bientôt"}
    answer = await gateway.ask("PUT", "/v1/actions/RETARD", "vgm_admin", json=action)
    assert (answer.status, answer.pointers) == (422, ["/validity"])
    assert answer.json["errors"][0]["message"].startswith("Une durée est attendue")


async def test_a_batch_wrong_from_end_to_end_is_not_read_to_its_end(gateway: Gateway) -> None:
    recipients = [{"to": "0660000000"}] * 500
    answer = await gateway.post("/v1/batches", {"action": "INFO", "text": "#NOM", "recipients": recipients})
    assert (answer.status, answer.code, len(answer.pointers)) == (422, "missing_variable", 100)
    assert "Plus de 100 erreurs" in answer.json["detail"]
