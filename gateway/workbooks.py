"""The recap, the synthesis and the ledger as workbooks."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, tzinfo
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import csvout, french
from gateway.accounts import Viewer, pages, recap_totals, recap_view, totals_by_mode
from gateway.periods import local
from gateway.pricing import MICROS
from gateway.store import ledgers
from gateway.store.selection import Order, Selection, Sort
from gateway.xlsxout import Cell, Column, Sheet

if TYPE_CHECKING:
    from gateway.store.database import Store

RECAP = (
    Column("Envoyé le", "moment", 17),
    Column("Destinataire", width=32),
    Column("N° de téléphone", width=18),
    Column("Utilisateur", width=18),
    Column("Poste", width=14),
    Column("Action", width=24),
    Column("Mode d'envoi", width=14),
    Column("SMS", "integer", 8, total=True),
    Column("État", width=42),
)
SYNTHESIS = (
    Column("Action", width=32),
    Column("Date", "month", 12),
    Column("Nb délivré", "integer", 12, total=True),
    Column("Nb total", "integer", 12, total=True),
    Column("SMS", "integer", 12, total=True),
    Column("Coût HT", "money", 16, total=True),
)
LEDGER = (
    Column("Date", "moment", 17),
    Column("Message", "integer", 12),
    Column("Partie", "integer", 8),
    Column("Action", width=20),
    Column("Mode d'envoi", width=14),
    Column("Compte fournisseur", width=20),
    Column("Nature", width=26),
    Column("SMS", "integer", 8, total=True),
    Column("Montant HT", "money", 16, total=True),
    Column("Régularise", width=12),
)

#: The headings of the ledger for machines.
LEDGER_MACHINE = ("at", "serial", "part", "action", "mode", "account", "kind", "parts", "amount", "of_month")

#: What each kind of ledger line is, in French.
KINDS: Mapping[str, str] = {
    "accepted": "Pris par le fournisseur",
    "uncertain": "Incertain : compté",
    "reversal": "Repris : pas parti",
    "credit": "Non facturé : non remis",
    "credit_reversal": "Facturé : remis après tout",
}


async def recap(store: "Store", wanted: Selection, viewer: Viewer, file: Path) -> None:
    """The recap, with the totals by mode below. Raises ValueError when a sheet cannot hold it."""
    with Sheet(file, "Récapitulatif", RECAP) as sheet:
        async for rows in pages(store, wanted, Order(Sort.SENT), viewer.zone):
            await asyncio.to_thread(sheet.write, [_recap_cells(row, viewer) for row in rows])
        sheet.total("Total", 1, sheet.row - 1)
        sheet.blank()
        totals = await recap_totals(store, wanted, viewer.zone)
        shown = totals_by_mode(totals.parts).items()
        modes: list[list[Cell]] = [[None, mode.capitalize(), *[None] * 5, parts] for mode, parts in shown]
        sheet.write([[None, "Totaux par mode d'envoi"], *modes])


def _recap_cells(row: Any, viewer: Viewer) -> list[Cell]:
    view = recap_view(row, viewer)
    recipient, number = csvout.recipient(row, "excel-fr", masked=viewer.masked)
    label = viewer.action_label(row.action)
    sent = local(row.sent_at, viewer.zone)
    return [sent, recipient, number, row.user, row.workstation, label, row.mode, row.parts, str(view["status_label"])]


def synthesis(view: Mapping[str, Any], file: Path) -> None:
    """The synthesis, each month and the year with its total."""
    labels = {total["month"]: total["label"] for total in view["months"]}
    with Sheet(file, "Synthèse", SYNTHESIS) as sheet:
        for month, rows in groupby(view["rows"], key=lambda row: row["month"]):
            first = sheet.row
            sheet.write([_synthesis_cells(row) for row in rows])
            sheet.total(labels[month], first, sheet.row - 1)
        sheet.total(view["annual"]["label"], 1, sheet.row - 1)


def _synthesis_cells(row: Mapping[str, Any]) -> list[Cell]:
    month = date(int(row["month"][:4]), int(row["month"][5:]), 1)
    figures = [row["delivered"], row["total"], row["parts"], Decimal(row["cost"]["amount"])]
    return [row["action_short_label"], month, *figures]


# ---- the ledger ----


async def ledger(store: "Store", school: str, month: str, zone: tzinfo, file: Path) -> None:
    """The ledger of a month, line by line. Raises ValueError when a sheet cannot hold it."""
    with Sheet(file, "Registre", LEDGER) as sheet:
        async for lines in ledgers.lines(store, school, month):
            await asyncio.to_thread(sheet.write, [_ledger_cells(line, zone) for line in lines])
        sheet.total("Total", 1, sheet.row - 1)


async def ledger_csv(
    store: "Store", school: str, month: str, zone: tzinfo, dialect: csvout.Dialect
) -> AsyncIterator[bytes]:
    """The same as CSV, piece by piece."""
    french_file = dialect == "excel-fr"
    headings = [column.heading for column in LEDGER] if french_file else LEDGER_MACHINE
    yield csvout.begin(headings, dialect)
    async for lines in ledgers.lines(store, school, month):
        rows = [_ledger_text(line, zone) if french_file else _ledger_machine(line, zone) for line in lines]
        yield csvout.lines(rows, dialect)


def _ledger_cells(line: ledgers.Line, zone: tzinfo) -> list[Cell]:
    of_month = french.month_label(line.of_month) if line.of_month else None
    what = KINDS.get(line.kind, line.kind)
    place: list[Cell] = [line.serial, line.part, line.action, line.mode, line.account, what, line.parts]
    return [local(line.at, zone), *place, Decimal(line.amount) / MICROS, of_month]


def _ledger_text(line: ledgers.Line, zone: tzinfo) -> Sequence[csvout.Cell]:
    at, *rest = _ledger_cells(line, zone)
    return [f"{at:%d/%m/%Y %H:%M}", *rest]  # type: ignore[list-item]


def _ledger_machine(line: ledgers.Line, zone: tzinfo) -> Sequence[csvout.Cell]:
    at = local(line.at, zone).isoformat(timespec="milliseconds")
    place: list[csvout.Cell] = [line.serial, line.part, line.action, line.mode, line.account, line.kind, line.parts]
    return [at, *place, Decimal(line.amount) / MICROS, line.of_month or None]
