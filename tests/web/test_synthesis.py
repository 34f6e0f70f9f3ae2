"""« Synthèse des SMS envoyés », as JSON and as a file."""

import pytest

from tests.store.rows import add_tally
from tests.web.conftest import METZ, REUNION, Gateway


async def fill(gateway: Gateway) -> None:
    store = gateway.parts.store
    await add_tally(store, month="2026-02", action="INFO", total=1, parts=1, amount=45_000)
    await add_tally(store, month="2026-11", action="INFO", total=2, delivered=1, parts=3, amount=135_000)
    await add_tally(store, month="2026-11", action="INFO", mode="premium", total=1, delivered=1, parts=1, amount=60_001)
    await add_tally(store, month="2026-11", action="ABSENCE", total=4, delivered=4, parts=4, amount=180_000)
    await add_tally(store, month="2026-12", action="INFO", account="", not_submitted=5)
    await add_tally(store, month="2027-08", action="OLD", total=1, parts=1, amount=45_000)
    await add_tally(store, month="2027-09", action="INFO", total=9, parts=9, amount=405_000)
    await add_tally(store, school=REUNION, month="2026-11", total=7, parts=7)


@pytest.mark.row("S4 152")
async def test_rows_by_month_and_action_with_their_totals(gateway: Gateway) -> None:
    await fill(gateway)
    answer = await gateway.get("/v1/synthesis?year=2026")
    assert answer.json == {
        "school": METZ,
        "year": 2026,
        "school_year": False,
        "rows": [
            {
                **{"action": "INFO", "action_short_label": "SMS", "month": "2026-02", "regularises": None},
                **{"delivered": 0, "total": 1, "parts": 1, "cost": {"amount": "0.0450", "currency": "EUR"}},
            },
            {
                **{"action": "ABSENCE", "action_short_label": "SMS abs.", "month": "2026-11", "regularises": None},
                **{"delivered": 4, "total": 4, "parts": 4, "cost": {"amount": "0.1800", "currency": "EUR"}},
            },
            {
                **{"action": "INFO", "action_short_label": "SMS", "month": "2026-11", "regularises": None},
                **{"delivered": 2, "total": 3, "parts": 4, "cost": {"amount": "0.195001", "currency": "EUR"}},
            },
        ],
        "months": [
            {
                **{"month": "2026-02", "label": "Total février", "closed": False},
                **{"delivered": 0, "total": 1, "parts": 1, "cost": {"amount": "0.0450", "currency": "EUR"}},
            },
            {
                **{"month": "2026-11", "label": "Total novembre", "closed": False},
                **{"delivered": 6, "total": 7, "parts": 8, "cost": {"amount": "0.375001", "currency": "EUR"}},
            },
        ],
        "annual": {
            "label": "Total Annuel",
            **{"delivered": 6, "total": 8, "parts": 9, "cost": {"amount": "0.420001", "currency": "EUR"}},
        },
        "not_submitted": 5,
    }


async def test_a_school_year_ends_in_august(gateway: Gateway) -> None:
    await fill(gateway)
    answer = (await gateway.get("/v1/synthesis?year=2026&school_year=true")).json
    assert [row["month"] for row in answer["months"]] == ["2026-11", "2027-08"]
    assert [row["action_short_label"] for row in answer["rows"]] == ["SMS abs.", "SMS", "OLD"]
    assert answer["annual"]["total"] == 8


async def test_the_year_is_today_s_when_none_is_named(gateway: Gateway) -> None:
    await fill(gateway)
    assert (await gateway.get("/v1/synthesis")).json["year"] == 2026
    assert (await gateway.get("/v1/synthesis?school_year=true")).json["year"] == 2026


async def test_a_year_without_messages_is_all_noughts(gateway: Gateway) -> None:
    answer = (await gateway.get("/v1/synthesis?year=2020")).json
    assert (answer["rows"], answer["months"], answer["not_submitted"]) == ([], [], 0)
    assert answer["annual"]["cost"]["amount"] == "0.0000"


async def test_the_sample_of_the_school_s_page(gateway: Gateway) -> None:
    await add_tally(gateway.parts.store, month="2008-02", action="INFO", total=1, parts=1)
    answer = await gateway.get("/v1/synthesis.csv?year=2008")
    assert answer.raw.decode("utf-8-sig").split("\r\n") == [
        "Action;Date;Nb délivré;Nb total;SMS;Coût HT",
        "SMS;02/2008;0;1;1;0,0000",
        ";Total février;0;1;1;0,0000",
        ";Total Annuel;0;1;1;0,0000",
        "",
    ]


async def test_the_file_for_machines(gateway: Gateway) -> None:
    await fill(gateway)
    answer = await gateway.get("/v1/synthesis.csv?year=2026&dialect=rfc4180")
    assert answer.raw.decode().split("\r\n")[:2] == [
        "action,action_short_label,month,delivered,total,parts,cost,regularises",
        "INFO,SMS,2026-02,0,1,1,0.0450,",
    ]


async def test_who_may_see_it(gateway: Gateway) -> None:
    assert (await gateway.get("/v1/synthesis", "vgm_read")).status == 200
    assert (await gateway.get("/v1/synthesis.csv", "vgm_read")).code == "forbidden_scope"
    assert (await gateway.get("/v1/synthesis", "vgm_send")).code == "forbidden_scope"
    assert (await gateway.get("/v1/synthesis", "vgm_two")).code == "school_required"
    assert (await gateway.get(f"/v1/synthesis?school={REUNION}")).code == "school_forbidden"


async def test_a_wrong_year_is_named(gateway: Gateway) -> None:
    for query in ("year=26", "year=x", "school_year=peut-etre", "month=2"):
        assert (await gateway.get(f"/v1/synthesis?{query}")).code == "malformed_query"
