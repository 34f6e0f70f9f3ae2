"""Each page's main story in Debian's Chromium, driven from ``stories/``: with scripts, and without where promised.

The tour of all pages is told which there are: it fails when axe did not see one.
"""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import text

from gateway.app import Gateway
from gateway.web.console.pages import PAGES
from tests.adapters.peers import missing, require
from tests.browser.school import fill, running
from tests.web.console.conftest import PASSWORD

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


async def tell(story: Path, url: str, **environ: str) -> None:
    """Run a story at the console of this address."""
    chromium, node = browser(), install_packages()
    known = {"URL_OF_CONSOLE": url, "PASSWORD": PASSWORD, "CHROMIUM": chromium, **environ}
    process = await asyncio.create_subprocess_exec(
        node, str(story), cwd=HERE, env={**os.environ, **known}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    async with asyncio.timeout(DEADLINE):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
async def test_story(tmp_path: Path, story: Path) -> None:
    async with running(tmp_path) as (_, url):
        await tell(story, url)


@pytest.mark.parametrize("width", [1280, 320])
async def test_every_page_in_the_eyes_of_axe(tmp_path: Path, width: int) -> None:
    pages = [f"{page.method} {page.path}" for page in PAGES if not page.path.endswith((".csv", ".xlsx"))]
    async with running(tmp_path) as (gateway, url), breaking(gateway) as control:
        ids = await fill(gateway)
        said = {"PAGES": json.dumps(pages), "IDS": json.dumps(ids), "WIDTH": str(width), "CONTROL": control}
        await tell(HERE / "tour.js", url, **said)


@asynccontextmanager
async def breaking(gateway: Gateway) -> AsyncIterator[str]:
    """An address where the tour has the gateway break what it shows next: ``POST /damage``, ``/lose``, ``/drain``."""

    async def damage(_request: web.Request) -> web.Response:
        await gateway.parts.store.write(lambda conn: conn.execute(text("UPDATE audit SET at = 'hier'")))
        return web.Response()

    async def lose(_request: web.Request) -> web.Response:
        await gateway.parts.store.write(lambda conn: conn.execute(text("DROP TABLE opt_out")))
        return web.Response()

    async def drain(_request: web.Request) -> web.Response:
        gateway.parts.draining = True
        return web.Response()

    app = web.Application()
    for handler in (damage, lose, drain):
        app.router.add_post(f"/{handler.__name__}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
