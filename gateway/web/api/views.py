"""How messages, their parts and their steps are written in answers: one place for every list and report."""

from datetime import tzinfo
from typing import Any

import orjson

from gateway import csvout, french
from gateway.accounts import status_label
from gateway.caller import Caller, Scope
from gateway.model import PRIORITY_OF_RANK
from gateway.periods import local
from gateway.states import Status
from gateway.views import cost_view

#: When what a message said, and whom it was for and about, was erased.
ERASED = ("text_erased_at", "people_erased_at")


def masked(caller: Caller) -> bool:
    """Whether numbers are hidden from this caller."""
    return not caller.may(Scope.NUMBERS)


def stamp(instant: int | None, zone: tzinfo) -> str | None:
    """An instant as RFC 3339 with the school's offset."""
    return None if instant is None else local(instant, zone).isoformat(timespec="milliseconds")


def message_view(row: Any, zone: tzinfo, *, masked: bool) -> dict[str, Any]:
    """A message as every answer shows it. ``row`` has the columns of ``message``, and ``batch_ulid``."""
    return {**_identity(row, zone), **_content(row, masked), **_circumstances(row), **_times(row, zone)}


def _identity(row: Any, zone: tzinfo) -> dict[str, Any]:
    status = Status(row.status)
    at = local(row.status_at, zone)
    reason = french.reason_label(row.reason, row.detail or "") if row.reason else None
    return {
        "id": f"msg_{row.ulid}",
        "serial": row.serial,
        "school": row.school,
        "status": status,
        "status_label": status_label(row, zone),
        "followup_label": french.followup_label(row.serial, status, at, row.parts, row.final_parts),
        "reason": row.reason,
        "reason_detail": row.detail,
        "reason_label": reason,
        "possibly_double": bool(row.possibly_double),
    }


def shown_number(row: Any, *, masked: bool) -> str | None:
    """The number of a message as its answer shows it; None once it is erased."""
    if row.people_erased_at is not None:
        return None
    number: str = row.number or row.number_input
    return csvout.hidden(number) if masked else number


def shown_label(row: Any) -> str | None:
    """Whom a message was for; None once that is erased."""
    return None if row.people_erased_at is not None else row.label


def shown_text(row: Any) -> str | None:
    """What a message said, or a telephone wrote; None once it is erased."""
    return None if row.text_erased_at is not None else row.text


def _content(row: Any, masked: bool) -> dict[str, Any]:
    return {
        "to": shown_number(row, masked=masked),
        "sender": row.sender,
        "text": shown_text(row),
        "template": row.template,
        "encoding": row.encoding,
        "characters": row.characters,
        "units": row.units,
        "parts": row.parts,
        "cost": cost_view(row.amount),
        "replacements": orjson.loads(row.replacements),
        "flash": bool(row.flash),
        "tlvs": _json(row.tlvs) or {},
    }


def _circumstances(row: Any) -> dict[str, Any]:
    return {
        "action": row.action,
        "mode": row.mode,
        "priority": PRIORITY_OF_RANK[row.priority],
        "batch": f"bat_{row.batch_ulid}" if row.batch_ulid else None,
        "reference": row.reference,
        "recipient": {"label": shown_label(row), "kind": row.kind, "rank": row.rank},
        "subject": _json(row.subject),
        "event": _json(row.event),
        "event_label": row.event_label,
        "origin": {"user": row.user, "workstation": row.workstation},
        "metadata": _json(row.metadata),
        "override": {"reason": row.override_reason} if row.override_reason else None,
    }


def _times(row: Any, zone: tzinfo) -> dict[str, Any]:
    names = ("created_at", "released_at", "send_at", "sent_at", "status_at", "valid_until", *ERASED)
    answers = ("answered_at", "answer_due_at")
    late = None not in (row.answered_at, row.answer_due_at) and row.answered_at >= row.answer_due_at
    return {name: stamp(getattr(row, name), zone) for name in (*names, *answers)} | {"answered_late": late}


def _json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def number_of(message_id: str, prefix: str) -> str:
    """The ULID behind an id shown outside; empty when it cannot be one, which finds nothing."""
    kind, _, ulid = message_id.partition("_")
    return ulid if kind == prefix and len(ulid) == 26 and ulid.isascii() else ""
