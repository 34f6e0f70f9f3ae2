"""How a problem is written: ``application/problem+json`` (RFC 9457), and what pydantic found, said in French.

The ``code`` of each entry of ``errors`` is a code of the catalogue or one of ``FIELD_CODES``: both sets are
closed and stand in the reference. Nothing that the caller sent is repeated but the names of fields.
"""

import difflib
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.periods import FIRST_YEAR, LAST_YEAR
from gateway.problem import FieldError, Problem

#: What may be wrong with one field, and what it means.
FIELD_CODES: Mapping[str, str] = {
    "unknown_field": "Ce champ n'existe pas",
    "missing": "Ce champ est obligatoire",
    "wrong_type": "Le type JSON n'est pas celui attendu",
    "wrong_value": "La valeur n'est pas une de celles prévues",
    "bad_format": "La forme n'est pas celle attendue",
    "too_long": "Trop long",
    "too_short": "Trop court",
    "out_of_range": "Nombre hors des limites",
}

#: More than these are counted, not listed.
MOST_ERRORS = 100

#: More recipients than these are several batches.
MOST_RECIPIENTS = 10_000

_PLACE = re.compile(r"line (\d+) column (\d+)")


def problem_response(problem: Problem, request_id: str) -> web.Response:
    """The answer to a request that cannot be served."""
    body, headers = problem_written(problem, request_id)
    return web.Response(status=problem.status, body=body, headers=headers)


def problem_written(problem: Problem, request_id: str) -> tuple[bytes, dict[str, str]]:
    """The document of a problem, and the headers that go with it."""
    body: dict[str, Any] = {
        "type": f"/docs#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "errors": [{"pointer": e.pointer, "code": e.code, "message": e.message} for e in problem.errors],
        "request_id": request_id,
    }
    headers = {"Content-Type": "application/problem+json"}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="vaguemestre"'
    return orjson.dumps(body), headers


def pointer(loc: Sequence[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a place that pydantic names."""
    steps = (str(step) for step in loc if step != "[key]")
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def malformed_json(reason: str) -> Problem:
    """The body is not JSON; ``reason`` is the reader's English, kept for its position alone."""
    found = _PLACE.search(reason)
    place = f" à la ligne {found[1]}, colonne {found[2]}" if found else ""
    if found and reason.startswith("EOF"):
        place += " : il s'arrête trop tôt"
    detail = f"Le corps n'est pas du JSON valide en UTF-8{place}. Corrigez-le et renvoyez la demande."
    return Problem("malformed_json", detail, [FieldError("", "malformed_json", detail)])


def body_problem(error: ValidationError, model: type[BaseModel]) -> Problem:
    """What pydantic found wrong in a body."""
    found = _own(error)
    if found[0]["type"] == "json_invalid":
        return malformed_json(found[0]["ctx"]["error"])
    if any(detail["type"] == "too_long" and detail["loc"] == ("recipients",) for detail in found):
        return too_many()
    errors = _field_errors(found, model)
    return Problem("invalid_field", _summary(errors, len(found)), errors)


def too_many() -> Problem:
    """More recipients than one call may have."""
    return Problem(
        "too_many_recipients", f"La limite est de {MOST_RECIPIENTS} destinataires : faites plusieurs envois."
    )


def query_problem(error: ValidationError, model: type[BaseModel]) -> Problem:
    """What pydantic found wrong in the address: the pointer is the parameter's name."""
    found = _own(error)
    errors = _field_errors(found, model)
    return Problem("malformed_query", _summary(errors, len(found), "Paramètre "), errors)


def _own(error: ValidationError) -> list[ErrorDetails]:
    """What is wrong by itself: a list is not too short because all that it holds is wrong."""
    found = error.errors(include_url=False, include_input=False)
    wrong = {detail["loc"][:depth] for detail in found for depth in range(len(detail["loc"]))}
    return [detail for detail in found if detail["type"] != "too_short" or detail["loc"] not in wrong]


def _summary(errors: Sequence[FieldError], count: int, kind: str = "") -> str:
    first = f"{kind}{errors[0].pointer or 'Corps'} : {errors[0].message}"
    return first if count == 1 else f"{first} Et {count - 1} autre(s) erreur(s), voir « errors »."


def _field_errors(found: Sequence[ErrorDetails], model: type[BaseModel]) -> list[FieldError]:
    return [_field_error(detail, model) for detail in found[:MOST_ERRORS]]


def _field_error(detail: ErrorDetails, model: type[BaseModel]) -> FieldError:
    code, say = _KINDS.get(detail["type"], ("bad_format", _bad_format))
    if detail["type"] == "extra_forbidden":
        message = _unknown(detail["loc"], model)
    elif detail["loc"] and detail["loc"][-1] == "[key]":
        message = "Ce nom ne convient pas : des capitales, chiffres et « _ », une capitale d'abord, 64 au plus."
    else:
        message = say(detail.get("ctx", {}))
    return FieldError(pointer(detail["loc"]), code, message)


def _unknown(loc: Sequence[str | int], model: type[BaseModel]) -> str:
    names = field_names(model, loc[:-1])
    near = difflib.get_close_matches(str(loc[-1]), names, n=1)
    cure = f"vouliez-vous dire « {near[0]} » ?" if near else "retirez-le."
    return f"Ce champ n'existe pas : {cure}"


def field_names(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The names that a body of ``model`` may have at ``loc``, as outsiders write them."""
    here: Any = model
    for step in loc:
        here = _step_into(here, step)
    here = _plain(here)
    if not (isinstance(here, type) and issubclass(here, BaseModel)):
        return []
    return [field.alias or name for name, field in here.model_fields.items()]


def _step_into(here: Any, step: str | int) -> Any:
    here = _plain(here)
    if isinstance(here, type) and issubclass(here, BaseModel):
        fields = {field.alias or name: field.annotation for name, field in here.model_fields.items()}
        return fields.get(str(step))
    arguments = typing.get_args(here)
    return arguments[0] if isinstance(step, int) and arguments else None


def _plain(annotation: Any) -> Any:
    """The annotation without ``Annotated`` and ``| None``."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _plain(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        others = [one for one in typing.get_args(annotation) if one is not type(None)]
        return _plain(others[0]) if len(others) == 1 else annotation
    return annotation


Context = Mapping[str, Any]
Say = Callable[[Context], str]


def _fixed(message: str) -> Say:
    return lambda _context: message


def _one_of(context: Context) -> str:
    words = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    return f"Valeurs possibles : {', '.join(f'« {word} »' for word in words)}."


def _pattern(context: Context) -> str:
    return _PATTERNS.get(str(context.get("pattern")), f"La forme attendue est {context.get('pattern')}.")


def _told(context: Context) -> str:
    """What one of our own validators says; those shared with the configuration speak English."""
    said = str(context.get("error", ""))
    return _SAID.get(said, said)


_SAID = {
    "expected a duration such as 30s, 10m, 48h or 7d, ten years at most": (
        "Une durée est attendue, comme 30s, 10m, 48h ou 7d ; dix ans au plus."
    ),
    "expected a time in words": 'Une date et heure avec décalage est attendue, comme "2026-11-23T08:30:00+01:00".',
    "expected a year of our time": f"L'année doit aller de {FIRST_YEAR} à {LAST_YEAR}.",
}

#: The patterns of the models, in words.
_PATTERNS = {
    "^[0-9]{7}[A-Z]$": "Un UAI est attendu : sept chiffres et une capitale, comme 0570051W.",
    "^[A-Z0-9][A-Z0-9_-]{0,39}$": "Un code est attendu : capitales, chiffres, « - » et « _ », 40 au plus.",
}

_bad_format = _fixed("La forme de cette valeur n'est pas celle attendue : voir /docs.")
_DATE = _fixed("Une date et heure avec décalage est attendue, comme 2026-11-23T08:30:00+01:00.")
_TEXT = _fixed("Un texte est attendu, entre guillemets.")
_TRUTH = _fixed("true ou false est attendu, sans guillemets.")
_NUMBER = _fixed("Un nombre est attendu, sans guillemets.")
_OBJECT = _fixed("Un objet est attendu : {…}.")
_LIST = _fixed("Une liste est attendue : […].")


def _longest(context: Context) -> str:
    return f"{context['max_length']} caractères au plus : raccourcissez."


def _shortest(context: Context) -> str:
    least = context["min_length"]
    return f"{least} caractères au moins." if least > 1 else "Ce champ est obligatoire : il est vide."


def _most(context: Context) -> str:
    return f"{context['max_length']} au plus : raccourcissez, ou enlevez-en."


def _least(context: Context) -> str:
    return f"Il en faut au moins {context['min_length']}."


def _limit(context: Context) -> str:
    words = {"ge": "au moins", "gt": "plus de", "le": "au plus", "lt": "moins de"}
    return " ".join(f"{words[key]} {value}" for key, value in context.items() if key in words).capitalize() + "."


#: What pydantic calls it -> our code, and the sentence with the cure.
_KINDS: Mapping[str, tuple[str, Say]] = {
    "extra_forbidden": ("unknown_field", _bad_format),
    "missing": ("missing", _fixed("Ce champ est obligatoire : ajoutez-le.")),
    "string_type": ("wrong_type", _TEXT),
    "bool_type": ("wrong_type", _TRUTH),
    "bool_parsing": ("wrong_type", _TRUTH),
    "int_type": ("wrong_type", _NUMBER),
    "int_parsing": ("wrong_type", _NUMBER),
    "int_from_float": ("wrong_type", _fixed("Un nombre entier est attendu.")),
    "float_type": ("wrong_type", _NUMBER),
    "float_parsing": ("wrong_type", _NUMBER),
    "decimal_type": ("wrong_type", _NUMBER),
    "model_type": ("wrong_type", _OBJECT),
    "model_attributes_type": ("wrong_type", _OBJECT),
    "dict_type": ("wrong_type", _OBJECT),
    "tuple_type": ("wrong_type", _LIST),
    "list_type": ("wrong_type", _LIST),
    "set_type": ("wrong_type", _LIST),
    "datetime_type": ("wrong_type", _DATE),
    "value_error": ("bad_format", _told),
    "enum": ("wrong_value", _one_of),
    "literal_error": ("wrong_value", _one_of),
    "string_pattern_mismatch": ("bad_format", _pattern),
    "datetime_parsing": ("bad_format", _DATE),
    "datetime_from_date_parsing": ("bad_format", _DATE),
    "datetime_object_invalid": ("bad_format", _DATE),
    "timezone_aware": ("bad_format", _DATE),
    "date_parsing": ("bad_format", _fixed("Une date est attendue, comme 2026-11-23.")),
    "date_from_datetime_parsing": ("bad_format", _fixed("Une date est attendue, comme 2026-11-23.")),
    "string_too_long": ("too_long", _longest),
    "too_long": ("too_long", _most),
    "string_too_short": ("too_short", _shortest),
    "too_short": ("too_short", _least),
    "greater_than": ("out_of_range", _limit),
    "greater_than_equal": ("out_of_range", _limit),
    "less_than": ("out_of_range", _limit),
    "less_than_equal": ("out_of_range", _limit),
}
