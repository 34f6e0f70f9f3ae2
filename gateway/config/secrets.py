"""Secrets in the file: ``${NAME}`` in any text, and ``<key>_file: PATH`` for the keys that hold secrets.

A relative path is looked up in ``$CREDENTIALS_DIRECTORY`` (systemd credentials) when that is set, else beside
the configuration file. ``$${`` is a plain ``${``.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path as File
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from gateway.yamlfile.problem import Path
from gateway.yamlfile.tree import Tree

_VARIABLE = re.compile(r"(\$?)\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def secret_keys(models: Collection[type[BaseModel]]) -> frozenset[str]:
    """The keys of these models that hold a secret, and so may be given as ``<key>_file``."""
    return frozenset(
        name
        for model in models
        for name, info in model.model_fields.items()
        if info.annotation is SecretStr or SecretStr in get_args(info.annotation)
    )


def substitute(tree: Tree, keys: Collection[str], environ: Mapping[str, str], beside: File) -> None:
    """Put the secrets in their places in ``tree``; what cannot be found becomes a fault there."""
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    folder = File(credentials) if credentials else beside
    tree.value = _walk(tree, tree.value, (), keys, environ, folder)


def _walk(tree: Tree, value: Any, path: Path, keys: Collection[str], environ: Mapping[str, str], folder: File) -> Any:
    if isinstance(value, str):
        return _expand(tree, value, path, environ)
    if isinstance(value, list):
        return [_walk(tree, item, (*path, at), keys, environ, folder) for at, item in enumerate(value)]
    if isinstance(value, dict):
        found = {key: _walk(tree, item, (*path, key), keys, environ, folder) for key, item in value.items()}
        return _files(tree, found, path, keys, folder)
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
