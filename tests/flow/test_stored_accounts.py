"""``check`` and ``account probe`` know the accounts that were put through the API, and leave the store as it is."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from adapters.smpp.options import SmppAccount
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway import cli
from gateway.app import OPTIONS
from gateway.commands import account
from gateway.config import read
from gateway.contracts import Contract, seal
from gateway.exits import Exit
from gateway.model import Mode
from gateway.store import contracts
from gateway.store.database import open_store
from gateway.vault import Vault
from tests.flow.gatewayside import configuration

KEY = "une clé des essais, assez longue"


def written(folder: Path, port: int = 2775, key: str = KEY) -> Path:
    """A configuration with a key for secrets."""
    file = configuration(folder, port)
    file.write_text(f'{file.read_text("utf-8")}secrets: {{sealing_key: "{key}"}}\n', "utf-8")
    return file


async def put(folder: Path, name: str, modes: tuple[Mode, ...] = ("standard",), **options: Any) -> None:
    """An account as the API would have left it."""
    said = {"name": name, "adapter": "smpp", "host": "127.0.0.1", "system_id": "demo", "price": "0.05", **options}
    contract = Contract(SmppAccount(**said), said, modes)
    async with open_store(f"sqlite:///{folder}/gateway.db") as store:
        await store.write(lambda conn: contracts.put(conn, name, seal(contract, Vault(KEY)), 1))


def check(file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, list[str]]:
    """The status, what is said, and the warnings."""
    status = cli.main(["check", "--config", str(file)])
    out, err = capsys.readouterr()
    return status, out, err.splitlines()


async def test_check_counts_them_and_says_what_is_worth_a_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path)
    assert check(file, capsys)[2] == []
    assert not (tmp_path / "gateway.db").exists()  # nothing was made
    await put(tmp_path, "b")
    await put(tmp_path, "c", (), provider="PERSONNE", bind="transmitter")
    await put(tmp_path, "a")
    status, out, warnings = check(file, capsys)
    assert status == Exit.FINE
    assert "1 accounts and 2 put through the API" in out
    assert [line.partition("put through the API, ")[2].partition(":")[0] for line in warnings] == [
        "is hidden by the one of the configuration",
        "bind",
        "provider",
        "serves no mode",
    ]
    assert all(line.startswith("warning: account ") for line in warnings)


async def test_check_says_which_cannot_be_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await put(tmp_path, "b")
    status, out, warnings = check(written(tmp_path, key="une autre clé, assez longue aussi"), capsys)
    assert (status, "put through" in out) == (Exit.FINE, False)
    assert warnings == [
        "warning: account b, put through the API, cannot be opened, secrets.sealing_key is not its key: give its key "
        "again, or put the account anew"
    ]


@pytest.mark.parametrize(("content", "said"), [(b"no database at all, nor ever one", "SQLITE_NOTADB"), (b"", "")])
def test_check_goes_on_without_a_store_that_it_can_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    (tmp_path / "gateway.db").write_bytes(content * 40)
    status, _, warnings = check(written(tmp_path), capsys)
    assert status == Exit.FINE
    assert [said in line for line in warnings] == [True] * bool(said)


def test_check_migrates_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(tmp_path / "gateway.db") as older:
        older.execute("CREATE TABLE message (id INTEGER)")
    assert check(written(tmp_path), capsys)[::2] == (Exit.FINE, [])
    assert older.execute("SELECT name FROM sqlite_schema").fetchall() == [("message",)]


async def test_probe_tries_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with Simulator(SimulatorOptions(receipt_delay=0.05)) as smsc:
        await put(tmp_path, "b", port=smsc.port, password="x")
        settings = read(written(tmp_path), OPTIONS).settings
        for name, status, words in (("b", Exit.FINE, "receipts"), ("c", Exit.USAGE, "there is a, b")):
            line = ["account", "probe", name, "--to", "06 12 34 56 78", "--wait", "5s"]
            assert await account.run(cli.parser("account").parse_args(line), settings) == status
            out, err = capsys.readouterr()
            assert words in out + err
        assert smsc.counts.taken == 4
