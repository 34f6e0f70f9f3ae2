"""What the pages with a form of many fields share: their values as the API takes them, errors by the fields' words."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.problem import FieldError, Problem


def filled(form: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The fields that hold something, without the spaces around it; figures as numbers."""
    values = {name: str(form.get(name, "")).strip() for name in names}
    return {name: int(value) if _whole(value) else value for name, value in values.items() if value}


def _whole(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 10 and (value == "0" or value[0] != "0")


def in_words(problem: Problem, words: Mapping[str, str]) -> Problem:
    """The same problem with each pointer (``/short_label``) replaced by what the page calls the field."""
    errors = [FieldError(words.get(one.pointer[1:], one.pointer), one.code, one.message) for one in problem.errors]
    if not errors:
        return problem
    only = errors[0]
    detail = f"{only.pointer} : {only.message}" if len(errors) == 1 else "Corrigez ces champs :"
    return Problem(problem.code, detail, errors)
