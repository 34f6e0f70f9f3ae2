"""``vaguemestre user``."""

import io
from pathlib import Path

import pytest
import yaml

from gateway import cli, passwords
from gateway.exits import Exit
from gateway.store import users
from gateway.store.database import open_store

METZ = "0570051W"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    url = f"sqlite:///{tmp_path}/gateway.db"
    file.write_text(yaml.safe_dump({"store": {"url": url}, "schools": [{"uai": METZ, "name": "Lycée"}]}), "utf-8")
    return file


def run(config: Path, *words: str, typed: str = "", monkeypatch: pytest.MonkeyPatch | None = None) -> int:
    if monkeypatch is not None:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return cli.main(["user", words[0], "--config", str(config), *words[1:]])


def add(config: Path, monkeypatch: pytest.MonkeyPatch, login: str = "cpe", typed: str = "une phrase longue\n") -> int:
    words = ("add", login, "--name", "CPE", "--school", METZ, "--role", "envoi", "--password-stdin")
    return run(config, *words, typed=typed, monkeypatch=monkeypatch)


async def stored(config: Path, login: str) -> users.User:
    async with open_store(f"sqlite:///{config.parent}/gateway.db") as store:
        found = await store.read(lambda conn: users.find_user(conn, login))
    assert found is not None
    return found


def test_add_list_passwd_disable(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncio

    assert add(config, monkeypatch) == Exit.FINE
    assert passwords.matches(asyncio.run(stored(config, "cpe")).password, "une phrase longue")
    assert run(config, "passwd", "cpe", "--password-stdin", typed="une autre phrase\n", monkeypatch=monkeypatch) == 0
    assert passwords.matches(asyncio.run(stored(config, "cpe")).password, "une autre phrase")
    assert run(config, "list") == Exit.FINE
    assert "cpe  CPE  0570051W  envoi  active" in capsys.readouterr().out
    assert run(config, "disable", "cpe") == Exit.FINE
    assert asyncio.run(stored(config, "cpe")).disabled_at is not None
    assert run(config, "list") == Exit.FINE
    assert "disabled" in capsys.readouterr().out


@pytest.mark.parametrize(("login", "typed"), [("É", "une phrase longue\n"), ("cpe", "court\n")])
def test_what_is_wrong_is_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch, login: str, typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(config, monkeypatch, login, typed) == Exit.USAGE
    assert typed.strip() not in capsys.readouterr().err


def test_an_unknown_school_or_login_is_named(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("add", "cpe", "--name", "CPE", "--school", "9999999Z", "--role", "envoi", "--password-stdin")
    assert run(config, *words, typed="une phrase longue\n", monkeypatch=monkeypatch) == Exit.USAGE
    assert "9999999Z" in capsys.readouterr().err
    assert run(config, "disable", "personne") == Exit.NO
