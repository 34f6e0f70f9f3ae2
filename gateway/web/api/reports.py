"""The « rapport d'envoi »: every step of a message and every part, with times."""

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.states import FRENCH, Status
from gateway.store import answers, replies, reports
from gateway.web.answers.messages import Report
from gateway.web.api.lists import READ, own_message
from gateway.web.api.views import masked, message_view, shown_text, stamp
from gateway.web.route import Call, Reply, Route

Rows = Sequence[reports.AnyRow]

#: What each kind of step is to staff; an ending is named by its state.
STEPS = {
    "accepted": "Enregistré",
    "override": "« Ne pas envoyer » levé exceptionnellement",
    "ignored": "Ignoré",
    "released": "Diffusé",
    "due": "Heure d'envoi atteinte",
    "due_ahead": "Remis d'avance : le fournisseur attend l'heure",
    "submitted": "Remis au fournisseur",
    "acknowledged": "Pris en charge par le fournisseur",
    "retry": "Refusé pour le moment : nouvel essai prévu",
    "refused": "Refusé par le fournisseur",
    "not_sent": "Non envoyé : une autre partie a été refusée",
    "waits_for_account": "Attend le compte qui a commencé le message",
    "tlvs_left_out": "Part sans des champs que ce compte ne connaît pas",
    "not_taken": "Réponse tardive : pas pris par le fournisseur, remis en file",
    "uncertain": "Sans réponse du fournisseur : envoyé ou non, on ne sait pas",
    "late_answer": "Réponse tardive du fournisseur",
    "matched_by_number": "Accusé reconnu par le numéro",
    "matched_by_hand": "Accusé attribué à la main",
    "resent": "Envoyé une seconde fois : double possible",
    "receipt": "Accusé du fournisseur",
    "notification": "Avis intermédiaire du fournisseur",
    "late_receipt": "Accusé tardif du fournisseur",
    "queried": "Le fournisseur, interrogé faute d'accusé, répond",
    "query_failed": "Le fournisseur, interrogé faute d'accusé, n'a rien dit",
    "no_receipt": "Aucun accusé dans le délai",
    "expired": "Délai dépassé",
    "cancelled": "Supprimé",
    "not_cancelled": "Non repris par le fournisseur",
    "stopped": "Arrêté : la personne s'oppose aux SMS",
    "reply": "Réponse du destinataire",
    "stop": "STOP du destinataire",
    "start": "Reprise demandée par le destinataire",
    "answered": "Réponse notée pour cet évènement",
}

#: Steps that a receipt made: they are told once, by the event or, where it moved nothing, by the receipt.
_OF_RECEIPTS = frozenset({"receipt", "notification", "late_receipt", "matched_by_number", "queried"})


async def report(call: Call) -> Reply:
    """``GET /v1/messages/{id}/report``."""
    row = await own_message(call)

    async def question(conn: AsyncConnection) -> tuple[Rows, Rows, Rows, Rows, Any]:
        return (
            await reports.parts_of(conn, row.id),
            await reports.events_of(conn, row.id),
            await reports.receipts_of(conn, row.id),
            await replies.to_message(conn, row.id),
            await answers.of_event(conn, row.school, row.event_key),
        )

    parts, events, receipts, said, answer = await call.parts.store.read(question)
    zone = call.parts.registry.zone(row.school)
    steps = [*_steps(row, parts, events, receipts), *_answers(row, said, answer)]
    steps.sort(key=lambda step: step["at"])
    return Reply(
        {
            "message": message_view(row, zone, masked=masked(call.caller)),
            "steps": [{**step, "at": stamp(step["at"], zone)} for step in steps],
            "parts": [
                # What is sent holds the sensitive values themselves: it is not shown.
                {
                    **_part(part, [one for one in receipts if one.part in _together(part, parts)], zone),
                    "content": None if row.sensitive or row.text_erased_at is not None else part.content,
                }
                for part in parts
            ],
        }
    )


def _together(part: Any, parts: Rows) -> Sequence[int]:
    """The parts whose receipts are its own: itself, and those that left in one piece with it."""
    if not part.joined:
        return [part.id]
    return [one.id for one in parts if one.joined and (one.account, one.claimed_at) == (part.account, part.claimed_at)]


def _steps(row: Any, parts: Rows, events: Rows, receipts: Rows) -> Iterable[dict[str, Any]]:
    """In the order in which they happen when they share an instant; ``at`` still in milliseconds."""
    yield _step(row.created_at, "accepted", detail=row.app)
    if row.released_at is not None and not any(event.kind == "released" for event in events):
        yield _step(row.released_at, "released", actor=row.released_by)
    for part in parts:
        if part.claimed_at is not None:
            yield _step(part.claimed_at, "submitted", part=part.id & 0xFF, detail=part.account)
        if part.answered_at is not None and part.provider_id is not None:
            yield _step(part.answered_at, "acknowledged", part=part.id & 0xFF, detail=part.provider_id)
    for event in events:
        yield _step(event.at, event.kind, event.part, event.status, event.detail, event.actor)
    told = {(event.part, event.at) for event in events if event.kind in _OF_RECEIPTS}
    for receipt in receipts:
        number = receipt.part & 0xFF
        if (number, receipt.received_at) not in told:
            kind = "notification" if receipt.intermediate else "receipt"
            yield _step(receipt.received_at, kind, number, receipt.status, receipt.state)


def _answers(row: Any, said: Rows, answer: Any) -> Iterable[dict[str, Any]]:
    """What this recipient wrote, then the answer to the event if it is another's."""
    for one in said:
        yield _step(one.received_at, one.kind, detail=shown_text(one))
    if answer is not None and (answer.message is None or answer.message != row.id):
        yield _step(answer.at, "answered", detail=answer.by or answer.label or None, actor=answer.actor)


def _step(
    at: int,
    kind: str,
    part: int | None = None,
    status: str | None = None,
    detail: str | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    label = STEPS.get(kind, kind)
    if status is not None and kind in _OF_RECEIPTS:
        label = f"{label} : {FRENCH[Status(status)].lower()}"
    return {"at": at, "kind": kind, "label": label, "part": part, "status": status, "detail": detail, "actor": actor}


def _part(row: Any, receipts: Rows, zone: tzinfo) -> dict[str, Any]:
    return {
        "number": row.id & 0xFF,
        "status": row.state,
        "status_label": FRENCH[Status(row.state)],
        "status_at": stamp(row.state_at, zone),
        "account": row.account,
        "joined": bool(row.joined),
        "tries": row.tries,
        "resends": row.resends,
        "due_at": stamp(row.due_at, zone),
        "submitted_at": stamp(row.claimed_at, zone),
        "answered_at": stamp(row.answered_at, zone),
        "provider_id": row.provider_id,
        "error": row.error,
        "uncertain_at": stamp(row.uncertain_at, zone),
        "receipts": [_receipt(receipt, zone) for receipt in receipts],
    }


def _receipt(row: Any, zone: tzinfo) -> dict[str, Any]:
    return {
        "received_at": stamp(row.received_at, zone),
        "state": row.state,
        "status": row.status,
        "error": row.error,
        "submitted": row.submitted,
        "done": row.done,
        "intermediate": bool(row.intermediate),
        "matched_by": row.matched_by,
    }


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/messages/{id}/report", report, READ, "Le rapport d'envoi : chaque étape, chaque partie"),
        answer=Report,
        tag="messages",
        problems=("not_found",),
    ),
)
