"""Months: statements, closing, tax; budgets: forecast, warning, stop. Issue rows « Accounts »."""

from datetime import date
from decimal import Decimal

import pytest

from gateway import budgets
from gateway.parts import Parts
from gateway.pricing import cents, vat
from tests.store.rows import add_tally
from tests.web.conftest import METZ, REUNION, Gateway

MESSAGE = {"to": "0612345678", "action": "INFO", "text": "Bonjour"}


async def fill(parts: Parts) -> None:
    await add_tally(parts.store, month="2026-10", action="INFO", total=23, delivered=20, parts=23, amount=1_035_000)
    await add_tally(
        parts.store,
        month="2026-10",
        action="ABSENCE",
        account="operateur-b",
        total=1,
        delivered=1,
        parts=1,
        amount=71_500,
    )


async def test_a_month_by_action_and_by_account_with_tax_once(gateway: Gateway) -> None:
    await fill(gateway.parts)
    month = (await gateway.get("/v1/months/2026-10")).json
    assert month["label"] == "octobre 2026"
    assert [(row["action"], row["total"], row["ht_exact"]) for row in month["actions"]] == [
        ("ABSENCE", 1, "0.0715"),
        ("INFO", 23, "1.0350"),
    ]
    first, second = month["accounts"]
    assert first == {
        **{"account": "operateur-a", "delivered": 20, "total": 23, "parts": 23, "ht_exact": "1.0350"},
        **{"ht": "1.04", "vat_rate": "20", "vat": "0.21", "ttc": "1.25"},
    }
    assert (second["ht"], second["vat"], second["ttc"]) == ("0.07", "0.01", "0.08")
    assert month["total"] == {"delivered": 21, "total": 24, "parts": 24, "ht": "1.11", "vat": "0.22", "ttc": "1.33"}
    assert month["closed_at"] is None


async def test_a_closed_month_stays_as_it_was_signed(gateway: Gateway) -> None:
    await fill(gateway.parts)
    signed = await gateway.post("/v1/months/2026-10/close")
    assert signed.status == 200
    assert signed.json["closed_by"] == "direction/config"
    await add_tally(gateway.parts.store, month="2026-10", action="COURRIER", total=5, parts=5, amount=1)
    assert (await gateway.get("/v1/months/2026-10")).json == signed.json
    assert (await gateway.post("/v1/months/2026-10/close")).json == signed.json
    states = {one["month"]: one["state"] for one in (await gateway.get("/v1/months?year=2026")).json["data"]}
    assert (states["2026-10"], states["2026-09"], states["2026-11"], states["2026-12"]) == (
        *("closed", "over", "current", "to_come"),
    )
    (act,) = (await gateway.get("/v1/audit?act=month_closed", "vgm_admin")).json["data"]
    assert act["subject"] == "2026-10"
    synthesis = (await gateway.get("/v1/synthesis?year=2026")).json
    assert synthesis["months"][0]["closed"] is True


async def test_who_closes_what_and_when(gateway: Gateway) -> None:
    assert (await gateway.post("/v1/months/2026-11/close")).code == "month_not_over"
    assert (await gateway.post("/v1/months/2026-10/close", key="vgm_read")).code == "forbidden_scope"
    assert (await gateway.post(f"/v1/months/2026-10/close?school={REUNION}")).code == "school_forbidden"
    for name in ("2026-13", "2026-1", "26-01", "2026_01", "1999-12", "٢٠٢٦-01"):
        assert (await gateway.get(f"/v1/months/{name}")).status == 404


@pytest.mark.parametrize(("micros", "rounded"), [(0, 0), (4_999, 0), (5_000, 1), (-5_000, -1), (1_035_000, 104)])
def test_halves_round_up(micros: int, rounded: int) -> None:
    assert cents(micros) == rounded


@pytest.mark.parametrize(("total", "rate", "tax"), [(104, "20", 21), (7, "20", 1), (250, "8.5", 21), (0, "20", 0)])
def test_tax_is_worked_out_once(total: int, rate: str, tax: int) -> None:
    assert vat(total, Decimal(rate)) == tax


# ---- budgets ----


async def test_a_budget_says_what_is_used_and_until_when(gateway: Gateway) -> None:
    await add_tally(gateway.parts.store, month="2026-11", action="INFO", total=10, parts=10, amount=7_000_000)
    answer = await gateway.ask("PUT", "/v1/budgets/INFO", "vgm_all", json={"amount": "9", "period": "month"})
    assert answer.status == 200
    found = answer.json
    assert (found["spent"], found["share"], found["level"]) == ("7.0000", 77, "fine")
    assert found["exhausted_on"] == "2026-11-30"
    assert found["forecast_label"] == "épuisé vers le 30 novembre"
    await gateway.post("/v1/messages", {**MESSAGE, "hold": True})
    (found,) = (await gateway.get("/v1/budgets")).json["data"]
    assert found["committed"] == "0.0450"
    assert (await gateway.ask("DELETE", "/v1/budgets/INFO", "vgm_all")).status == 200
    assert (await gateway.get("/v1/budgets")).json["data"] == []
    assert (await gateway.ask("DELETE", "/v1/budgets/INFO", "vgm_all")).status == 404


async def test_a_budget_stops_all_but_alerts(gateway: Gateway) -> None:
    await add_tally(gateway.parts.store, month="2026-11", total=1, parts=1, amount=1_960_000)
    body = {"amount": "2", "period": "year", "stop": True}
    found = await gateway.ask("PUT", "/v1/budgets/*", "vgm_all", json=body)
    assert found.json["spent"] == "1.9600"
    assert (await gateway.post("/v1/messages", MESSAGE)).code == "budget_exhausted"
    batch = {"action": "INFO", "text": "Bonjour", "recipients": [{"to": "0612345678"}]}
    assert (await gateway.post("/v1/batches", batch)).code == "budget_exhausted"
    assert (await gateway.post("/v1/messages", {**MESSAGE, "priority": "alert"})).status == 202
    await gateway.ask("PUT", "/v1/budgets/*", "vgm_all", json={**body, "amount": "2.06"})
    assert (await gateway.post("/v1/messages", MESSAGE)).status == 202
    assert (await gateway.post("/v1/messages", MESSAGE)).code == "budget_exhausted"


async def test_a_budget_of_one_action_stops_no_other(gateway: Gateway) -> None:
    await gateway.ask("PUT", "/v1/budgets/ABSENCE", "vgm_all", json={"amount": "0.01", "stop": True})
    assert (await gateway.post("/v1/messages", MESSAGE)).status == 202
    assert (await gateway.post("/v1/messages", {**MESSAGE, "action": "ABSENCE"})).code == "budget_exhausted"


async def test_what_is_wrong_with_a_budget_is_named(gateway: Gateway) -> None:
    for action, body, code in (
        ("RIEN", {"amount": "1"}, "unknown_action"),
        ("INFO", {"amount": "0"}, "invalid_field"),
        ("INFO", {"amount": "1", "period": "jour"}, "invalid_field"),
        ("INFO", {"amount": "1", "school": REUNION}, "school_forbidden"),
    ):
        assert (await gateway.ask("PUT", f"/v1/budgets/{action}", "vgm_all", json=body)).code == code
    assert (await gateway.get(f"/v1/budgets?school={METZ}", "vgm_send")).code == "forbidden_scope"


@pytest.mark.parametrize(
    ("period", "day", "first", "after", "count"),
    [
        ("month", date(2026, 2, 14), date(2026, 2, 1), date(2026, 3, 1), 1),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1), 1),
        ("year", date(2026, 2, 14), date(2026, 1, 1), date(2027, 1, 1), 12),
        ("school_year", date(2026, 2, 14), date(2025, 9, 1), date(2026, 9, 1), 12),
    ],
)
def test_periods(period: str, day: date, first: date, after: date, count: int) -> None:
    found = budgets.span(period, day)
    assert (found.first, found.after, len(found.months)) == (first, after, count)


@pytest.mark.parametrize(
    ("spent", "end"),
    [(0, None), (5, None), (10, date(2026, 11, 6)), (50, date(2026, 3, 3)), (100, date(2026, 1, 31))],
)
def test_the_forecast_goes_on_as_until_now(spent: int, end: date | None) -> None:
    day = date(2026, 1, 31)
    assert budgets.used_up(100, spent, budgets.span("year", day), day) == end


@pytest.mark.parametrize(("used", "level"), [(79, "fine"), (80, "warning"), (99, "warning"), (100, "exhausted")])
def test_levels(used: int, level: str) -> None:
    assert budgets.level(100, used) == level
