"""Scenarios as files: read whole, with line, key and cure of everything that is wrong; and those that come with us."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from adapters.smpp.scenario import Scenario
from gateway.yamlfile.problem import ConfigError
from gateway.yamlfile.reading import problems, text_of, validated
from gateway.yamlfile.tree import parse

#: Where the scenarios are that come with the program.
SHIPPED: Final = Path(__file__).parent / "scenarios"


def read_scenario(text: str, name: str) -> Scenario:
    """The scenario that a text in YAML describes; ``name`` is its file's. Raises ConfigError."""
    tree = parse(text)
    faulty = frozenset(path for path, _, _ in tree.faults)
    scenario = validated(tree, Scenario, tree.value, faulty=faulty)
    if scenario is None or tree.faults:
        raise ConfigError(problems(name, tree.faults))
    return scenario


def load_scenario(name: str) -> Scenario:
    """The scenario of a file, or the one that comes with us under this name. Raises ConfigError."""
    shipped = SHIPPED / f"{name}.yaml"
    file = shipped if "/" not in name and not Path(name).exists() and shipped.exists() else Path(name)
    cure = f"give the path of a file, or one of {', '.join(found.stem for found in shipped_files())}"
    return read_scenario(text_of(file, cure), str(file))


def shipped_files() -> Iterator[Path]:
    """The files that come with us, by name."""
    return iter(sorted(SHIPPED.glob("*.yaml")))
