"""The accounts as people read them: the recap of what was sent, the synthesis by month and action, their check.

Reads only; never on a message's path. The synthesis comes from counters, so its cost does not grow with the
number of messages; ``differences`` compares those counters with what the ledger and the receipts say.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import csvout, french
from gateway.model import MODES
from gateway.periods import local, months
from gateway.pricing import MICROS
from gateway.states import Status
from gateway.store import daily, labels, recap, reports
from gateway.store import months as closings
from gateway.store import synthesis as figures
from gateway.store.months import Closed
from gateway.store.selection import After, Order, Selection, Sort, rank
from gateway.views import cost_view

if TYPE_CHECKING:
    from gateway.registry import Registry
    from gateway.store.database import Store

#: Rows read at once for a file.
_CHUNK = 1_000

RECAP_HEADINGS = {
    "excel-fr": (
        *("Envoyé le", "Destinataire", "N° de téléphone", "Utilisateur", "Poste"),
        *("Action", "Mode d'envoi", "SMS", "État"),
    ),
    "rfc4180": (
        *("id", "serial", "sent_at", "recipient_label", "number", "user", "workstation"),
        *("action", "mode", "parts", "status"),
    ),
}
SYNTHESIS_HEADINGS = {
    "excel-fr": ("Action", "Date", "Nb délivré", "Nb total", "SMS", "Coût HT"),
    "rfc4180": ("action", "action_short_label", "month", "delivered", "total", "parts", "cost", "regularises"),
}


# ---- recap ----


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom a recap is written: the school's zone, the labels, and whether numbers are hidden."""

    zone: tzinfo
    registry: "Registry"
    masked: bool

    def action_label(self, code: str) -> str:
        """The long label of an action; its code when it is no longer known."""
        action = self.registry.action(code)
        return action.long_label if action else code


def recap_view(row: Any, viewer: Viewer) -> dict[str, object]:
    """A line of the recap as JSON says it."""
    sent = local(row.sent_at, viewer.zone)
    number, erased = row.number or row.number_input, row.people_erased_at is not None
    return {
        "id": f"msg_{row.ulid}",
        "serial": row.serial,
        "sent_at": sent.isoformat(timespec="milliseconds"),
        "sent_on": french.sent_on(sent),
        "recipient_label": None if erased else row.label,
        "number": None if erased else csvout.hidden(number) if viewer.masked else number,
        "user": row.user,
        "workstation": row.workstation,
        "action": row.action,
        "action_long_label": viewer.action_label(row.action),
        "mode": row.mode,
        "parts": row.parts,
        "status": row.status,
        "status_label": status_label(row, viewer.zone),
    }


def status_label(row: Any, zone: tzinfo) -> str:
    """The state of a message as S1 shows it."""
    at = local(row.status_at, zone)
    return french.status_label(Status(row.status), at, row.parts, row.final_parts, row.reason or "", row.detail or "")


def totals_by_mode(parts: Mapping[str, int]) -> dict[str, int]:
    """The parts of a recap by mode, ``ancien`` (imported, or of a mode that is no more) and ``total`` included."""
    known: dict[str, int] = {mode: parts.get(mode, 0) for mode in MODES}
    total = sum(parts.values())
    return {"ancien": total - sum(known.values()), **known, "total": total}


def recap_cost(totals: recap.Totals, letter_price: Decimal | None) -> dict[str, object]:
    """What a recap cost before tax, and what as many letters would have; that is None without their price."""
    by_post = None
    if letter_price is not None:
        letters = int(letter_price * MICROS) * totals.messages
        saved = cost_view(letters - totals.amount)
        by_post = {"letters": totals.messages, "cost": cost_view(letters), "saved": saved}
    return {"cost": cost_view(totals.amount), "by_post": by_post}


async def recap_csv(store: "Store", wanted: Selection, viewer: Viewer, dialect: csvout.Dialect) -> AsyncIterator[bytes]:
    """The whole recap as a file, piece by piece; French Excel gets the totals by mode below."""
    yield csvout.begin(RECAP_HEADINGS[dialect], dialect)
    async for rows in pages(store, wanted, Order(Sort.SENT), viewer.zone):
        yield csvout.lines((_recap_cells(row, viewer, dialect) for row in rows), dialect)
    if dialect == "excel-fr":
        found = await recap_totals(store, wanted, viewer.zone)
        yield csvout.lines(_totals_cells(found), dialect)


async def recap_totals(store: "Store", wanted: Selection, zone: tzinfo) -> recap.Totals:
    """The totals of a recap, from the counters where they can be."""

    async def question(conn: AsyncConnection) -> recap.Totals:
        return await recap.totals(conn, await labels.resolved(conn, wanted), zone)

    return await store.read(question)


async def pages(
    store: "Store", wanted: Selection, order: Order, zone: tzinfo
) -> AsyncIterator[Sequence[reports.AnyRow]]:
    """All the messages of a selection, some at a time."""
    after: After | None = None

    async def question(conn: AsyncConnection) -> Sequence[reports.AnyRow]:
        found = await labels.resolved(conn, wanted)
        if wanted.submitted:
            return await recap.page(conn, found, order, after, _CHUNK, zone)
        return await reports.page(conn, found, order, after, _CHUNK)

    while rows := await store.read(question):
        yield rows
        after = After(rows[-1].id, rank(Status(rows[-1].status)))


def _recap_cells(row: Any, viewer: Viewer, dialect: csvout.Dialect) -> Sequence[csvout.Cell]:
    view = recap_view(row, viewer)
    recipient, number = csvout.recipient(row, dialect, masked=viewer.masked)
    if dialect == "rfc4180":
        return [number if name == "number" else view[name] for name in RECAP_HEADINGS[dialect]]  # type: ignore[misc]
    sent = f"{local(row.sent_at, viewer.zone):%d/%m/%Y %H:%M}"
    label = viewer.action_label(row.action)
    return [sent, recipient, number, row.user, row.workstation, label, row.mode, row.parts, str(view["status_label"])]


def _totals_cells(found: recap.Totals) -> Iterable[Sequence[csvout.Cell]]:
    yield []
    yield ["Totaux par mode d'envoi"]
    for mode, parts in totals_by_mode(found.parts).items():
        yield [mode.capitalize(), f"≥ {parts}" if found.at_least else parts]


# ---- synthesis ----


async def synthesis(
    store: "Store", registry: "Registry", school: str, year: int, *, school_year: bool
) -> dict[str, Any]:
    """The figures of a year by month and action, with the total of each month and of the year."""
    wanted = months(year, school_year=school_year)

    async def question(conn: AsyncConnection) -> tuple[Sequence[figures.Sums], Mapping[str, Closed]]:
        return await figures.sums(conn, school, wanted), await closings.closed(conn, school)

    sums, closed = await store.read(question)
    sent = [line for line in sums if line.total or line.parts or line.delivered or line.amount]
    return {
        "school": school,
        "year": year,
        "school_year": school_year,
        "rows": [_row(line, registry) for line in sent],
        "months": [
            {"month": month, "label": french.month_total(month), "closed": month in closed, **_total(list(lines))}
            for month, lines in groupby(sent, key=lambda line: line.month)
        ],
        "annual": {"label": french.TOTAL_YEAR, **_total(sent)},
        "not_submitted": sum(line.not_submitted for line in sums),
    }


def _row(line: figures.Sums, registry: "Registry") -> dict[str, object]:
    action = registry.action(line.action)
    short = action.short_label if action else line.action
    if line.of_month:
        short = f"{french.regularisation_label(line.of_month)} · {short}"
    return {
        "action": line.action,
        "action_short_label": short,
        "month": line.month,
        "regularises": line.of_month or None,
        **_total([line]),
    }


def _total(lines: Sequence[figures.Sums]) -> dict[str, object]:
    return {
        "delivered": sum(line.delivered for line in lines),
        "total": sum(line.total for line in lines),
        "parts": sum(line.parts for line in lines),
        "cost": cost_view(sum(line.amount for line in lines)),
    }


def synthesis_csv(view: Mapping[str, Any], dialect: csvout.Dialect) -> bytes:
    """A synthesis as a file; for machines without its totals."""
    headings = SYNTHESIS_HEADINGS[dialect]
    rows = _machine_rows(view, headings) if dialect == "rfc4180" else _french_rows(view)
    return csvout.begin(headings, dialect) + csvout.lines(rows, dialect)


def _machine_rows(view: Mapping[str, Any], headings: Sequence[str]) -> Iterable[Sequence[csvout.Cell]]:
    for row in view["rows"]:
        yield [row["cost"]["amount"] if name == "cost" else row[name] for name in headings]


def _french_rows(view: Mapping[str, Any]) -> Iterable[Sequence[csvout.Cell]]:
    totals = {total["month"]: total for total in view["months"]}
    for month, rows in groupby(view["rows"], key=lambda row: row["month"]):
        for row in rows:
            yield [row["action_short_label"], f"{month[5:]}/{month[:4]}", *_french_figures(row)]
        yield ["", totals[month]["label"], *_french_figures(totals[month])]
    yield ["", view["annual"]["label"], *_french_figures(view["annual"])]


def _french_figures(row: Mapping[str, Any]) -> Sequence[csvout.Cell]:
    return [row["delivered"], row["total"], row["parts"], Decimal(row["cost"]["amount"])]


# ---- check ----


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter that does not say what the ledger says."""

    key: figures.Key
    counted: figures.Figures
    recomputed: figures.Figures


async def differences(store: "Store") -> tuple[int, Sequence[Difference]]:
    """How many counters there are, and those that differ from the ledger and the receipts; of one instant."""

    async def question(conn: AsyncConnection) -> tuple[Mapping[figures.Key, figures.Figures], ...]:
        # Both in one reading transaction, so that they see the same moment.
        return await figures.counted(conn), await figures.recomputed(conn)

    counted, found = await store.read(question)
    nothing = figures.Figures(0, 0, 0, 0)
    keys = sorted(counted.keys() | found.keys())
    pairs = ((key, counted.get(key, nothing), found.get(key, nothing)) for key in keys)
    return len(keys), [Difference(*pair) for pair in pairs if pair[1] != pair[2]]


async def daily_differences(store: "Store", day: daily.Day) -> tuple[int, Sequence[daily.Cell]]:
    """How many daily counters there are, and those that differ from the messages; of one instant."""

    async def question(conn: AsyncConnection) -> tuple[int, Sequence[daily.Cell]]:
        total, wrong = 0, list[daily.Cell]()
        for school in await daily.schools(conn):
            counted, found = await daily.counted(conn, school), await daily.recomputed(conn, school, day)
            keys = sorted(counted.keys() | found.keys())
            total += len(keys)
            wrong += [key for key in keys if counted.get(key) != found.get(key)]
        return total, wrong

    return await store.read(question)
