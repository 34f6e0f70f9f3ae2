"""From a file to its text, from a tree to a model, from faults to problems: what every file of settings needs."""

from pathlib import Path as File
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.yamlfile.problem import ConfigError, ConfigProblem, Path, key_of
from gateway.yamlfile.tree import Tree
from gateway.yamlfile.wording import message_of

Model = TypeVar("Model", bound=BaseModel)


def text_of(file: File, cure: str) -> str:
    """The text of a file. Raises ConfigError when it cannot be read, with this cure, or is not UTF-8."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([ConfigProblem(str(file), line, "", "not UTF-8 text: save it as UTF-8")]) from error
    except OSError as error:
        raise ConfigError([ConfigProblem(str(file), 0, "", f"cannot be read: {error.strerror}; {cure}")]) from error


def problems(file: str, faults: list[tuple[Path, int, str]]) -> list[ConfigProblem]:
    """Faults as problems of a file, by line, each once."""
    ordered = sorted(dict.fromkeys(faults), key=lambda fault: fault[1])
    return [ConfigProblem(file, line, key_of(path), message) for path, line, message in ordered]


def validated(
    tree: Tree, model: type[Model], raw: Any, at: Path = (), faulty: frozenset[Path] = frozenset()
) -> Model | None:
    """``raw``, which stands at a place of the tree, as a model; None when the tree got faults by it.

    Places that are ``faulty`` already are not complained of again.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            path = (*at, *(step for step in one["loc"] if step != "[key]"))
            if path not in faulty:
                tree.fault(path, message_of(model, one))
        return None
