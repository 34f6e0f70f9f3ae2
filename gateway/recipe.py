"""What all messages of one request share: school, action, mode, sender, text, times, price. Looked up once.

Every refusal of the request as a whole is raised here as a ``Problem``.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway import text as sms
from gateway.caller import Caller, Scope
from gateway.model import AccountSettings, Action, Mode, Priority, Template
from gateway.numbers import read_sender
from gateway.pricing import price_of
from gateway.problem import FieldError, Problem, field_problem
from gateway.registry import KnownSchool, Registry
from gateway.requests import MessageFields
from gateway.text import Composed, Merged

_SENDER_CURES = {
    "empty": "Donnez un émetteur, ou retirez le champ pour celui de l'établissement.",
    "too_long": "Un émetteur a 11 lettres ou chiffres au plus.",
    "digits_only": "Un émetteur a au moins une lettre ; un numéro n'est plus permis.",
    "bad_character": "Un émetteur n'a que des lettres sans accent et des chiffres, sans espace.",
    "short_code_not_listed": "Ce numéro court n'est pas dans « senders » du compte fournisseur.",
}


@dataclass(slots=True)
class Recipe:
    """The common part of a request's messages. Instants are milliseconds."""

    school: KnownSchool
    action: Action
    mode: Mode
    accounts: tuple[AccountSettings, ...]
    sender: str
    source: str  # the text with its keywords
    template: str | None
    sensitive: Collection[str]
    encoding: str
    transliterate: bool
    narrow: bool
    lacks: str
    ahead: int  # milliseconds before send_at that every account of the mode may have it
    flash: bool
    tlvs: Mapping[str, int | str]
    max_parts: int
    priority: Priority
    held: bool
    send_at: int | None
    valid_until: int | None
    overridden: bool
    now: int

    @property
    def resend(self) -> bool:
        """Whether an uncertain part is sent once more: what the action says, else only for alerts."""
        if self.action.uncertain is None:
            return self.priority is Priority.ALERT
        return self.action.uncertain == "resend"

    @property
    def leaves_at(self) -> int | None:
        """When it may be handed over; None: at once, or when it is released."""
        if self.send_at is None or self.send_at - self.ahead <= self.now:
            return None
        return self.send_at - self.ahead

    def price(self, number: str) -> int:
        """Millionths of a euro a part, at the first account of the mode, today."""
        day = datetime.fromtimestamp(self.now / 1000, self.school.zone).date()
        return price_of(self.accounts[0], day, self.mode, number)

    def merge(self, variables: Mapping[str, str], pointer: str = "") -> Merged:
        """The text with its values. Raises ``missing_variable`` naming each, and ``text_too_long``."""
        longest = max(map(len, variables.values()), default=0)
        if len(self.source) + self.source.count("#") * longest > self._most:
            self._bound(sms.merged_length(self.source, variables), pointer or "/text")
        merged = sms.merge(self.source, variables, self.sensitive)
        if merged.missing:
            raise Problem(
                "missing_variable",
                "Donnez une valeur à chaque mot-clé du texte, ou écrivez ## pour un simple #.",
                [
                    FieldError(
                        f"{pointer}/variables/{key}", "missing_variable", f"Le mot-clé #{key} n'a pas de valeur."
                    )
                    for key in merged.missing[:_NAMED]
                ],
            )
        return merged

    def compose(self, merged: Merged | str, pointer: str) -> Composed:
        """The text as it will be sent. Raises the problems of a text, at ``pointer``."""
        self._bound(len(merged) if isinstance(merged, str) else len(merged.text), pointer)
        try:
            composed = sms.compose(
                merged,
                encoding=self.encoding,
                transliterate=self.transliterate,
                narrow=self.narrow,
                lacks=self.lacks,
            )
        except (sms.NotGsm7, sms.SensitiveNotGsm7, sms.Unencodable) as error:
            raise _text_problem(error, pointer) from error
        if not composed.text.strip():
            raise field_problem("empty_text", pointer, "Le texte est vide : rien ne serait envoyé.")
        if len(composed.parts) > self.max_parts:
            raise field_problem(
                "text_too_long",
                pointer,
                f"Le texte fait {len(composed.parts)} SMS ; {self.max_parts} au plus pour cette action.",
            )
        return composed

    @property
    def _most(self) -> int:
        return self.max_parts * _SPREAD

    def _bound(self, characters: int, pointer: str) -> None:
        """Refuse what is far too long before it costs the time to cut it."""
        if characters > self._most:
            cure = f"Le texte fait {characters} caractères ; {self.max_parts} SMS au plus pour cette action."
            raise field_problem("text_too_long", pointer, cure)


#: Code points for each SMS allowed, above which no text can fit, however much of it is composed or left out.
_SPREAD = 4 * 160

#: More errors than these are not listed.
_NAMED = 100


def _text_problem(error: ValueError, pointer: str) -> Problem:
    match error:
        case sms.SensitiveNotGsm7():
            fields = [
                FieldError(
                    f"{pointer.removesuffix('/text')}/variables/{name}",
                    "sensitive_not_gsm7",
                    "Cette valeur confidentielle ne peut pas être transcrite : demandez « encoding »: « ucs2 ».",
                )
                for name in error.names
            ]
            return Problem("sensitive_not_gsm7", "Une valeur confidentielle n'est jamais transcrite.", fields)
        case sms.NotGsm7():
            places = ", ".join(f"« {culprit.char} » à {culprit.position}" for culprit in error.culprits[:10])
            return field_problem(
                "text_not_gsm7",
                pointer,
                f"Hors de l'alphabet GSM de ce mode d'envoi : {places}. Remplacez, ou laissez « auto ».",
            )
        case sms.Unencodable():
            cure = f"Le caractère à la position {error.position} ne peut pas être envoyé : retirez-le."
            return field_problem("text_not_ucs2", pointer, cure)
    raise error


class Cook:
    """Makes recipes from requests."""

    def __init__(self, registry: Registry, max_parts: Callable[[], int]) -> None:
        self._registry = registry
        self._max_parts = max_parts

    def recipe(self, body: MessageFields, caller: Caller, now: int, at: str = "") -> Recipe:
        """Look everything up. ``at`` is where the request has its fields: ``/defaults`` of a batch. Raises Problem."""
        if body.callback_url is not None:
            raise field_problem(
                "not_available", f"{at}/callback_url", "Les rappels n'existent pas encore : retirez-le."
            )
        school = self._school(body, caller)
        action = self._action(body.action or "")
        mode = body.mode or self._registry.mode(action)
        known = self._registry.means(mode)
        accounts = known.accounts
        if not accounts:
            raise Problem("no_provider", f"Le mode « {mode} » n'a aucun compte fournisseur dans la configuration.")
        template = self._template(body, school.uai)
        source = _source(body, template)
        _check_sensitive(body, source, at)
        return Recipe(
            school=school,
            action=action,
            mode=mode,
            accounts=accounts,
            sender=_sender(_first(body.sender, action.sender, school.sender), known.short_codes, at),
            source=source,
            template=template.code if template else None,
            sensitive=_sensitive(body, template, source),
            encoding=body.encoding,
            transliterate=body.transliterate,
            narrow=known.narrow,
            lacks=known.lacks,
            ahead=known.ahead,
            flash=_flash(body, accounts, at),
            tlvs=_tlvs(body, accounts, at),
            max_parts=action.max_parts or self._max_parts(),
            priority=body.priority,
            held=_held(body, action, caller),
            overridden=_overridden(body, caller, at),
            now=now,
            **_times(body, now, at),
        )

    def _school(self, body: MessageFields, caller: Caller) -> KnownSchool:
        uai = caller.school(body.school)
        if (school := self._registry.school(uai)) is None:
            raise field_problem("unknown_school", "/school", f"L'établissement {uai} n'est pas dans la configuration.")
        return school

    def _action(self, code: str) -> Action:
        if (action := self._registry.action(code)) is None:
            cure = f"L'action {code} n'existe pas : GET /v1/actions donne la liste."
            raise field_problem("unknown_action", "/action", cure)
        if action.treatment != "sms":
            raise field_problem("treatment_not_sms", "/action", f"L'action {code} n'est pas traitée par SMS.")
        return action

    def _template(self, body: MessageFields, school: str) -> Template | None:
        if body.template is None:
            return None
        if (template := self._registry.template(body.template, school)) is None:
            cure = f"Le modèle {body.template} n'existe pas : GET /v1/templates donne la liste."
            raise field_problem("unknown_template", "/template", cure)
        return template


def _source(body: MessageFields, template: Template | None) -> str:
    """The text, which wins over the template's."""
    if body.text is not None:
        return body.text
    if template is None:
        raise field_problem("missing_text", "/text", "Donnez « text » ou « template ».")
    return template.text


def _sensitive(body: MessageFields, template: Template | None, source: str) -> frozenset[str]:
    """What the request names, and what its template does, as far as the text still has it."""
    if template is None or not template.sensitive:
        return frozenset(body.sensitive)
    return frozenset(body.sensitive) | (frozenset(template.sensitive) & frozenset(sms.keywords(source)))


def _check_sensitive(body: MessageFields, source: str, at: str) -> None:
    """A name that is not a keyword of the text is a slip that would show what must stay hidden."""
    known = sms.keywords(source) if body.sensitive else ()
    for place, name in enumerate(body.sensitive):
        if name not in known:
            cure = f"« {name} » n'est pas un mot-clé du texte : écrivez-le comme dans le texte, sans #."
            raise field_problem("invalid_field", f"{at}/sensitive/{place}", cure)


def _first(*senders: str | None) -> str:
    """What the request says, even if it is empty, which is a slip; else the action's, else the school's."""
    return next((sender for sender in senders if sender is not None), "")


def _sender(sender: str, short_codes: Collection[str], at: str) -> str:
    # A short code must be listed by every account that may come to send, the ones after a failover too.
    if fault := read_sender(sender, short_codes):
        raise field_problem("invalid_sender", f"{at}/sender", _SENDER_CURES[fault])
    return sender


def _flash(body: MessageFields, accounts: tuple[AccountSettings, ...], at: str) -> bool:
    # As with short codes: the accounts after a failover must not make another message of it.
    if body.flash and not all(account.flashes for account in accounts):
        cure = "Un compte de ce mode d'envoi ne prend pas de message flash : retirez « flash », ou changez de mode."
        raise field_problem("flash_not_allowed", f"{at}/flash", cure)
    return body.flash


def _tlvs(body: MessageFields, accounts: tuple[AccountSettings, ...], at: str) -> Mapping[str, int | str]:
    """An account that does not know a name sends without it; one that no account knows is a slip."""
    for name, value in body.tlvs.items():
        known = [account for account in accounts if name in account.takes]
        if not known:
            cure = f"Aucun compte de ce mode d'envoi ne déclare « {name} » dans « message_tlvs »."
            raise field_problem("invalid_field", f"{at}/tlvs/{name}", cure)
        for account in known:
            if not account.may_say(name, value):
                raise field_problem("invalid_field", f"{at}/tlvs/{name}", f"Attendu : {account.takes[name]}.")
    return body.tlvs


def _held(body: MessageFields, action: Action, caller: Caller) -> bool:
    if body.hold is None:
        return action.release == "manual"
    if not body.hold and action.release == "manual" and not caller.may(Scope.RELEASE):
        raise Problem("release_required", "Cette action attend qu'une personne diffuse : retirez « hold ».")
    return body.hold


def _overridden(body: MessageFields, caller: Caller, at: str) -> bool:
    if body.override is None:
        return False
    if at:
        cure = "« ne pas envoyer » se lève pour une personne à la fois : POST /v1/messages."
        raise field_problem("override_not_allowed", f"{at}/override", cure)
    if not caller.may(Scope.RELEASE):
        raise Problem("forbidden_scope", "Lever « ne pas envoyer » (/override) demande le droit « release ».")
    return True


def _times(body: MessageFields, now: int, at: str) -> dict[str, Any]:
    send_at, valid_until = _millis(body.send_at), _millis(body.valid_until)
    start = max(now, send_at or now)
    if valid_until is not None and valid_until <= start:
        cure = "La fin de validité est passée, ou vient avant l'envoi."
        raise field_problem("invalid_time", f"{at}/valid_until", cure)
    if send_at is not None and send_at > now + _FAR:
        raise field_problem("invalid_time", f"{at}/send_at", "Un envoi se diffère d'un an au plus.")
    return {"send_at": send_at if send_at is not None and send_at > now else None, "valid_until": valid_until}


_FAR = 366 * 24 * 3600 * 1000


def _millis(instant: datetime | None) -> int | None:
    return int(instant.timestamp() * 1000) if instant is not None else None
