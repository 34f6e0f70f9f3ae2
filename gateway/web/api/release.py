"""Diffuser, supprimer, renvoyer: moving messages that wait, by their ids or by a filter. Repeating is harmless."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.asking import take_back
from gateway.caller import Caller, Scope
from gateway.problem import FieldError, Problem
from gateway.requests import Body
from gateway.states import UNSENT, Status
from gateway.store import moves, reports
from gateway.store.audit import note
from gateway.store.desk import Rules
from gateway.store.moves import Move
from gateway.store.selection import Selection
from gateway.web.answers.messages import Done
from gateway.web.api.filters import Filters, selection
from gateway.web.api.lists import known_school, own_batch
from gateway.web.api.views import number_of
from gateway.web.route import Call, Reply, Route

MOST = 10_000

#: Messages that the journal names; it counts them all.
_NAMED = 10

MessageId = Annotated[str, StringConstraints(max_length=40)]


class Chosen(Body):
    """Which messages: ``ids``, or ``filter`` with the ``expected_count`` that the person has seen."""

    ids: tuple[MessageId, ...] | None = Field(None, max_length=MOST)
    filter: Filters | None = None
    expected_count: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("Donnez « ids », ou « filter » avec « expected_count » : l'un des deux.")
        if (self.filter is None) != (self.expected_count is None):
            raise ValueError("« filter » et « expected_count » vont ensemble : donnez les deux.")
        return self


#: What became of the messages of each school.
Moves = Mapping[str, Sequence[Move]]
Verb = Callable[[AsyncConnection, Sequence[int], int, str, Rules], Awaitable[list[Move]]]


@dataclass(frozen=True, slots=True)
class Deed:
    """One of the three moves: the states it starts from, and the scope for messages of any application."""

    act: str  # in the journal
    verb: Verb
    begins: frozenset[Status]
    any_app: Scope = Scope.RELEASE


RELEASE = Deed("release", moves.release, frozenset({Status.HELD}))
CANCEL = Deed("cancel", moves.cancel, UNSENT)
RESEND = Deed("resend", moves.resend, frozenset({Status.UNCERTAIN}))


async def by_choice(call: Call, deed: Deed) -> Reply:
    """Do it to the messages of the body."""
    chosen: Chosen = call.body
    if chosen.ids is not None:
        return await _by_ids(call, deed, chosen.ids)
    school = known_school(call.parts.registry, call.caller, _school(chosen))
    wanted = selection(chosen.filter or Filters(), school, call.caller)
    return await _by_filter(call, deed, wanted, chosen.expected_count)


def _school(chosen: Chosen) -> str | None:
    return chosen.filter.school if chosen.filter else None


async def by_batch(call: Call, deed: Deed) -> Reply:
    """Do it to all the messages of the batch in the address that may still be moved so."""
    batch = await own_batch(call)
    return await _by_filter(call, deed, Selection(batch.school, batch=batch.ulid), None)


async def _by_ids(call: Call, deed: Deed, ids: Sequence[str]) -> Reply:
    ulids = [number_of(message_id, "msg") for message_id in ids]

    async def verb(conn: AsyncConnection) -> tuple[list[FieldError], Moves]:
        owners = await reports.owners(conn, list(dict.fromkeys(ulids)))
        errors = [
            error for place, ulid in enumerate(ulids) if (error := _denied(call.caller, deed, owners, place, ulid))
        ]
        if errors:
            return errors, {}
        done: dict[str, list[Move]] = {}
        for school in dict.fromkeys(owners[ulid].school for ulid in ulids):
            mine = [ulid for ulid in ulids if owners[ulid].school == school]
            subject = ", ".join(f"msg_{ulid}" for ulid in mine[:_NAMED])
            done[school] = await _do(call, deed, conn, [owners[ulid].id for ulid in mine], school, subject)
        return [], done

    errors, done = await call.parts.store.write(verb)
    if errors:
        foreign = errors[0].code == "forbidden_scope"
        detail = _OTHER_APP if foreign else "Retirez de « ids » ceux qui ne sont pas de vos établissements."
        raise Problem(errors[0].code, detail, errors[:100])
    return await _reply(call, deed, done)


_OTHER_APP = "Sans le droit « release », on ne supprime que ses propres messages."


def _denied(
    caller: Caller, deed: Deed, owners: Mapping[str, reports.Owner], place: int, ulid: str
) -> FieldError | None:
    owner = owners.get(ulid)
    if owner is None or not caller.sees(owner.school, owner.user):
        return FieldError(f"/ids/{place}", "not_found", "Aucun message de vos établissements ne porte cet identifiant.")
    if not caller.may(deed.any_app) and (owner.app != caller.app or caller.person not in (None, owner.user)):
        return FieldError(f"/ids/{place}", "forbidden_scope", _OTHER_APP)
    return None


async def _by_filter(call: Call, deed: Deed, wanted: Selection, expected: int | None) -> Reply:
    """Select and move in one transaction; without a state named, those in a state that this begins from."""
    if not wanted.statuses:
        wanted = replace(wanted, statuses=deed.begins)
    if not call.caller.may(deed.any_app):
        wanted = replace(wanted, app=call.caller.app, user=call.caller.person or wanted.user)

    async def verb(conn: AsyncConnection) -> tuple[int, Moves]:
        ids = await reports.ids(conn, wanted)
        if expected is not None and len(ids) != expected:
            return len(ids), {}
        subject = f"bat_{wanted.batch}" if wanted.batch else ""
        return len(ids), {wanted.school: await _do(call, deed, conn, ids, wanted.school, subject)}

    found, done = await call.parts.store.write(verb)
    if expected is not None and found != expected:
        detail = f"La sélection compte {found} message(s), non {expected} : affichez-la de nouveau."
        raise Problem("selection_changed", detail, [FieldError("/expected_count", "selection_changed", detail)])
    return await _reply(call, deed, done)


async def _do(
    call: Call, deed: Deed, conn: AsyncConnection, ids: Sequence[int], school: str, subject: str
) -> list[Move]:
    done = await deed.verb(conn, ids, call.parts.clock(), call.caller.actor, call.parts.rules)
    moved = sum(move.done for move in done)
    if moved:
        await note(conn, call.act(deed.act, subject, f"{moved} message(s)", school))
    return done


async def _taken_back(call: Call, school: str, done: Sequence[Move]) -> list[Move]:
    """What had left already: their providers are asked to take it back, where they can."""
    moved = await take_back(call.parts, done, call.caller.actor)
    if count := sum(move.done for move in moved) - sum(move.done for move in done):
        entry = call.act("cancel", "", f"{count} message(s) repris au fournisseur", school)
        await call.parts.store.write(lambda conn: note(conn, entry))
    return moved


async def _reply(call: Call, deed: Deed, moves: Moves) -> Reply:
    done: list[Move] = []
    for school, lot in moves.items():
        done += await _taken_back(call, school, lot) if deed is CANCEL else lot
    call.parts.queued()
    skipped = [move for move in done if not move.done]
    ulids = await call.parts.store.read(lambda conn: reports.ulids(conn, [move.id for move in skipped]))
    return Reply(
        {
            "done": len(done) - len(skipped),
            "skipped": [
                {"id": f"msg_{ulids[move.id]}", "status": move.status, "code": move.code}
                for move in skipped
                if move.id in ulids
            ],
        }
    )


async def release_messages(call: Call) -> Reply:
    """``POST /v1/messages/release``: « Diffuser les SMS sélectionnés »."""
    return await by_choice(call, RELEASE)


async def cancel_messages(call: Call) -> Reply:
    """``POST /v1/messages/cancel``: « Supprimer », before anything left; afterwards if its provider takes it back."""
    return await by_choice(call, CANCEL)


async def resend_messages(call: Call) -> Reply:
    """``POST /v1/messages/resend``: uncertain ones once more, knowing that they may arrive twice."""
    return await by_choice(call, RESEND)


async def release_batch(call: Call) -> Reply:
    """``POST /v1/batches/{id}/release``."""
    return await by_batch(call, RELEASE)


async def cancel_batch(call: Call) -> Reply:
    """``POST /v1/batches/{id}/cancel``."""
    return await by_batch(call, CANCEL)


_RELEASE = frozenset({Scope.RELEASE})
_CANCEL = frozenset({Scope.RELEASE, Scope.SEND})
_CHOICE_PROBLEMS = ("selection_changed", "not_found", "school_required", "school_forbidden")
_BYTES = 1024 * 1024


def _choice(path: str, handler: Any, scopes: frozenset[Scope], summary: str) -> Route:
    return Route(
        *("POST", path, handler, scopes, summary),
        body=Chosen,
        answer=Done,
        tag="messages",
        max_bytes=_BYTES,
        problems=_CHOICE_PROBLEMS,
    )


ROUTES: tuple[Route, ...] = (
    _choice("/v1/messages/release", release_messages, _RELEASE, "Diffuser les SMS sélectionnés"),
    _choice("/v1/messages/cancel", cancel_messages, _CANCEL, "Supprimer des messages non partis"),
    _choice("/v1/messages/resend", resend_messages, _RELEASE, "Renvoyer des messages incertains (double possible)"),
    Route(
        *("POST", "/v1/batches/{id}/release", release_batch, _RELEASE, "Diffuser un envoi groupé"),
        answer=Done,
        tag="batches",
        problems=("not_found",),
    ),
    Route(
        *(
            "POST",
            "/v1/batches/{id}/cancel",
            cancel_batch,
            _CANCEL,
            "Supprimer d'un envoi groupé ce qui n'est pas parti",
        ),
        answer=Done,
        tag="batches",
        problems=("not_found",),
    ),
)
