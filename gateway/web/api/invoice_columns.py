"""Files of providers' invoices as they are uploaded, and which of their columns is what, kept for each account."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar
from zoneinfo import available_timezones

import orjson
from pydantic import AfterValidator, Field, StringConstraints

from gateway import invoices
from gateway.caller import Scope
from gateway.invoices import Choice, Columns
from gateway.model import AccountSettings
from gateway.problem import Problem, field_problem
from gateway.requests import Body
from gateway.store import reconciliations as kept
from gateway.store.audit import noted
from gateway.web.answers.reconciliations import FileColumns, KeptColumns
from gateway.web.api.views import stamp
from gateway.web.endpoint import read_json
from gateway.web.media import FORM, read_form
from gateway.web.reading import aside
from gateway.web.route import Call, Reply, Route

SIGN = frozenset({Scope.ACCOUNTS})

MAX_BYTES = 16 * 1024 * 1024

Heading = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("Un fuseau horaire est attendu, comme Europe/Paris ou UTC.")
    return name


class MappingBody(Body):
    """Which heading of the file is what."""

    id: Heading | None = None
    id2: Heading | None = None
    number: Heading | None = None
    at: Heading | None = None
    time: Heading | None = None
    parts: Heading | None = None
    amount: Heading | None = None
    credits: Heading | None = None
    timezone: Annotated[str, Field(max_length=64), AfterValidator(_zone)] | None = None

    @property
    def columns(self) -> Columns:
        """The same as a value. Raises ``unknown_columns`` when lines could not be told apart."""
        found = Columns(**self.model_dump())
        if not found.enough:
            why = "Il faut la colonne de l'identifiant (id), ou celles du numéro (number) et de la date (at)."
            raise Problem("unknown_columns", why)
        return found


class FileRequest(Body):
    """Of which account a file is."""

    account: Name


B = TypeVar("B", bound=FileRequest)


async def show_columns(call: Call) -> Reply:
    """``POST /v1/reconciliations/columns``: what a file's columns are, as far as its headings say."""
    asked, file = read_upload(call, FileRequest)
    account = known_account(call, asked.account)
    table = await aside(lambda: invoices.first_rows(file), file=True)
    chosen = Choice(kept=await kept_columns(call, account.name))
    format_, columns = chosen.proposed(table.headings) or (None, Columns())
    return Reply(
        {
            "headings": list(table.headings),
            "rows": [list(cells) for _, cells in table.rows],
            "format": format_,
            "mapping": columns.view,
            "complete": columns.enough,
        }
    )


def read_upload(call: Call, model: type[B]) -> tuple[B, bytes]:
    """The request and the file of a form. Raises Problem."""
    fields = read_form(call.content_type, call.raw)
    if set(fields) != {"request", "invoice"}:
        detail = "Le formulaire doit avoir deux champs : « request » (JSON) et « invoice » (fichier CSV ou XLSX)."
        raise Problem("malformed_body", detail)
    return read_json(model, fields["request"]), fields["invoice"]


def known_account(call: Call, name: str) -> AccountSettings:
    """A declared account. Raises ``unknown_account``."""
    found = call.parts.registry.account(name)
    if found is None:
        raise field_problem("unknown_account", "/account", "Ce compte n'existe pas : voir GET /v1/accounts.")
    return found


async def kept_columns(call: Call, account: str) -> Columns | None:
    """What the columns of an account\'s invoices were told to be."""
    row = await call.parts.store.read(lambda conn: kept.columns(conn, account))
    return Columns(**orjson.loads(row.columns)) if row is not None else None


async def keep_columns(call: Call, account: str, columns: Columns) -> None:
    """Keep what they are, with an entry in the journal."""
    entry = call.act("invoice_columns", account)
    verb = kept.put_columns
    who = call.caller.actor
    await call.parts.store.write(noted(lambda conn: verb(conn, account, columns.view, who, entry.at), entry))


async def get_columns(call: Call) -> Reply:
    """``GET /v1/accounts/{name}/invoice-columns``."""
    account = known_account(call, call.path["name"]).name
    row = await call.parts.store.read(lambda conn: kept.columns(conn, account))
    columns = Columns(**orjson.loads(row.columns)) if row is not None else Columns()
    return Reply(
        {
            "account": account,
            "mapping": columns.view,
            "updated_at": stamp(row.updated_at, call.parts.registry.home) if row is not None else None,
            "updated_by": row.actor if row is not None else None,
        }
    )


async def put_columns(call: Call) -> Reply:
    """``PUT /v1/accounts/{name}/invoice-columns``."""
    body: MappingBody = call.body
    await keep_columns(call, known_account(call, call.path["name"]).name, body.columns)
    return await get_columns(call)


FILE: Mapping[str, Any] = {
    "raw_body": True,
    "file": "invoice",
    "media": (FORM,),
    "max_bytes": MAX_BYTES,
    "tag": "accounts",
}
FILE_PROBLEMS = ("malformed_body", "body_too_large", "unknown_account")

ROUTES: tuple[Route, ...] = (
    Route(
        *("POST", "/v1/reconciliations/columns", show_columns, SIGN, "Les colonnes d'un fichier de facture"),
        body=FileRequest,
        answer=FileColumns,
        problems=FILE_PROBLEMS,
        **FILE,
    ),
    Route(
        *("GET", "/v1/accounts/{name}/invoice-columns", get_columns, SIGN, "Les colonnes des factures d'un compte"),
        answer=KeptColumns,
        tag="accounts",
        problems=("unknown_account",),
    ),
    Route(
        *("PUT", "/v1/accounts/{name}/invoice-columns", put_columns, SIGN, "Dire quelle colonne est quoi"),
        body=MappingBody,
        answer=KeptColumns,
        tag="accounts",
        problems=("unknown_account", "unknown_columns"),
    ),
)
