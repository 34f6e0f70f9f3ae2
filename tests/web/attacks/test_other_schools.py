"""Another school's things by their ids, through every route and every parameter that the reference knows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from gateway.caller import Scope
from gateway.store import keys
from gateway.web.openapi import document
from gateway.web.resources import ROUTES
from tests.store.rows import add_inbound
from tests.web.attacks.schools import AWAY, HERE, NO_NUMBER, Town, filled, two_schools
from tests.web.conftest import METZ, MORNING, REUNION, Answer, Gateway
from tests.web.months import invoice, upload

BODY: Mapping[str, Any] = {"to": "0612345678", "action": "INFO", "text": "Bonjour"}
ACTION = {"short_label": "SMS", "long_label": "SMS"}
PERSON = {"name": "X", "schools": [METZ], "roles": ["envoi"], "password": "une phrase assez longue"}


@dataclass(frozen=True, slots=True)
class Attack:
    """A request with names in braces; ``why``: the answer may tell one name from the other, and why that is so."""

    route: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    file: bytes | None = None
    why: str = ""


#: A name in braces.
_NAME = re.compile(r"\{[a-z]+\}")

ID = {"id": "{message}"}
BATCH = {"id": "{batch}"}
BILL = {"id": "{reconciliation}"}
EVENT = {"id": "{event}"}
LISTED = ("/v1/messages", "/v1/recap", "/v1/recap.csv", "/v1/recap.xlsx")
_FILTERS = {"user": "{user}", "workstation": "{place}", "number": "{number}", "batch": "{batch}", "event": "{event}"}
FILTERS = {**_FILTERS, "label": "{words}", "school": "{school}"}
CHOSEN = ("/v1/messages/release", "/v1/messages/cancel", "/v1/messages/resend")
WRITTEN = ("/v1/messages", "/v1/preview", "/v1/batches", "/v1/recipients/resolve")
TAKEN = "a code or a login is one for all schools: who takes one that is taken is told so, and nothing else"
SHARED = "an invoice may be of several schools: its lines of others are counted, so that the gap can be explained"
SCHOOL = ("/v1/origins", "/v1/synthesis", "/v1/synthesis.csv", "/v1/synthesis.xlsx", "/v1/opt-outs", "/v1/months")
MONTH = ("/v1/months/{month}", "/v1/months/{month}/ledger.csv", "/v1/months/{month}/ledger.xlsx")


RECIPIENT: Mapping[str, Any] = {
    **{"to": "{number}", "label": "{words}", "reference": "{reference}"},
    **{"subject": {"id": "{event}", "name": "{words}"}, "event": {"id": "{event}", "type": "{place}"}},
}

MESSAGE = {name: value for name, value in RECIPIENT.items() if name != "label"} | {"recipient": {"label": "{words}"}}


def _written(path: str, at: str = "", **said: Any) -> Any:
    """A body that sends: of one message, or of a batch, whose fields stand ``at`` some place of it."""
    if path in WRITTEN[:2]:
        return {**BODY, **said}
    batch = {"action": "INFO", "text": "Bonjour", "recipients": [{"to": "0612345678"}]}
    return {**batch, at: said} if at else {**batch, **said}


ATTACKS: Sequence[Attack] = (
    *(Attack("GET /v1/messages/{id}", {"id": name}) for name in ("{message}", "{held}", "{batch}", "{inbound}")),
    Attack("GET /v1/messages/{id}/report", ID),
    Attack("GET /v1/messages/{id}/report", {"id": "{held}"}),
    *(Attack(f"GET {path}", {}, {name: value}) for path in LISTED for name, value in FILTERS.items()),
    Attack("GET /v1/events/{id}/messages", EVENT),
    *(Attack("GET /v1/events/{id}/messages", EVENT, {name: value}) for name, value in FILTERS.items()),
    *(Attack("GET /v1/batches/{id}" + tail, BATCH) for tail in ("", "/messages", "/ignored", "/ignored.csv")),
    *(Attack("GET /v1/batches/{id}/messages", BATCH, {name: value}) for name, value in FILTERS.items()),
    *(Attack("POST /v1/batches/{id}" + tail, BATCH) for tail in ("/release", "/cancel")),
    *(Attack(f"POST {path}", body={"ids": [name]}) for path in CHOSEN for name in ("{held}", "{doubted}", "{message}")),
    *(Attack(f"POST {path}", body={"ids": ["{ours}", "{held}"]}) for path in CHOSEN),
    *(
        Attack(f"POST {path}", body={"filter": {name: value}, "expected_count": count})
        for path in CHOSEN
        for name, value in FILTERS.items()
        for count in (0, 1)
    ),
    *(
        Attack(f"POST {path}", body=_written(path, at, **{name: value}))
        for path in WRITTEN
        for at in ("", "defaults")
        for name, value in (("school", "{school}"), ("template", "{template}"))
    ),
    *(Attack(f"POST {path}", body=_written(path, **MESSAGE)) for path in WRITTEN[:2]),
    *(Attack(f"POST {path}", body=_written(path, recipients=[RECIPIENT])) for path in WRITTEN[2:]),
    *(
        Attack(f"POST {path}", body=_written(path, at, origin={"user": "{user}", "workstation": "{place}"}))
        for path in WRITTEN
        for at in ("defaults",)
    ),
    *(Attack(f"GET {path}", {}, {"school": "{school}"}) for path in SCHOOL),
    *(Attack(f"GET {path}", {"month": month}, {"school": "{school}"}) for path in MONTH for month in ("2026-10",)),
    Attack("POST /v1/months/{month}/close", {"month": "2026-10"}, {"school": "{school}"}),
    Attack("GET /v1/budgets", {}, {"school": "{school}"}),
    Attack("PUT /v1/budgets/{action}", {"action": "INFO"}, body={"amount": "1", "school": "{school}"}),
    Attack("DELETE /v1/budgets/{action}", {"action": "INFO"}, {"school": "{school}"}),
    Attack("DELETE /v1/budgets/{action}", {"action": "INFO"}),
    Attack("PUT /v1/actions/{code}", {"code": "NEUVE"}, body={**ACTION, "template": "{template}"}),
    Attack("GET /v1/templates/{code}", {"code": "{template}"}),
    Attack("DELETE /v1/templates/{code}", {"code": "{template}"}),
    Attack("PUT /v1/templates/{code}", {"code": "{template}"}, body={"label": "X", "text": "X"}, why=TAKEN),
    Attack("PUT /v1/templates/{code}", {"code": "NEUF"}, body={"label": "X", "text": "X", "school": "{school}"}),
    Attack("GET /v1/consents/{number}", {"number": "{number}"}),
    Attack("GET /v1/consents/{number}", {"number": "{number}"}, {"school": "{school}"}),
    Attack("PUT /v1/consents/{number}", {"number": "{number}"}, body={"consent": True, "school": "{school}"}),
    Attack("PUT /v1/consents/{number}", {"number": "{number}"}, body={"opted_out": False}),
    Attack("POST /v1/consents/import", {}, {"school": "{school}"}, {"rows": [{"number": "{number}"}]}),
    Attack("POST /v1/consents/import", body={"rows": [{"number": "{number}", "consent": True}], "school": "{school}"}),
    Attack("POST /v1/consents/import", body={"rows": [{"number": "{number}", "opted_out": True}]}),
    Attack("POST /v1/persons/erase", body={"number": "{number}", "dry_run": True}),
    Attack("POST /v1/persons/erase", body={"number": "{number}"}),
    Attack("POST /v1/persons/erase", body={"number": "{number}", "school": "{school}"}),
    *(
        Attack("GET /v1/inbound", {}, query)
        for query in ({"school": "{school}"}, {"number": "{number}"}, {"message": "{message}"}, {"unattached": "true"})
    ),
    Attack("GET /v1/inbound", {}, {"unattached": "true", "message": "{message}"}),
    Attack("GET /v1/actions/{code}/overdue", {"code": "ABSENCE"}, {"school": "{school}"}),
    Attack("POST /v1/events/{id}/answered", EVENT, body={}),
    Attack("POST /v1/events/{id}/answered", {"id": "{held}"}, body={}),
    Attack("POST /v1/events/{id}/answered", EVENT, body={"school": "{school}"}),
    Attack("DELETE /v1/events/{id}/answered", EVENT),
    Attack("DELETE /v1/events/{id}/answered", EVENT, {"school": "{school}"}),
    Attack("POST /v1/receipts/{id}/match", {"id": "{receipt}"}, body={"message": "{ours}"}),
    Attack("POST /v1/receipts/{id}/match", {"id": "{orphan}"}, body={"message": "{answered}"}),
    Attack("POST /v1/receipts/{id}/match", {"id": "{receipt}"}, body={"message": "{answered}"}),
    Attack("GET /v1/reconciliations/{id}", BILL),
    *(Attack("GET /v1/reconciliations/{id}" + tail, BILL) for tail in ("/lines", "/export.csv", "/export.xlsx")),
    Attack("GET /v1/reconciliations/{id}/lines", BILL, {"pile": "only_ours"}),
    Attack("POST /v1/reconciliations/{id}/sign", BILL, body={"note": "vu"}),
    Attack("POST /v1/reconciliations", body={"account": "operateur-a", "month": "2026-11", "school": "{school}"}),
    Attack(
        "POST /v1/reconciliations",
        body={"account": "operateur-a", "month": "2026-11"},
        file=invoice("{provider};{number};23/11/2026 08:29;1;0,0450"),
        why=SHARED,
    ),
    Attack("GET /v1/users/{login}", {"login": "{login}"}),
    Attack("PUT /v1/users/{login}", {"login": "{login}"}, body=PERSON, why=TAKEN),
    Attack("PUT /v1/users/{login}", {"login": "neuf"}, body={**PERSON, "schools": ["{school}"]}),
    Attack("PUT /v1/users/{login}", {"login": "neuf"}, body={**PERSON, "schools": [METZ, "{school}"]}),
    Attack("GET /v1/audit", {}, {"actor": "{actor}"}),
    Attack("GET /v1/audit", {}, {"actor": "{login}"}),
)

#: Lists that are asked with nothing: all that they give must be one's own.
WHOLE = (
    *(f"GET {path}" for path in (*LISTED, *SCHOOL, "/v1/budgets", "/v1/inbound", "/v1/reconciliations", "/v1/users")),
    *("GET /v1/templates", "GET /v1/templates/keywords", "GET /v1/audit", "GET /v1/actions/{code}/overdue"),
    *(f"GET {path}" for path in (*MONTH, "/v1/actions", "/v1/accounts", "/v1/providers")),
    "GET /v1/receipts/unmatched",
)

#: Of these, what holds figures and names nobody, and what is no school's.
COUNTS = {
    *(f"GET {path}" for path in (*SCHOOL[1:3], *MONTH, "/v1/months", "/v1/budgets")),
    *("GET /v1/actions", "GET /v1/accounts", "GET /v1/providers", "GET /v1/reconciliations"),
}

#: Routes of what is no school's, and how their parameters are called.
OF_NOBODY = {
    *(f"{method} /v1/accounts/{{name}}" for method in ("GET", "PUT", "DELETE")),
    *("POST /v1/accounts/{name}/pause", "POST /v1/accounts/{name}/resume"),
    *("GET /v1/accounts/{name}/invoice-columns", "PUT /v1/accounts/{name}/invoice-columns"),
    *("POST /v1/reconciliations/columns", "GET /v1/actions/{code}", "DELETE /v1/actions/{code}"),
}

_HARMLESS = """
limit count sort requires dialect year school_year month from to status action mode usable dry_run reason kind pile
account source act unattached  callback_url consent division do_not_sms encoding flags flash hold metadata motif
name override priority  recipient send_at sender sensitive text tlvs transliterate type valid_until variables
audience condition conjoint  contacts credentials_changed dedupe defaults eleve never_connected rank recipients
request responsable_2 selection  expected_count filter origin opted_out rows by part amount period stop at
credits format id2 invoice mapping  parts time timezone note blocked disabled password recap_all roles hold_max
long_label max_parts release  provider_service_code response_delay_days short_label treatment uncertain
uncertain_wait validity code
"""

#: Parameters and fields that name nothing of a school: what is said, in which form, of which kind, when, how many.
HARMLESS = frozenset(_HARMLESS.split())


async def ask(town: Town, attack: Attack, names: Mapping[str, str], key: str = HERE) -> Answer:
    """Make the request with these names."""
    method, _, path = attack.route.partition(" ")
    for holder, value in attack.path.items():
        path = path.replace(f"{{{holder}}}", quote(filled(value, names), safe=""))
    query = {name: filled(value, names) for name, value in attack.query.items()}
    body = filled(attack.body, names)
    if attack.route == "POST /v1/reconciliations":
        file = filled((attack.file or invoice()).decode(), names).encode()
        return await upload(town.gateway, path, body, file, key)
    more = {"json": body} if body is not None else {}
    return await town.gateway.ask(method, path, key, params=query, **more)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_what_another_school_has_is_as_if_it_were_not(gateway: Gateway, method: str) -> None:
    town = await two_schools(gateway)
    for attack in (one for one in ATTACKS if one.route.startswith(method)):
        answers = []
        for names in (town.theirs, town.nobody):
            answer = await ask(town, attack, names)
            assert answer.status < 500, attack
            answers.append((answer.status, town.normal(answer.raw, names)))
            await town.unmoved()
        assert not town.marks(answers[0][1].decode("utf-8", "replace")), attack
        if attack.why:
            assert answers[0][0] in (201, 404), attack
        elif not attack.route.endswith(".xlsx") or answers[0][0] != 200:  # a workbook says when it was made
            assert answers[0] == answers[1], attack


async def test_lists_hold_what_is_ones_own(gateway: Gateway) -> None:
    town = await two_schools(gateway)
    for route in WHOLE:
        attack = Attack(route, {"month": "2026-10", "code": "ABSENCE"})
        found = await ask(town, attack, town.theirs)
        assert found.status == 200, route
        assert not town.marks(found.raw.decode("utf-8", "replace")), route
        theirs = await ask(town, attack, town.theirs, AWAY)
        assert route in COUNTS or route.endswith("xlsx") or town.marks(theirs.raw.decode()), route


async def test_a_place_in_their_list_is_none_in_ours(gateway: Gateway) -> None:
    town = await two_schools(gateway)
    await add_inbound(gateway.parts.store, 803, school=REUNION)
    await gateway.ask("PUT", f"/v1/consents/{quote(NO_NUMBER)}", AWAY, json={"opted_out": True})
    for route in ("/v1/messages", "/v1/opt-outs", "/v1/recap", "/v1/inbound", "/v1/audit", "/v1/receipts/unmatched"):
        cursor = (await gateway.get(f"{route}?limit=1", AWAY)).json["page"]["next_cursor"]
        assert cursor, route
        found = await gateway.get(f"{route}?limit=1&cursor={cursor}", HERE)
        assert found.status in (200, 400), route
        assert not town.marks(found.raw.decode()), route


async def add_key(gateway: Gateway, *schools: str) -> str:
    """A key of the application ``exploitant``, that may send and release."""
    secret, scopes = keys.new_secret(), frozenset({Scope.SEND, Scope.RELEASE})
    await gateway.parts.store.write(
        lambda conn: keys.create_key(conn, secret, "exploitant", schools, scopes, MORNING, None)
    )
    return secret


async def test_what_is_done_for_several_schools_is_told_to_each(gateway: Gateway) -> None:
    secret = await add_key(gateway, METZ, REUNION)
    bodies = ({**BODY, "hold": True, "school": school} for school in (METZ, REUNION))
    ids = [(await gateway.post("/v1/messages", body, secret)).json["id"] for body in bodies]
    assert (await gateway.post("/v1/messages/cancel", {"ids": ids}, secret)).json["done"] == 2
    for key, mine in zip((HERE, AWAY), ids, strict=True):
        (act,) = (await gateway.get("/v1/audit?act=cancel", key)).json["data"]
        assert (act["subject"], act["detail"]) == (mine, "1 message(s)")


async def test_an_answer_is_replayed_to_no_other_school(gateway: Gateway) -> None:
    """An application has a key for each of its schools, and numbers its requests in each of them."""
    secret = await add_key(gateway, REUNION)
    headers = {"Idempotency-Key": "demande-1"}
    first = await gateway.post("/v1/messages", BODY, HERE, headers=headers)
    again = await gateway.post("/v1/messages", BODY, secret, headers=headers)
    assert (first.status, again.status, again.code) == (202, 422, "idempotency_key_reused")
    assert first.json["id"].encode() not in again.raw


# ---- nothing is left out ----


def parameters() -> Iterator[tuple[str, str]]:
    """Every parameter and every field of a body, with its route."""
    reference = document(ROUTES)
    for path, methods in reference["paths"].items():
        for method, operation in methods.items():
            route = f"{method.upper()} {path}"
            yield from ((route, one["name"]) for one in operation["parameters"] if one["in"] != "header")
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield from ((route, name) for name in _fields(content["schema"], reference["components"]["schemas"]))


def _fields(schema: Any, known: Any, seen: frozenset[str] = frozenset()) -> set[str]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return set() if name in seen else _fields(known[name], known, seen | {name})
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    inner += [one for union in ("anyOf", "oneOf", "allOf") for one in schema.get(union, ())]
    return set(schema.get("properties", ())).union(*(_fields(one, known, seen) for one in inner))


def attacked(attack: Attack) -> set[tuple[str, str]]:
    """The parameters that an attack names something by."""
    return {(attack.route, name) for name in (*attack.path, *attack.query, *_said(attack.body))}


def _said(body: Any) -> set[str]:
    if isinstance(body, dict):
        return {name for name, value in body.items() if _NAME.search(str(value))}.union(*map(_said, body.values()))
    return set().union(*map(_said, body)) if isinstance(body, list) else set()


def test_every_parameter_of_every_route_is_attacked() -> None:
    tried = set().union(*map(attacked, ATTACKS)) | {(route, "cursor") for route, _ in parameters()}
    harmless = {
        "POST /v1/reconciliations": {"id", "number"},  # headings of columns
        "PUT /v1/templates/{code}": {"label"},
    }
    missing = {
        (route, name)
        for route, name in parameters()
        if route not in OF_NOBODY and name not in HARMLESS | harmless.get(route, set()) and (route, name) not in tried
    }
    assert missing == set()
