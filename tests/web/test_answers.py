"""The reference cannot lie: what each route answers is what its model says, with nothing missing and nothing more."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from pydantic import SecretStr

from gateway.config.settings import SecretsSettings
from gateway.model import ProviderContact
from gateway.states import Status
from gateway.web.openapi import document
from gateway.web.resources import ROUTES
from gateway.web.route import Route
from tests.store.rows import (
    add_answered,
    add_awaited,
    add_batch,
    add_event,
    add_inbound,
    add_line,
    add_message,
    add_parked,
    add_receipt,
    add_sent,
    add_tally,
)
from tests.web.conftest import METZ, Answer, Gateway
from tests.web.months import upload

NUMBER = quote("+33612345678")
EVERYTHING: dict[str, Any] = {
    "to": "06 12 34 56 78",
    "action": "ABSENCE",
    "text": "Forêt : #NOM “ici”",
    "variables": {"NOM": "Zoé"},
    "recipient": {"label": "Mme REITER (Légal 1)", "kind": "responsable", "do_not_sms": True},
    "subject": {"id": "E-881", "name": "REITER Pauline", "division": "5B"},
    "event": {"id": "ABS-9", "type": "absence", "from": "2026-11-23T08:30:00+01:00"},
    "origin": {"user": "vie.scolaire", "workstation": "PC-CPE1"},
    "override": {"reason": "urgence"},
    "reference": "ABS-9/1",
    "metadata": {"k": "v"},
}
CONTACTS = [{"rank": "responsable_1", "to": "0612345679"}, {"rank": "conjoint", "to": "0387123456"}]
BATCH = {"action": "INFO", "text": "Bonjour", "recipients": [{"to": "0612345678"}, {"to": ""}, {"contacts": CONTACTS}]}
ACTION = {"short_label": "Ret.", "long_label": "Retards", "hold_max": "30m"}
TEMPLATE = {"label": "Retard", "text": "#ELEVE est en retard."}
PERSON = {"name": "Mme ÇELIK", "schools": [METZ], "roles": ["envoi"], "password": "une phrase assez longue"}
SECRETS = SecretsSettings(sealing_key=SecretStr("a key of the tests, long enough"))
CONTRACT = {
    "provider": "PLURIWARE",
    "key_id": "etab57",
    "password": "m0tdep4sse",
    "host": "127.0.0.1",
    "price": "0.051",
}
#: A form: the request, and the file.
FORM = ({"account": "operateur-a", "month": "2026-11"}, b"id;numero;montant\n1;0612345678;0,1\n")
COLUMNS = ({"account": "operateur-a"}, FORM[1])
CONSENTS = {"rows": [{"number": "0612345678", "opted_out": True}, {"number": "0387123456"}]}

#: What is asked, in this order, with what is found in the store: method, address, body.
TOUR: Sequence[tuple[str, str, str, Any]] = [
    ("POST", "/v1/messages", "", EVERYTHING),
    ("POST", "/v1/messages", "", {"to": "0387123456", "action": "INFO", "text": "Bonjour"}),
    ("POST", "/v1/batches", "", BATCH),
    ("POST", "/v1/batches", "?dry_run=true", BATCH),
    ("POST", "/v1/recipients/resolve", "", BATCH),
    ("POST", "/v1/preview", "", EVERYTHING),
    ("POST", "/v1/preview", "", BATCH),
    ("GET", "/v1/messages", "?count=true&limit=2", None),
    ("GET", "/v1/messages", "", None),
    ("GET", "/v1/messages/{message}", "", None),
    ("GET", "/v1/messages/{message}/report", "", None),
    ("GET", "/v1/messages/{posted}/report", "", None),
    ("GET", "/v1/events/{event}/messages", "", None),
    ("GET", "/v1/batches/{batch}", "", None),
    ("GET", "/v1/batches/{batch}/messages", "", None),
    ("GET", "/v1/batches/{batch}/ignored", "", None),
    ("POST", "/v1/messages/release", "", {"ids": ["{posted}", "{message}"]}),
    ("POST", "/v1/messages/cancel", "", {"filter": {"status": "held"}, "expected_count": 1}),
    ("POST", "/v1/messages/resend", "", {"ids": ["{message}"]}),
    ("POST", "/v1/batches/{batch}/release", "", None),
    ("POST", "/v1/batches/{batch}/cancel", "", None),
    ("GET", "/v1/recap", "?limit=1", None),
    ("GET", "/v1/origins", "", None),
    ("GET", "/v1/synthesis", "?year=2026", None),
    ("GET", "/v1/actions", "", None),
    ("GET", "/v1/actions/{action}", "", None),
    ("PUT", "/v1/actions/{new}", "", ACTION),
    ("PUT", "/v1/actions/{new}", "", ACTION),
    ("DELETE", "/v1/actions/{new}", "", None),
    ("PUT", "/v1/templates/{new}", "", TEMPLATE),
    ("PUT", "/v1/templates/{new}", "", TEMPLATE),
    ("GET", "/v1/templates", "", None),
    ("GET", "/v1/templates/keywords", "", None),
    ("GET", "/v1/templates/{new}", "", None),
    ("DELETE", "/v1/templates/{new}", "", None),
    ("PUT", "/v1/consents/{number}", "", {"consent": True}),
    ("POST", "/v1/consents/import", "", CONSENTS),
    ("GET", "/v1/consents/{number}", "", None),
    ("GET", "/v1/opt-outs", "?count=true", None),
    ("GET", "/v1/inbound", "?count=true", None),
    ("GET", "/v1/actions/{absence}/overdue", "?count=true", None),
    ("POST", "/v1/events/{event}/answered", "", {"by": "M. REITER"}),
    ("GET", "/v1/messages/{message}/report", "", None),
    ("DELETE", "/v1/events/{event}/answered", "", None),
    ("GET", "/v1/receipts/unmatched", "?count=true", None),
    ("POST", "/v1/receipts/{orphan}/match", "", {"message": "{answered}"}),
    ("POST", "/v1/accounts/{account}/pause", "?reason=facture", None),
    ("GET", "/v1/accounts", "", None),
    ("POST", "/v1/accounts/{account}/resume", "", None),
    ("GET", "/v1/accounts", "", None),
    ("GET", "/v1/months", "?year=2026", None),
    ("GET", "/v1/months/{month}", "", None),
    ("POST", "/v1/months/{over}/close", "", None),
    ("POST", "/v1/reconciliations", "", FORM),
    ("GET", "/v1/reconciliations", "", None),
    ("GET", "/v1/reconciliations/{reconciliation}", "", None),
    ("GET", "/v1/reconciliations/{reconciliation}/lines", "?count=true", None),
    ("POST", "/v1/reconciliations/{reconciliation}/sign", "", {"note": "Vu"}),
    ("POST", "/v1/reconciliations/columns", "", COLUMNS),
    ("GET", "/v1/accounts/{account}/invoice-columns", "", None),
    ("PUT", "/v1/accounts/{account}/invoice-columns", "", {"id": "Code"}),
    ("PUT", "/v1/accounts/{contract}", "", CONTRACT),
    ("GET", "/v1/accounts/{contract}", "", None),
    ("DELETE", "/v1/accounts/{contract}", "", None),
    ("GET", "/v1/providers", "", None),
    ("POST", "/v1/persons/erase", "", {"number": "06 99 99 99 99"}),
    ("PUT", "/v1/budgets/{action}", "", {"amount": "10"}),
    ("GET", "/v1/budgets", "", None),
    ("DELETE", "/v1/budgets/{action}", "", None),
    ("PUT", "/v1/users/{login}", "", PERSON),
    ("PUT", "/v1/users/{login}", "", PERSON),
    ("GET", "/v1/users", "", None),
    ("GET", "/v1/users/{login}", "", None),
    ("GET", "/v1/audit", "?limit=2", None),
    ("GET", "/livez", "", None),
    ("GET", "/readyz", "", None),
]


async def fill(gateway: Gateway) -> dict[str, str]:
    """A message of two parts with all that may happen to it, a batch, figures; what their addresses hold."""
    store = gateway.parts.store
    batch = await add_batch(store, 901, recipients=2, ignored=1)
    message = await add_sent(
        store, 901, parts=2, status="uncertain", batch=901, user="cpe", reason="0x45", event_id="ABS-9"
    )
    await add_event(store, 901, "uncertain", part=1, status="uncertain")
    await add_event(store, 901, "resent", part=1, status="queued", actor="cpe/key_1", detail="operateur-a")
    await add_receipt(store, 901 * 256 + 1, submitted="2026-11-23T08:30", done="2026-11-23T08:31")
    await add_receipt(store, 901 * 256 + 2, state="ENROUTE", status=None)
    await add_line(store, 901 * 256 + 1)
    await add_inbound(store, 901, message=901, event_id="ABS-9", action="INFO", parts=2, missing="[2]")
    await add_awaited(store, 901, "ABS-9", due_at=1)
    await add_tally(store, total=1, delivered=1, parts=2, amount=90_000)
    await add_message(store, 902, batch=901, batch_row=2, status="ignored", reason="empty_mobile", number="", parts=0)
    posted = (await gateway.post("/v1/messages", EVERYTHING, "vgm_admin")).json["id"]
    names = {"event": "ABS-9", "action": "INFO", "new": "RETARD", "number": NUMBER, "account": "operateur-a"}
    names["answered"] = await add_answered(store, 903, "9")
    names["orphan"] = f"rec_{await add_parked(store, provider_id='1')}"
    names["reconciliation"] = (await asked(gateway, "POST", "/v1/reconciliations", FORM)).json["id"]
    names |= {"contract": "operateur-p", "login": "celik", "month": "2026-11", "over": "2026-10", "absence": "ABSENCE"}
    return {"batch": batch, "message": message, "posted": posted, **names}


async def asked(gateway: Gateway, method: str, address: str, body: Any) -> Answer:
    if isinstance(body, tuple):
        request, file = body
        return await upload(gateway, address, request, file, "vgm_admin")
    more = {"data": body, "headers": {"Content-Type": "application/json"}} if body is not None else {}
    return await gateway.ask(method, address, "vgm_admin", **more)


def route_of(method: str, address: str) -> Route:
    """The route of an address whose variables are still in braces."""
    steps = address.split("/")
    for route in ROUTES:
        wanted = route.path.split("/")
        alike = (a == b or (a[:1] == b[:1] == "{") for a, b in zip(steps, wanted, strict=False))
        if route.method == method and len(steps) == len(wanted) and all(alike):
            return route
    raise LookupError(address)


def compare(route: Route, answer: Answer) -> None:
    """Read strictly, then written again: a field that the model does not have would be gone."""
    assert route.answer is not None
    read = route.answer.model_validate_json(answer.raw, strict=True)
    assert orjson.loads(read.model_dump_json(by_alias=True, exclude_unset=True)) == answer.json


async def test_every_answer_is_as_the_reference_says(gateway: Gateway) -> None:
    more = {"secrets": SECRETS, "providers": (ProviderContact(name="PLURIWARE", email="contact@example.fr"),)}
    gateway.parts.settings = gateway.parts.settings.model_copy(update=more)
    gateway.parts.registry.replace(gateway.parts.settings)
    found = await fill(gateway)
    for method, address, query, body in TOUR:
        route = route_of(method, address)
        said: Any = None
        if isinstance(body, tuple):
            said = body
        elif body is not None:
            said = orjson.dumps(body)
            for name in ("posted", "message", "answered"):
                said = said.replace(f"{{{name}}}".encode(), found[name].encode())
        answer = await asked(gateway, method, address.format(**found) + query, said)
        assert answer.status in (route.status, *route.also), (method, address, answer.raw)
        compare(route, answer)


def test_the_tour_misses_no_route() -> None:
    toured = {(route.method, route.path) for route in (route_of(method, address) for method, address, *_ in TOUR)}
    assert toured == {(route.method, route.path) for route in ROUTES if route.answer}


def test_what_has_no_model_is_no_json_of_ours() -> None:
    bare = {route.path for route in ROUTES if not route.answer}
    assert {path for path in bare if not path.endswith((".csv", ".xlsx"))} == {"/metrics", "/openapi.json", "/docs"}


def test_each_status_is_in_the_reference() -> None:
    paths = document(ROUTES)["paths"]
    for path, method, status in (
        ("/v1/batches", "post", "200"),
        ("/v1/batches", "post", "202"),
        ("/v1/actions/{code}", "put", "201"),
        ("/readyz", "get", "503"),
    ):
        assert "application/json" in paths[path][method]["responses"][status]["content"]


@pytest.mark.parametrize("extra", [b'{"status": "ok", "more": 1}', b'{"status": 1}', b"{}"])
def test_a_lie_would_be_seen(extra: bytes) -> None:
    with pytest.raises((AssertionError, ValueError)):
        compare(route_of("GET", "/livez"), Answer(200, {}, extra))


def test_states_are_a_closed_set() -> None:
    assert document(ROUTES)["components"]["schemas"]["Status"]["enum"] == list(Status)
