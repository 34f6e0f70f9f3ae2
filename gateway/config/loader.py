"""From a file to settings: everything that is wrong is told at once, with file, line, key and cure.

Order: YAML with its lines, secrets, the models (each account, door and login read by its adapter's model), rules
across the file. Nothing is half loaded: either all of it is right or ``ConfigError`` holds every problem.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as File
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from gateway.config import rules
from gateway.config.secrets import keys_of, substitute
from gateway.config.settings import Settings
from gateway.door import DoorLogin, DoorSettings
from gateway.model import AccountSettings
from gateway.yamlfile.problem import ConfigError, ConfigProblem, Path
from gateway.yamlfile.reading import problems, text_of, validated
from gateway.yamlfile.tree import Tree, parse
from gateway.yamlfile.wording import did_you_mean

_CURE = "give its path with --config or VAGUEMESTRE_CONFIG"

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
    tree = parse(text_of(file, _CURE))
    if not tree.faults or tree.value:
        keys = keys_of([Settings, *adapters.values(), *(model for pair in doors.values() for model in pair)])
        hashes = replace(keys, secrets=keys.secrets | {"key_sha256"})
        substitute(tree, hashes, environ, file.absolute().parent)
    warnings = _rules(tree)
    settings = _models(tree, adapters, doors)
    if settings is None or tree.faults:
        raise ConfigError(problems(str(file), tree.faults))
    return Loaded(settings, tuple(problems(str(file), [*warnings, *_cautions(tree, settings)])))


def _rules(tree: Tree) -> list[tuple[Path, int, str]]:
    warnings: list[tuple[Path, int, str]] = []
    for fault in rules.check(tree.value):
        if fault.fatal:
            tree.fault(fault.path, fault.message)
        else:
            warnings.append((fault.path, tree.line(fault.path), fault.message))
    return warnings


def _cautions(tree: Tree, settings: Settings) -> Iterator[tuple[Path, int, str]]:
    for at, account in enumerate(settings.accounts):
        for key, message in account.cautions():
            path: Path = ("accounts", at, key)
            yield path, tree.line(path), message


def _models(tree: Tree, adapters: Accounts, doors: Doors) -> Settings | None:
    """Validate; faults go to the tree. None when anything was wrong."""
    raw = dict(tree.value)
    faulty = frozenset(path for path, _, _ in tree.faults)
    for section, word, models in (
        ("accounts", "adapter", adapters),
        ("doors", "kind", {kind: model for kind, (model, _) in doors.items()}),
    ):
        if isinstance(raw.get(section), list):
            raw[section] = list(_each(tree, section, word, raw[section], models, faulty))
    if isinstance(raw.get("apps"), list):
        raw["apps"] = [_app(tree, at, app, doors, faulty) for at, app in enumerate(raw["apps"])]
    settings = validated(tree, Settings, raw, (), faulty)
    return None if tree.faults else settings


def _each(
    tree: Tree,
    section: str,
    word: str,
    raw: list[Any],
    models: Mapping[str, type[BaseModel]],
    faulty: frozenset[Path],
) -> Iterator[Any]:
    """Each item read by the model that its ``word`` names; what is no mapping is left for the settings' model."""
    for at, item in enumerate(raw):
        path: Path = (section, at)
        if not isinstance(item, dict):
            yield item
            continue
        name = item.get(word)
        if isinstance(name, str) and name in models:
            made = validated(tree, models[name], item, path, faulty)
            if made is not None:
                yield made
        elif word not in item:
            tree.fault(path, f"{word} is required: one of {', '.join(sorted(models))}")
        else:
            tree.fault((*path, word), f"unknown {word} {name}{did_you_mean(str(name), list(models))}")


def _app(tree: Tree, at: int, raw: Any, doors: Doors, faulty: frozenset[Path]) -> Any:
    """An application with its logins at doors read by the doors' models."""
    if not isinstance(raw, dict):
        return raw
    logins = {kind: raw[kind] for kind in doors if isinstance(raw.get(kind), dict)}
    read = {kind: validated(tree, doors[kind][1], one, ("apps", at, kind), faulty) for kind, one in logins.items()}
    return {**raw, **read}
