"""docs/simulator.md and the scenarios that come with the program: every key is told, and every example holds."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from adapters.smpp import scenario_rules as rules
from adapters.smpp.scenario import Ids, Scenario, SmscSettings
from adapters.smpp.scenario_file import load_scenario, read_scenario, shipped_files
from adapters.smpp.scenario_values import STATES
from adapters.smpp.simulator_cli import BESIDE

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")

#: Heading -> the model that its tables tell of, and the one whose keys are told elsewhere.
SECTIONS: dict[str, tuple[type[BaseModel], type[BaseModel] | None]] = {
    "A scenario": (Scenario, None),
    "Rules": (rules.SubmitWhen, None),
    "smsc": (SmscSettings, None),
    "binds": (rules.BindRule, rules.When),
    "submits": (rules.SubmitRule, rules.SubmitWhen),
    "throttle": (rules.Limit, None),
    "ids": (Ids, None),
    "receipts": (rules.ReceiptRule, rules.SubmitWhen),
    "links": (rules.LinkRule, None),
    "incoming": (rules.IncomingRule, None),
    "queries and cancels": (rules.AskRule, rules.When),
}


def section(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_told(heading: str) -> None:
    model, elsewhere = SECTIONS[heading]
    told = set(re.findall(r"^\| `([a-z_]+)` \|.*\|.*\|$", section(heading), re.M))
    assert told == keys(model) - (keys(elsewhere) if elsewhere else set())


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_value_of_a_choice_is_told(heading: str) -> None:
    for name, field in SECTIONS[heading][0].model_fields.items():
        choices = re.findall(r"'(\w+)'", str(field.annotation)) if "Literal" in str(field.annotation) else []
        untold = [word for word in choices if not re.search(rf"[`\[]{word}\b", section(heading))]
        assert untold == [], name


def test_every_state_is_told() -> None:
    assert f"States: {', '.join(STATES)}." in " ".join(section("receipts").split())


def test_the_example_is_a_scenario() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    scenario = read_scenario(example, "docs/simulator.md")
    assert (len(scenario.submits), scenario.links[0].every) == (3, 45.0)


def test_the_scenarios_that_come_with_the_program_are_told() -> None:
    told = dict(re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]*) \|$", section("Those that come with us"), re.M))
    assert told == {file.stem: load_scenario(str(file)).about for file in shipped_files()}


def test_the_command_names_the_flags_that_go_with_a_scenario() -> None:
    told = set(re.findall(r"`--([a-z-]+)`", section("In two minutes")))
    assert told == {word.replace("_", "-") for word in BESIDE}
