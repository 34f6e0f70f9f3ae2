"""Receipts whose part is not known: what they say, the parts that each might be of, and a person's decision."""

from dataclasses import astuple
from datetime import tzinfo
from typing import Any, Final

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import csvout
from gateway.caller import Caller, Scope
from gateway.objections import Why
from gateway.periods import begin, end
from gateway.registry import Registry
from gateway.requests import Body, Short
from gateway.store import unmatched
from gateway.store.audit import noted
from gateway.store.reports import AnyRow, find
from gateway.store.unmatched import Candidate, Wanted
from gateway.web.answers.receipts import ReceiptMatched, UnmatchedList
from gateway.web.api import cursors
from gateway.web.api.filters import Emptiable, Moment, Paging
from gateway.web.api.lists import READ, not_found
from gateway.web.api.views import masked, number_of, stamp
from gateway.web.route import Call, Reply, Route

#: What speaks against a candidate.
OBJECTIONS: Final = {
    Why.OTHER_ACCOUNT: "Même identifiant, mais partie par un autre compte fournisseur",
    Why.OTHER_NUMBER: "Même identifiant, mais l'accusé nomme un autre numéro",
    Why.LEFT_LATER: "Même identifiant, mais la partie est partie après l'arrivée de l'accusé",
    Why.OTHER_WRITING: "Même identifiant aux majuscules ou aux zéros près, que ce compte distingue",
    Why.SEVERAL: "L'accusé peut être celui de plusieurs parties, ou d'une autre qui n'a pas eu de réponse",
    Why.OTHER_FORM: "Même identifiant dans l'autre base, mais aucun numéro ne le confirme",
    Why.CLOSE: "Même numéro, identifiant différent d'un caractère",
    Why.NO_ID: "Même numéro, partie sans réponse du fournisseur, mais l'heure ou l'émetteur diffère",
    Why.OTHER_ID: "Même numéro, autre identifiant",
}


class UnmatchedQuery(Emptiable, Paging):
    """Which receipts. A date is a whole local day, ``to`` included; a timestamp excludes ``to``."""

    account: Short | None = None
    from_: Moment | None = Field(None, alias="from", description="date, or timestamp with its offset")
    to: Moment | None = Field(None, description="date (included), or timestamp (excluded)")


class MatchBody(Body):
    """Which part a receipt is of."""

    message: Short = Field(description="public id of the message")
    part: int = Field(1, ge=1, le=255, description="its number, from 1")


async def list_unmatched(call: Call) -> Reply:
    """``GET /v1/receipts/unmatched``: newest first, each with the parts of the caller's schools that it might be of."""
    query: UnmatchedQuery = call.query
    registry, zone = call.parts.registry, call.parts.registry.home
    wanted = Wanted(
        query.account,
        begin(query.from_, zone) if query.from_ else None,
        end(query.to, zone) if query.to else None,
    )
    after = cursors.read_after(query.cursor, *astuple(wanted))
    accounts = [account.name for account in registry.accounts()]

    async def question(conn: AsyncConnection) -> tuple[list[AnyRow], dict[int, list[Candidate]], int | None]:
        rows = list(await unmatched.page(conn, wanted, after, query.limit + 1))
        near = await unmatched.candidates(conn, rows[: query.limit], accounts, call.caller.schools)
        return rows, near, await unmatched.count(conn, wanted) if query.count else None

    rows, near, total = await call.parts.store.read(question)
    shown = rows[: query.limit]
    cursor = cursors.after(shown[-1].id, *astuple(wanted)) if len(rows) > query.limit else None
    everything = _sees_everything(registry, call.caller)
    data = []
    for row in shown:
        own = [one for one in near.get(row.id, ()) if call.caller.sees(one.school, one.user)]
        data.append(_view(row, own, zone, call.caller, own=everything or bool(own)))
    return Reply({"data": data, "page": {"next_cursor": cursor, "limit": query.limit, "total": total}})


def _sees_everything(registry: Registry, caller: Caller) -> bool:
    """Whether nothing can be of a school that is not the caller's."""
    return not caller.own_only and registry.whole(caller.schools)


def _view(row: AnyRow, candidates: list[Candidate], zone: tzinfo, caller: Caller, *, own: bool) -> dict[str, Any]:
    """``own``: it may be of a message of the caller's; else neither its number nor its sender is theirs to see."""
    return {
        "id": f"rec_{row.id}",
        "account": row.account,
        "received_at": stamp(row.received_at, zone),
        "provider_id": row.provider_id,
        "state": row.state,
        "status": row.status,
        "error": row.error,
        "number": (row.number if own and not masked(caller) else csvout.hidden(row.number)) or None,
        "sender": row.sender if own else None,
        "submitted": row.submitted,
        "done": row.done,
        "intermediate": bool(row.intermediate),
        "waits": bool(row.waits),
        "candidates": [_candidate(one, zone) for one in candidates],
    }


def _candidate(one: Candidate, zone: tzinfo) -> dict[str, Any]:
    return {
        "message": f"msg_{one.ulid}",
        "part": one.part & 0xFF,
        "school": one.school,
        "account": one.account,
        "provider_id": one.provider_id,
        "status": one.state,
        "sent_at": stamp(one.claimed_at, zone),
        "why": one.why,
        "why_label": OBJECTIONS[one.why],
    }


async def match(call: Call) -> Reply:
    """``POST /v1/receipts/{id}/match``: applied as if it had named that part."""
    kind, _, number = call.path["id"].partition("_")
    body: MatchBody = call.body
    ulid = number_of(body.message, "msg")
    row = await call.parts.store.read(lambda conn: find(conn, ulid)) if ulid else None
    if row is None or not call.caller.sees(row.school, row.user):
        raise not_found("Aucun message")
    receipt_id = int(number) if kind == "rec" and number.isascii() and number.isdecimal() else 0
    if not cursors.is_place(receipt_id):
        raise not_found("Aucun accusé")
    part_id, who, now = row.id * 256 + body.part, call.caller.actor, call.parts.clock()

    async def verb(conn: AsyncConnection) -> None:
        # Raised in the transaction: an act that was not done is not written down either.
        may = await _may_match(conn, call, receipt_id, row.ulid)
        if not may or not await unmatched.match_by_hand(conn, receipt_id, part_id, now, who, call.parts.rules):
            raise not_found("Aucun accusé sans partie, ou aucune partie remise au fournisseur,")

    entry = call.act("receipt_matched", body.message, call.path["id"], row.school)
    await call.parts.store.write(noted(verb, entry))
    return Reply({"id": call.path["id"], "message": body.message, "part": body.part})


async def _may_match(conn: AsyncConnection, call: Call, receipt_id: int, ulid: str) -> bool:
    """Whether this receipt may be one's own: of who does not have every school, only for a message shown with it."""
    registry, caller = call.parts.registry, call.caller
    if _sees_everything(registry, caller):
        return True
    accounts = [account.name for account in registry.accounts()]
    rows = await unmatched.one(conn, receipt_id)
    near = await unmatched.candidates(conn, rows, accounts, caller.schools)
    return any(one.ulid == ulid for one in near.get(receipt_id, ()))


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/receipts/unmatched", list_unmatched, READ, "Les accusés dont la partie n'est pas connue"),
        query=UnmatchedQuery,
        answer=UnmatchedList,
        tag="receipts",
        problems=("invalid_cursor", "malformed_query"),
    ),
    Route(
        *("POST", "/v1/receipts/{id}/match", match, frozenset({Scope.ADMIN}), "Attribuer un accusé à la main"),
        body=MatchBody,
        answer=ReceiptMatched,
        tag="receipts",
        problems=("not_found",),
    ),
)
