"""The form of « Envoi » as it stands: recipients, text, when; and the batch of the API that it makes."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from gateway.keywords import keywords as keywords_of
from gateway.problem import FieldError, Problem, field_problem
from gateway.web.console import recipients
from gateway.web.console.visit import Visit
from gateway.web.uploads import read_csv

FIELDS = ("action", "template", "text", "recipients", "when", "send_at", "priority", "mode", "once", "checked")

#: Beginning of the API's pointer -> the field of the form, where they differ.
PLACES: Mapping[str, str] = {
    "variables": "text",
    "defaults/send_at": "send_at",
    "defaults/mode": "mode",
    "defaults/priority": "priority",
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
        common: dict[str, Any] = {"origin": {"user": visit.caller.person, "workstation": "console"}}
        common["transliterate"] = not self.exact
        for name in ("priority", "mode"):
            if self.values[name]:
                common[name] = self.values[name]
        if self.values["when"] == "later":
            common["send_at"] = _instant(self.values["send_at"], visit)
        if self.values["when"] == "hold":
            common["hold"] = True
        text = {"action": self.values["action"], "text": self.values["text"]}
        if self.values["template"]:
            text["template"] = self.values["template"]
        if not self.table:
            names = keywords_of(self.values["text"])
            return {**text, **common, "variables": {name: f"#{name}" for name in names}}
        found = read_csv(self.table.encode()).recipients
        return {**text, "defaults": common, "recipients": [recipients.with_own_words(one) for one in found]}

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

    def people(self, preview: Any) -> dict[int, str]:
        """Row of the recipients -> what a message to them alone says, for who is « Ne pas envoyer de SMS »."""
        rows = [one["row"] for one in preview["ignored_rows"] if one["reason"] == "do_not_sms" and one["row"]]
        known = [recipients.with_own_words(one) for one in read_csv(self.table.encode()).recipients] if rows else []
        found = {}
        for row in rows:
            one = known[row - 1]
            recipient = {"label": one.get("label", ""), "do_not_sms": True, "consent": one.get("consent")}
            said = {name: one[name] for name in ("variables", "subject", "reference") if one.get(name)}
            found[row] = orjson.dumps({"to": one["to"], "recipient": recipient, **said}).decode()
        return found


def of_form(visit: Visit) -> Draft:
    """The form that was sent."""
    given = {name: str(visit.form.get(name, "")).replace("\r\n", "\n") for name in FIELDS}
    return Draft(given, "exact" in visit.form)


def of_address(visit: Visit) -> Draft:
    """Empty, or with what a school application's link says: ``?to=…&label=…&action=…``."""
    asked = visit.request.query
    values = dict.fromkeys(FIELDS, "")
    values["action"] = asked.get("action", "")
    if number := asked.get("to", "")[:64]:
        values["recipients"] = f"{number};{asked.get('label', '')[:200]}"
    return Draft(values, exact=False)


def _instant(local: str, visit: Visit) -> str:
    """The instant of a date and time of the school. Raises ``invalid_time``."""
    try:
        return datetime.fromisoformat(local).replace(tzinfo=visit.school.zone).isoformat()
    except ValueError as error:
        cure = "Donnez la date et l'heure de l'envoi différé."
        raise field_problem("invalid_time", "/send_at", cure) from error


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
