"""Prices of a day, and money as text."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import AccountSettings
from gateway.pricing import euros, price_of

DAY = date(2026, 11, 23)
MAINLAND = "+33612345678"
REUNION = "+262692123456"


def account(**settings: Any) -> AccountSettings:
    return AccountSettings.model_validate({"name": "a", "adapter": "smpp"} | settings)


LIST = account(
    prices=[
        {"from": "2026-01-01", "ht": "0.0450"},
        {"from": "2026-01-01", "to": "+262", "ht": "0.080"},
        {"from": "2026-01-01", "to": "+26269*", "ht": "0.081", "mode": "premium"},
        {"from": "2026-09-01", "ht": "0.050"},
        {"from": "2026-09-01", "ht": "0.060", "mode": "premium"},
        {"from": "2027-01-01", "ht": "0.055"},
    ]
)


@pytest.mark.parametrize(
    ("day", "mode", "to", "micros"),
    [
        (date(2025, 12, 31), "standard", MAINLAND, 0),
        (date(2026, 1, 1), "standard", MAINLAND, 45_000),
        (date(2026, 8, 31), "premium", MAINLAND, 45_000),
        (date(2026, 9, 1), "standard", MAINLAND, 50_000),
        (date(2026, 9, 1), "premium", MAINLAND, 60_000),
        (date(2027, 1, 1), "standard", MAINLAND, 55_000),
        # A price for the mode stays when the general one changes, and one for a destination too.
        (date(2027, 1, 1), "premium", MAINLAND, 60_000),
        (DAY, "standard", REUNION, 80_000),
        (DAY, "premium", REUNION, 81_000),
        (DAY, "premium", "+262639012345", 80_000),
    ],
)
def test_price_list(day: date, mode: str, to: str, micros: int) -> None:
    assert price_of(LIST, day, mode, to) == micros


def test_one_price_always_and_everywhere() -> None:
    assert price_of(account(price="0.045"), DAY, "standard", MAINLAND) == 45_000
    assert price_of(account(price="0"), DAY, "standard", MAINLAND) == 0


def test_no_price() -> None:
    assert price_of(account(), DAY, "standard", MAINLAND) == 0


def test_of_equal_lines_the_last_written() -> None:
    assert price_of(account(prices=[{"ht": "0.01"}, {"ht": "0.02"}]), DAY, "standard", MAINLAND) == 20_000


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "0.0000"),
        (45_000, "0.0450"),
        (45_500, "0.0455"),
        (45_550, "0.04555"),
        (1, "0.000001"),
        (5_895_000, "5.8950"),
        (-45_000, "-0.0450"),
        (1_234_567_890_000, "1234567.8900"),
    ],
)
def test_euros(micros: int, text: str) -> None:
    assert euros(micros) == text


@given(st.integers(-(10**15), 10**15))
def test_euros_are_exact(micros: int) -> None:
    assert Decimal(euros(micros)) * 1_000_000 == micros
