"""What is promised of the whole project, and would otherwise be forgotten one day."""

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.exits import Exit

ROOT = Path(__file__).parents[2]
CODE = sorted((ROOT / "gateway").rglob("*.py")) + sorted((ROOT / "adapters").rglob("*.py"))
SQL = re.compile(r"\s*(SELECT\s.*\sFROM|INSERT\s+INTO|UPDATE\s.*\sSET|DELETE\s+FROM|PRAGMA\s)", re.S)

#: The schema is a table, however long.
TABLES = {"gateway/store/tables.py"}


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def outside_the_store() -> Iterator[Path]:
    return (file for file in CODE if (ROOT / "gateway" / "store") not in file.parents)


def imported(file: Path) -> Iterator[tuple[str, str]]:
    """Each module that a file imports from, and the name taken from it; empty for the module itself."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize("file", list(outside_the_store()), ids=name_of)
def test_sql_stands_in_the_store_only(file: Path) -> None:
    for module, name in imported(file):
        assert (module, name) != ("gateway.store", "tables")
        assert module != "gateway.store.tables"
        if module.partition(".")[0] in {"sqlalchemy", "aiosqlite", "sqlite3", "alembic"}:
            assert name == "AsyncConnection"  # a question is handed the connection, and hands it on
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not SQL.match(node.value)


#: What an adapter may know of the gateway: the port, the values, and rules that are true anywhere.
KNOWN_TO_ADAPTERS = {
    *("provider", "door", "model", "text", "keywords", "gsm", "transliteration", "numbers", "pricing", "french"),
    *("alphabets", "attachment", "idforms", "reassembly", "stop"),
    *(
        "routing",
        "throttle",
        "ceiling",
        "bucket",
        "flights",
        "timer",
        "states",
        "deadlines",
        "fairness",
        "periods",
        "yamlfile",
    ),
}
#: Who puts the adapters to use.
KNOWS_ADAPTERS = {"app", "demo"}


@pytest.mark.parametrize("file", [file for file in CODE if (ROOT / "adapters") in file.parents], ids=name_of)
def test_adapters_know_little_of_the_gateway(file: Path) -> None:
    for module, name in imported(file):
        if module == "gateway":
            assert name in KNOWN_TO_ADAPTERS
        elif module.startswith("gateway."):
            assert module.split(".")[1] in KNOWN_TO_ADAPTERS


def test_the_rules_of_imports_name_every_module() -> None:
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter", "utf-8")
    here = (ROOT / "gateway").iterdir()
    modules = {file.stem for file in here if file.suffix == ".py" or (file / "__init__.py").exists()} - {"__init__"}
    of_adapters = set(rules["importlinter:contract:adapters"]["forbidden_modules"].split())
    assert of_adapters == {f"gateway.{name}" for name in modules - KNOWN_TO_ADAPTERS} | {"sqlalchemy"}
    of_gateway = set(rules["importlinter:contract:providers"]["source_modules"].split())
    assert of_gateway == {f"gateway.{name}" for name in modules - KNOWS_ADAPTERS}


@pytest.mark.parametrize("file", CODE, ids=name_of)
def test_every_module_says_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text("utf-8")))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def prose() -> list[Path]:
    """Every file that is no table of the schema, which is as long as it must be."""
    return [file for file in CODE if file.parent.name != "versions" and name_of(file) not in TABLES]


@pytest.mark.parametrize("file", prose(), ids=name_of)
def test_sizes_stay_readable(file: Path) -> None:
    text = file.read_text("utf-8")
    assert len(text.splitlines()) <= 350
    for function in functions(ast.parse(text)):
        assert (function.end_lineno or 0) - function.lineno < 50, function.name


def test_exit_statuses_are_those_of_the_reference() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.*) \|$", page, re.M)
    assert [(int(status), name, meaning) for status, name, meaning in rows] == [
        (status.value, status.name, status.meaning) for status in Exit
    ]


def test_every_page_that_is_linked_exists() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_lock_holds_names_versions_and_hashes_only() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert "--index-url" not in lock
    for requirement in re.split(r"\n(?=\w)", lock.partition("\n")[2].replace("\\\n", " ")):
        assert re.match(r"[\w.-]+==[\w.]+ ( *; .*?)?( +--hash=sha256:[0-9a-f]{64})+\s*$", requirement), requirement[:80]


def test_every_dependency_is_locked() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    wanted = set(re.findall(r'^  "([\w-]+)[\[>]', project, re.M))
    assert wanted <= set(re.findall(r"^([\w.-]+)==", lock, re.M))
