"""« Rapprochement »: the provider's invoice is dropped, its columns are told once, and the five piles are signed."""

import base64
import binascii
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

import orjson
from aiohttp import web

from gateway.caller import Scope
from gateway.gap import PILES
from gateway.invoices import FIELDS
from gateway.periods import local
from gateway.problem import Problem
from gateway.web.api.invoice_columns import MAX_BYTES
from gateway.web.console.visit import Page, Visit
from gateway.web.endpoint import too_large
from gateway.web.media import write_form

SIGN = frozenset({Scope.ACCOUNTS})

#: A form may hold the file itself, packed and written in letters: a third more.
_FORM_BYTES = 24 * 1024 * 1024

#: Formats that may be chosen -> their words.
FORMATS = {
    "auto": "Reconnaître (ou colonnes gardées)",
    "ovhcloud": "Export d'OVHcloud",
    "generic": "Format courant",
    "columns": "Indiquer les colonnes",
}
_SHOWN = 100


@dataclass(slots=True)
class Draft:
    """The form as it stands: what was chosen, the file, and which column is what."""

    account: str
    month: str
    format: str
    once: str
    file: bytes
    columns: dict[str, str]

    @property
    def packed(self) -> str:
        """The file as a field that needs no second choice of it."""
        return base64.b64encode(zlib.compress(self.file)).decode()

    @property
    def request(self) -> dict[str, Any]:
        """The API's request."""
        said: dict[str, Any] = {"account": self.account, "month": self.month}
        if self.columns:
            return {**said, "format": "mapping", "mapping": self.columns}
        return {**said, "format": self.format}


def _draft(visit: Visit) -> Draft:
    form = visit.form
    given = {name: str(form.get(name, "")) for name in ("account", "month", "format", "once")}
    columns = {name: value for name in (*FIELDS, "timezone") if (value := str(form.get(f"c_{name}", "")))}
    return Draft(**given, file=_file(form.get("file"), str(form.get("kept", ""))), columns=columns)


def _file(chosen: Any, packed: str) -> bytes:
    """The file that was chosen, else the one that the form holds. Raises ``malformed_body``, ``body_too_large``."""
    if isinstance(chosen, bytes) and chosen:
        raw = chosen
    else:
        try:
            raw = zlib.decompressobj().decompress(base64.b64decode(packed), MAX_BYTES + 1)
        except (zlib.error, binascii.Error) as error:
            raise Problem("malformed_body", "Le fichier ne peut pas être relu : choisissez-le de nouveau.") from error
    if len(raw) > MAX_BYTES:
        raise too_large(MAX_BYTES)
    return raw


def _first_draft(visit: Visit) -> Draft:
    """Nothing chosen yet: the month that is over."""
    first = local(visit.parts.clock(), visit.parts.registry.home).date().replace(day=1)
    month = (first - timedelta(days=1)).isoformat()[:7]
    asked = visit.request.query
    return Draft(asked.get("account", ""), asked.get("month", month), "auto", "", b"", {})


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/rapprochement``: the form, and those of before."""
    return await _page(visit, _first_draft(visit))


async def act(visit: Visit) -> web.StreamResponse:
    """``POST /console/rapprochement``: reconcile; where the columns are not known, ask for them."""
    draft = _draft(visit)
    if not draft.file:
        return await _page(visit, draft, Problem("malformed_body", "Choisissez le fichier du détail de la facture."))
    if draft.format == "columns" and not draft.columns:
        return await _page(visit, draft, ask=True)
    try:
        made = await visit.ask(
            *("POST", "/v1/reconciliations"),
            body={**draft.request, "sha256": sha256(draft.file).hexdigest()},
            once=draft.once or None,
            everywhere=True,
            upload=_upload(draft.request, draft.file),
        )
    except Problem as problem:
        ask = problem.code == "unknown_columns" or (problem.code == "invalid_field" and bool(draft.columns))
        return await _page(visit, draft, problem, ask=ask)
    return visit.go(f"/rapprochement/{made['id']}", "rapproche")


def _upload(request: Mapping[str, Any], file: bytes) -> tuple[bytes, str]:
    media, raw = write_form({"request": orjson.dumps(request), "invoice": file})
    return raw, media


async def _page(visit: Visit, draft: Draft, problem: Problem | None = None, *, ask: bool = False) -> web.Response:
    table = None
    if ask:
        upload = _upload({"account": draft.account}, draft.file)
        try:
            table = await visit.ask("POST", "/v1/reconciliations/columns", upload=upload)
        except Problem as worse:
            problem = worse
    after = visit.request.query.get("cursor", "")
    query = {"limit": "20"} | ({"cursor": after} if after else {})
    past = await visit.ask("GET", "/v1/reconciliations", query=query, everywhere=True)
    draft.once = secrets.token_urlsafe(16)
    return visit.render(
        "rapprochement.html",
        problem.status if problem else 200,
        draft=draft,
        problem=problem,
        table=table,
        chosen={**table["mapping"], **draft.columns} if table else {},
        fields=FIELDS,
        formats=FORMATS,
        accounts=[account.name for account in visit.parts.registry.accounts()],
        past=past["data"],
        page=past["page"],
    )


# ---- one ----


async def one(visit: Visit) -> web.StreamResponse:
    """``GET /console/rapprochement/{id}``: five tiles, the rows of a pile, the gap in words, the signature."""
    name = visit.request.match_info["id"]
    found = await visit.ask("GET", "/v1/reconciliations/{id}", name, everywhere=True)
    pile = _pile(found, visit.request.query.get("pile", ""))
    after = visit.request.query.get("cursor", "")
    query = {"pile": pile, "limit": str(_SHOWN)} | ({"cursor": after} if after else {})
    lines = await visit.ask("GET", "/v1/reconciliations/{id}/lines", name, query=query, everywhere=True)
    return visit.render("rapproche.html", found=found, piles=PILES, pile=pile, lines=lines["data"], page=lines["page"])


def _pile(found: Any, asked: str) -> str:
    """The pile that is asked for, else the first that differs and is not empty."""
    if asked in PILES:
        return asked
    differing = (name for name in PILES if name != "identical" and found["piles"][name]["rows"])
    return next(differing, "identical")


async def sign(visit: Visit) -> web.StreamResponse:
    """``POST /console/rapprochement/{id}/valider``, once the box that says what it means is ticked."""
    name = visit.request.match_info["id"]
    if visit.form.get("sure") != "yes":
        return visit.go(f"/rapprochement/{name}", "a-valider")
    body = {"note": str(visit.form.get("note", ""))}
    await visit.ask("POST", "/v1/reconciliations/{id}/sign", name, body=body, everywhere=True)
    return visit.go(f"/rapprochement/{name}", "valide")


async def download(visit: Visit) -> web.StreamResponse:
    """``GET /console/rapprochement/{id}/export.csv`` and ``.xlsx``."""
    suffix = PurePosixPath(visit.request.path).suffix
    name = visit.request.match_info["id"]
    return await visit.file(f"/v1/reconciliations/{{id}}/export{suffix}", name, everywhere=True)


PAGES: tuple[Page, ...] = (
    Page("GET", "/rapprochement", show, SIGN, menu="Rapprochement", group="Comptes"),
    Page("POST", "/rapprochement", act, SIGN, max_bytes=_FORM_BYTES),
    Page("GET", "/rapprochement/{id}", one, SIGN),
    Page("GET", "/rapprochement/{id}/export.csv", download, SIGN),
    Page("GET", "/rapprochement/{id}/export.xlsx", download, SIGN),
    Page("POST", "/rapprochement/{id}/valider", sign, SIGN),
)
