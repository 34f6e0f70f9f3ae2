"""« Récapitulatif des SMS envoyés », as JSON and as a file."""

import csv
import io
from decimal import Decimal

import pytest

from tests.store.rows import METZ, MORNING, add_message, add_sent
from tests.web.conftest import REUNION, Gateway

FEBRUARY = 1_771_585_080_000  # 20 February 2026, 11:58 in Paris


async def fill(gateway: Gateway) -> None:
    store = gateway.parts.store
    await add_sent(
        store,
        1,
        sent_at=FEBRUARY,
        status_at=FEBRUARY + 60_000,
        mode="premium",
        parts=14,
        user="cpe",
        workstation="PC-1",
    )
    await add_sent(store, 2, mode="economique", status="undelivered", label="=Mme ROY; Zoé")
    await add_sent(store, 3, mode="ancien", parts=2, number="+262692123456")
    await add_message(store, 4)
    await add_sent(store, 5, lines=0, status="rejected")
    await add_sent(store, 6, school=REUNION)


@pytest.mark.row("S1 42", "S1 46", "S1 47", "S1 49", "S1 50")
async def test_what_was_sent_is_listed_oldest_first(gateway: Gateway) -> None:
    await fill(gateway)
    answer = (await gateway.get("/v1/recap")).json
    assert [row["serial"] for row in answer["data"]] == [1, 2, 3]
    first = answer["data"][0]
    assert first["sent_on"] == "20 février à 11:58"
    assert first["sent_at"] == "2026-02-20T11:58:00.000+01:00"
    assert first["status_label"] == "Reçu le 20 fév. à 11:59 (14 SMS)"
    assert first["recipient_label"] == "Mme ou M. ABAD Christian"
    assert first["number"] == "+33612345678"
    assert (first["user"], first["workstation"]) == ("cpe", "PC-1")
    assert (first["mode"], first["parts"], first["status"]) == ("premium", 14, "delivered")
    assert (first["action"], first["action_long_label"]) == ("ABSENCE", "SMS d'absence")


@pytest.mark.row("S1 51")
async def test_totals_by_mode_are_in_parts_and_of_the_whole_selection(gateway: Gateway) -> None:
    await fill(gateway)
    answer = (await gateway.get("/v1/recap?limit=1&count=true")).json
    assert answer["totals_by_mode"] == {"ancien": 2, "economique": 1, "standard": 0, "premium": 14, "total": 17}
    assert answer["page"]["total"] == 3
    rest = await gateway.get(f"/v1/recap?limit=5&cursor={answer['page']['next_cursor']}")
    assert [row["serial"] for row in rest.json["data"]] == [2, 3]


async def test_what_it_cost_and_what_letters_would_have(gateway: Gateway) -> None:
    await fill(gateway)
    answer = (await gateway.get("/v1/recap")).json
    assert answer["cost"] == {"amount": "0.1350", "currency": "EUR"}
    assert answer["by_post"] == {
        **{"letters": 3, "cost": {"amount": "4.5600", "currency": "EUR"}},
        "saved": {"amount": "4.4250", "currency": "EUR"},
    }
    assert (await gateway.get("/v1/recap?user=cpe")).json["cost"]["amount"] == "0.0450"
    registry = gateway.parts.registry
    dear = registry.settings.defaults.model_copy(update={"letter_price": Decimal("0.01")})
    registry.replace(registry.settings.model_copy(update={"defaults": dear}))
    assert (await gateway.get("/v1/recap")).json["by_post"]["saved"]["amount"] == "-0.1050"
    none = dear.model_copy(update={"letter_price": None})
    registry.replace(registry.settings.model_copy(update={"defaults": none}))
    assert (await gateway.get("/v1/recap")).json["by_post"] is None


@pytest.mark.row("S1 43", "S1 44", "S1 45", "S1 53")
async def test_the_period_is_that_of_sending(gateway: Gateway) -> None:
    await fill(gateway)
    february = (await gateway.get("/v1/recap?from=2026-02-20&to=2026-02-20")).json
    assert [row["serial"] for row in february["data"]] == [1]
    assert february["totals_by_mode"]["total"] == 14
    assert (await gateway.get("/v1/recap?user=cpe&workstation=PC-1")).json["totals_by_mode"]["total"] == 14
    assert (await gateway.get("/v1/recap?to=2026-02-19")).json["data"] == []


async def test_an_action_that_is_no_more_shows_its_code(gateway: Gateway) -> None:
    await add_sent(gateway.parts.store, 1, action="OLD")
    assert (await gateway.get("/v1/recap")).json["data"][0]["action_long_label"] == "OLD"


@pytest.mark.row("S1 42")
async def test_the_french_file(gateway: Gateway) -> None:
    await fill(gateway)
    answer = await gateway.get("/v1/recap.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="recapitulatif-{METZ}.csv"' in answer.headers["Content-Disposition"]
    assert answer.raw.startswith(b"\xef\xbb\xbfEnvoy\xc3\xa9 le;")
    assert b"\n" not in answer.raw.replace(b"\r\n", b"")
    rows = list(csv.reader(io.StringIO(answer.raw.decode("utf-8-sig")), delimiter=";"))
    assert rows[1] == [
        *("20/02/2026 11:58", "Mme ou M. ABAD Christian", "06 12 34 56 78", "cpe", "PC-1", "SMS d'absence"),
        *("premium", "14", "Reçu le 20 fév. à 11:59 (14 SMS)"),
    ]
    assert rows[2][1] == "'=Mme ROY; Zoé"
    assert rows[3][2] == "06 92 12 34 56"
    assert rows[4:] == [
        [],
        ["Totaux par mode d'envoi"],
        *(["Ancien", "2"], ["Economique", "1"], ["Standard", "0"], ["Premium", "14"], ["Total", "17"]),
    ]


async def test_the_file_for_machines(gateway: Gateway) -> None:
    await fill(gateway)
    answer = await gateway.get("/v1/recap.csv?dialect=rfc4180&user=cpe")
    heading, row, end = answer.raw.decode().split("\r\n")
    assert heading.startswith("id,serial,sent_at,")
    assert "2026-02-20T11:58:00.000+01:00" in row
    assert "+33612345678" in row
    assert end == ""


@pytest.mark.row("S1 48")
async def test_numbers_are_hidden_in_files_too(gateway: Gateway) -> None:
    await fill(gateway)
    assert "06 ** ** ** 78" in (await gateway.get("/v1/recap.csv", "vgm_read")).raw.decode()
    machine = (await gateway.get("/v1/recap.csv?dialect=rfc4180", "vgm_read")).raw.decode()
    assert "+336******78" in machine
    assert "12345678" not in machine


async def test_a_file_is_read_piece_by_piece_and_whole(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.accounts._CHUNK", 2)
    for number in range(1, 6):
        await add_sent(gateway.parts.store, number, sent_at=MORNING)
    answer = await gateway.get("/v1/recap.csv?dialect=rfc4180")
    assert [line.split(b",")[1] for line in answer.raw.split(b"\r\n")[1:-1]] == [b"1", b"2", b"3", b"4", b"5"]


async def test_the_headers_alone_may_be_asked_for(gateway: Gateway) -> None:
    answer = await gateway.ask("HEAD", "/v1/recap.csv")
    assert (answer.status, answer.raw) == (200, b"")
    assert (await gateway.get("/v1/recap.csv")).status == 200
