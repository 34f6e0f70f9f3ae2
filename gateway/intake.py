"""A request becomes messages: numbers, text, verdicts and price are asked of pure rules, then all is stored.

Accepting never waits for a provider. What is answered with 202 has been committed; what is refused left nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid_transform import ulid_now

from gateway.caller import Caller, Claim
from gateway.drafting import Common, Draft, Recipient, draft, finish
from gateway.french import reason_label, status_label
from gateway.groups import Group, gather
from gateway.metrics import Metrics
from gateway.model import Priority
from gateway.numbers import Unusable
from gateway.pricing import euros
from gateway.problem import Problem, field_problem
from gateway.recipe import Cook, Recipe
from gateway.registry import Registry
from gateway.requests import BatchIn, MessageFields, MessageIn, PreviewIn, RecipientInfo
from gateway.statements import over_budget
from gateway.states import Status
from gateway.store import messages, people
from gateway.store.database import Store
from gateway.store.door import Entry
from gateway.store.messages import Acceptance, Added, Built, Known, NewBatch, NewMessage
from gateway.straight import Departure
from gateway.verdicts import Wish
from gateway.views import cost_view, group_view, ignored_view, preview_view

__all__ = ["Intake"]


class Intake:
    """Takes requests in. ``queued`` is told that something may leave; ``reserve`` gives room to leave at once."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        metrics: Metrics,
        clock: Callable[[], int],
        max_parts: Callable[[], int],
        queued: Callable[[], None],
        reserve: Callable[[str, int, str], Departure | None] = lambda _mode, _parts, _number: None,
    ) -> None:
        self._store = store
        self._registry = registry
        self._metrics = metrics
        self._clock = clock
        self._cook = Cook(registry, max_parts)
        self._queued = queued
        self._reserve = reserve

    # ---- one message ----

    async def message(
        self, body: MessageIn, caller: Caller, claim: Claim | None, entry: Entry | None = None
    ) -> tuple[str, bytes]:
        """Accept one message: its public id and the JSON of the answer, after the commit. Raises Problem.

        ``entry``: it came by a door, where a number that is none is refused.
        """
        recipe, one = self._drafted(body, caller, must_be_number=entry is not None)
        common = _common(body, caller)
        ids: list[str] = []

        def build(known: Known) -> Built:
            new = finish(one, one.verdict(known), common)
            if entry is not None and entry.ulid:
                new.ulid = entry.ulid
            ids[:] = [f"msg_{new.ulid}"]
            return Built([new], None, common.app)

        def render(built: Built) -> bytes:
            return orjson.dumps(_answer(built.messages[0], recipe))

        answer = await self._accept(recipe, [one], build, render, claim, entry)
        return ids[0], answer

    def vet(self, body: MessageIn, caller: Caller) -> None:
        """Raise the Problem that a door's message would, but for those of the store's verdicts."""
        self._drafted(body, caller, must_be_number=True)

    def _drafted(self, body: MessageIn, caller: Caller, *, must_be_number: bool) -> tuple[Recipe, Draft]:
        recipe = self._cook.recipe(body, caller, self._clock())
        self._allow(recipe.school.uai, body.origin.user)
        one = _draft(recipe, body)
        if must_be_number and isinstance(one.number, Unusable):
            label = reason_label(one.number.reason, one.number.detail)
            raise field_problem("invalid_number", "/to", label)
        return recipe, one

    # ---- many ----

    async def batch(
        self, body: BatchIn, caller: Caller, claim: Claim | None, *, dry_run: bool
    ) -> tuple[str | None, bytes]:
        """Accept a group send, all or nothing: its public id and the JSON of the answer. Raises Problem."""
        group = self._gather(body, caller)
        self._allow(group.recipe.school.uai, group.common.origin.user)
        public = None if dry_run else f"bat_{ulid_now()}"

        def build(known: Known) -> Built:
            return _build_batch(group, known, public or "", body)

        def render(built: Built) -> bytes:
            return orjson.dumps(group_view(public, built.messages, group.drafts))

        if dry_run:
            return None, render(build(await self._known(group.recipe, group.drafts)))
        answer = await self._accept(group.recipe, group.drafts, build, render, claim)
        return public, answer

    async def preview(self, body: PreviewIn | BatchIn, caller: Caller) -> dict[str, object]:
        """What would be sent, in how many parts, at what cost; stores nothing. Raises Problem."""
        if isinstance(body, BatchIn):
            group = self._gather(body, caller)
            known = await self._known(group.recipe, group.drafts)
            return preview_view(group.recipe, group.drafts, group.verdicts(known))
        recipe = self._cook.recipe(body, caller, self._clock())
        one = _draft(recipe, body)
        known = await self._known(recipe, [one])
        return preview_view(recipe, [one], [one.verdict(known) if body.to is not None else None])

    async def resolve(self, body: BatchIn, caller: Caller) -> dict[str, object]:
        """Each contact of a batch, with whether it would get the message and why not. Raises Problem."""
        group = self._gather(body, caller, everybody=True)
        known = await self._known(group.recipe, group.drafts)
        verdicts = group.verdicts(known)
        return {
            "data": [
                ignored_view(one, why) | {"checked": why is None and group.invited(one)}
                for one, why in zip(group.drafts, verdicts, strict=True)
            ]
        }

    async def _afford(self, recipe: Recipe, drafts: Sequence[Draft]) -> None:
        """Raises ``budget_exhausted`` for what a budget stops; never for alerts."""
        limits = self._registry.limits(recipe.school.uai, recipe.action.code)
        if not limits or recipe.priority is Priority.ALERT:
            return
        cost = sum(recipe.price(one.e164) * len(one.composed.parts) for one in drafts if one.e164)
        day = datetime.fromtimestamp(recipe.now / 1000, recipe.school.zone).date()
        over = await over_budget(self._store, limits, cost, day)
        if over is not None:
            whose = f"de l'action {over.action}" if over.action else "de l'établissement"
            cure = "relevez-le, ou envoyez en priorité « alert » ce qui ne peut pas attendre"
            raise Problem("budget_exhausted", f"Le budget {whose} ({euros(over.amount)} € HT) serait dépassé : {cure}.")

    def _allow(self, school: str, user: str | None) -> None:
        """Raises ``user_blocked`` for who may not send."""
        reason = self._registry.blocked(school, user)
        if reason is not None:
            raise Problem("user_blocked", f"« Bloquer l'envoi de SMS pour cet utilisateur » est coché : {reason}")

    def _gather(self, body: BatchIn, caller: Caller, *, everybody: bool = False) -> Group:
        fields = body.defaults.model_copy(
            update={
                "action": body.action,
                "text": body.text if body.text is not None else body.defaults.text,
                "template": body.template or body.defaults.template,
                "school": body.school or body.defaults.school,
            }
        )
        at = "/defaults"
        recipe = self._cook.recipe(fields, caller, self._clock(), at)
        return gather(recipe, body, _common(fields, caller), everybody=everybody)

    # ---- the store ----

    async def _known(self, recipe: Recipe, drafts: Sequence[Draft]) -> Known:
        numbers = _numbers(drafts)

        async def question(conn: AsyncConnection) -> Known:
            return await people.verdicts(conn, recipe.school.uai, recipe.sender, numbers)

        return await self._store.read(question)

    async def _accept(
        self,
        recipe: Recipe,
        drafts: Sequence[Draft],
        build: Callable[[Known], Built],
        render: Callable[[Built], bytes],
        claim: Claim | None,
        entry: Entry | None = None,
    ) -> bytes:
        stored: list[NewMessage] = []

        def building(known: Known) -> Built:
            built = build(known)
            stored[:] = built.messages
            return built

        await self._afford(recipe, drafts)
        whose = (recipe.school.uai, recipe.sender)
        acceptance = Acceptance(*whose, _numbers(drafts), building, render, claim, recipe.now, entry)

        def begins() -> None:
            acceptance.departure = self._departure(recipe, drafts)

        def committed(added: Added | None) -> None:
            if acceptance.departure is not None:
                acceptance.departure.end(added.prepared if added is not None else ())

        added = await self._store.join(messages.add, acceptance, committed, len(drafts), before=begins)
        for new in stored:
            self._metrics.messages.labels(new.school, new.action, new.status).inc()
        if acceptance.departure is None and not recipe.held and recipe.leaves_at is None:
            self._queued()
        return added.answer

    def _departure(self, recipe: Recipe, drafts: Sequence[Draft]) -> Departure | None:
        """How a message leaves at once, where it may; a group is queued, and only told."""
        if recipe.held or recipe.send_at is not None:
            return None
        number = drafts[0].e164 or "" if len(drafts) == 1 and not recipe.tlvs else ""
        return self._reserve(recipe.mode, len(drafts[0].composed.parts) if number else 0, number)


def _draft(recipe: Recipe, body: MessageIn | PreviewIn) -> Draft:
    merged = recipe.merge(body.variables)
    return draft(recipe, _recipient(body, recipe), merged, recipe.compose(merged, "/text"))


def _numbers(drafts: Sequence[Draft]) -> list[str]:
    return [number for one in drafts if (number := one.e164)]


def _build_batch(group: Group, known: Known, public: str, body: BatchIn) -> Built:
    recipe = group.recipe
    rows = [finish(one, why, group.common) for one, why in zip(group.drafts, group.verdicts(known), strict=True)]
    accepted = [new for new in rows if new.status is not Status.IGNORED]
    batch = NewBatch(
        ulid=public.removeprefix("bat_"),
        school=recipe.school.uai,
        app=group.common.app,
        action=recipe.action.code,
        created_at=recipe.now,
        recipients=len(rows),
        accepted=len(accepted),
        ignored=len(rows) - len(accepted),
        parts=sum(new.parts for new in accepted),
        amount=sum(new.amount for new in accepted),
        selection=orjson.dumps(body.selection).decode() if body.selection else None,
    )
    return Built(rows, batch, group.common.app)


def _recipient(body: MessageIn | PreviewIn, recipe: Recipe) -> Recipient:
    info: RecipientInfo = body.recipient
    required = recipe.action.consent == "required"
    return Recipient(
        to=body.to or "",
        label=info.label,
        kind=info.kind,
        wish=Wish(info.consent, info.do_not_sms, recipe.overridden, required, None),
        subject=body.subject,
        event=body.event,
        reference=body.reference,
    )


def _common(body: MessageFields, caller: Caller) -> Common:
    return Common(caller.app, body.origin, body.metadata, body.override.reason if body.override else None)


def _answer(new: NewMessage, recipe: Recipe) -> dict[str, object]:
    """The 202 of one message."""
    ignored = new.status is Status.IGNORED
    answer: dict[str, object] = {
        "id": f"msg_{new.ulid}",
        "serial": new.serial,
        "status": new.status,
        "status_label": _label(new, recipe),
        "to": new.number or None,
        "text": new.text,
        "encoding": new.encoding,
        "characters": new.characters,
        "units": new.units,
        "parts": new.parts,
        "cost": cost_view(new.amount),
        "replacements": orjson.Fragment(new.replacements),
        "batch": None,
        "reference": new.reference,
    }
    if ignored:
        answer |= {
            "reason": new.reason,
            "reason_detail": new.detail,
            "reason_label": reason_label(new.reason or "", new.detail or ""),
        }
    return answer


def _label(new: NewMessage, recipe: Recipe) -> str:
    minute = new.status_at // _MINUTE
    return _label_of(new.status, minute, recipe.school.zone, new.parts, new.reason or "", new.detail or "")


#: Milliseconds: a label says no seconds, so that messages of one minute share it.
_MINUTE = 60_000


@lru_cache(maxsize=64)
def _label_of(status: Status, minute: int, zone: ZoneInfo, parts: int, reason: str, detail: str) -> str:
    return status_label(status, datetime.fromtimestamp(minute * 60, zone), parts, 0, reason, detail)
