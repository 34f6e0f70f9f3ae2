"""A hint between processes: heard when somebody listens, harmless when nobody does."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from gateway.doorbell import Doorbell, answering

DEADLINE = 5.0


async def test_a_ring_is_heard(tmp_path: Path) -> None:
    rung = asyncio.Event()
    bell = Doorbell(tmp_path / "gateway.db")
    async with answering(tmp_path / "gateway.db", rung.set):
        bell.ring()
        async with asyncio.timeout(DEADLINE):
            await rung.wait()
    bell.close()


async def test_nobody_there_and_nobody_any_more(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path / "gateway.db")
    bell.ring()
    async with answering(tmp_path / "gateway.db", lambda: None):
        pass
    bell.ring()
    bell.close()
    assert not (tmp_path / "gateway.db.bell").exists()


async def test_a_full_socket_is_no_error(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path / "gateway.db")
    async with answering(tmp_path / "gateway.db", lambda: None):
        for _ in range(10_000):
            bell.ring()
    bell.close()


async def test_a_path_too_long_for_a_socket_leaves_the_polling(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 120)
    bell = Doorbell(path)
    async with answering(path, lambda: None):
        bell.ring()
    bell.close()


async def test_after_a_crash_the_next_one_hears(tmp_path: Path) -> None:
    (tmp_path / "gateway.db.bell").touch()  # left behind
    rung = asyncio.Event()
    bell = Doorbell(tmp_path / "gateway.db")
    async with answering(tmp_path / "gateway.db", rung.set):
        bell.ring()
        async with asyncio.timeout(DEADLINE):
            await rung.wait()
    bell.close()


async def test_who_leaves_late_does_not_silence_who_came_after(tmp_path: Path) -> None:
    rung = asyncio.Event()
    path, bell = tmp_path / "gateway.db", Doorbell(tmp_path / "gateway.db")
    async with AsyncExitStack() as later:
        async with answering(path, lambda: None):
            await later.enter_async_context(answering(path, rung.set))
        bell.ring()
        async with asyncio.timeout(DEADLINE):
            await rung.wait()
    bell.close()
