"""The reference agrees with the routes, the models and the catalogue."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from gateway.model import parse_duration
from gateway.problem import CATALOGUE
from gateway.states import Status
from gateway.web.glossary import FIELDS, PLACES, SCHEMAS, TAGS
from gateway.web.openapi import document, problem_codes
from gateway.web.problems import FIELD_CODES
from gateway.web.resources import ROUTES
from tests.web.conftest import METZ, Gateway

DOCUMENT = document(ROUTES)

#: Codes that no route names: other parts of the contract, or every address.
ELSEWHERE = {"malformed_request", "method_not_allowed", "forged_form"}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from nodes(one)
    elif isinstance(value, list):
        for one in value:
            yield from nodes(one)


def test_every_route_stands_in_it() -> None:
    described = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {(route.method.lower(), route.path) for route in ROUTES}


def test_no_route_is_mounted_twice() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_every_reference_leads_somewhere() -> None:
    for node in nodes(DOCUMENT):
        if "$ref" in node:
            assert node["$ref"].removeprefix("#/components/schemas/") in DOCUMENT["components"]["schemas"]


def test_it_is_made_as_openapi_says() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    operations = [(path, op) for path, methods in DOCUMENT["paths"].items() for op in methods.values()]
    assert len({op["operationId"] for _path, op in operations}) == len(operations)
    for path, operation in operations:
        assert {"summary", "responses", "tags"} <= set(operation)
        assert operation["summary"]
        inside = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert inside == set(re.findall(r"\{(\w+)\}", path))
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", status)
            assert response["description"]


def test_no_french_word_is_for_nothing() -> None:
    names = {name for node in nodes(DOCUMENT) for name in node.get("properties", {})}
    names |= {node["name"] for node in nodes(DOCUMENT) if "in" in node and "schema" in node}
    assert set(SCHEMAS) <= set(DOCUMENT["components"]["schemas"])
    assert {TAGS[route.tag] for route in ROUTES} == set(TAGS.values())
    assert set(FIELDS) <= names
    for place in PLACES:
        model, _, field = place.partition(".")
        assert field in DOCUMENT["components"]["schemas"][model]["properties"], place


def test_every_field_is_explained() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for field, words in schema.get("properties", {}).items():
            assert words.get("description"), f"{name}.{field}"


def test_a_word_that_means_something_else_elsewhere() -> None:
    query = {p["name"]: p for p in DOCUMENT["paths"]["/v1/messages"]["get"]["parameters"]}
    assert query["to"]["description"].startswith("dernier jour")
    assert (query["status"]["style"], query["status"]["explode"]) == ("form", False)
    event = DOCUMENT["components"]["schemas"]["Event"]["properties"]
    assert event["to"]["description"].startswith("fin")


def test_durations_are_said_as_they_are_read() -> None:
    hold_max = DOCUMENT["components"]["schemas"]["ActionBody"]["properties"]["hold_max"]
    assert parse_duration(hold_max["default"]) == timedelta(hours=48)
    assert "format" not in hold_max


def test_every_problem_is_named_by_a_route() -> None:
    named = {code for route in ROUTES for code in problem_codes(route)}
    assert named <= set(CATALOGUE)
    assert set(CATALOGUE) - named <= ELSEWHERE


def test_a_post_takes_an_idempotency_key() -> None:
    for route in ROUTES:
        names = {p["name"] for p in DOCUMENT["paths"][route.path][route.method.lower()]["parameters"]}
        assert ("Idempotency-Key" in names) == (route.method == "POST")


def test_a_batch_may_come_in_three_forms() -> None:
    content = DOCUMENT["paths"]["/v1/batches"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data", "application/x-ndjson"}


async def test_it_is_served_without_a_key(gateway: Gateway) -> None:
    answer = await gateway.get("/openapi.json", key=None)
    assert answer.status == 200
    assert answer.json == DOCUMENT


# ---- the page ----


async def test_the_page_holds_everything(gateway: Gateway) -> None:
    answer = await gateway.get("/docs", key=None)
    page = answer.raw.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<html lang="fr">' in page
    assert "{{" not in page
    for code in CATALOGUE:
        assert f'id="{code}"' in page
    for word in (*FIELD_CODES, *Status, "curl -sS", "&lt;?php", "urllib.request", "Idempotency-Key"):
        assert word in page
    for route in ROUTES:
        assert f"{route.method} {route.path}" in page


async def test_the_page_needs_nothing_from_elsewhere(gateway: Gateway) -> None:
    answer = await gateway.get("/docs", key=None)
    page = answer.raw.decode()
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\(", page)
    assert set(re.findall(r'(?:href|src)="([^"#]*)', page)) <= {"", "/openapi.json"}
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    targets = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets


async def test_the_first_example_of_the_page_works(gateway: Gateway) -> None:
    page = (await gateway.get("/docs", key=None)).raw.decode()
    found = re.search(r"-d '(\{.*?\})'</pre>", page, re.DOTALL)
    assert found is not None
    body = found[1].replace('"ABSENCE"', '"ABSENCE", "school": "' + METZ + '"')
    answer = await gateway.post("/v1/messages", data=body.encode())
    assert (answer.status, answer.json["status"]) == (202, "held")


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/recap.csv", "text/csv"), ("/docs", "text/html"), ("/livez", "application/json")]
)
def test_what_is_not_json_is_said(path: str, kind: str) -> None:
    assert list(DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]) == [kind]
