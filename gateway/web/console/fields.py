"""What the pages with a form of many fields share: their values as the API takes them, errors by field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.problem import Problem


def filled(form: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The fields that hold something, without the spaces around it; figures as numbers."""
    values = {name: str(form.get(name, "")).strip() for name in names}
    return {name: int(value) if _whole(value) else value for name, value in values.items() if value}


def _whole(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 10 and (value == "0" or value[0] != "0")


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a form. ``of``: field -> message; ``others``: what has no field, or a field that has one."""

    of: Mapping[str, str] = field(default_factory=dict)
    others: Sequence[str] = ()


def faults(problem: Problem | None, names: Iterable[str], places: Mapping[str, str] | None = None) -> Faults:
    """The problem by the fields of a form, ``names``. ``places``: beginning of the API's pointer -> field."""
    known = {**{name: name for name in names}, **(places or {})}
    of, others = dict[str, str](), list[str]()
    for error in problem.errors if problem else ():
        begins = [begin for begin in known if f"{error.pointer[1:]}/".startswith(f"{begin}/")]
        name = known[max(begins, key=len)] if begins else ""
        if name and name not in of:
            of[name] = error.message
        else:
            others.append(error.message)
    return Faults(of, others)
