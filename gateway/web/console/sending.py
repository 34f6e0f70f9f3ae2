"""« Envoi »: recipients, text, what it would cost, who is left out and why; then now, later, or to be released."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import orjson
from aiohttp import web

from gateway.caller import Scope
from gateway.keywords import keywords as keywords_of
from gateway.problem import Problem
from gateway.web.console import recipients
from gateway.web.console.visit import Page, Visit
from gateway.web.uploads import MAX_BYTES, read_csv

_FIELDS = ("action", "template", "text", "recipients", "when", "send_at", "priority", "mode", "once")
_SEND = frozenset({Scope.SEND})


@dataclass(slots=True)
class Draft:
    """The form as it stands."""

    values: dict[str, str]
    exact: bool  # « sans rien remplacer »

    @property
    def table(self) -> str:
        """The recipients as text with headings."""
        return recipients.from_text(self.values["recipients"])

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


def _instant(local: str, visit: Visit) -> str:
    """The instant of a date and time of the school. Raises ``invalid_time``."""
    try:
        return datetime.fromisoformat(local).replace(tzinfo=visit.school.zone).isoformat()
    except ValueError as error:
        raise Problem("invalid_time", "Donnez la date et l'heure de l'envoi différé.") from error


def _draft(visit: Visit) -> Draft:
    given = {name: str(visit.form.get(name, "")).replace("\r\n", "\n") for name in _FIELDS}
    return Draft(given, "exact" in visit.form)


def _first_draft(visit: Visit) -> Draft:
    """Empty, or with what a school application's link says: ``?to=…&label=…&action=…``."""
    asked = visit.request.query
    values = dict.fromkeys(_FIELDS, "")
    values["action"] = asked.get("action", "")
    if number := asked.get("to", "")[:64]:
        values["recipients"] = f"{number};{asked.get('label', '')[:200]}"
    return Draft(values, exact=False)


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/envoi``."""
    return await _page(visit, _first_draft(visit))


async def act(visit: Visit) -> web.StreamResponse:
    """``POST /console/envoi``: load a template, read a file, preview, replace, or send."""
    draft = _draft(visit)
    file = visit.form.get("file")
    try:
        if isinstance(file, bytes) and file:
            draft.values["recipients"] = recipients.from_file(file)
        match visit.form.get("deed"):
            case "template":
                await _load_template(visit, draft)
            case "replace":
                await _replace(visit, draft)
            case "send":
                return await _send(visit, draft)
        preview = await _preview(visit, draft) if draft.values["text"] else None
    except Problem as problem:
        return await _page(visit, draft, problem=problem)
    return await _page(visit, draft, preview)


async def count(visit: Visit) -> web.StreamResponse:
    """``POST /console/envoi/compte``: the preview for the live counter."""
    try:
        found = await _preview(visit, _draft(visit))
    except Problem as problem:
        return web.json_response({"problem": problem.errors[0].message if problem.errors else problem.detail})
    return web.json_response({**found, "pieces": pieces(visit.form.get("text", ""), found)})


async def exception(visit: Visit) -> web.StreamResponse:
    """``POST /console/envoi/exception``: once, to one person who is « Ne pas envoyer de SMS », with a reason."""
    try:
        person = orjson.loads(str(visit.form.get("person", "")))
    except orjson.JSONDecodeError as error:
        raise Problem("malformed_body", "Revenez à la page d'envoi, et recommencez.") from error
    body = {
        **person,
        "action": str(visit.form.get("action", "")),
        "text": str(visit.form.get("text", "")).replace("\r\n", "\n"),
        "origin": {"user": visit.caller.person, "workstation": "console"},
        "override": {"reason": str(visit.form.get("reason", ""))},
    }
    sent = await visit.ask("POST", "/v1/messages", body=body, once=str(visit.form.get("once", "")) or None)
    return visit.go(f"/messages/{sent['id']}", "exception")


async def _load_template(visit: Visit, draft: Draft) -> None:
    if draft.values["template"]:
        found = await visit.ask("GET", "/v1/templates/{code}", draft.values["template"])
        draft.values["text"] = found["text"]


async def _replace(visit: Visit, draft: Draft) -> None:
    """« Remplacer »: the text with everything replaced that keeps it out of the GSM alphabet."""
    preview = await _preview(visit, draft)
    for one in preview["replacements"]:
        draft.values["text"] = draft.values["text"].replace(one["from"], one["to"])


async def _preview(visit: Visit, draft: Draft) -> Any:
    body = draft.body(visit)
    return await visit.ask("POST", "/v1/preview", body=body)


async def _send(visit: Visit, draft: Draft) -> web.StreamResponse:
    """Send what was previewed; the form's own token does it once, however often it is sent."""
    body = draft.body(visit)
    if "recipients" not in body:
        raise Problem("invalid_field", "Donnez au moins un destinataire : un numéro par ligne.")
    sent = await visit.ask("POST", "/v1/batches", body=body, once=draft.values["once"] or None)
    return visit.go(f"/suivi?batch={sent['id']}", "accepte", sent["accepted"])


async def _page(visit: Visit, draft: Draft, preview: Any = None, problem: Problem | None = None) -> web.Response:
    actions = (await visit.ask("GET", "/v1/actions", query={"usable": "true"}))["data"] if visit.may(Scope.READ) else []
    templates = (await visit.ask("GET", "/v1/templates"))["data"] if visit.may(Scope.READ) else []
    values = draft.values
    if not values["once"] or problem is None:
        values["once"] = secrets.token_urlsafe(16)
    known = chain.from_iterable(one["keywords"] for one in templates if one["code"] == values["template"])
    words = list(dict.fromkeys([*recipients.keywords(draft.table), *known]))
    chosen = next((one for one in actions if one["code"] == values["action"]), None)
    return visit.render(
        "envoi.html",
        problem.status if problem else 200,
        values=values,
        exact=draft.exact,
        actions=actions,
        templates=templates,
        keywords=words,
        held=chosen is not None and chosen["release"] == "manual",
        sender=visit.school.sender,
        preview=preview,
        problem=problem,
        pieces=pieces(values["text"], preview) if preview else [],
        people=people(draft, preview) if preview and visit.may(Scope.RELEASE) else {},
    )


def people(draft: Draft, preview: Any) -> dict[int, str]:
    """Row of the recipients -> what a message to them alone says, for those who are « Ne pas envoyer de SMS »."""
    rows = [one["row"] for one in preview["ignored_rows"] if one["reason"] == "do_not_sms" and one["row"]]
    known = [recipients.with_own_words(one) for one in read_csv(draft.table.encode()).recipients] if rows else []
    found = {}
    for row in rows:
        one = known[row - 1]
        recipient = {"label": one.get("label", ""), "do_not_sms": True, "consent": one.get("consent")}
        said = {name: one[name] for name in ("variables", "subject", "reference") if one.get(name)}
        found[row] = orjson.dumps({"to": one["to"], "recipient": recipient, **said}).decode()
    return found


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


PAGES: tuple[Page, ...] = (
    Page("GET", "/envoi", show, _SEND, menu="Envoi", group="Envoi aux familles"),
    Page("POST", "/envoi", act, _SEND, max_bytes=MAX_BYTES),
    Page("POST", "/envoi/compte", count, _SEND, max_bytes=MAX_BYTES),
    Page("POST", "/envoi/exception", exception, frozenset({Scope.RELEASE}), max_bytes=256 * 1024),
)
