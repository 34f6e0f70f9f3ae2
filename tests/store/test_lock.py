"""One process sends for an account; the lock goes with whoever held it."""

from pathlib import Path

from gateway.store.lock import lane_lock


async def test_one_at_a_time_by_account(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    async with lane_lock(url, "a") as first, lane_lock(url, "a") as second, lane_lock(url, "b") as other:
        assert first()
        assert first()  # asked again, it is still ours
        assert not second()
        assert other()
    async with lane_lock(url, "a") as third:
        assert third()


async def test_it_is_free_in_the_instant_its_holder_leaves(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    async with lane_lock(url, "a") as waiting:
        async with lane_lock(url, "a") as holder:
            assert holder()
            assert not waiting()
        assert waiting()
