"""A group send: its recipients and contacts, merged texts, condition, and what is sent only once. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.drafting import Common, Draft, Recipient, draft
from gateway.problem import FieldError, Problem, field_problem
from gateway.recipe import Recipe
from gateway.requests import Audience, BatchIn, Contact, RecipientIn
from gateway.store.messages import Known
from gateway.text import Composed, keywords
from gateway.verdicts import Verdict, Wish, unmet

#: Problems of rows named in one answer at most; once there are more, the rest is not looked at.
_NAMED = 100


@dataclass(frozen=True, slots=True)
class Group:
    """The drafts of a batch, in the order of the request."""

    recipe: Recipe
    drafts: Sequence[Draft]
    common: Common
    dedupe: str
    audience: Audience

    def verdicts(self, known: Known) -> list[Verdict | None]:
        """The verdict of each draft; what goes to a number already served is a duplicate."""
        served: set[tuple[str, str]] = set()
        verdicts = []
        for one in self.drafts:
            why = one.verdict(known)
            if why is None and self.dedupe != "none" and self.invited(one):
                mark = (one.e164, one.composed.text if self.dedupe == "text" else "")
                why = Verdict("duplicate") if mark in served else None
                served.add(mark)
            verdicts.append(why)
        return verdicts

    def invited(self, one: Draft) -> bool:
        """Whether the audience takes this contact."""
        return _invited(one.who.rank, self.audience)


def _invited(rank: str | None, audience: Audience) -> bool:
    return rank in (None, "responsable_1") or bool(getattr(audience, rank))


def gather(recipe: Recipe, body: BatchIn, common: Common, *, everybody: bool) -> Group:
    """Merge and cut for each recipient. ``everybody``: contacts outside the audience too. Raises Problem."""
    if body.dedupe == "number" and keywords(recipe.source):
        raise field_problem(
            "dedupe_would_lose_texts", "/dedupe", "Le texte a des mots-clés : chacun a le sien. Choisissez « text »."
        )
    faults: list[FieldError] = []
    code = ""
    drafts: list[Draft] = []
    composed: dict[str, Composed] = {}
    for place, recipient in enumerate(body.recipients):
        try:
            drafts += _drafts(recipe, body, recipient, place, composed, everybody)
        except Problem as problem:
            code = code or problem.code
            faults += problem.errors
            if len(faults) > _NAMED:
                break
    if faults:
        count = f"Plus de {_NAMED}" if len(faults) > _NAMED else len(faults)
        detail = f"{count} erreurs dans les destinataires ; rien n'a été enregistré."
        raise Problem(code, detail if len(faults) > 1 else faults[0].message, faults[:_NAMED])
    return Group(recipe, drafts, common, body.dedupe, body.audience)


def _drafts(
    recipe: Recipe, body: BatchIn, one: RecipientIn, place: int, composed: dict[str, Composed], everybody: bool
) -> Iterator[Draft]:
    """The messages of one row: one, or one for each contact of the family."""
    at = f"/recipients/{place}"
    merged = recipe.merge({**body.defaults.variables, **one.variables}, at)
    text = composed.get(merged.text)
    if text is None or merged.protected:
        text = recipe.compose(merged, at)
        if not merged.protected:
            composed[merged.text] = text
    for who in _people(recipe, body, one, place, at):
        if everybody or _invited(who.rank, body.audience):
            yield draft(recipe, who, merged, text)


def _people(recipe: Recipe, body: BatchIn, one: RecipientIn, place: int, at: str) -> Iterator[Recipient]:
    reason = _unmet(body, one, at)
    if (one.to is None) == (one.contacts is None):
        raise field_problem("invalid_field", f"{at}/to", "Donnez « to », ou « contacts », pas les deux ni aucun.")
    contacts: Sequence[Contact | RecipientIn] = one.contacts if one.contacts is not None else (one,)
    for contact in contacts:
        consent = contact.consent if contact.consent is not None else body.defaults.recipient.consent
        yield Recipient(
            to=contact.to or "",
            label=contact.label or one.label or body.defaults.recipient.label,
            kind=one.kind or body.defaults.recipient.kind,
            wish=Wish(
                consent,
                contact.do_not_sms or one.do_not_sms or body.defaults.recipient.do_not_sms,
                recipe.overridden,
                recipe.action.consent == "required",
                reason,
            ),
            subject=one.subject or body.defaults.subject,
            event=one.event or body.defaults.event,
            reference=one.reference or body.defaults.reference,
            row=place + 1,
            rank=contact.rank if isinstance(contact, Contact) else None,
        )


def _unmet(body: BatchIn, one: RecipientIn, at: str) -> str | None:
    try:
        return unmet(body.condition, one.flags)
    except LookupError as error:
        flag = error.args[0]
        raise field_problem(
            "invalid_field", f"{at}/flags/{flag}", f"La condition demandée a besoin de « {flag} » : vrai ou faux."
        ) from error
