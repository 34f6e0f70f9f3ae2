"""From a recipe and one recipient to a row of ``message``. Pure.

A draft is everything but the store's verdict; ``finish`` makes the row once that is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from ulid_transform import ulid_now

from gateway import numbers
from gateway.deadlines import deadline
from gateway.french import event_label
from gateway.numbers import Number, Unusable
from gateway.recipe import Recipe
from gateway.requests import Event, Origin, Subject
from gateway.states import Status
from gateway.store.messages import Known, NewMessage
from gateway.text import Composed, Merged
from gateway.verdicts import Verdict, Wish, verdict

#: How long the receipts' wait adds to a deadline is of no matter before anything was sent.
_NOTHING_SENT = 0


@dataclass(slots=True)
class Recipient:
    """One person of a request, as the request says."""

    to: str
    label: str
    kind: str
    wish: Wish
    subject: Subject | None
    event: Event | None
    reference: str | None
    row: int | None = None
    rank: str | None = None


@dataclass(slots=True)
class Draft:
    """A message to one recipient, before the store's word."""

    recipe: Recipe
    who: Recipient
    number: Number | Unusable
    merged: Merged
    composed: Composed

    @property
    def e164(self) -> str:
        """The number, or empty when there is none to write to."""
        return self.number.e164 if isinstance(self.number, Number) else ""

    def verdict(self, known: Known) -> Verdict | None:
        """Why it is ignored, if it is."""
        stored, opted_out = known.get(self.e164, (None, False))
        return verdict(self.number, self.who.wish, stored, opted_out)


def draft(recipe: Recipe, who: Recipient, merged: Merged, composed: Composed) -> Draft:
    """Read the number as the school's region does."""
    school = recipe.school
    return Draft(recipe, who, numbers.read(who.to, school.region, school.foreign), merged, composed)


@dataclass(slots=True)
class Common:
    """What the request says once for all its messages."""

    app: str
    origin: Origin
    metadata: Mapping[str, str] | None
    override_reason: str | None


def finish(one: Draft, why: Verdict | None, common: Common) -> NewMessage:
    """The row: ignored for a reason, or waiting, or queued."""
    recipe, who, composed = one.recipe, one.who, one.composed
    now, action = recipe.now, recipe.action
    status = _status(recipe, why)
    times = _times(recipe, status)
    ignored = why is not None
    return NewMessage(
        ulid=ulid_now(),
        school=recipe.school.uai,
        app=common.app,
        batch=None,
        batch_row=who.row,
        action=action.code,
        mode=recipe.mode,
        priority=recipe.priority.rank,
        sender=recipe.sender,
        number=one.e164,
        number_input=who.to,
        label=who.label,
        kind=who.kind,
        rank=who.rank,
        **_subject(who.subject),
        **_event(who.event, recipe.school.zone),
        user=common.origin.user,
        workstation=common.origin.workstation,
        reference=who.reference,
        metadata=orjson.dumps(common.metadata).decode() if common.metadata else None,
        template=recipe.template,
        **_text(composed),
        sensitive=bool(recipe.sensitive),
        parts=0 if ignored else len(composed.parts),
        amount=0 if ignored else recipe.price(one.e164) * len(composed.parts),
        status=status,
        status_at=now,
        reason=why.reason if why else None,
        detail=(why.detail or None) if why else None,
        created_at=now,
        override_reason=common.override_reason if who.wish.do_not_sms and not ignored else None,
        resend=recipe.resend,
        resend_wait_ms=int(action.uncertain_wait.total_seconds() * 1000),
        service_code=action.provider_service_code,
        flash=recipe.flash,
        tlvs=orjson.dumps(recipe.tlvs).decode() if recipe.tlvs else None,
        contents=() if ignored else composed.parts,
        **times,
    )


def _text(composed: Composed) -> dict[str, Any]:
    return {
        "text": composed.shown,
        "encoding": composed.encoding,
        "characters": composed.characters,
        "units": composed.units,
        "replacements": _replacements(composed),
    }


def _status(recipe: Recipe, why: Verdict | None) -> Status:
    if why is not None:
        return Status.IGNORED
    if recipe.held:
        return Status.HELD
    return Status.SCHEDULED if recipe.leaves_at is not None else Status.QUEUED


@dataclass(slots=True)
class _Waiting:
    """The part of a new message, as ``deadlines`` asks for it."""

    state: Status
    state_at: int
    resends: int = 0
    uncertain_at: int | None = None


def _times(recipe: Recipe, status: Status) -> dict[str, Any]:
    now, action = recipe.now, recipe.action
    validity = int(action.validity.total_seconds() * 1000)
    hold_until = now + int(action.hold_max.total_seconds() * 1000)
    if recipe.valid_until is not None:
        hold_until = min(hold_until, recipe.valid_until)
    released = status in (Status.QUEUED, Status.SCHEDULED)
    until = recipe.valid_until
    if released and until is None:
        until = (recipe.send_at or now) + validity
    due = deadline(
        [_Waiting(status, now)],
        until=until if until is not None else hold_until + validity,
        held_until=hold_until,
        send_at=recipe.leaves_at,
        receipts_wait=_NOTHING_SENT,
        resend_wait=None,
    )
    return {
        "released_at": now if released else None,
        "send_at": recipe.send_at,
        "ahead_ms": recipe.ahead if recipe.send_at is not None else 0,
        "validity_ms": validity,
        "valid_until": until,
        "hold_until": hold_until,
        "deadline_at": due,
    }


def _subject(subject: Subject | None) -> dict[str, Any]:
    if subject is None:
        return {"subject": None, "subject_id": None, "subject_name": None, "division": None}
    return {
        "subject": subject.model_dump_json(exclude_none=True),
        "subject_id": subject.id,
        "subject_name": subject.name,
        "division": subject.division,
    }


def _event(event: Event | None, zone: ZoneInfo) -> dict[str, Any]:
    if event is None:
        return {"event": None, "event_id": None, "event_label": None}
    label = event.label or event_label(event.type or "", _local(event.from_, zone), _local(event.to, zone))
    return {
        "event": event.model_dump_json(by_alias=True, exclude_none=True),
        "event_id": event.id,
        "event_label": label or None,
    }


def _local(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    return instant.astimezone(zone) if instant is not None else None


def replacements_view(composed: Composed) -> list[dict[str, object]]:
    """``[{"from": "ê", "to": "e", "count": 1}]``."""
    return [{"from": one.source, "to": one.to, "count": one.count} for one in composed.replacements]


def _replacements(composed: Composed) -> str:
    return orjson.dumps(replacements_view(composed)).decode() if composed.replacements else "[]"
