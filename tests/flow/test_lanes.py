"""Reloading: lanes of accounts that changed are replaced, the others run on; nothing in hand is lost by it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Settings
from gateway.lanes import Lanes
from gateway.model import AccountSettings
from gateway.store import catalogue
from tests.fakes.provider import DEADLINE, FakeProvider, keep
from tests.heart import MORNING, Heart, opened, settings


def with_account(declared: Settings, name: str, **changes: Any) -> Settings:
    """The same settings but for one account."""
    accounts = [
        account.model_copy(update=changes) if account.name == name else account for account in declared.accounts
    ]
    return declared.model_copy(update={"accounts": tuple(accounts)})


class Providers:
    """Makes fakes, and remembers them by account."""

    def __init__(self) -> None:
        self.made: dict[str, list[FakeProvider]] = {}

    def __call__(self, account: AccountSettings) -> FakeProvider:
        provider = FakeProvider()
        self.made.setdefault(account.name, []).append(provider)
        return provider


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path) as one:
        yield one


def lanes_of(heart: Heart, providers: Providers) -> Lanes:
    return Lanes(heart.store, heart.rules, heart.metrics, heart.clock, heart.registry, providers)


async def test_another_rate_replaces_that_lane_alone(heart: Heart) -> None:
    providers = Providers()
    lanes = lanes_of(heart, providers)
    async with asyncio.timeout(DEADLINE), lanes.running(heart.settings.accounts, 1.0):
        first, other = lanes.by_name["a"], lanes.by_name["b"]
        await heart.accept()
        lanes.nudge()
        await providers.made["a"][0].until(1)
        await lanes.replace(with_account(heart.settings, "a", rate=7.0).accounts)
        assert lanes.by_name["b"] is other
        assert lanes.by_name["a"] is not first
        assert lanes.by_name["a"].settings.rate == 7.0
        await heart.accept()
        lanes.nudge()
        await providers.made["a"][1].until(1)
    assert (await heart.sums())[2] == 2
    assert lanes.by_name == {}


async def test_what_is_in_hand_is_waited_for_before_its_lane_is_replaced(heart: Heart) -> None:
    providers = Providers()
    lanes = lanes_of(heart, providers)
    async with asyncio.timeout(DEADLINE), lanes.running(heart.settings.accounts, 5.0):
        provider = providers.made["a"][0]
        provider.script = keep
        await heart.accept()
        lanes.nudge()
        await provider.until(1)
        asyncio.get_running_loop().call_soon(provider.answer_all)
        await lanes.replace(with_account(heart.settings, "a", window=3).accounts)
        assert await heart.rows("SELECT state FROM part") == [("in_transit",)]


async def test_reloads_at_once_wait_for_each_other(heart: Heart) -> None:
    providers = Providers()
    lanes = lanes_of(heart, providers)
    async with asyncio.timeout(DEADLINE), lanes.running(heart.settings.accounts, 1.0):
        wanted = [with_account(heart.settings, "a", rate=float(rate)) for rate in (1, 2, 3)]
        await asyncio.gather(*(lanes.replace(each.accounts) for each in wanted))
        assert lanes.by_name["a"].settings.rate == 3.0
        await heart.accept()
        lanes.nudge()
        await providers.made["a"][-1].until(1)


async def test_a_stop_in_the_middle_of_a_reload_waits_for_its_drain_and_stops_each_lane_once(
    heart: Heart, monkeypatch: pytest.MonkeyPatch
) -> None:
    providers, stopping = Providers(), asyncio.Event()
    lanes = lanes_of(heart, providers)
    async with asyncio.timeout(DEADLINE), lanes.running(heart.settings.accounts, 5.0):
        provider = providers.made["a"][0]
        provider.script = keep
        await heart.accept()
        lanes.nudge()
        await provider.until(1)
        reload = asyncio.create_task(lanes.replace(with_account(heart.settings, "a", window=3).accounts))
        monkeypatch.setattr(lanes.by_name["a"], "nudge", stopping.set)
        await stopping.wait()
        reload.cancel()
        asyncio.get_running_loop().call_soon(provider.answer_all)
    assert reload.cancelled()
    assert lanes.by_name == {}
    assert await heart.rows("SELECT state FROM part") == [("in_transit",)]


async def test_accounts_come_and_go(heart: Heart) -> None:
    providers = Providers()
    lanes = lanes_of(heart, providers)
    alone = settings(accounts=[{"name": "b", "adapter": "fake", "price": "0.05"}], modes={"standard": ["b"]})
    async with asyncio.timeout(DEADLINE), lanes.running(heart.settings.accounts, 1.0):
        heart.registry.replace(alone)
        await lanes.replace(alone.accounts)
        assert list(lanes.by_name) == ["b"]
        await heart.accept()
        lanes.nudge()
        await providers.made["b"][-1].until(1)


async def test_a_pause_outlives_a_restart(heart: Heart) -> None:
    await heart.store.write(lambda conn: catalogue.pause(conn, "a", "direction", "contrat", MORNING))
    lanes = lanes_of(heart, Providers())
    async with asyncio.timeout(DEADLINE), lanes.running(heart.settings.accounts, 1.0):
        assert [lane.paused for lane in lanes.by_name.values()] == [True, False]
