"""Each page's main story in Debian's Chromium, driven from ``stories/``: with scripts, and without where promised."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.app import OPTIONS, run_gateway
from gateway.config import load
from tests.adapters.peers import missing, require
from tests.flow.gatewayside import KEY, METZ
from tests.web.console.conftest import PASSWORD, add_people

HERE = Path(__file__).parent
STORIES = sorted((HERE / "stories").glob("*.js"))

#: Seconds for one story.
DEADLINE = 240.0


def browser() -> str:
    """Chromium, or another of its kind."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    missing("chromium is not installed: tests/install_peers.sh installs it")
    raise AssertionError


def install_packages() -> str:
    """What package.json names, once; the path of node."""
    node, npm = require("node"), require("npm")
    if not (HERE / "node_modules" / "axe-core" / "package.json").exists():
        command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode:
            missing(f"npm cannot install playwright-core and axe-core: {done.stderr.strip()[-300:]}")
    return node


CONFIG = """\
store: {{url: "sqlite:///{folder}/gateway.db"}}
http: {{listen: "127.0.0.1:0"}}
log: {{level: warning}}
stop: {{http: 1s, lanes: 2s}}
schools:
  - {{uai: {school}, name: "Lycée Pierre et Marie Curie", sender: LYCCURIE}}
  - {{uai: 9741046A, name: "Collège du Port", region: RE, timezone: Indian/Reunion}}
apps:
  - {{name: vie-scolaire, key_sha256: "{key}", schools: [{school}], scopes: [admin]}}
accounts:
  - {{name: operateur-a, adapter: smpp, host: 127.0.0.1, port: {port}, system_id: demo, rate: 50, price: "0.045"}}
modes: {{standard: [operateur-a], economique: [operateur-a], premium: [operateur-a]}}
actions:
  - {{code: INFO, short_label: SMS, long_label: "Envoi de SMS"}}
  - {{code: ABSENCE, short_label: "SMS abs.", long_label: "SMS d'absence", release: manual, response_delay_days: 2}}
templates:
  - {{code: ABSENCE-JOUR, label: "Absence du jour", text: "Bonjour, #ELEVE est absent(e) depuis #HEURE."}}
"""


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[str]:
    """A whole gateway before a simulator, with people and messages that wait; the address of its console."""
    async with AsyncExitStack() as stack:
        smsc = await stack.enter_async_context(Simulator(SimulatorOptions(receipt_delay=0.2)))
        file = folder / "config.yaml"
        key = sha256(KEY.encode()).hexdigest()
        file.write_text(CONFIG.format(folder=folder, school=METZ, key=key, port=smsc.port), "utf-8")
        gateway = await stack.enter_async_context(run_gateway(load(file, OPTIONS)))
        await add_people(gateway.parts)
        url = f"http://127.0.0.1:{gateway.http_port}"
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:
            for place, (name, division) in enumerate(
                [("REITER Pauline", "5B"), ("ÇELIK Léa", "3A"), ("DE CROŸ Noé", "6C")]
            ):
                body = {
                    "to": f"06600000{place:02}",
                    "action": "ABSENCE",
                    "text": f"Bonjour, {name} est absente depuis 08:30.",
                    "recipient": {"label": "Légal 1 - Financier"},
                    "subject": {"name": name, "division": division},
                    "event": {"id": f"ABS-{place}", "type": "absence", "from": "2026-11-23T08:30:00+01:00"},
                }
                async with session.post(f"{url}/v1/messages", json=body) as answer:
                    assert answer.status == 202
        yield f"{url}/console"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
async def test_story(tmp_path: Path, story: Path) -> None:
    chromium, node = browser(), install_packages()
    async with running(tmp_path) as url:
        environ = {**os.environ, "URL_OF_CONSOLE": url, "PASSWORD": PASSWORD, "CHROMIUM": chromium}
        process = await asyncio.create_subprocess_exec(
            node, str(story), cwd=HERE, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        async with asyncio.timeout(DEADLINE):
            said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
