"""Secrets in the file: ``${NAME}`` in any text, and ``<key>_file: PATH`` for the keys that hold secrets.

A relative path, of a secret or of any other file such as a certificate, is looked up in ``$CREDENTIALS_DIRECTORY``
(systemd credentials) when that is set, else beside the configuration file. ``$${`` is a plain ``${``.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from gateway.yamlfile.problem import Path
from gateway.yamlfile.tree import Tree

_VARIABLE = re.compile(r"(\$?)\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a file by what they hold, wherever in it they stand."""

    secrets: frozenset[str]  # so may be given as ``<key>_file``
    files: frozenset[str]  # hold a path


def keys_of(models: Iterable[type[BaseModel]]) -> Keys:
    """The keys of these models, and of those inside them."""
    fields = [field for model in models for field in _fields(model)]
    return Keys(
        frozenset(name for name, annotation in fields if _holds(annotation, SecretStr)),
        frozenset(name for name, annotation in fields if _holds(annotation, File)),
    )


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, info in model.model_fields.items():
        yield name, info.annotation
        for inner in (info.annotation, *get_args(info.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _fields(inner)


def _holds(annotation: Any, kind: type) -> bool:
    return annotation is kind or kind in get_args(annotation)


def substitute(tree: Tree, keys: Keys, environ: Mapping[str, str], beside: File) -> None:
    """Put the secrets in their places in ``tree``; what cannot be found becomes a fault there."""
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    folder = File(credentials) if credentials else beside
    tree.value = _walk(tree, tree.value, (), keys, environ, folder)


def _walk(tree: Tree, value: Any, path: Path, keys: Keys, environ: Mapping[str, str], folder: File) -> Any:
    if isinstance(value, str):
        return _expand(tree, value, path, environ)
    if isinstance(value, list):
        return [_walk(tree, item, (*path, at), keys, environ, folder) for at, item in enumerate(value)]
    if isinstance(value, dict):
        found = {key: _walk(tree, item, (*path, key), keys, environ, folder) for key, item in value.items()}
        found |= {key: str(folder / found[key]) for key in keys.files & found.keys() if isinstance(found[key], str)}
        return _files(tree, found, path, keys.secrets, folder)
    return value


def _expand(tree: Tree, text: str, path: Path, environ: Mapping[str, str]) -> str:
    def one(match: re.Match[str]) -> str:
        escaped, name = match[1], match[2]
        if escaped:
            return match[0][1:]
        if not match[0].endswith("}") or not _NAME.fullmatch(name):
            tree.fault(path, "expected ${NAME}, the name of an environment variable ($${ for a plain ${)")
        elif name not in environ:
            tree.fault(path, f"the environment variable {name} is not set: set it, or give a file with <key>_file")
        return environ.get(name, "")

    return _VARIABLE.sub(one, text) if "${" in text else text


def _files(tree: Tree, found: dict[str, Any], path: Path, keys: Collection[str], folder: File) -> dict[str, Any]:
    for key in [key for key in found if key.endswith("_file") and key.removesuffix("_file") in keys]:
        here, name = (*path, key), key.removesuffix("_file")
        target = found.pop(key)
        if name in found:
            tree.fault(here, f"{name} is given too: keep one of the two")
        elif not isinstance(target, str) or not target:
            tree.fault(here, "expected the path of a file that holds the secret")
        else:
            tree.lines[(*path, name)] = tree.line(here)
            found[name] = _content(tree, folder / target, here)
    return found


def _content(tree: Tree, file: File, path: Path) -> str:
    try:
        secret = file.read_text("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        tree.fault(path, f"{file} is not UTF-8 text")
        return ""
    except OSError as error:
        tree.fault(path, f"{file} cannot be read: {error.strerror}")
        return ""
    if not secret:
        tree.fault(path, f"{file} is empty")
    return secret
