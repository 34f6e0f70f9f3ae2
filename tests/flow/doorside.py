"""A gateway with a door, in this process or another, and a simulator behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.app import DOORS, OPTIONS, Gateway, run_gateway
from gateway.config.loader import load
from tests.flow.gatewayside import METZ, configuration
from tests.flow.gatewayside import Client as Client

LOGIN: dict[str, Any] = {"system_id": "erp", "password": "secret", "action": "INFO", "rate": 5_000, "window": 100}


def with_door(folder: Path, port: int, door: dict[str, Any] | None = None, **login: Any) -> Path:
    """The configuration of ``gatewayside``, with a door by which the application ``erp`` comes in."""
    file = configuration(folder, port)
    declared = yaml.safe_load(file.read_text("utf-8"))
    declared["doors"] = [{"kind": "smpp", "listen": "127.0.0.1:0", **(door or {})}]
    declared["stop"]["doors"] = "2s"
    declared["apps"].append(
        {
            **{"name": "erp", "key_sha256": "0" * 64, "schools": [METZ], "scopes": ["compat", "send"]},
            "smpp": {**LOGIN, **login},
        }
    )
    file.write_text(yaml.safe_dump(declared, allow_unicode=True), "utf-8")
    return file


@dataclass
class House:
    """A gateway in this process."""

    gateway: Gateway
    simulator: Simulator
    folder: Path

    @property
    def port(self) -> int:
        """Where the door is."""
        return self.gateway.parts.doors[0].port


@asynccontextmanager
async def house(
    folder: Path, options: SimulatorOptions | None = None, door: dict[str, Any] | None = None, **login: Any
) -> AsyncIterator[House]:
    """A gateway, its door and a simulator behind it."""
    async with Simulator(options or SimulatorOptions(receipt_delay=0.01)) as simulator:
        file = with_door(folder, simulator.port, door, **login)
        async with run_gateway(load(file, OPTIONS, doors=DOORS)) as gateway:
            yield House(gateway, simulator, folder)
