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
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
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


def perl_with_smpp() -> str:
    """The path of perl, that finds Net::SMPP."""
    perl = require("perl")
    if subprocess.run([perl, "-MNet::SMPP", "-MJSON::PP", "-e1"], capture_output=True, check=False).returncode:
        missing("the Perl module Net::SMPP is not installed: tests/install_peers.sh installs it")
    return perl


_RUNS = {".js": install_node_packages, ".pl": perl_with_smpp}


class Peer:
    """A running script and what it said, a line of JSON each time."""

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

    async def ended(self) -> int:
        """Read on to its end; its exit status."""
        assert self._process.stdout
        async with asyncio.timeout(PATIENCE):
            while line := await self._process.stdout.readline():
                self.said.append(json.loads(line))
            return await self._process.wait()


@asynccontextmanager
async def script(name: str, *arguments: str) -> AsyncIterator[Peer]:
    """Run tests/interop/<name> until left, by Node or Perl as its name ends; its input closes when it is left."""
    runs = _RUNS[Path(name).suffix]()
    command = (runs, str(INTEROP / name), *arguments)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        yield Peer(process)
    finally:
        await _stopped(process)


async def _stopped(process: asyncio.subprocess.Process) -> None:
    """Close its input, and kill what goes on nevertheless."""
    assert process.stdin
    process.stdin.close()
    try:
        async with asyncio.timeout(PATIENCE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
