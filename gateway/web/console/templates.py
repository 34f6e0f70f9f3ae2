"""The templates of the pages, compiled once, with the few filters they need. Everything is escaped."""

import hashlib
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.french import ERASED, MODE_WORDS, act_label
from gateway.french import euros as in_euros
from gateway.states import FRENCH, Status

HERE = Path(__file__).parent


def _figure(value: Any) -> str:
    """1 234"""
    return format_decimal(value, format="#,##0", locale="fr_FR")


def _many(number: int, singular: str, plural: str = "") -> str:
    """1 SMS, 2 destinataires: the figure with its word."""
    return f"{_figure(number)} {singular if abs(number) < 2 else plural or f'{singular}s'}"


def _euros(value: Any) -> str:
    """An amount of the API (``{"amount": "0.0450"}`` or its text) in French: 1 234,0450 €."""
    amount = Decimal(value["amount"] if isinstance(value, dict) else value)
    return f"{format_decimal(amount, format='#,##0.0000', locale='fr_FR')} €"


def _cents(value: Any) -> str:
    """An amount in euros and cents, halves away from nought: 1 234,05 €."""
    amount = Decimal(value["amount"] if isinstance(value, dict) else value)
    rounded = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{format_decimal(rounded, format='#,##0.00', locale='fr_FR')} €"


def _gap(value: Any) -> str:
    """A difference in euros with its sign: +0,0450 €."""
    return in_euros(Decimal(value), sign=True)


def _moment(value: str | None) -> str:
    """An RFC 3339 instant of the API as 23/11/2026 à 08:30."""
    return f"{datetime.fromisoformat(value):%d/%m/%Y à %H:%M}" if value else ""


def _said(value: Any, name: str) -> Any:
    """What an application said under a name, if it said anything."""
    return (value or {}).get(name) or ""


def _kept(value: str | None) -> str:
    """A number, a name or a text, or the word that stands in its place."""
    return ERASED if value is None else value


def _instant(value: str | None) -> str:
    """An RFC 3339 instant of the API with its seconds: 23/11/2026 à 08:30:07."""
    return f"{datetime.fromisoformat(value):%d/%m/%Y à %H:%M:%S}" if value else ""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        figure=_figure,
        many=_many,
        euros=_euros,
        cents=_cents,
        gap=_gap,
        moment=_moment,
        instant=_instant,
        said=_said,
        kept=_kept,
        act=act_label,
    )
    words = {"state_word": lambda status: FRENCH[Status(status)], "mode_word": MODE_WORDS.__getitem__}
    environment.globals.update(asset=asset, **words)
    return environment


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the file, which may thus be kept for ever."""
    mark = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/console/static/{name}?v={mark}"


def piece(name: str, macro: str, *values: Any) -> str:
    """What a macro of a template makes, as HTML."""
    return str(getattr(_environment().get_template(name).module, macro)(*values))


def render(name: str, **values: Any) -> str:
    """A page as HTML."""
    return _environment().get_template(name).render(**values)
