"""What a reconciliation comes to: figures by pile, and the gap in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gateway import french, pricing
from gateway.invoices import Invoice
from gateway.piles import Pile, Why
from gateway.store.reconciliations import Line


@dataclass(slots=True)
class Sums:
    """What a pile comes to. Amounts in millionths of a euro."""

    rows: int = 0
    lines: int = 0
    their_parts: int = 0
    their_amount: int = 0
    our_parts: int = 0
    our_amount: int = 0
    messages: int = 0

    def add(self, line: Line, billed: int) -> None:
        """One row more, with so many lines of the file."""
        self.rows += 1
        self.lines += billed
        self.their_parts += line.their_parts or 0
        self.their_amount += line.their_amount or 0
        self.messages += line.our_parts is not None
        self.our_parts += line.our_parts or 0
        self.our_amount += line.our_amount or 0

    @property
    def view(self) -> dict[str, Any]:
        """As the API says it."""
        return {
            "rows": self.rows,
            "theirs": {"lines": self.lines, "parts": self.their_parts, "amount": pricing.euros(self.their_amount)},
            "ours": {"messages": self.messages, "parts": self.our_parts, "amount": pricing.euros(self.our_amount)},
            "gap": pricing.euros(self.their_amount - self.our_amount),
        }


@dataclass(slots=True)
class Found:
    """The rows of a reconciliation, and its figures."""

    lines: list[Line] = field(default_factory=list)
    piles: dict[Pile, Sums] = field(default_factory=lambda: {pile: Sums() for pile in Pile})
    set_aside: Sums = field(default_factory=Sums)
    other_prices: int = 0  # rows alike in parts and not in euros
    not_billed: int = 0  # lines of no part and no price, of nothing of ours
    other_schools: bool = False  # the account served schools that are not the caller's

    def add(self, line: Line, billed: int) -> None:
        """A row, in its pile."""
        self.lines.append(line)
        self.piles[Pile(line.pile)].add(line, billed)
        if line.pile == Pile.IDENTICAL and line.their_amount != line.our_amount:
            self.other_prices += 1


def figures(found: Found, invoice: Invoice) -> dict[str, Any]:
    """The figures in all and by pile, as they are kept."""
    total = Sums()
    for one in found.piles.values():
        for name in Sums.__slots__:
            setattr(total, name, getattr(total, name) + getattr(one, name))
    return {
        **total.view,
        "piles": {pile.value: one.view for pile, one in found.piles.items()},
        "set_aside": found.set_aside.view["theirs"],
        "other_schools": found.other_schools,
        "other_prices": found.other_prices,
        "not_billed": found.not_billed,
        "total_rows": invoice.totals,
        "their_prices": any(line.amount is not None for line in invoice.lines),
    }


# ---- words ----

#: The five piles.
PILES: Mapping[str, str] = {
    Pile.IDENTICAL: "Identiques",
    Pile.PARTS: "Nombre de SMS différent",
    Pile.THEIRS: "Chez eux seulement",
    Pile.OURS: "Chez nous seulement",
    Pile.OTHER: "Autre mois",
}

#: How a row was found, or why not.
WHY: Mapping[str, str] = {
    Why.BY_ID: "Même identifiant",
    Why.BY_NUMBER: "Même numéro, même minute",
    Why.UNKNOWN: "Inconnu du registre",
    Why.TWICE: "Déjà facturé",
    Why.NO_MESSAGE: "Ligne sans message : frais ou abonnement",
    Why.NOT_BILLED: "Pas sur la facture",
}

_SAID: Mapping[Pile, str] = {
    Pile.IDENTICAL: "{n} message(s) au même nombre de SMS mais à un autre prix : {gap}.",
    Pile.PARTS: "{n} message(s) facturés pour un autre nombre de SMS : {gap}.",
    Pile.THEIRS: "{n} ligne(s) que le registre ne connaît pas : {gap}.",
    Pile.OURS: "{n} message(s) du registre que la facture n'a pas : {gap}.",
    Pile.OTHER: "{n} ligne(s) d'un autre mois : {gap}.",
}


def explained(summary: Mapping[str, Any]) -> list[str]:
    """The gap in words: in all, then what each pile has to do with it."""
    gap = Decimal(summary["gap"])
    if gap:
        more = "dépasse le registre de" if gap > 0 else "est inférieure au registre de"
        said = [f"La facture {more} {french.euros(abs(gap))} hors taxes."]
    else:
        said = ["La facture et le registre concordent exactement."]
    for pile, words in _SAID.items():
        one = summary["piles"][pile]
        count = summary["other_prices"] if pile is Pile.IDENTICAL else one["rows"]
        if count:
            said.append(words.format(n=count, gap=french.euros(Decimal(one["gap"]), sign=True)))
    if summary["set_aside"]["lines"]:
        said.append(f"{summary['set_aside']['lines']} ligne(s) d'autres établissements sont mises de côté.")
    elif summary["other_schools"]:
        said.append("Le compte a servi aussi à d'autres établissements, que ce rapprochement ne compte pas.")
    if not summary["their_prices"]:
        said.append("Le fichier n'a pas de montants : les SMS facturés sont comptés à nos prix.")
    return said
