"""The command ``vaguemestre``: its commands, how each ends, and the small ones."""

import argparse
import errno
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gateway import __version__, cli
from gateway.commands import backup, configuration
from gateway.config import ConfigError, ConfigProblem, Settings
from gateway.exits import Exit
from gateway.store.database import StoreUnavailable

NAMES = [
    *("serve", "demo", "check", "simulator", "send", "preview"),
    *("recap", "synthesis", "apikey", "user", "account", "migrate", "backup", "purge", "version"),
]


def test_commands_are_those_of_the_contract() -> None:
    assert [command.name for command in cli.COMMANDS] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_has_help_and_config(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert "--config PATH" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_each_leads_to_a_function(name: str) -> None:
    command = next(one for one in cli.COMMANDS if one.name == name)
    module = import_module(command.module)
    assert callable(getattr(module, command.run))


def test_help_tells_every_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"{status.value:>3}  {status.meaning}" in shown for status in Exit)


@pytest.mark.parametrize("words", [[], ["sned"], ["serve", "--rol"], ["serve", "--role", "notify"]])
def test_wrong_arguments(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == Exit.USAGE
    assert "usage: vaguemestre" in capsys.readouterr().err


def test_version_is_quick_and_imports_little() -> None:
    heavy = {"aiohttp", "sqlalchemy", "pydantic"}
    code = f"import sys; from gateway.cli import main; main(['version']); print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    version, imported = done.stdout.splitlines()
    assert version.startswith(f"vaguemestre {__version__} ")
    assert imported == ""


def test_python_dash_m() -> None:
    done = subprocess.run([sys.executable, "-m", "gateway", "version"], capture_output=True, timeout=60, check=False)
    assert done.returncode == Exit.FINE


# ---- how commands end ----


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ConfigError([ConfigProblem("c.yaml", 3, "http", "wrong")]), Exit.USAGE, "c.yaml:3: http: wrong"),
        (StoreUnavailable("disk full"), Exit.STORE, "disk full"),
        (OSError(errno.EADDRINUSE, "address already in use"), Exit.NETWORK, "already in use"),
        (ValueError("Pauline"), Exit.INTERNAL, "ValueError"),
    ],
)
def test_what_escapes_becomes_a_status(
    error: Exception,
    status: Exit,
    said: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert cli.failed(error) == status
    assert said in capsys.readouterr().err + caplog.text


def configured(tmp_path: Path, text: str) -> str:
    file = tmp_path / "c.yaml"
    file.write_text(text, "utf-8")
    return str(file)


def test_a_configuration_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate", "--config", str(tmp_path / "none.yaml")]) == Exit.USAGE
    assert "none.yaml: cannot be read" in capsys.readouterr().err


def test_a_store_that_cannot_be_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = configured(tmp_path, f"{GOOD}store: {{url: 'sqlite:///{tmp_path}/none/gateway.db'}}\n")
    assert cli.main(["migrate", "--config", file]) == Exit.STORE
    assert "the store cannot be used" in capsys.readouterr().err


def test_a_command_that_is_a_coroutine_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = configured(tmp_path, f"{GOOD}store: {{url: 'sqlite:///{tmp_path}/gateway.db'}}\n")
    assert cli.main(["migrate", "--config", file]) == Exit.FINE
    assert "the database is at revision" in capsys.readouterr().out


def test_ctrl_c_ends_a_command_that_waits() -> None:
    words = ["preview", "--action", "A", "--text", "x", "--url"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environ = os.environ | {"VAGUEMESTRE_KEY": "k"}
        asking = subprocess.Popen([sys.executable, "-m", "gateway", *words, url], env=environ, stderr=subprocess.PIPE)
        with asking, silent.accept()[0]:
            asking.send_signal(signal.SIGINT)
            _, said = asking.communicate(timeout=60)
    assert (asking.returncode, said) == (Exit.INTERRUPTED, b"")


@pytest.mark.parametrize("words", [["version"], ["--help"]])
def test_a_reader_that_has_gone_is_no_failure(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-m", "gateway", *words]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=buffered, timeout=60, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (Exit.FINE, b"")


# ---- check ----

GOOD = """\
schools: [{uai: 0570051W, name: Lycée}]
accounts: [{name: a, adapter: smpp, host: localhost, system_id: x, price: 1}]
modes: {standard: [a]}
"""


def test_check_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(GOOD, "utf-8")
    assert cli.main(["check", "--config", str(file)]) == Exit.FINE
    assert capsys.readouterr().out == f"{file}: fine (1 schools, 0 apps, 1 accounts, 0 actions)\n"
    assert cli.main(["check", "--quiet", "--config", str(file)]) == Exit.FINE
    assert capsys.readouterr().out == ""


def test_check_warns_and_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(GOOD.replace("0570051W", "0570051A"), "utf-8")
    assert cli.main(["check", "--config", str(file)]) == Exit.FINE
    assert f"warning: {file}:1: schools[0].uai: the last letter" in capsys.readouterr().err


def test_check_names_every_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("http: {listn: x}\nmodes: {standard: [b]}\n", "utf-8")
    assert cli.main(["check", "--config", str(file)]) == Exit.USAGE
    said = capsys.readouterr().err
    assert f"{file}:1: http.listn: unknown key: did you mean listen?" in said
    assert f"{file}:2: modes.standard[0]: unknown account b" in said
    assert said.endswith("2 to cure.\n")


def test_where_the_configuration_is_looked_for(tmp_path: Path) -> None:
    first, second = tmp_path / "config.yaml", tmp_path / "etc.yaml"
    with pytest.raises(ConfigError, match="no configuration file: give its path"):
        configuration.find(None, {}, (first, second))
    second.touch()
    assert configuration.find(None, {}, (first, second)) == second
    first.touch()
    assert configuration.find(None, {}, (first, second)) == first
    assert configuration.find(None, {"VAGUEMESTRE_CONFIG": "env.yaml"}, (first, second)) == Path("env.yaml")
    assert configuration.find("given.yaml", {"VAGUEMESTRE_CONFIG": "env.yaml"}) == Path("given.yaml")
    assert [str(place) for place in configuration.PLACES] == ["config.yaml", "/etc/vaguemestre/config.yaml"]


# ---- backup ----


async def test_backup_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "copy.db"
    target.write_text("mine")
    assert await backup.run(argparse.Namespace(target=target), Settings()) == Exit.USAGE
    assert target.read_text() == "mine"
    assert "exists already" in capsys.readouterr().err
    missing = tmp_path / "none" / "copy.db"
    assert await backup.run(argparse.Namespace(target=missing), Settings()) == Exit.USAGE
    assert "is not a directory" in capsys.readouterr().err


# ---- send and preview ----


class Gateway(HTTPServer):
    """Answers what it was told to, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.answer = 202, b'{"id": "msg_1"}'
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setenv("VAGUEMESTRE_KEY", "vgm_key")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_send(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["send", "--url", gateway.url, "--to", "0612345678", "--action", "ABSENCE", "--text", "#ELEVE é"]
    assert cli.main([*words, "--var", "ELEVE=Zoé=1", "--no-hold", "--idempotency-key", "k1"]) == Exit.FINE
    assert json.loads(capsys.readouterr().out) == {"id": "msg_1"}
    ((path, headers, body),) = gateway.asked
    assert path == "/v1/messages"
    assert headers["Authorization"] == "Bearer vgm_key"
    assert headers["Idempotency-Key"] == "k1"
    assert body == {
        "to": "0612345678",
        "action": "ABSENCE",
        "text": "#ELEVE é",
        "variables": {"ELEVE": "Zoé=1"},
        "hold": False,
    }


def test_what_is_not_said_is_not_sent(gateway: Gateway) -> None:
    assert cli.main(["send", "--url", gateway.url, "--to", "x", "--action", "A", "--template", "T"]) == Exit.FINE
    assert gateway.asked[0][2] == {"to": "x", "action": "A", "template": "T"}


def test_preview_reads_the_text_from_standard_input(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway.status = 200
    monkeypatch.setattr("sys.stdin", io.StringIO("deux\nlignes\n"))
    assert cli.main(["preview", "--url", gateway.url, "--action", "A", "--text", "-"]) == Exit.FINE
    assert (gateway.asked[0][0], gateway.asked[0][2]) == ("/v1/preview", {"action": "A", "text": "deux\nlignes"})


def test_a_refusal_is_told_with_its_cures(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.status = 422
    problem = {"title": "Action inconnue", "detail": "…", "errors": [{"pointer": "/action", "message": "Créez-la."}]}
    gateway.answer = json.dumps(problem).encode()
    assert cli.main(["preview", "--url", gateway.url, "--action", "A", "--text", "x"]) == Exit.NO
    assert capsys.readouterr().err == "Action inconnue : …\n  /action : Créez-la.\n"


def test_something_else_answers(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.answer = b"<html>"
    assert cli.main(["preview", "--url", gateway.url, "--action", "A", "--text", "x"]) == Exit.NETWORK
    assert "no gateway answers" in capsys.readouterr().err


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VAGUEMESTRE_KEY", "k")
    assert cli.main(["preview", "--url", "http://127.0.0.1:1", "--action", "A"]) == Exit.NETWORK
    assert "Connection refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--var", "ELEVE"], "KEY=VALUE"),
        (["--key-file", "none"], "cannot be read"),
        ([], "no API key"),
        (["--url", "ftp://x"], "expects http"),
    ],
)
def test_wrong_use(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VAGUEMESTRE_KEY", raising=False)
    assert cli.main(["preview", "--action", "A", "--text", "x", *words]) == Exit.USAGE
    assert said in capsys.readouterr().err


def test_key_of_a_file(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("vgm_file\n")
    words = ["preview", "--url", gateway.url, "--action", "A", "--text", "x", "--key-file", str(tmp_path / "key")]
    assert cli.main(words) == Exit.FINE
    assert gateway.asked[0][1]["Authorization"] == "Bearer vgm_file"
