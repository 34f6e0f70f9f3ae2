"""From a file to settings: everything that is wrong is told at once, with file, line, key and cure.

Order: YAML with its lines, secrets, the models (each account, door and login read by its adapter's model), rules
across the file. Nothing is half loaded: either all of it is right or ``ConfigError`` holds every problem.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from gateway.config import rules
from gateway.config.problem import ConfigError, ConfigProblem, Path, key_of
from gateway.config.secrets import secret_keys, substitute
from gateway.config.settings import Settings
from gateway.config.tree import Tree, parse
from gateway.config.wording import message_of
from gateway.door import DoorLogin, DoorSettings
from gateway.model import AccountSettings

#: Keys of parts that do not exist yet: named, so that nobody believes that they do something.
_NOT_YET = {"retention": "retention is not available yet: remove it; nothing is erased for now"}


#: By the word that names the adapter: its model.
Accounts = Mapping[str, type[AccountSettings]]
#: By kind: the models of a door and of a login at it.
Doors = Mapping[str, tuple[type[DoorSettings], type[DoorLogin]]]
NO_DOORS: Doors = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and what is allowed but worth a look."""

    settings: Settings
    warnings: tuple[ConfigProblem, ...]


def load(file: File, adapters: Accounts, environ: Mapping[str, str] = os.environ, doors: Doors = NO_DOORS) -> Settings:
    """The settings of a file; ``adapters`` and ``doors`` give the models of their options. Raises ConfigError."""
    return read(file, adapters, environ, doors).settings


def read(file: File, adapters: Accounts, environ: Mapping[str, str] = os.environ, doors: Doors = NO_DOORS) -> Loaded:
    """As ``load``, with the warnings. Raises ConfigError."""
    tree = parse(_text(file))
    if not tree.faults or tree.value:
        secrets = secret_keys([*adapters.values(), *(login for _, login in doors.values())]) | {"key_sha256"}
        substitute(tree, secrets, environ, file.absolute().parent)
    warnings = _rules(tree)
    settings = _models(tree, adapters, doors)
    if settings is None or tree.faults:
        raise ConfigError(_problems(file, tree.faults))
    return Loaded(settings, tuple(_problems(file, warnings)))


def _text(file: File) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([ConfigProblem(str(file), line, "", "not UTF-8 text: save it as UTF-8")]) from error
    except OSError as error:
        cure = "give its path with --config or VAGUEMESTRE_CONFIG"
        raise ConfigError([ConfigProblem(str(file), 0, "", f"cannot be read: {error.strerror}; {cure}")]) from error


def _problems(file: File, faults: list[tuple[Path, int, str]]) -> list[ConfigProblem]:
    ordered = sorted(dict.fromkeys(faults), key=lambda fault: fault[1])
    return [ConfigProblem(str(file), line, key_of(path), message) for path, line, message in ordered]


def _rules(tree: Tree) -> list[tuple[Path, int, str]]:
    warnings: list[tuple[Path, int, str]] = []
    for fault in rules.check(tree.value):
        if fault.fatal:
            tree.fault(fault.path, fault.message)
        else:
            warnings.append((fault.path, tree.line(fault.path), fault.message))
    return warnings


def _models(tree: Tree, adapters: Accounts, doors: Doors) -> Settings | None:
    """Validate; faults go to the tree. None when anything was wrong."""
    raw = dict(tree.value)
    for key in [key for key in raw if key in _NOT_YET]:
        del raw[key]
        tree.fault((key,), _NOT_YET[key])
    faulty = {path for path, _, _ in tree.faults}
    for section, word, models in (
        ("accounts", "adapter", adapters),
        ("doors", "kind", {kind: model for kind, (model, _) in doors.items()}),
    ):
        if isinstance(raw.get(section), list):
            raw[section] = list(_each(tree, section, word, raw[section], models, faulty))
    if isinstance(raw.get("apps"), list):
        raw["apps"] = [_app(tree, at, app, doors, faulty) for at, app in enumerate(raw["apps"])]
    settings = _validate(tree, Settings, raw, (), faulty)
    return settings if isinstance(settings, Settings) and not tree.faults else None


def _each(
    tree: Tree,
    section: str,
    word: str,
    raw: list[Any],
    models: Mapping[str, type[BaseModel]],
    faulty: set[Path],
) -> Iterator[Any]:
    """Each item read by the model that its ``word`` names; what is no mapping is left for the settings' model."""
    for at, item in enumerate(raw):
        path: Path = (section, at)
        if not isinstance(item, dict):
            yield item
            continue
        name = item.get(word)
        if isinstance(name, str) and name in models:
            made = _validate(tree, models[name], item, path, faulty)
            if made is not None:
                yield made
        elif word not in item:
            tree.fault(path, f"{word} is required: one of {', '.join(sorted(models))}")
        else:
            tree.fault((*path, word), f"unknown {word} {name}{rules.did_you_mean(str(name), list(models))}")


def _app(tree: Tree, at: int, raw: Any, doors: Doors, faulty: set[Path]) -> Any:
    """An application with its logins at doors read by the doors' models."""
    if not isinstance(raw, dict):
        return raw
    logins = {kind: raw[kind] for kind in doors if isinstance(raw.get(kind), dict)}
    read = {kind: _validate(tree, doors[kind][1], one, ("apps", at, kind), faulty) for kind, one in logins.items()}
    return {**raw, **read}


def _validate(tree: Tree, model: type[BaseModel], raw: Any, at: Path, faulty: set[Path]) -> BaseModel | None:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            path = (*at, *(step for step in one["loc"] if step != "[key]"))
            if path not in faulty:
                tree.fault(path, message_of(model, one))
        return None
