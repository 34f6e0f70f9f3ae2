"""How much JSON may hold, whatever its octets: 16 megabytes may be five million empty objects, each with its error.

Rules: what has few commas holds little; of what has many, objects and lists are counted before any model sees them,
and a long list is judged a slice at a time, so that what is wrong is told without being collected to the end.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from gateway.problem import FieldError, Problem
from gateway.web.problems import body_problem

#: Commas of a body that need no look; and at most.
FEW, MOST_COMMAS = 2_000, 1_500_000

#: Fields of an object, entries of a list within a list or an object, entries of a body's own list.
MOST_NAMES, MOST_ENTRIES, MOST_ROWS = 300, 2_000, 50_000

#: Entries of a long list that are judged together.
SLICE = 200

B = TypeVar("B", bound=BaseModel)


def check(raw: bytes) -> None:
    """Raises ``body_too_large`` for a body that holds more things than any honest one; others may be no JSON."""
    commas = raw.count(b",")
    if commas > MOST_COMMAS:
        raise _too_many(f"{MOST_COMMAS} valeurs au plus dans un corps")
    if commas > FEW:
        try:
            _count(orjson.loads(raw))
        except orjson.JSONDecodeError:  # whoever reads it says where
            return


def _count(body: Any) -> None:
    layer, depth = [body], 0
    while layer:
        inner: list[Any] = []
        for one in layer:
            if isinstance(one, dict) and len(one) > MOST_NAMES:
                raise _too_many(f"un objet a {MOST_NAMES} champs au plus")
            if isinstance(one, list) and len(one) > (MOST_ROWS if depth < 2 else MOST_ENTRIES):
                raise _too_many(f"cette liste a {MOST_ROWS if depth < 2 else MOST_ENTRIES} éléments au plus")
            values = one.values() if isinstance(one, dict) else one
            inner += [value for value in values if isinstance(value, dict | list)]
        layer, depth = inner, depth + 1


def _too_many(limit: str) -> Problem:
    return Problem("body_too_large", f"Le corps contient trop de choses : {limit}. Faites plusieurs envois.")


def read_long(model: type[B], said: Mapping[str, Any], field: str) -> B:
    """A body with a long list in ``field``. Raises ``invalid_field`` with what is wrong in the first slice that is."""
    entries = said.get(field)
    if not isinstance(entries, list) or len(entries) <= SLICE:
        return _validated(model, said)
    read: list[Any] = []
    for start in range(0, len(entries), SLICE):
        try:
            read += getattr(_validated(model, {**said, field: entries[start : start + SLICE]}), field)
        except Problem as problem:
            errors = [_moved(error, field, start) for error in problem.errors]
            raise Problem(
                problem.code, problem.detail.replace(problem.errors[0].pointer, errors[0].pointer), errors
            ) from problem
    return _validated(model, {**said, field: read})


def _validated(model: type[B], said: Mapping[str, Any]) -> B:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise body_problem(error, model) from error


def _moved(error: FieldError, field: str, start: int) -> FieldError:
    """The same error, its entry counted from the beginning of the list."""
    _, first, *rest = [*error.pointer.split("/"), ""]
    if first != field or not rest or not rest[0].isdecimal():
        return error
    pointer = "/".join(["", field, str(int(rest[0]) + start), *rest[1:-1]])
    return FieldError(pointer, error.code, error.message)
