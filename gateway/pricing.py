"""What a part costs before tax on a day, and money as text. Amounts are integer millionths of a euro.

Rules of this file: of the lines of a price list that speak of the mode and the destination, the longest prefix
wins, then the line for that mode alone, then the latest that has begun, then the last written. A new general price
thus never replaces the price of a destination.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from gateway.model import AccountSettings, Price

MICROS = 1_000_000


def price_of(account: AccountSettings, day: date, mode: str, to: str) -> int:
    """The price of a part sent on ``day`` (in the school's zone) to ``to`` (E.164); 0 where none is known."""
    if account.price is not None:
        return _micros(account.price)
    fitting = [price for price in account.prices if _speaks_of(price, day, mode, to)]
    return _micros(max(reversed(fitting), key=_rank).ht) if fitting else 0


def euros(micros: int) -> str:
    """An amount as an exact decimal string of at least four decimals: ``0.0450``."""
    whole, rest = divmod(abs(micros), MICROS)
    decimals = f"{rest:06}"
    return f"{'-' if micros < 0 else ''}{whole}.{decimals[:4]}{decimals[4:].rstrip('0')}"


@lru_cache(maxsize=256)
def _micros(amount: Decimal) -> int:
    return int(amount * MICROS)


def _prefix(price: Price) -> str:
    return price.to.rstrip("*")


def _speaks_of(price: Price, day: date, mode: str, to: str) -> bool:
    return price.from_ <= day and price.mode in (None, mode) and to.startswith(_prefix(price))


def _rank(price: Price) -> tuple[int, bool, date]:
    return len(_prefix(price)), price.mode is not None, price.from_


def cents(micros: int) -> int:
    """An amount rounded to the cent, halves away from nought, as invoices do."""
    whole, rest = divmod(abs(micros), MICROS // 100)
    rounded = whole + (rest * 2 >= MICROS // 100)
    return -rounded if micros < 0 else rounded


def vat(total_cents: int, rate: Decimal) -> int:
    """The tax on a month's total before tax, both in cents; ``rate`` in per cent."""
    return int((total_cents * rate / 100).quantize(Decimal(1), ROUND_HALF_UP))


def in_cents(amount: int) -> str:
    """Cents as euros: ``1.05``."""
    whole, rest = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:02}"
