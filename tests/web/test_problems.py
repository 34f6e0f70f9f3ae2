"""What pydantic finds, as outsiders read it."""

from collections.abc import Sequence

import orjson
import pytest
from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from gateway.problem import CATALOGUE, FieldError, Problem
from gateway.requests import BatchIn, Body, MessageIn
from gateway.web.problems import (
    _KINDS,
    FIELD_CODES,
    MOST_ERRORS,
    MOST_RECIPIENTS,
    body_problem,
    pointer,
    problem_response,
    query_problem,
)


def problem_of(model: type[BaseModel], raw: str | bytes) -> Problem:
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(raw)
    return body_problem(caught.value, model)


def only(problem: Problem) -> FieldError:
    assert len(problem.errors) == 1
    return problem.errors[0]


@pytest.mark.parametrize(
    ("loc", "expected"),
    [
        ((), ""),
        (("recipients", 3, "to"), "/recipients/3/to"),
        (("variables", "a/b~c"), "/variables/a~1b~0c"),
        (("variables", "bad", "[key]"), "/variables/bad"),
    ],
)
def test_a_place_is_a_json_pointer(loc: Sequence[str | int], expected: str) -> None:
    assert pointer(loc) == expected


@pytest.mark.parametrize(
    ("body", "where", "code", "cure"),
    [
        ('{"to":"x","action":"A","txt":"b"}', "/txt", "unknown_field", "« text »"),
        ('{"to":"x","action":"A","zzzzz":"b"}', "/zzzzz", "unknown_field", "retirez-le"),
        ('{"to":"x","action":"A","event":{"form":"b"}}', "/event/form", "unknown_field", "« from »"),
        ('{"to":"x","action":"A","event":{"from_":null}}', "/event/from_", "unknown_field", "« from »"),
        ('{"to":"x","action":"A","recipient":{"labell":"b"}}', "/recipient/labell", "unknown_field", "« label »"),
        ('{"to":"x"}', "/action", "missing", "ajoutez-le"),
        ('{"to":6,"action":"A"}', "/to", "wrong_type", "guillemets"),
        ('{"to":"x","action":"absence"}', "/action", "bad_format", "capitales"),
        ('{"to":"x","action":"A","school":"57"}', "/school", "bad_format", "0570051W"),
        ('{"to":"x","action":"A","priority":"now"}', "/priority", "wrong_value", "« alert »"),
        ('{"to":"x","action":"A","encoding":"utf8"}', "/encoding", "wrong_value", "« ucs2 »"),
        ('{"to":"x","action":"A","hold":"oui"}', "/hold", "wrong_type", "true ou false"),
        ('{"to":"x","action":"A","send_at":"demain"}', "/send_at", "bad_format", "2026-"),
        ('{"to":"x","action":"A","send_at":"2026-11-23T08:30:00"}', "/send_at", "bad_format", "décalage"),
        ('{"to":"x","action":"A","variables":[]}', "/variables", "wrong_type", "objet"),
        ('{"to":"x","action":"A","variables":{"eleve":"b"}}', "/variables/eleve", "bad_format", "capitales"),
        ('{"to":"x","action":"A","sensitive":"B"}', "/sensitive", "wrong_type", "liste"),
        ('{"to":"x","action":"A","override":{"reason":""}}', "/override/reason", "too_short", "3 caractères au moins"),
        ('{"to":"x","action":"A","reference":"' + "r" * 201 + '"}', "/reference", "too_long", "200 caractères au plus"),
        ('{"to":"x","action":"A","text":""}', "/text", "too_short", "obligatoire"),
        ("[]", "", "wrong_type", "objet"),
    ],
)
def test_each_error_names_its_place_and_its_cure(body: str, where: str, code: str, cure: str) -> None:
    problem = problem_of(MessageIn, body)
    error = only(problem)
    assert (problem.code, error.pointer, error.code) == ("invalid_field", where, code)
    assert cure in error.message
    assert error.message in problem.detail


def test_the_cure_is_looked_for_inside_lists() -> None:
    error = only(
        problem_of(BatchIn, '{"action":"A","recipients":[{"to":"x"},{"contacts":[{"rank":"eleve","tel":"x"}]}]}')
    )
    assert error.pointer == "/recipients/1/contacts/0/tel"
    assert only(problem_of(BatchIn, '{"action":"A","recipients":[{"lable":"x"}]}')).message.endswith("« label » ?")


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b'{"to": ,', "ligne 1, colonne 8"),
        (b'{"to":\n "\xff"}', "ligne 2, colonne 3"),
        (b'{"to": "\\ud800"}', "ligne 1"),
        (b"", "trop tôt"),
        (b"[" * 5000, "ligne 1"),
    ],
)
def test_what_is_not_json_is_told_by_its_position(raw: bytes, place: str) -> None:
    problem = problem_of(MessageIn, raw)
    assert problem.code == "malformed_json"
    assert place in problem.detail


def test_very_many_errors_are_counted_not_listed() -> None:
    rows = ",".join('{"x":1}' for _ in range(500))
    problem = problem_of(BatchIn, '{"action":"A","recipients":[' + rows + "]}")
    assert len(problem.errors) == MOST_ERRORS
    assert "499 autre(s)" in problem.detail


def test_more_recipients_than_a_call_may_have() -> None:
    rows = ",".join("{}" for _ in range(MOST_RECIPIENTS + 1))
    problem = problem_of(BatchIn, '{"action":"A","recipients":[' + rows + "]}")
    assert (problem.code, problem.status) == ("too_many_recipients", 413)
    assert str(MOST_RECIPIENTS) in problem.detail
    assert BatchIn.model_validate_json('{"action":"A","recipients":[' + rows.removesuffix(",{}") + "]}")


def test_an_error_of_the_address() -> None:
    class Query(Body):
        limit: int = Field(50, ge=1, le=500)

    with pytest.raises(ValidationError) as caught:
        Query.model_validate({"limit": "900"})
    problem = query_problem(caught.value, Query)
    assert (problem.code, problem.status, only(problem).code) == ("malformed_query", 400, "out_of_range")
    assert "500" in problem.detail


def test_every_code_of_a_field_is_in_the_closed_set() -> None:
    assert {code for code, _say in _KINDS.values()} == set(FIELD_CODES)


def test_the_answer_is_problem_json() -> None:
    problem = Problem("draining", "Le service redémarre.", [FieldError("/a", "missing", "là")], retry_after=7)
    response = problem_response(problem, "r-1")
    assert isinstance(response.body, bytes)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "7"
    assert orjson.loads(response.body) == {
        "type": "/docs#draining",
        "title": CATALOGUE["draining"][1],
        "status": 503,
        "detail": "Le service redémarre.",
        "code": "draining",
        "errors": [{"pointer": "/a", "code": "missing", "message": "là"}],
        "request_id": "r-1",
    }
    assert isinstance(response, web.Response)
