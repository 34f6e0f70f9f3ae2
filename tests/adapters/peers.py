"""Independent programs for the interoperability tests, started as they are.

A peer that is not there skips its tests, unless VAGUEMESTRE_REQUIRE_PEERS=1: then they fail.
"""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

INTEROP = Path(__file__).parents[1] / "interop"
PATIENCE = 20.0


def require(program: str) -> str:
    """The path of a program."""
    found = shutil.which(program)
    if not found:
        missing(f"{program} is not installed: tests/install_peers.sh installs it")
    assert found
    return found


def missing(why: str) -> None:
    """Skip, or fail where every peer is required."""
    if os.environ.get("VAGUEMESTRE_REQUIRE_PEERS") == "1":
        pytest.fail(why)
    pytest.skip(why)


def install_node_packages() -> str:
    """Install what tests/interop/package.json names, once; the path of node."""
    node, npm = require("node"), require("npm")
    if not (INTEROP / "node_modules" / "smpp" / "package.json").exists():
        command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(command, cwd=INTEROP, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            missing(f"npm cannot install the package smpp: {done.stderr.strip()[-300:]}")
    return node


class Peer:
    """A running Node script and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[dict[str, Any]] = []

    async def hear(self, event: str, times: int = 1) -> list[dict[str, Any]]:
        """Read until it said this so many times; all that it said of it."""
        assert self._process.stdout
        async with asyncio.timeout(PATIENCE):
            while len(found := [each for each in self.said if each["event"] == event]) < times:
                line = await self._process.stdout.readline()
                assert line, f"the peer ended before {event}: {self.said}"
                self.said.append(json.loads(line))
        return found


@asynccontextmanager
async def script(name: str, *arguments: str) -> AsyncIterator[Peer]:
    """Run tests/interop/<name> until left."""
    node = install_node_packages()
    process = await asyncio.create_subprocess_exec(
        *(node, str(INTEROP / name), *arguments), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield Peer(process)
    finally:
        assert process.stdin
        process.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
