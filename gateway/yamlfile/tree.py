"""YAML read with the line of every value, so that every complaint can name one.

The types of plain scalars are those of YAML 1.2: only ``true`` and ``false`` are booleans, so ``NO`` is Norway;
``12:30`` is text; a number that begins with 0 is text, as a UAI or a telephone number is.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from gateway.yamlfile.problem import Path

_BOOL, _INT, _FLOAT, _NULL, _DATE = (
    f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "null", "timestamp")
)


class _Loader(yaml.SafeLoader):
    """SafeLoader with fewer surprises."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for tag, pattern, first in (
    (_BOOL, r"true|false", "tf"),
    (_INT, r"-?(0|[1-9][0-9]*)", "-0123456789"),
    (_FLOAT, r"-?(0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
    (_DATE, r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
    (_NULL, r"~|null|", ["~", "n", ""]),
):
    _Loader.add_implicit_resolver(tag, re.compile(rf"(?:{pattern})\Z"), list(first))


@dataclass(slots=True)
class Tree:
    """The values of a file, the line of each (by path), and what YAML itself found wrong."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[tuple[Path, int, str]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def fault(self, path: Path, message: str, line: int | None = None) -> None:
        """Note something wrong at a place."""
        self.faults.append((path, self.line(path) if line is None else line, message))


def parse(text: str) -> Tree:
    """Read one YAML document. Never raises: what is wrong stands in ``faults``."""
    tree = Tree({})
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        cure = "; put ${…} in quotes inside { }" if "${" in "".join(text.splitlines()[line - 1 : line]) else ""
        tree.fault((), f"not valid YAML: {error.problem or error.context}{cure}", line)
        return tree
    except RecursionError:
        tree.fault((), "too deep: no setting holds more than a few lists and keys in one another")
        return tree
    except yaml.YAMLError:
        tree.fault((), "not valid YAML: it holds a character that text files do not have")
        return tree
    if isinstance(root, yaml.MappingNode):
        tree.value = _value(loader, root, (), tree, ())
    elif root is not None and root.value != "":
        tree.fault((), "expected keys and values, such as `key: value`", 1)
    return tree


def _value(loader: _Loader, node: yaml.Node, path: Path, tree: Tree, above: tuple[yaml.Node, ...]) -> Any:
    tree.lines.setdefault(path, node.start_mark.line + 1)
    if any(node is one for one in above):
        tree.fault(path, "an alias that holds itself: write the value out")
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, tree, (*above, node))
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, at), tree, (*above, node)) for at, item in enumerate(node.value)]
    try:
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError):
        tree.fault(path, f"cannot be read as {node.tag.rpartition(':')[2]}: put it in quotes if it is text")
        return None


def _mapping(
    loader: _Loader, node: yaml.MappingNode, path: Path, tree: Tree, above: tuple[yaml.Node, ...]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            tree.fault(path, "a key must be a word", line)
            continue
        key = key_node.value
        here = (*path, key)
        if key in found:
            tree.fault(here, f"written twice, first on line {tree.lines[here]}: keep one", line)
            continue
        tree.lines[here] = line
        found[key] = _value(loader, value_node, here, tree, above)
    return found
