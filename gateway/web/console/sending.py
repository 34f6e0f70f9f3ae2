"""« Envoi »: recipients, text, what it would cost, who is left out and why; then now, later, or to be released."""

import secrets
from collections.abc import Mapping
from itertools import chain
from typing import Any

import orjson
from aiohttp import web

from gateway.caller import Scope
from gateway.french import MODE_WORDS
from gateway.model import MODES
from gateway.problem import Problem, field_problem
from gateway.web.console import drafts, recipients, templates
from gateway.web.console.drafts import Draft
from gateway.web.console.fields import faults
from gateway.web.console.visit import Page, Visit
from gateway.web.reading import aside
from gateway.web.uploads import MAX_BYTES

_SEND = frozenset({Scope.SEND})

#: Recipients that the page lists.
_SHOWN = 100

WORDS = {
    **{"recipients": "Destinataires", "action": "Action", "template": "Message prédéfini", "text": "Message"},
    **{"send_at": "Date et heure de l'envoi différé", "priority": "Priorité", "mode": "Mode d'envoi"},
    **{"kind": "Les destinataires sont", "event_type": "Évènement", "event_from": "Du", "event_to": "Au"},
}
_BY_MODE: Mapping[str, str] = {mode: MODE_WORDS[mode] for mode in MODES}
CHOICES = {
    "priority": {"": "Normale", "alert": "Alerte : passe devant tout", "bulk": "Envoi en nombre : passe après"},
    "mode": {"": "Celui de l'action", **_BY_MODE},
    "kind": {
        **{"": "Non précisé", "responsable": "Familles", "eleve": "Élèves", "adulte": "Adultes"},
        "preinscrit": "Préinscrits",
    },
    "event_type": {"": "Aucun", "absence": "Absence", "retard": "Retard"},
}
_CHANGED = "Le formulaire a changé depuis la vérification : voici ce qui partirait. Relisez, puis envoyez."


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/envoi``; ``?envoi=bat_…``: what was just sent stands above a fresh form."""
    batch = visit.request.query.get("envoi", "")
    sent = await visit.ask("GET", "/v1/batches/{id}", batch) if batch else None
    draft = drafts.of_address(visit)
    try:
        if draft.values["template"]:
            await _load_template(visit, draft)
    except Problem as problem:
        return await _page(visit, draft, problem=problem, sent=sent)
    return await _page(visit, draft, sent=sent)


async def act(visit: Visit) -> web.StreamResponse:
    """``POST /console/envoi``: load a template, change the list, preview, replace, or send."""
    draft = drafts.of_form(visit)
    deed, _, what = str(visit.form.get("deed", "")).partition(":")
    preview = None
    try:
        await aside(lambda: draft.take(visit.form), file=bool(visit.form.get("file")))
        await _change(visit, draft, deed, what)
        await _settle(visit, draft)
        if deed == "send" and (answer := await _send(visit, draft)) is not None:
            return answer
        if deed not in ("add", "remove", "template"):
            draft.check()
            preview = await _preview(visit, draft)
    except Problem as problem:
        return await _page(visit, draft, problem=drafts.with_rows(problem))
    return await _page(visit, draft, preview, changed=deed == "send")


async def _change(visit: Visit, draft: Draft, deed: str, what: str) -> None:
    """What a button changes in the form. Raises Problem."""
    match deed:
        case "template":
            await _load_template(visit, draft)
        case "preview" if not draft.values["text"].strip() and _proposed(visit, draft):
            await _load_template(visit, draft)
        case "replace":
            draft.values["text"] = drafts.replaced(draft.values["text"], await _preview(visit, draft), what)
        case "only":
            draft.values["condition"] = what
        case "remove" if what.isdigit() and len(what) < 6:
            draft.values["recipients"] = recipients.without(draft.values["recipients"], int(what))


async def _settle(visit: Visit, draft: Draft) -> None:
    """A condition stays as long as the chosen template requires it."""
    if draft.values["condition"] not in _offered(draft, (await visit.ask("GET", "/v1/templates"))["data"]):
        draft.values["condition"] = ""


def _offered(draft: Draft, known: list[Any]) -> list[str]:
    """The conditions that the chosen template lets choose by."""
    return [name for one in known if one["code"] == draft.values["template"] for name in one["requires"]]


def _proposed(visit: Visit, draft: Draft) -> str:
    """The template that was chosen, or else the one that the action proposes; empty: none."""
    action = visit.parts.registry.action(draft.values["action"])
    return draft.values["template"] or (action.template if action else None) or ""


async def _load_template(visit: Visit, draft: Draft) -> None:
    """The text of the template that was chosen, or else of the one that the action proposes."""
    code = _proposed(visit, draft)
    if not code:
        raise field_problem("invalid_field", "/template", "Choisissez d'abord un message prédéfini.")
    found = await visit.ask("GET", "/v1/templates/{code}", code)
    draft.values |= {"template": code, "text": found["text"]}


async def _preview(visit: Visit, draft: Draft) -> Any:
    return await visit.ask("POST", "/v1/preview", body=draft.body(visit))


async def _send(visit: Visit, draft: Draft) -> web.StreamResponse | None:
    """Send what was previewed; the form's own token does it once, however often it is sent. None: not previewed so."""
    draft.check()
    body = draft.body(visit)
    if not body.get("recipients"):
        raise field_problem("invalid_field", "/recipients", "Donnez au moins un destinataire : un numéro par ligne.")
    if draft.values["checked"] != draft.digest:
        return None
    sent = await visit.ask("POST", "/v1/batches", body=body, once=draft.values["once"] or None)
    return visit.go(f"/envoi?envoi={sent['id']}")


async def _page(
    visit: Visit,
    draft: Draft,
    preview: Any = None,
    problem: Problem | None = None,
    *,
    sent: Any = None,
    changed: bool = False,
) -> web.Response:
    actions = await _actions(visit)
    known = (await visit.ask("GET", "/v1/templates"))["data"]
    values = draft.values
    if not values["once"] or problem is None:
        values["once"] = secrets.token_urlsafe(16)
    if len(actions) == 1 and not values["action"]:
        values["action"] = actions[0]["code"]
    chosen = next((one for one in actions if one["code"] == values["action"]), None)
    listed = recipients.rows(draft.table)
    headings = listed[0] if listed else []
    return visit.render(
        "envoi.html",
        problem.status if problem else 200,
        values=values,
        words=WORDS,
        choices=CHOICES,
        fixed=False,
        exact=draft.exact,
        actions=actions,
        templates=known,
        keywords=_keywords(draft, known),
        headings=[recipients.shown(heading) for heading in headings],
        number_at=recipients.number_column(headings),
        numbers=await _numbers(visit, draft) if preview else {},
        conditions=drafts.CONDITIONS,
        offered=_offered(draft, known),
        rows=listed[1 : _SHOWN + 1],
        more=max(0, len(listed) - 1 - _SHOWN),
        held=chosen is not None and chosen["release"] == "manual",
        sender=(chosen and chosen["sender"]) or visit.school.sender,
        preview=preview,
        ignored={one["row"]: one for one in preview["ignored_rows"]} if preview else {},
        digest=draft.digest,
        changed=_CHANGED if changed else "",
        problem=problem,
        faults=faults(problem, WORDS, drafts.PLACES),
        pieces=drafts.pieces(values["text"], preview) if preview else [],
        people=draft.people(visit, preview) if preview and visit.may(Scope.RELEASE) else {},
        sent=sent,
    )


async def _numbers(visit: Visit, draft: Draft) -> dict[int, str]:
    """Row -> the number as it is kept, +33…, of the recipients that the page lists."""
    body = draft.body(visit)
    if not body.get("recipients"):
        return {}
    body["recipients"] = body["recipients"][:_SHOWN]
    found = (await visit.ask("POST", "/v1/recipients/resolve", body=body))["data"]
    return {one["row"]: one["to"] for one in found if one["to"].startswith("+")}


async def _actions(visit: Visit) -> list[Any]:
    """The actions that may be sent for."""
    found: list[Any] = (await visit.ask("GET", "/v1/actions", query={"usable": "true"}))["data"]
    return found


def _keywords(draft: Draft, known: list[Any]) -> list[str]:
    """The keywords that the recipients' columns, whom it is about and the chosen template give."""
    about = [word for word, name in (("ELEVE", "subject"), ("DIVISION", "division")) if draft.values[name]]
    of_template = chain.from_iterable(one["keywords"] for one in known if one["code"] == draft.values["template"])
    return list(dict.fromkeys([*recipients.keywords(draft.table), *about, *of_template]))


async def count(visit: Visit) -> web.StreamResponse:
    """``POST /console/envoi/compte``: the preview for the live counter, as pieces of the page."""
    try:
        draft = drafts.of_form(visit)
        await aside(lambda: draft.take(visit.form), file=bool(visit.form.get("file")))
        await _settle(visit, draft)
        known = (await visit.ask("GET", "/v1/templates"))["data"]
        said = {"keywords": templates.piece("envoi_macros.html", "keywords", _keywords(draft, known))}
        if not draft.values["text"]:
            return web.json_response({**said, "counter": "", "odd": "", "pieces": []})
        if not draft.values["action"]:
            draft.values["action"] = next((one["code"] for one in await _actions(visit)), "")
        found = await _preview(visit, draft)
    except Problem as problem:
        return web.json_response({"problem": problem.errors[0].message if problem.errors else problem.detail})
    said["counter"] = templates.piece("envoi_macros.html", "counter", found, bool(draft.table))
    said["odd"] = templates.piece("envoi_macros.html", "odd", found)
    return web.json_response({**said, "pieces": drafts.pieces(draft.values["text"], found)})


async def exception(visit: Visit) -> web.StreamResponse:
    """``POST /console/envoi/exception``: once, to one person who is « Ne pas envoyer de SMS », with a reason."""
    try:
        person = orjson.loads(str(visit.form.get("person", "")))
    except orjson.JSONDecodeError:
        person = None
    if not isinstance(person, dict):
        raise Problem("malformed_body", "Revenez à la page d'envoi, et recommencez.")
    body = {
        **person,
        "action": str(visit.form.get("action", "")),
        "text": str(visit.form.get("text", "")).replace("\r\n", "\n"),
        "origin": {"user": visit.caller.person, "workstation": "console"},
        "override": {"reason": str(visit.form.get("reason", ""))},
    }
    sent = await visit.ask("POST", "/v1/messages", body=body, once=str(visit.form.get("once", "")) or None)
    return visit.go(f"/messages/{sent['id']}", "exception")


PAGES: tuple[Page, ...] = (
    Page("GET", "/envoi", show, _SEND, menu="Envoi", group="Envoi aux familles"),
    Page("POST", "/envoi", act, _SEND, max_bytes=MAX_BYTES),
    Page("POST", "/envoi/compte", count, _SEND, max_bytes=MAX_BYTES),
    Page("POST", "/envoi/exception", exception, frozenset({Scope.RELEASE}), max_bytes=256 * 1024),
)
