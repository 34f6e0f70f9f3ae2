"""The form of « Envoi » as it stands: recipients, text, when; and the batch of the API that it makes."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import Any

import orjson

from gateway.keywords import keywords as keywords_of
from gateway.problem import FieldError, Problem, field_problem
from gateway.web.console import recipients
from gateway.web.console.visit import Visit
from gateway.web.problems import MOST_RECIPIENTS, too_many
from gateway.web.uploads import read_csv

#: Whom and what the messages are about: fields of the form -> places in the API's ``subject`` and ``event``.
SUBJECT = {"subject": "name", "subject_id": "id", "subject_kind": "kind", "division": "division"}
EVENT = {"event_type": "type", "event": "id", "event_from": "from", "event_to": "to"}

FIELDS = (
    *("action", "template", "text", "recipients", "when", "send_at", "priority", "mode", "kind", "condition"),
    *SUBJECT,
    *EVENT,
    *("once", "checked"),
)

#: Beginning of the API's pointer -> the field of the form, where they differ.
PLACES: Mapping[str, str] = {
    "variables": "text",
    "defaults/send_at": "send_at",
    "defaults/mode": "mode",
    "defaults/priority": "priority",
    "defaults/event/from": "event_from",
    "defaults/event/to": "event_to",
}

#: Condition -> its button, what a recipient must say, the column that says it.
CONDITIONS: Mapping[str, tuple[str, str, str]] = {
    "never_connected": ("EcoleDirecte", "never_connected", "jamais_connecte"),
    "credentials_unchanged": ("Clés", "credentials_changed", "identifiants_modifies"),
}


@dataclass(slots=True)
class Draft:
    """The form as it stands. ``values``: its fields by name."""

    values: dict[str, str]
    exact: bool  # « sans rien remplacer »

    @property
    def table(self) -> str:
        """The recipients as text with headings."""
        return recipients.from_text(self.values["recipients"])

    @property
    def digest(self) -> str:
        """What stands for everything that decides what is sent, at what cost."""
        said = {name: self.values[name] for name in FIELDS if name not in ("once", "checked", "recipients")}
        whole = orjson.dumps([said, self.table, self.exact], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(whole).hexdigest()

    def body(self, visit: Visit) -> dict[str, Any]:
        """The API's batch, or one message without a number when there is no recipient. Raises Problem."""
        common = self._common(visit)
        text = {"action": self.values["action"], "text": self.values["text"]}
        if self.values["template"]:
            text["template"] = self.values["template"]
        if not self.table:
            names = keywords_of(self.values["text"])
            return {**text, **common, "variables": {name: f"#{name}" for name in names}}
        about = {"subject": common.get("subject")}
        listed = read_csv(self.table.encode()).recipients
        found = [recipients.with_own_words({**about, **one}) for one in listed]
        return {**text, **self._condition(found), "defaults": common, "recipients": found}

    def _common(self, visit: Visit) -> dict[str, Any]:
        """What all messages share. Raises ``invalid_time``."""
        common: dict[str, Any] = {"origin": {"user": visit.caller.person, "workstation": "console"}}
        common["transliterate"] = not self.exact
        for name in ("priority", "mode"):
            if self.values[name]:
                common[name] = self.values[name]
        if self.values["when"] == "later":
            cure = "Donnez la date et l'heure de l'envoi différé."
            common["send_at"] = _instant(self.values["send_at"], visit, "/send_at", cure)
        if self.values["when"] == "hold":
            common["hold"] = True
        if self.values["kind"]:
            common["recipient"] = {"kind": self.values["kind"]}
        if subject := self._said(SUBJECT):
            common["subject"] = subject
        if event := self._event(visit):
            common["event"] = event
        return common

    def _said(self, names: Mapping[str, str]) -> dict[str, str]:
        return {place: value for name, place in names.items() if (value := self.values[name].strip())}

    def _event(self, visit: Visit) -> dict[str, str]:
        """What happened; nothing without its kind."""
        said = self._said(EVENT)
        for name, place in (("event_from", "from"), ("event_to", "to")):
            if place in said:
                cure = "Donnez la date et l'heure de l'évènement."
                said[place] = _instant(said[place], visit, f"/{name}", cure)
        return said if "type" in said else {}

    def _condition(self, found: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Which recipients alone. Raises ``invalid_field`` when somebody does not say what it asks for."""
        if not self.values["condition"]:
            return {}
        button, flag, column = CONDITIONS[self.values["condition"]]
        silent = sum((one.get("flags") or {}).get(flag) is None for one in found)
        if silent:
            whose = f"{silent} destinataire{'s' * (silent > 1)}"
            cure = f"« {button} » lit la colonne « {column} », oui ou non : elle manque à {whose}."
            raise field_problem("invalid_field", "/recipients", cure)
        return {"condition": self.values["condition"]}

    def take(self, form: Mapping[str, Any]) -> None:
        """A file that was chosen is the list; a number typed beside the list joins it. Raises ``malformed_body``."""
        file = form.get("file")
        if isinstance(file, bytes) and file:
            self.values["recipients"] = recipients.from_file(file)
        if number := str(form.get("add_to", "")).strip():
            name = str(form.get("add_label", ""))
            self.values["recipients"] = recipients.with_one_more(self.values["recipients"], number, name)

    def check(self) -> None:
        """Raises ``invalid_field`` for what nobody can have meant to leave out."""
        if not self.values["action"]:
            raise field_problem("invalid_field", "/action", "Choisissez l'action : elle dit pourquoi ce SMS part.")
        if not self.values["text"].strip():
            raise field_problem("invalid_field", "/text", "Écrivez le message, ou chargez un message prédéfini.")

    def people(self, visit: Visit, preview: Any) -> dict[int, str]:
        """Row of the recipients -> what a message to them alone says, for who is « Ne pas envoyer de SMS »."""
        rows = [one["row"] for one in preview["ignored_rows"] if one["reason"] == "do_not_sms" and one["row"]]
        body = self.body(visit) if rows else {}
        found = {}
        for row in rows:
            one = body["recipients"][row - 1]
            recipient = {"label": one.get("label", ""), "do_not_sms": True, "consent": one.get("consent")}
            said = {name: one[name] for name in ("variables", "subject", "reference") if one.get(name)}
            common = {**body["defaults"], "recipient": {**body["defaults"].get("recipient", {}), **recipient}}
            template = {"template": body.get("template")}
            found[row] = orjson.dumps({**common, **template, "to": one["to"], **said}).decode()
        return found


#: Lines of the list at most, empty ones too: it is worked through several times for a page.
_MOST_LINES = 2 * MOST_RECIPIENTS


def of_form(visit: Visit) -> Draft:
    """The form that was sent. Raises ``too_many_recipients``."""
    given = {name: str(visit.form.get(name, "")).replace("\r\n", "\n") for name in FIELDS}
    if given["recipients"].count("\n") > _MOST_LINES:
        raise too_many()
    return Draft(given, "exact" in visit.form)


#: What a link may say of the form's fields, and how much of it is taken.
_OF_LINK = ("action", "template", "kind", *SUBJECT, *EVENT)
_LONGEST = 200


def of_address(visit: Visit) -> Draft:
    """Empty, or with what a school application's link says from the sheet of a family, an adult or a pupil.

    ``?to=…&label=…&ne_pas_envoyer=…`` for each who may be written to, then ``subject``, ``event``, ``action``…
    """
    asked = visit.request.query
    values = dict.fromkeys(FIELDS, "") | {name: asked.get(name, "")[:_LONGEST] for name in _OF_LINK}
    columns = [asked.getall(name, []) for name in ("to", "label", "ne_pas_envoyer")]
    people = [[cell[:_LONGEST] for cell in row] for row in zip_longest(*columns, fillvalue="")]
    if people:
        values["recipients"] = recipients.of_people(people)
    for name in ("event_from", "event_to"):
        values[name] = _local(values[name], visit)
    return Draft(values, exact=False)


def _local(instant: str, visit: Visit) -> str:
    """An instant with its offset as the school's date and time; what has none, or is none, as it is."""
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return instant
    return f"{at.astimezone(visit.school.zone):%Y-%m-%dT%H:%M}" if at.tzinfo else instant


def _instant(local: str, visit: Visit, pointer: str, cure: str) -> str:
    """The instant of a date and time of the school. Raises ``invalid_time`` with its cure."""
    try:
        return datetime.fromisoformat(local).replace(tzinfo=visit.school.zone).isoformat()
    except ValueError as error:
        raise field_problem("invalid_time", pointer, cure) from error


def with_rows(problem: Problem) -> Problem:
    """The same problem, whose errors say which recipient they are about."""
    errors = [replace(one, message=f"{_whose(one)}{one.message}") for one in problem.errors]
    return Problem(problem.code, problem.detail, errors, problem.retry_after)


def _whose(error: FieldError) -> str:
    found = re.match(r"/recipients/(\d+)/variables", error.pointer)
    return f"Destinataire {int(found[1]) + 1} : " if found else ""


def pieces(text: str, preview: Mapping[str, Any]) -> Sequence[tuple[str, str | None]]:
    """The text cut at what keeps it out of the GSM alphabet: each piece, and why it is underlined, if it is."""
    culprits = {one["char"]: one["replaceable"] for one in preview["culprits"]}
    found: list[tuple[str, str | None]] = []
    for char in text:
        kind = None if char not in culprits else "replaceable" if culprits[char] else "unicode"
        if found and found[-1][1] == kind:
            found[-1] = (found[-1][0] + char, kind)
        else:
            found.append((char, kind))
    return found


def replaced(text: str, preview: Mapping[str, Any], only: str = "") -> str:
    """« Remplacer »: the text without what keeps it out of the GSM alphabet, or without this character ``only``."""
    for one in preview["replacements"]:
        if only in ("", one["from"]):
            text = text.replace(one["from"], one["to"])
    return text
