"""What the pages promise: every code, state, metric, command, key, rule and drawing in them is that of the code.

Tables are found by their first heading. The drawing of the states is made here from the table of moves:
``python -m tests.unit.test_docs`` prints it.
"""

import ast
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter

from adapters.smpp import codes as smpp_codes
from adapters.smpp import door, door_report, door_submit
from adapters.smpp import keeper as smpp
from adapters.smpp.door_options import SmppDoorSettings
from adapters.smpp.options import SmppAccount
from gateway import cli, csvin, french
from gateway.caller import Scope
from gateway.config import App, Settings
from gateway.metrics import Metrics
from gateway.model import Action, Price, School, Template
from gateway.objections import Why
from gateway.problem import CATALOGUE
from gateway.relay.wire import LAST
from gateway.requests import BatchIn, BatchRequest, MessageIn, PreviewIn, RecipientIn
from gateway.states import FINAL, FRENCH, MOVES, Status
from gateway.web.api.receipts import OBJECTIONS
from gateway.web.api.reconciliations import ReconciliationRequest
from gateway.web.api.release import Chosen
from gateway.web.api.reports import STEPS
from gateway.web.problems import FIELD_CODES
from gateway.web.resources import ROUTES
from gateway.web.uploads import COLUMNS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LISTS: Mapping[str, type[BaseModel]] = {
    "schools": School,
    "apps": App,
    "doors": SmppDoorSettings,
    "accounts": SmppAccount,
    "actions": Action,
    "templates": Template,
}

#: In which states a message begins: see ``drafting``.
FIRST = (Status.HELD, Status.SCHEDULED, Status.QUEUED, Status.IGNORED)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def page_name(page: Path) -> str:
    return page.name


def drawing() -> str:
    """The states and their moves, as Mermaid draws them."""
    words = [f"    {status} : {status} · {FRENCH[status]}" for status in Status]
    first = [f"    [*] --> {status}" for status in FIRST]
    moves = [f"    {old} --> {new}" for old in Status for new in Status if new in MOVES[old]]
    return "\n".join(["```mermaid", "stateDiagram-v2", *words, *first, *moves, "```"])


def blocks(text: str, language: str = "[a-z]*") -> Iterator[str]:
    return (found[1] for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.M | re.S))


def table(name: str, first: str) -> list[list[str]]:
    """The cells of the table whose first heading is ``first``."""
    found = re.search(rf"^\| {re.escape(first)} \|.*\n\|[-| ]+\|\n((?:\|.*\|\n)+)", read(name), re.M)
    assert found, f"{name} has no table « {first} »"
    return [[cell.strip() for cell in line.strip("| \n").split(" | ")] for line in found[1].splitlines()]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def first_codes(name: str, first: str) -> list[str]:
    return [codes(row[0])[0] for row in table(name, first)]


# ---- states ----


def test_the_drawing_is_that_of_the_moves() -> None:
    assert drawing() in read("README.md"), f"put this in README.md:\n{drawing()}"


def test_what_a_message_begins_with_is_where_nothing_else_leads_or_the_queue() -> None:
    reached = {new for moves in MOVES.values() for new in moves}
    assert set(Status) - reached <= set(FIRST)


def test_the_table_of_states() -> None:
    rows = table("docs/integrators.md", "state")
    assert {codes(row[0])[0]: (row[1], row[2] == "yes") for row in rows} == {
        status.value: (FRENCH[status], status in FINAL) for status in Status
    }


def test_the_states_that_accountants_read() -> None:
    words = {row[0].strip("« »") for row in table("docs/comptables.md", "État")}
    assert words <= set(FRENCH.values())
    assert {FRENCH[status] for status in FINAL | {Status.UNCERTAIN, Status.IN_TRANSIT}} <= words


# ---- words of the API ----


def test_the_verdicts() -> None:
    rows = {codes(row[0])[0]: row[1] for row in table("docs/integrators.md", "reason")}
    assert rows == french._REASONS


def test_the_problems() -> None:
    rows = {codes(row[0])[0]: (int(row[1]), row[2]) for row in table("docs/integrators.md", "code")}
    assert rows == CATALOGUE


def test_every_problem_is_raised_somewhere() -> None:
    files = (file for file in (ROOT / "gateway").rglob("*.py") if file.name != "problem.py")
    code = "".join(file.read_text("utf-8") for file in files)
    assert {name for name in CATALOGUE if f'"{name}"' not in code} == set()


def test_the_faults_of_a_field() -> None:
    assert {codes(row[0])[0]: row[1] for row in table("docs/integrators.md", "fault")} == dict(FIELD_CODES)


def test_the_steps_of_a_report() -> None:
    assert {codes(row[0])[0]: row[1] for row in table("docs/integrators.md", "step")} == STEPS


def test_what_speaks_against_a_candidate() -> None:
    assert first_codes("docs/integrators.md", "objection") == list(Why)
    assert set(OBJECTIONS) == set(Why)


def test_the_addresses_and_their_scopes() -> None:
    rows = table("docs/integrators.md", "method")
    assert {(row[0], codes(row[1])[0]): set(codes(row[2])) for row in rows} == {
        (route.method, route.path): {scope.value for scope in route.scopes} for route in ROUTES
    }


def test_the_scopes() -> None:
    used = {scope for route in ROUTES for scope in route.scopes} | {Scope.NUMBERS, Scope.COMPAT}
    assert set(first_codes("docs/integrators.md", "scope")) == {scope.value for scope in used}


def test_the_columns_of_a_file() -> None:
    named = [heading for row in table("docs/integrators.md", "column") for heading in codes(row[0])]
    assert {csvin.plain(heading) for heading in named} == set(COLUMNS)


# ---- examples ----


MODELS: Mapping[str, Any] = {
    "message": TypeAdapter(MessageIn),
    "batch": TypeAdapter(BatchIn),
    "request": TypeAdapter(BatchRequest),
    "recipient": TypeAdapter(RecipientIn),
    "preview": TypeAdapter(PreviewIn | BatchIn),
    "chosen": TypeAdapter(Chosen),
    "reconciliation": TypeAdapter(ReconciliationRequest),
}


def bodies(text: str) -> Iterator[str]:
    """The JSON of the examples: blocks of their own, and what ``curl -d`` sends."""
    yield from blocks(text, "json")
    for block in blocks(text, "sh"):
        yield from re.findall(r"(?:-d|-F 'request=) ?'?(\{.*?\})(?:;type=application/json)?'", block, re.S)


def models_that_take(body: str) -> list[str]:
    taken = []
    for name, model in MODELS.items():
        try:
            model.validate_json(body)
        except ValueError:
            continue
        taken.append(name)
    return taken


@pytest.mark.parametrize("body", list(bodies(read("docs/integrators.md"))))
def test_what_is_shown_to_be_sent_is_taken(body: str) -> None:
    if {"status", "page"} & set(json.loads(body)):  # an answer
        return
    assert models_that_take(body)


def test_python_shown_is_python() -> None:
    for page in PAGES:
        for block in blocks(page.read_text("utf-8"), "python"):
            ast.parse(block)


# ---- commands ----


def command_lines() -> Iterator[str]:
    for page in PAGES:
        text = page.read_text("utf-8")
        indented = re.findall(r"(?:^    .*\n)+", text, re.M)
        for block in (*blocks(text), *indented):
            yield from re.findall(r"^\s*(?:\S+=\S+ )*(?:\.venv/bin/)?vaguemestre (\w.*)$", block, re.M)


@pytest.mark.parametrize("line", sorted(set(command_lines())))
def test_a_command_shown_is_a_command(line: str) -> None:
    plain = re.sub(r"\$\([^)]*\)", "word", line)
    words = list(takewhile(lambda word: word != ">", shlex.split(plain, comments=True)))
    assert cli.parser(words[0]).parse_args(words).command == words[0]


def test_every_command_has_its_line() -> None:
    assert set(first_codes("README.md", "command")) == {command.name for command in cli.COMMANDS}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_commands_named_in_passing_exist(page: Path) -> None:
    known = {command.name for command in cli.COMMANDS}
    assert set(re.findall(r"`vaguemestre (\w+)", page.read_text("utf-8"))) <= known


def test_the_goals_of_make_exist() -> None:
    goals = set(re.findall(r"^([a-z]+):", read("Makefile"), re.M))
    for page in PAGES:
        assert set(re.findall(r"(?:`|^    )make ([a-z]+)", page.read_text("utf-8"), re.M)) <= goals, page.name


# ---- doors ----


def test_the_statuses_of_a_door() -> None:
    assert set(first_codes("docs/doors.md", "status")) <= set(smpp_codes.STATUS_NAMES.values())
    used = {smpp_codes.STATUS_NAMES[status] for status in door_report.STATUSES.values()}
    assert used <= set(first_codes("docs/doors.md", "status"))


def test_the_receipts_of_a_door() -> None:
    rows = {codes(row[0])[0]: (codes(row[1])[0], int(row[2])) for row in table("docs/doors.md", "state of the message")}
    assert rows == {status.value: (word, door_report.STATES[word]) for status, word in door_report.WORDS.items()}


def test_the_errors_of_a_door() -> None:
    rows = {codes(row[0])[0]: codes(row[1]) for row in table("docs/doors.md", "err")}
    assert {error: (reason or [""])[0] for error, reason in rows.items()} == {
        **{error: reason for reason, error in door_report.ERRORS.items()},
        door_report.OTHER: "",
        door_report.UNKNOWN: "",
    }


def test_the_parameters_of_a_door() -> None:
    tags = {int(tag, 16) for tag in first_codes("docs/doors.md", "tag")}
    ours = {door_submit.SCHOOL, door_submit.ACTION, door_submit.REFERENCE, door_submit.KEY}
    assert tags == ours | {smpp_codes.USER_MESSAGE_REFERENCE, smpp_codes.DEST_ADDR_SUBUNIT}


# ---- configuration and metrics ----


def keys(model: type[BaseModel]) -> set[str]:
    return {info.alias or key for key, info in model.model_fields.items()}


def check_section(name: str, value: Any) -> None:
    model = LISTS.get(name) or Settings.model_fields[name].annotation
    items = value if isinstance(value, list) else [value]
    for item in items:
        if isinstance(model, type) and issubclass(model, BaseModel):
            assert set(item) <= keys(model), name
        for price in item.get("prices", ()) if isinstance(item, dict) else ():
            Price.model_validate(price)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "simulator.md"], ids=page_name)
def test_configuration_shown_is_configuration(page: Path) -> None:
    for block in blocks(page.read_text("utf-8"), "yaml"):
        for name, value in yaml.safe_load(block).items():
            check_section(name, value)


def test_the_account_of_the_readme_is_one() -> None:
    (account,) = [
        account for block in blocks(read("README.md"), "yaml") for account in yaml.safe_load(block)["accounts"]
    ]
    SmppAccount.model_validate(account)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_settings_named_in_passing_exist(page: Path) -> None:
    for section, key in re.findall(r"`([a-z]+)\.(?!py\b)([a-z_]+)\b[^`(/]*`", page.read_text("utf-8")):
        model = Settings.model_fields[section].annotation if section in Settings.model_fields else None
        if isinstance(model, type) and issubclass(model, BaseModel):
            assert key in model.model_fields, f"{section}.{key}"


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_metrics_named_exist(page: Path) -> None:
    known = set(re.findall(r"^# TYPE (\w+)", Metrics().render().decode(), re.M))
    for name in re.findall(r"\bvaguemestre_\w+", page.read_text("utf-8")):
        assert name in known or f"{name}_total" in known, name


# ---- where things are ----


@cache
def names_in(file: Path) -> frozenset[str]:
    """The functions, classes and constants of a module, and the methods as ``Class.method``."""
    found: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        match node:
            case ast.ClassDef():
                found |= {node.name} | {f"{node.name}.{one}" for one in _functions(node.body)}
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                found.add(node.name)
            case ast.Assign():
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return frozenset(found)


def _functions(body: Sequence[ast.stmt]) -> set[str]:
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_the_code_that_is_named_exists(page: Path) -> None:
    for path, name in re.findall(r"`([\w/]+\.py)(?::([\w.]+))?`", page.read_text("utf-8")):
        file = next((root / path for root in (ROOT / "gateway", ROOT) if (root / path).is_file()), None)
        assert file is not None, path
        assert not name or name in names_in(file), f"{path}:{name}"


def test_every_module_has_its_place_in_the_picture() -> None:
    layout = next(block for block in blocks(read("docs/architecture.md"), "text") if "gateway/" in block)
    named = set(re.findall(r"[\w/]+", layout))
    for folder in ("gateway", "gateway/store", "adapters/smpp"):
        modules = {file.stem for file in (ROOT / folder).glob("*.py")} - {"__init__", "__main__"}
        assert modules <= named, f"{folder}: {sorted(modules - named)}"


def test_the_seconds_of_leaving() -> None:
    rows = {row[0]: row[2] for row in table("docs/architecture.md", "what stops")}
    seconds = {name: int(found[1]) for name, cell in rows.items() if (found := re.match(r"(\d+) s", cell))}
    stop = Settings().stop
    assert seconds["HTTP"] == stop.http.total_seconds()
    assert seconds["relays"] == stop.http.total_seconds() + LAST
    assert seconds["doors"] == stop.doors.total_seconds()
    assert seconds["binds"] == door.LEAVE
    assert seconds["lanes"] == stop.lanes.total_seconds()
    assert seconds["adapters"] == smpp.LEAVE_RECEIPTS + smpp.LEAVE_UNBIND + 1
    (limit,) = re.findall(r"^TimeoutStopSec=(\d+)s$", read("systemd/vaguemestre.service"), re.M)
    assert sum(seconds.values()) < int(limit)


def slug(heading: str) -> str:
    """The anchor of a heading, as forges make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        file = (page.parent / target) if target else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.M)
            assert anchor in map(slug, headings), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_no_heading_stands_twice(page: Path) -> None:
    headings = re.findall(r"^##+ .*$", page.read_text("utf-8"), re.M)
    assert len(headings) == len(set(headings))


if __name__ == "__main__":
    print(drawing())
