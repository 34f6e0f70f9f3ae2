"""« Actions »: why messages are sent, and how each kind is sent."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.caller import Scope
from gateway.french import MODE_WORDS
from gateway.model import MODES, Action, format_duration
from gateway.problem import Problem, field_problem
from gateway.web.console.editing import Kind
from gateway.web.console.fields import faults, filled
from gateway.web.console.visit import Page, Visit

_READ, _OPERATE = frozenset({Scope.READ}), frozenset({Scope.OPERATE})

#: Field of the API -> its words.
WORDS: Mapping[str, str] = {
    "code": "Code",
    "short_label": "Libellé court",
    "long_label": "Libellé long",
    "response_delay_days": "Délai de réponse du responsable avant alerte",
    "treatment": "Traitement",
    "template": "Modèle de document",
    "sender": "Émetteur",
    "provider_service_code": "Code fournisseur de service",
    "release": "Diffusion",
    "hold_max": "Attente de la diffusion au plus",
    "validity": "Validité",
    "mode": "Mode d'envoi",
    "max_parts": "SMS par message au plus",
    "consent": "Accord de la famille",
    "uncertain": "SMS incertains",
    "uncertain_wait": "Attente avant de renvoyer",
}

#: Field -> what may be chosen, with its words; an empty value leaves the default.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "treatment": {"sms": "Envoi de SMS", "email": "Courriel", "letter": "Lettre", "none": "Aucun"},
    "release": {"auto": "Part aussitôt", "manual": "Attend « à diffuser »"},
    "mode": {"": "Celui par défaut", **{mode: MODE_WORDS[mode] for mode in MODES}},
    "consent": {"unless_refused": "Part sauf refus", "required": "Accord exigé"},
    "uncertain": {
        "": "Attendre ; renvoyer les alertes",
        "wait": "Attendre un accusé",
        "resend": "Renvoyer, au risque d'un doublon",
    },
}


async def show(visit: Visit) -> web.StreamResponse:
    """``GET /console/actions``."""
    found = await visit.ask("GET", "/v1/actions")
    return visit.render("actions.html", actions=found["data"], choices=CHOICES, operate=visit.may(Scope.OPERATE))


async def edit(visit: Visit) -> web.StreamResponse:
    """``GET /console/actions/{code}``; ``nouvelle``: an empty one. Who may not change it sees it."""
    code = KIND.of_address(visit)
    if KIND.is_new(visit):
        return await _form(visit, _values(Action(code="NEW", short_label="-", long_label="-")) | _EMPTY)
    await visit.ask("GET", "/v1/actions/{code}", code)
    action = visit.parts.registry.action(code)  # as it was set: the API fills in the mode
    assert action is not None
    return await _form(visit, _values(action))


_EMPTY = {"code": "", "short_label": "", "long_label": ""}


def _values(action: Action) -> dict[str, str]:
    times = {name: format_duration(getattr(action, name)) for name in ("hold_max", "validity", "uncertain_wait")}
    return {name: "" if value is None else str(value) for name, value in {**action.model_dump(), **times}.items()}


async def _form(visit: Visit, values: Mapping[str, Any], problem: Problem | None = None) -> web.Response:
    declared = visit.parts.registry.declared(KIND.of_address(visit))
    templates = (await visit.ask("GET", "/v1/templates"))["data"]
    offered = {"": "Aucun", **{one["code"]: one["label"] for one in templates}}
    if (kept := values.get("template", "")) not in offered:
        offered[kept] = f"{kept} (introuvable)"
    return visit.render(
        "action.html",
        problem.status if problem else 200,
        values={name: str(values.get(name, "")) for name in WORDS},
        words=WORDS,
        choices={**CHOICES, "template": offered},
        declared=declared,
        fixed=declared or not visit.may(Scope.OPERATE),
        new=KIND.is_new(visit),
        problem=problem,
        faults=faults(problem, WORDS),
    )


def _body(visit: Visit) -> dict[str, Any]:
    """What the form says. Raises ``invalid_field`` for what S4 marks with a star."""
    body = filled(visit.form, (name for name in WORDS if name != "code"))
    if not isinstance(body.get("response_delay_days"), int):
        cure = "Indiquez un nombre de jours ; 0 : aucune réponse n'est attendue."
        raise field_problem("invalid_field", "/response_delay_days", cure)
    texts = ("short_label", "long_label", "template", "sender", "provider_service_code")
    return {name: str(value) if name in texts else value for name, value in body.items()}


KIND = Kind(
    api="/v1/actions/{code}",
    page="/actions",
    name="code",
    new="nouvelle",
    form=_form,
    body=_body,
    taken="Une action a déjà ce code : choisissez-en un autre.",
)

PAGES: tuple[Page, ...] = (
    Page("GET", "/actions", show, _READ, menu="Actions", group="Paramètres"),
    Page("GET", KIND.path, edit, _READ),
    Page("POST", KIND.path, KIND.save, _OPERATE),
    Page("POST", f"{KIND.path}/supprimer", KIND.delete, _OPERATE),
)
