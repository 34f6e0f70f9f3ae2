"""A whole gateway with a key: HTTP in, SMPP out, receipts, files, pages; nothing of anybody in its files."""

import asyncio
import base64
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
import yaml

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway import cli
from gateway.accounts import differences
from gateway.app import OPTIONS, Gateway, run_gateway
from gateway.config.loader import load
from gateway.exits import Exit
from gateway.store.maintenance import empty_log
from tests.flow.gatewayside import DEADLINE, KEY, Client, configuration
from tests.web.console.conftest import Browser, add_people

pytestmark = pytest.mark.unsealed  # they choose their keys themselves

NAME, TEXT, PHONE = "REITER Pauline", "Bonjour, Pauline est absente.", "+33610000001"
WORDS = ("10000001", "10 00 00 01", "REITER", "Reiter", "reiter", "Pauline", "absente", "malade")


def keyed(folder: Path, port: int, key: bytes | None) -> Path:
    """The configuration, with a key or without."""
    file = configuration(folder, port)
    declared = yaml.safe_load(file.read_text("utf-8"))
    if key is not None:
        (folder / "key").write_text(base64.b64encode(key).decode(), "utf-8")
        declared["store"]["encryption_key_file"] = "key"
    file.write_text(yaml.safe_dump(declared, allow_unicode=True), "utf-8")
    return file


def found(folder: Path) -> list[str]:
    """The words that stand in the database or its log."""
    data = b"".join((folder / f"gateway.db{end}").read_bytes() for end in ("", "-wal"))
    return [word for word in WORDS for code in ("utf-8", "utf-16-be") if word.encode(code) in data]


async def life(folder: Path, gateway: Gateway, simulator: Simulator, client: Client) -> None:
    """Send, be answered, look at every list, file and page."""
    more = {"recipient": {"label": f"Mme {NAME}"}, "subject": {"name": NAME, "division": "5B"}}
    for place in (1, 2):
        assert (await client.message(place, text=TEXT, metadata={"k": NAME}, **more))[0] == 202
    assert (await client.message(1, text=TEXT, action="ABSENCE", **more))[1]["status"] == "held"
    await simulator.until(lambda: simulator.counts.receipts_acknowledged >= 2, DEADLINE)
    [mine] = (await client.ask("GET", "/v1/messages?number=0610000001&status=delivered"))[1]["data"]
    assert (mine["to"], mine["text"], mine["subject"]["name"]) == (PHONE, TEXT, NAME)
    recap = (await client.ask("GET", "/v1/recap?number=0610000001"))[1]
    assert [row["recipient_label"] for row in recap["data"]] == [f"Mme {NAME}"]
    assert len((await client.ask("GET", "/v1/recap?label=reit"))[1]["data"]) == 2
    headers = {"Authorization": f"Bearer {KEY}"}
    async with client.session.get(f"http://127.0.0.1:{client.port}/v1/recap.csv", headers=headers) as answer:
        file = await answer.text("utf-8-sig")
    assert f"Mme {NAME};06 10 00 00 01" in file
    await add_people(gateway.parts)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        browser = Browser(session, gateway.http_port)
        await browser.sign_in("adjoint")
        for path in (
            "a-diffuser",
            "suivi?onglet=delivres",
            "suivi?onglet=delivres&sort=name",
            f"messages/{mine['id']}",
        ):
            page = await browser.open(f"/console/{path}")
            assert (page.status, NAME in page.text) == (200, True), path
    assert found(folder) == []
    assert (await differences(gateway.parts.store))[1] == []


async def test_everything_works_and_nothing_stands_in_the_files(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(SimulatorOptions(receipt_delay=0.01)))
        settings = load(keyed(tmp_path, simulator.port, b"k" * 32), OPTIONS)
        gateway = await stack.enter_async_context(run_gateway(settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        await life(tmp_path, gateway, simulator, Client(session, gateway.http_port))
        assert await empty_log(settings.store.url)
        assert found(tmp_path) == []


async def start_once(folder: Path, key: bytes) -> None:
    async with run_gateway(load(keyed(folder, 1, key), OPTIONS)):
        pass


@pytest.mark.parametrize("key", [None, b"o" * 32])
def test_without_its_key_nothing_starts(tmp_path: Path, key: bytes | None, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(start_once(tmp_path, b"k" * 32))
    assert cli.main(["serve", "--config", str(keyed(tmp_path, 1, key))]) == Exit.STORE
    assert "store.encryption_key" in capsys.readouterr().err
    asyncio.run(start_once(tmp_path, b"k" * 32))


def test_a_key_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = keyed(tmp_path, 1, b"k" * 16)
    assert cli.main(["check", "--config", str(file)]) == Exit.USAGE
    told = "".join(capsys.readouterr())
    assert "store.encryption_key" in told
    assert "openssl rand -base64 32" in told
    assert base64.b64encode(b"k" * 16).decode() not in told
