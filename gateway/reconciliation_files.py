"""A reconciliation as a file to save: every row, with both sides and the gap."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import csvout, french
from gateway.gap import PILES, WHY
from gateway.periods import local
from gateway.pricing import euros
from gateway.store import reconciliations as kept
from gateway.xlsxout import Cell, Column, Sheet

if TYPE_CHECKING:
    from gateway.store.database import Store

COLUMNS = (
    Column("Pile", width=24),
    Column("Constat", width=28),
    Column("Lignes du fichier", width=16),
    Column("Identifiant fournisseur", width=24),
    Column("N° de téléphone", width=18),
    Column("Date de la facture", "moment", 17),
    Column("SMS facturés", "integer", 13, total=True),
    Column("Montant facturé HT", "money", 18, total=True),
    Column("Message", "integer", 12),
    Column("Établissement", width=14),
    Column("Date au registre", "moment", 17),
    Column("SMS au registre", "integer", 15, total=True),
    Column("Montant au registre HT", "money", 20, total=True),
    Column("Écart HT", "money", 16, total=True),
    Column("Autre mois", width=16),
)

#: The headings for machines.
MACHINE = (
    *("pile", "why", "lines", "provider_id", "number", "their_at", "their_parts", "their_amount", "serial", "school"),
    *("our_at", "our_parts", "our_amount", "gap", "month"),
)

_CHUNK = 1_000


async def _rows(store: "Store", id_: int) -> AsyncIterator[Sequence[Any]]:
    after = 0

    async def question(conn: Any) -> Sequence[Any]:
        return await kept.lines(conn, id_, None, after, _CHUNK)

    while found := await store.read(question):
        yield found
        after = found[-1].place


async def workbook(store: "Store", id_: int, zone: tzinfo, file: Path) -> None:
    """As a workbook, with the totals below. Raises ValueError when a sheet cannot hold it."""
    with Sheet(file, "Rapprochement", COLUMNS) as sheet:
        async for rows in _rows(store, id_):
            await asyncio.to_thread(sheet.write, [_cells(row, zone) for row in rows])
        sheet.total("Total", 1, sheet.row - 1)


async def csv(store: "Store", id_: int, zone: tzinfo, dialect: csvout.Dialect) -> AsyncIterator[bytes]:
    """As CSV, piece by piece."""
    french_file = dialect == "excel-fr"
    yield csvout.begin([column.heading for column in COLUMNS] if french_file else MACHINE, dialect)
    async for rows in _rows(store, id_):
        yield csvout.lines([_text(row, zone) if french_file else _machine(row, zone) for row in rows], dialect)


def _cells(row: Any, zone: tzinfo) -> list[Cell]:
    return [
        PILES[row.pile],
        WHY[row.why],
        *(row.lines, row.provider_id, _national(row.number), _moment(row.their_at, zone), row.their_parts),
        *(_euros(row.their_amount), row.serial, row.school, _moment(row.our_at, zone), row.our_parts),
        *(_euros(row.our_amount), _gap(row), french.month_label(row.month) if row.month else None),
    ]


def _text(row: Any, zone: tzinfo) -> list[csvout.Cell]:
    return [f"{cell:%d/%m/%Y %H:%M}" if hasattr(cell, "hour") else cell for cell in _cells(row, zone)]  # type: ignore[misc]


def _machine(row: Any, zone: tzinfo) -> list[csvout.Cell]:
    theirs, ours = (
        at.isoformat(timespec="milliseconds") if at else None
        for at in (_moment(row.their_at, zone), _moment(row.our_at, zone))
    )
    said: Mapping[str, csvout.Cell] = {
        **{name: getattr(row, name) for name in MACHINE if name != "gap"},
        **{"their_at": theirs, "our_at": ours, "gap": _gap(row), "month": row.month or None},
        **{"their_amount": _euros(row.their_amount), "our_amount": _euros(row.our_amount)},
    }
    return [said[name] for name in MACHINE]


def _moment(at: int | None, zone: tzinfo) -> Any:
    return None if at is None else local(at, zone)


def _euros(amount: int | None) -> Decimal | None:
    return None if amount is None else Decimal(euros(amount))


def _gap(row: Any) -> Decimal:
    return Decimal(euros((row.their_amount or 0) - (row.our_amount or 0)))


def _national(masked: str) -> str:
    """A masked number as people write it in France: ``06 ** ** ** 78``; of another country as it is."""
    found = _FRENCH(masked)
    return f"0{' '.join(found.groups())}" if found else masked


_FRENCH = re.compile(r"\+(?:33|262|508|590|594|596)(\d)(\*\*)(\*\*)(\*\*)(\d\d)").fullmatch
