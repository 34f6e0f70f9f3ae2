"""A store that cannot be written says so before anybody writes, and says when it can again."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.store.database import open_store


@contextmanager
def _full_disk() -> Iterator[None]:
    """No file of this process may grow past a page."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_seen_when_the_store_is_opened(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    async with open_store(url) as first:
        assert first.writable
        with _full_disk():
            async with open_store(url) as store:
                assert not store.writable
                assert store.why == "disk input/output error"


async def test_every_probe_really_writes(tmp_path: Path) -> None:
    """SQLite writes no page that stays the same: a probe that changes nothing would always succeed."""
    async with open_store(f"sqlite:///{tmp_path}/gateway.db") as store:
        for _ in range(3):
            assert await store.probe()
            with _full_disk():
                assert not await store.probe()
        assert await store.probe()
