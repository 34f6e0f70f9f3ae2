"""What pydantic found wrong, in words that name the cure."""

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails


def did_you_mean(word: str, known: Collection[str]) -> str:
    """``: did you mean X?``, or the words that are known when they are few, or nothing."""
    close = get_close_matches(word, known, n=1, cutoff=0.6) or [one for one in known if one.lower() == word.lower()]
    if close:
        return f": did you mean {close[0]}?"
    return f": expected one of {', '.join(sorted(known))}" if 0 < len(known) <= 20 else ""


def message_of(model: type[BaseModel], error: ErrorDetails) -> str:
    """One problem of ``model``, in a sentence. Values are not repeated: they may be secrets."""
    path = error["loc"]
    above, field = _inside(model, path[:-1]), _field(model, path)
    words = _WORDS.get(error["type"])
    if words is not None:
        text = words(str(path[-1]) if path else "", error.get("ctx") or {}, above)
    elif error["type"] == "value_error":
        text = error["msg"].removeprefix("Value error, ")
    else:
        text = error["msg"][:1].lower() + error["msg"][1:]
    if field is not None and field.description and error["type"] not in ("extra_forbidden", "value_error"):
        text += f" ({field.description})"
    return text


def _unknown(key: str, _: Mapping[str, Any], above: type[BaseModel] | None) -> str:
    known = [info.alias or name for name, info in above.model_fields.items()] if above else []
    return f"unknown key{did_you_mean(key, known)}"


_Words = Callable[[str, Mapping[str, Any], type[BaseModel] | None], str]
_WORDS: dict[str, _Words] = {
    "extra_forbidden": _unknown,
    "missing": lambda *_: "required, and missing: add it",
    "string_type": lambda *_: "expected text: put it in quotes if it looks like a number",
    "string_pattern_mismatch": lambda _, ctx, __: f"does not have the form {ctx['pattern']}",
    "model_type": lambda *_: "expected keys and values, such as {key: value}",
    "model_attributes_type": lambda *_: "expected keys and values, such as {key: value}",
    "dict_type": lambda *_: "expected keys and values, such as {key: value}",
    "mapping_type": lambda *_: "expected keys and values, such as {key: value}",
    "tuple_type": lambda *_: "expected a list, such as [one, two]",
    "literal_error": lambda _, ctx, __: f"expected {ctx['expected']}",
    "enum": lambda _, ctx, __: f"expected {ctx['expected']}",
    "greater_than": lambda _, ctx, __: f"must be more than {ctx['gt']}",
    "greater_than_equal": lambda _, ctx, __: f"must be {ctx['ge']} or more",
    "less_than_equal": lambda _, ctx, __: f"must be {ctx['le']} or less",
    "too_short": lambda *_: "must not be empty",
    "string_too_short": lambda *_: "must not be empty",
}


def _field(model: type[BaseModel], path: tuple[str | int, ...]) -> FieldInfo | None:
    """The field that a path ends in, or goes through last."""
    words = [at for at, step in enumerate(path) if isinstance(step, str)]
    if not words:
        return None
    above = _inside(model, path[: words[-1]])
    return _named(above, str(path[words[-1]])) if above else None


def _inside(model: type[BaseModel], path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model that stands at a path inside ``model``."""
    found: type[BaseModel] | None = model
    for step in path:
        if found is not None and isinstance(step, str):
            field = _named(found, step)
            found = _model_in(field.annotation) if field else None
    return found


def _named(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next((info for name, info in model.model_fields.items() if key in (name, info.alias)), None)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation such as ``tuple[Model, ...]`` or ``Model | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model_in(one))), None)
