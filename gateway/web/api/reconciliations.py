"""« Rapprochement »: the accountant drops a provider's invoice, sees where it differs from the ledger, and signs."""

from hashlib import sha256
from typing import Annotated, Any, Literal

import orjson
from aiohttp import web
from pydantic import StringConstraints
from ulid_transform import ulid_now

from gateway import csvout, french, gap, invoices, reconciliation_files, reconciliations
from gateway.invoices import Choice
from gateway.model import Uai
from gateway.piles import Pile
from gateway.pricing import euros
from gateway.problem import Problem
from gateway.reconciliations import Wanted
from gateway.requests import Body
from gateway.store import reconciliations as kept
from gateway.store.audit import noted
from gateway.web.answers.reconciliations import (
    ReconciliationLines,
    ReconciliationList,
    ReconciliationView,
)
from gateway.web.api import cursors
from gateway.web.api.filters import Paging
from gateway.web.api.invoice_columns import (
    FILE,
    FILE_PROBLEMS,
    SIGN,
    FileRequest,
    MappingBody,
    Name,
    keep_columns,
    kept_columns,
    known_account,
    read_upload,
)
from gateway.web.api.views import number_of, stamp
from gateway.web.files import exported, stream, workbook
from gateway.web.reading import aside
from gateway.web.route import Call, Reply, Route

Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


class ReconciliationRequest(FileRequest):
    """What is reconciled. Without a school: all those of the caller."""

    month: Month
    format: Literal["auto", "ovhcloud", "generic", "mapping"] = "auto"
    mapping: MappingBody | None = None
    school: Uai | None = None


class ReconciliationsQuery(Paging):
    """Which reconciliations."""

    account: Name | None = None
    month: Month | None = None


class ReconciliationLinesQuery(Paging):
    """Which rows."""

    pile: Pile | None = None


class SignBody(Body):
    """What the accountant adds."""

    note: Annotated[str, StringConstraints(max_length=1000, strip_whitespace=True)] | None = None


# ---- making one ----


async def post(call: Call) -> Reply:
    """``POST /v1/reconciliations``: read the invoice, pair it with the ledger, keep what was found."""
    asked, file = read_upload(call, ReconciliationRequest)
    account = known_account(call, asked.account)
    schools = frozenset({call.caller.school(asked.school)}) if asked.school else call.caller.schools
    wanted = Wanted(account, asked.month, schools)
    home, store = call.parts.registry.home, call.parts.store
    chosen = Choice(
        asked.mapping.columns if asked.mapping else None,
        asked.format if asked.format != "auto" else None,
        await kept_columns(call, account.name),
    )
    format_, invoice = await aside(lambda: invoices.read_file(file, chosen, home), file=True)
    found = await reconciliations.reconcile(store, wanted, invoice, home)
    told = await reconciliations.statement(store, call.parts.registry, wanted)
    summary = {**gap.figures(found, invoice), "statement": told}
    if chosen.columns is not None:
        await keep_columns(call, account.name, chosen.columns)
    only = next(iter(schools)) if len(schools) == 1 else None
    entry = call.act("reconciliation", f"{account.name} {asked.month}", f"écart {summary['gap']} €", only)
    head = kept.Head(
        *(ulid_now(), account.name, asked.month, sorted(schools), format_, sha256(file).hexdigest()),
        *(entry.at, call.caller.actor),
    )
    await kept.keep(store, head, found.lines, summary, entry)
    row = await store.read(lambda conn: kept.find(conn, head.ulid))
    return Reply(view(row, call), 201, {"Location": f"/v1/reconciliations/rap_{head.ulid}"})


# ---- looking at them ----


async def list_all(call: Call) -> Reply:
    """``GET /v1/reconciliations``: newest first; those of the caller's schools alone."""
    query: ReconciliationsQuery = call.query
    wanted = kept.Wanted(call.caller.schools, query.account, query.month)
    mark = (query.account, query.month)
    after = cursors.read_after(query.cursor, *mark)
    rows = list(await call.parts.store.read(lambda conn: kept.newest(conn, wanted, after, query.limit + 1)))
    more, rows = len(rows) > query.limit, rows[: query.limit]
    page = {"next_cursor": cursors.after(rows[-1].id, *mark) if more else None, "limit": query.limit, "total": None}
    return Reply({"data": [view(row, call) for row in rows], "page": page})


async def show(call: Call) -> Reply:
    """``GET /v1/reconciliations/{id}``."""
    return Reply(view(await own(call), call))


async def show_lines(call: Call) -> Reply:
    """``GET /v1/reconciliations/{id}/lines?pile=``."""
    row, query = await own(call), call.query
    mark = (row.ulid, query.pile)
    after = cursors.read_after(query.cursor, *mark) or 0
    found = list(await call.parts.store.read(lambda conn: kept.lines(conn, row.id, query.pile, after, query.limit + 1)))
    more, found = len(found) > query.limit, found[: query.limit]
    cursor = cursors.after(found[-1].place, *mark) if more else None
    piles = orjson.loads(row.summary)["piles"]
    total = sum(one["rows"] for name, one in piles.items() if query.pile in (None, name)) if query.count else None
    page = {"next_cursor": cursor, "limit": query.limit, "total": total}
    return Reply({"data": [line_view(line, call) for line in found], "page": page})


async def sign(call: Call) -> Reply:
    """``POST /v1/reconciliations/{id}/sign``: it never changes again. Signing again changes nothing."""
    body: SignBody = call.body
    row = await own(call)
    entry = call.act("reconciliation_signed", f"{row.account} {row.month}", f"rap_{row.ulid}", _only(row))
    if row.signed_at is None:
        who = call.caller.actor
        verb = noted(lambda conn: kept.sign(conn, row.id, who, body.note or None, entry.at), entry)
        await call.parts.store.write(verb)
    return Reply(view(await own(call), call))


async def own(call: Call) -> Any:
    """The reconciliation of the address. Raises ``not_found``, also for one of a school that is not the caller's."""
    ulid = number_of(call.path["id"], "rap")
    row = await call.parts.store.read(lambda conn: kept.find(conn, ulid))
    if row is None or not call.caller.schools >= set(orjson.loads(row.schools)):
        raise Problem("not_found", "Aucun rapprochement de vos établissements n'a cet identifiant.")
    return row


# ---- files ----


class ReconciliationFile(Body):
    """How a file is written."""

    dialect: csvout.Dialect = "excel-fr"


async def _exported(call: Call) -> Any:
    """The reconciliation of the address, once the journal knows that it is exported."""
    row = await own(call)
    await exported(call, f"rapprochement {row.account} {row.month}", _only(row))
    return row


def _only(row: Any) -> str | None:
    """The school of a reconciliation that is of one alone."""
    schools: list[str] = orjson.loads(row.schools)
    return schools[0] if len(schools) == 1 else None


async def export_csv(call: Call) -> web.StreamResponse:
    """``GET /v1/reconciliations/{id}/export.csv``."""
    row = await _exported(call)
    pieces = reconciliation_files.csv(call.parts.store, row.id, call.parts.registry.home, call.query.dialect)
    return await stream(call, f"rapprochement-{row.month}-{row.ulid}.csv", pieces)


async def export_xlsx(call: Call) -> web.StreamResponse:
    """``GET /v1/reconciliations/{id}/export.xlsx``."""
    row = await _exported(call)
    home = call.parts.registry.home
    write = reconciliation_files.workbook
    return await workbook(
        call, f"rapprochement-{row.month}-{row.ulid}.xlsx", lambda file: write(call.parts.store, row.id, home, file)
    )


# ---- how they look ----


def view(row: Any, call: Call) -> dict[str, Any]:
    """A reconciliation as the API shows it."""
    home = call.parts.registry.home
    summary: dict[str, Any] = orjson.loads(row.summary)
    return {
        "id": f"rap_{row.ulid}",
        "account": row.account,
        "month": row.month,
        "month_label": french.month_label(row.month),
        "schools": orjson.loads(row.schools),
        "format": row.format,
        "sha256": row.sha256,
        "created_at": stamp(row.created_at, home),
        "created_by": row.actor,
        "signed_at": stamp(row.signed_at, home),
        "signed_by": row.signed_by,
        "note": row.note,
        **summary,
        "explained": gap.explained(summary),
    }


def line_view(row: Any, call: Call) -> dict[str, Any]:
    """A row as the API shows it."""
    zone = call.parts.registry.zone(row.school) if row.school else call.parts.registry.home
    return {
        "place": row.place,
        "pile": row.pile,
        "why": row.why,
        "why_label": gap.WHY[row.why],
        "lines": row.lines,
        "provider_id": row.provider_id,
        "number": row.number,
        "their_at": stamp(row.their_at, zone),
        "their_parts": row.their_parts,
        "their_amount": _euros(row.their_amount),
        "message": f"msg_{row.ulid}" if row.ulid else None,
        "serial": row.serial,
        "school": row.school,
        "our_at": stamp(row.our_at, zone),
        "our_parts": row.our_parts,
        "our_amount": _euros(row.our_amount),
        "gap": euros((row.their_amount or 0) - (row.our_amount or 0)),
        "month": row.month or None,
    }


def _euros(amount: int | None) -> str | None:
    return None if amount is None else euros(amount)


ROUTES: tuple[Route, ...] = (
    Route(
        *("POST", "/v1/reconciliations", post, SIGN, "Rapprocher la facture d'un fournisseur du registre"),
        body=ReconciliationRequest,
        answer=ReconciliationView,
        status=201,
        problems=(*FILE_PROBLEMS, "unknown_columns", "school_forbidden"),
        **FILE,
    ),
    Route(
        *("GET", "/v1/reconciliations", list_all, SIGN, "Les rapprochements, le plus récent d'abord"),
        query=ReconciliationsQuery,
        answer=ReconciliationList,
        tag="accounts",
        problems=("invalid_cursor",),
    ),
    Route(
        *("GET", "/v1/reconciliations/{id}", show, SIGN, "Un rapprochement : les cinq piles et l'écart"),
        answer=ReconciliationView,
        tag="accounts",
        problems=("not_found",),
    ),
    Route(
        *("GET", "/v1/reconciliations/{id}/lines", show_lines, SIGN, "Les lignes d'un rapprochement, par pile"),
        query=ReconciliationLinesQuery,
        answer=ReconciliationLines,
        tag="accounts",
        problems=("not_found", "invalid_cursor"),
    ),
    Route(
        *("GET", "/v1/reconciliations/{id}/export.csv", export_csv, SIGN, "Un rapprochement, pour tableur"),
        query=ReconciliationFile,
        tag="accounts",
        problems=("not_found",),
    ),
    Route(
        *("GET", "/v1/reconciliations/{id}/export.xlsx", export_xlsx, SIGN, "Un rapprochement, en classeur"),
        tag="accounts",
        problems=("not_found", "too_many_rows"),
    ),
    Route(
        *("POST", "/v1/reconciliations/{id}/sign", sign, SIGN, "Valider un rapprochement : il ne change plus"),
        body=SignBody,
        answer=ReconciliationView,
        tag="accounts",
        problems=("not_found",),
    ),
)
