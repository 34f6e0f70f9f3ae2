"""A receipt arrives on another bind: « got a DLR for an unknown message id ».

Other gateways look a receipt up by the connector that it came on, or keep ids in the memory of a connection. Here the
key is the account and the id: any link of the account may bring it, before or after a restart.
"""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.smpp.scenario import Scenario
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.app import OPTIONS, run_gateway
from gateway.config.loader import load
from tests.flow.gatewayside import Client, configuration
from tests.flow.incumbents.rig import Rig, rig

COUNT = 200


@pytest.mark.parametrize("account", [{"binds": 2}, {"bind": "pair"}, {"bind": "pair", "binds": 2}])
async def test_receipts_come_on_another_link_than_the_message_left_by(tmp_path: Path, account: dict[str, Any]) -> None:
    scenario = {"receipts": [{"bind": "other", "delay": "50ms"}]}
    async with rig(tmp_path, scenario, window=5, **account) as day:
        lane = day.gateway.parts.lanes["a"]
        await day.simulator.until(lambda: day.simulator.bound == 2 * (1 + (len(account) == 2)))
        assert (await day.client.batch(0, COUNT))[1]["accepted"] == COUNT
        await day.until_all("delivered", COUNT)
        assert lane.provider.bound == day.simulator.bound
        assert day.taken_by_number() == {1}
        await day.is_sound()


async def test_the_link_that_it_left_by_is_gone(tmp_path: Path) -> None:
    """One of two links is cut after it took its messages; their receipts come on the other."""
    scenario = {"receipts": [{"delay": "400ms"}]}
    async with rig(tmp_path, scenario, binds=2, window=COUNT, reconnect_min="20s", reconnect_max="20s") as day:
        await day.simulator.until(lambda: day.simulator.bound == 2)
        assert (await day.client.batch(0, COUNT))[1]["accepted"] == COUNT
        await day.simulator.until(lambda: day.simulator.counts.taken == COUNT)
        day.simulator.cut(day.simulator.ends[0])
        await day.until_all("delivered", COUNT)
        assert day.simulator.bound == 1
        await day.is_sound()


async def test_receipts_of_yesterday_come_to_a_gateway_that_started_anew(tmp_path: Path) -> None:
    """They wait at the provider while we are away, and find their messages afterwards."""
    scenario = Scenario.model_validate({"receipts": [{"delay": "600ms"}]})
    async with Simulator(SimulatorOptions(), scenario) as simulator:
        settings = load(configuration(tmp_path, simulator.port), OPTIONS)
        async with run_gateway(settings) as gateway, aiohttp.ClientSession() as session:
            client = Client(session, gateway.http_port)
            assert (await client.batch(0, 50))[1]["accepted"] == 50
            day = Rig(simulator, gateway, client)
            await day.until_all("in_transit", 50)
        async with run_gateway(settings) as gateway, aiohttp.ClientSession() as session:
            day = Rig(simulator, gateway, Client(session, gateway.http_port))
            await day.until_all("delivered", 50)
            await day.is_sound()
