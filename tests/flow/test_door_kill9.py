"""SIGKILL and SIGTERM with upstream systems at the door: what was answered ROK is there, and its receipt comes."""

import asyncio
import contextlib
import resource
import signal
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from adapters.smpp import codes
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.exits import Exit
from tests.fakes.esme import Esme, Refused, esme, field_of
from tests.flow.doorside import with_door
from tests.flow.gatewayside import DEADLINE, Process, serving

WINDOW = 20


def free_port() -> int:
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        port: int = end.getsockname()[1]
        return port


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{folder}/gateway.db?mode=ro", uri=True)) as conn:
        return conn.execute(sql).fetchall()


class Load:
    """Submits until the connection breaks, every fifth text in two pieces; remembers what was answered ROK."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.accepted: set[str] = set()
        self.receipts: set[str] = set()

    async def until_broken(self, port: int) -> None:
        """Everything at once, on one bind."""
        async with esme(port) as client:
            await client.bound()
            with contextlib.suppress(ConnectionError):
                await asyncio.gather(*(self._lane(client, lane) for lane in range(8)))
            self.receipts |= {field_of(one, "id") for one in client.delivered}

    async def _lane(self, client: Esme, lane: int) -> None:
        for place in range(self.first + lane, self.first + 100_000, 8):
            to = f"336{10_000_000 + place:08}"
            if place % 5:
                await self._submit(client, b"Bonjour", destination_addr=to)
                continue
            for number in (1, 2):
                header = bytes((5, 0, 3, place & 0xFF, 2, number))
                await self._submit(client, header + b"half", destination_addr=to, esm_class=codes.UDHI)

    async def _submit(self, client: Esme, text: bytes, **fields: Any) -> None:
        answer = await client.submit(text, **fields)
        assert answer.status == codes.ROK
        self.accepted.add(answer.text("message_id"))


async def lived(file: Path, port: int, load: Load, enough: Callable[[], bool], simulator: Simulator) -> None:
    """One life of the gateway, ended by SIGKILL."""
    async with serving(file) as gateway:
        working = asyncio.create_task(load.until_broken(port))
        await simulator.until(enough, DEADLINE)
        await gateway.kill()
        await working


async def heard(port: int, load: Load, missing: Callable[[], set[str]]) -> None:
    """Bind again, and wait for the receipts that did not come yet."""
    async with esme(port) as client:
        await client.bound()

        def all_there() -> bool:
            load.receipts |= {field_of(one, "id") for one in client.delivered}
            return not missing()

        async with asyncio.timeout(2 * DEADLINE):
            while not all_there():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await client.until(all_there)


async def test_kill9_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    port = free_port()
    async with Simulator(SimulatorOptions(receipt_delay=0.05)) as simulator:
        file = with_door(tmp_path, simulator.port, {"listen": f"127.0.0.1:{port}"}, pieces_timeout="1s")
        loads = []
        for place, parts in enumerate((1, 150, 400)):
            taken = simulator.counts.taken
            loads.append(Load(place * 1_000_000))
            await lived(file, port, loads[-1], lambda: simulator.counts.taken - taken >= parts, simulator)  # noqa: B023
        load = Load(0)
        load.accepted = set().union(*(one.accepted for one in loads))
        load.receipts = set().union(*(one.receipts for one in loads))
        kept = {row[0] for row in rows(tmp_path, "SELECT public FROM door_submission")}
        assert len(load.accepted) > 400
        assert load.accepted <= kept
        sql = "SELECT d.public FROM door_submission AS d JOIN message AS m ON m.id = d.message WHERE m.status = ?"

        def missing() -> set[str]:
            doubtful = {row[0] for row in rows(tmp_path, sql.replace("?", "'uncertain'"))}
            return kept - doubtful - load.receipts

        async with serving(file) as gateway:
            await heard(port, load, missing)
            gateway.process.send_signal(signal.SIGTERM)
            assert await ended(gateway) == Exit.FINE
        assert len(rows(tmp_path, "SELECT id FROM message WHERE status = 'uncertain'")) <= 3 * WINDOW
        assert set(simulator.counts.destinations.values()) == {1}  # nothing was sent twice
        whole = "SELECT COUNT(*) FROM message WHERE text NOT IN ('Bonjour', 'halfhalf')"
        assert rows(tmp_path, whole) == [(0,)]


async def ended(process: Process) -> int:
    async with asyncio.timeout(DEADLINE):
        return await process.process.wait()


async def test_sigterm_answers_what_is_open_and_unbinds(tmp_path: Path) -> None:
    port = free_port()
    async with Simulator(SimulatorOptions(receipt_delay=0.05)) as simulator:
        file = with_door(tmp_path, simulator.port, {"listen": f"127.0.0.1:{port}"})
        async with serving(file) as gateway, esme(port) as client:
            await client.bound()
            asked = [client.submit(destination_addr=f"336123456{n:02}") for n in range(50)]
            answers = asyncio.gather(*asked)
            await simulator.until(lambda: simulator.counts.taken > 0, DEADLINE)
            gateway.process.send_signal(signal.SIGTERM)
            assert {answer.status for answer in await answers} <= {codes.ROK, codes.RMSGQFUL}
            await client.until(lambda: client.over)
            assert client.why == "unbound by the other side"
            assert await ended(gateway) == Exit.FINE
        accepted = {answer.text("message_id") for answer in answers.result() if answer.status == codes.ROK}
        assert {row[0] for row in rows(tmp_path, "SELECT public FROM door_submission")} == accepted


async def test_nobody_binds_while_it_leaves(tmp_path: Path) -> None:
    """The listener is shut first: a client that comes back finds nobody, and tries again."""
    port = free_port()
    async with Simulator(SimulatorOptions(receipt_delay=0.05)) as simulator:
        file = with_door(tmp_path, simulator.port, {"listen": f"127.0.0.1:{port}"})
        async with serving(file) as gateway, esme(port) as client:
            await client.bound()
            client.take = lambda _: None  # a receipt that is never answered keeps the door waiting
            await client.submit()
            await client.until(lambda: len(client.delivered) == 1)
            gateway.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(OSError, ConnectionError, Refused):
                async with asyncio.timeout(DEADLINE):
                    while True:
                        async with esme(port) as late:
                            await late.bound()
            assert await ended(gateway) == Exit.FINE


async def test_a_full_disk_puts_off_and_loses_nothing(tmp_path: Path) -> None:
    port = free_port()
    async with Simulator(SimulatorOptions(receipt_delay=0.01)) as simulator:
        file = with_door(tmp_path, simulator.port, {"listen": f"127.0.0.1:{port}"})
        async with serving(file) as gateway, esme(port) as client:
            await client.bound()
            assert (await client.submit()).status == codes.ROK
            await client.until(lambda: len(client.delivered) == 1)
            _, hard = resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (4096, hard))
            half = bytes((5, 0, 3, 7, 2, 1)) + b"half"
            refused = [await client.submit(), await client.submit(half, esm_class=codes.UDHI)]
            assert {answer.status for answer in refused} == {codes.RMSGQFUL}
            resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
            async with asyncio.timeout(DEADLINE):
                while (await client.submit(destination_addr="33612345679")).status != codes.ROK:
                    pass
            await client.until(lambda: len(client.delivered) == 2)
        assert rows(tmp_path, "SELECT COUNT(*) FROM door_submission") == [(2,)]


async def test_the_door_is_of_the_role_that_accepts(tmp_path: Path) -> None:
    """One process lets upstream systems in, another sends: receipts find their way through the store."""
    port = free_port()
    async with Simulator(SimulatorOptions(receipt_delay=0.01)) as simulator:
        file = with_door(tmp_path, simulator.port, {"listen": f"127.0.0.1:{port}"})
        async with serving(file, "--role", "dispatch"), serving(file, "--role", "api"), esme(port) as client:
            await client.bound()
            answer = await client.submit()
            await client.until(lambda: len(client.delivered) == 1)
            assert field_of(client.delivered[0], "id") == answer.text("message_id")
