"""The composition root: the only file that knows every part, and the order in which they start and stop.

Leaving, in this order: listeners shut and open requests finish (``stop.http`` seconds), doors answer what is open and
unbind (``stop.doors`` and two seconds), lanes drain and unbind
(``stop.lanes`` and the adapter's own few seconds), the janitor ends, the store commits what it holds and closes.
"""

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from adapters.smpp.door import SmppDoor
from adapters.smpp.door_options import SmppDoorSettings, SmppLogin
from adapters.smpp.options import SmppAccount
from adapters.smpp.provider import SmppProvider
from gateway import log as logs
from gateway.config import ConfigError, Role, Settings
from gateway.config.loader import Doors, load
from gateway.deliveries import Deliveries
from gateway.door import Door, DoorSettings
from gateway.doorbell import Doorbell, answering
from gateway.exits import Exit
from gateway.inbound import rules_of
from gateway.intake import Intake
from gateway.janitor import Janitor
from gateway.lanes import Lanes
from gateway.metrics import Metrics
from gateway.model import AccountSettings
from gateway.parts import Clock, Parts
from gateway.pricing import price_of
from gateway.provider import Provider
from gateway.reception import Reception
from gateway.registry import Registry
from gateway.states import Status
from gateway.store import daily
from gateway.store.database import Store, StoreUnavailable, open_store
from gateway.store.desk import Rules
from gateway.store.engine import database_path
from gateway.systemd import Notifier
from gateway.wake import Nudge
from gateway.web.server import serve_health, serve_http

log = logging.getLogger(__name__)

#: The adapters: the model of an account's options, and what speaks to the provider.
OPTIONS: Mapping[str, type[AccountSettings]] = MappingProxyType({"smpp": SmppAccount})


def make_provider(settings: AccountSettings) -> Provider:
    """The adapter of an account."""
    match settings:
        case SmppAccount():
            return SmppProvider(settings)
    raise LookupError(f"no adapter {settings.adapter}")


#: The doors: the models of a door's options and of a login at it.
DOORS: Doors = MappingProxyType({"smpp": (SmppDoorSettings, SmppLogin)})


def make_door(settings: DoorSettings, reception: Reception) -> Door:
    """What speaks at a door."""
    match settings:
        case SmppDoorSettings():
            return SmppDoor(settings, reception)
    raise LookupError(f"no door of kind {settings.kind}")


def milliseconds() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


class Gateway:
    """A running gateway: its parts, its ports, and reloading."""

    def __init__(self, parts: Parts, lanes: Lanes) -> None:
        self.parts = parts
        self.lanes = lanes
        self.http_port = 0
        self.metrics_port = 0

    async def reload(self, settings: Settings) -> None:
        """Take another configuration. Addresses and the store stay what they were until a restart."""
        self.parts.settings = settings
        self.parts.registry.replace(settings)
        await self.lanes.replace(self.parts.registry.accounts())
        for door in self.parts.doors:
            door.refresh()


@asynccontextmanager
async def run_gateway(settings: Settings, role: Role = Role.ALL, clock: Clock = milliseconds) -> AsyncIterator[Gateway]:
    """Everything of a role, started in order and stopped in reverse. Raises StoreUnavailable and OSError."""
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.store.url, metrics, sealer=settings.store.sealer))
        registry = Registry(settings, OPTIONS)
        await registry.load(store)
        await _fill_days(store, registry)
        wakes = [Nudge() for _ in settings.doors] if role is not Role.DISPATCH else []
        rules = _rules(registry, metrics, wakes)
        bell = Doorbell(database_path(settings.store.url))
        stack.callback(bell.close)
        lanes = Lanes(store, rules, metrics, clock, registry, make_provider)
        queued = lanes.nudge if role is not Role.API else bell.ring
        intake = Intake(
            store, registry, metrics, clock, lambda: registry.settings.defaults.max_parts, queued, lanes.reserve
        )
        parts = Parts(settings, store, registry, intake, metrics, clock, rules, queued, lanes.by_name)
        gateway = Gateway(parts, lanes)
        await stack.enter_async_context(Janitor(parts, dispatch=role is not Role.API, follow=lanes.follow).running())
        if role is not Role.API:
            await stack.enter_async_context(answering(database_path(settings.store.url), lanes.nudge))
            drain = settings.stop.lanes.total_seconds()
            await stack.enter_async_context(lanes.running(registry.accounts(), drain))
        await _open_doors(stack, parts, settings, wakes)
        await _listen(stack, gateway, settings, role)
        try:
            yield gateway
        finally:
            parts.draining = True


async def _fill_days(store: Store, registry: Registry) -> None:
    """The daily counters of a database that is older than they are: once, and it takes a while when it is large."""
    if await store.read(daily.to_fill):
        log.info("making the daily counters")
        await store.write(lambda conn: daily.fill_once(conn, registry.day))


def _rules(registry: Registry, metrics: Metrics, wakes: Sequence[Nudge]) -> Rules:
    def price(account: str, day: date, mode: str, number: str) -> int:
        known = registry.account(account)
        return price_of(known, day, mode, number) if known is not None else 0

    def moved(school: str, action: str, status: Status) -> None:
        metrics.messages.labels(school, action, status).inc()
        for wake in wakes:
            wake()

    def bills(account: str, status: Status) -> bool:
        known = registry.account(account)
        return known is None or status.value in known.bills

    return Rules(
        zone=registry.zone,
        bills=bills,
        price=price,
        receipts_wait=lambda: int(registry.settings.receipts.wait.total_seconds() * 1000),
        moved=moved,
        inbound=rules_of(registry),
        response_days=registry.response_days,
    )


async def _open_doors(stack: AsyncExitStack, parts: Parts, settings: Settings, wakes: Sequence[Nudge]) -> None:
    """Each door, and what is delivered at it: the door closes first, so that its last answers are stored."""
    doors = []
    for declared, wake in zip(settings.doors, wakes, strict=False):
        reception = Reception(parts, declared.kind, wake)
        door = make_door(declared, reception)
        await stack.enter_async_context(Deliveries(parts, door, reception, wake).running())
        await stack.enter_async_context(door.running(settings.stop.doors.total_seconds()))
        log.info("door open", extra={"door": declared.name, "kind": declared.kind, "port": door.port})
        doors.append(door)
    parts.doors = tuple(doors)


async def _listen(stack: AsyncExitStack, gateway: Gateway, settings: Settings, role: Role) -> None:
    listen = settings.http.metrics_listen.of(role) if settings.http.metrics_listen else None
    if listen is not None:
        gateway.metrics_port = await stack.enter_async_context(serve_health(gateway.parts, listen))
    if role is not Role.DISPATCH:
        seconds = settings.stop.http.total_seconds()
        serving = serve_http(gateway.parts, settings.http.listen, seconds)
        gateway.http_port = await stack.enter_async_context(serving)


# ---- the command ----


def serve(path: Path, role: Role) -> int:
    """``vaguemestre serve``: until SIGTERM or SIGINT; a second one exits at once; SIGHUP reloads."""
    try:
        settings = load(path, OPTIONS, doors=DOORS)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return Exit.USAGE
    logs.setup(settings.log.format, settings.log.level)
    try:
        return run_loop(_serve(path, settings, role))
    except StoreUnavailable as error:
        log.error("the store cannot be opened", extra={"why": str(error)})
        return Exit.STORE
    except OSError as error:
        log.error("cannot listen", extra={"why": str(error)})
        return Exit.NETWORK


def settle_memory() -> None:
    """Take what was made at the start out of the collector's rounds, and make these fewer.

    Measured: pauses of 80 ms become 20, and a request costs a tenth less, in the same memory.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


def run_loop(main: Coroutine[Any, Any, int]) -> int:
    """Run a coroutine on the fastest loop that is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


async def _serve(path: Path, settings: Settings, role: Role) -> int:
    notifier = Notifier.from_environment()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with run_gateway(settings, role) as gateway:
        tasks = [loop.create_task(_watch(notifier, gateway))]
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _stop_once, stop, number)
        loop.add_signal_handler(signal.SIGHUP, lambda: tasks.append(loop.create_task(_reload(path, gateway, notifier))))
        settle_memory()
        notifier.ready(f"role {role}, listening on port {gateway.http_port}")
        log.info("ready", extra={"role": role.value, "port": gateway.http_port})
        await stop.wait()
        gateway.parts.draining = True
        notifier.stopping("draining")
        log.info("stopping")
        for task in tasks:
            task.cancel()
    log.info("stopped")
    return Exit.FINE


def _stop_once(stop: asyncio.Event, number: int) -> None:
    if stop.is_set():
        log.warning("second signal: leaving at once; what is in hand will be uncertain")
        logging.shutdown()
        sys.stderr.flush()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    stop.set()


async def _reload(path: Path, gateway: Gateway, notifier: Notifier) -> None:
    """Take the file as it is now; one with errors is refused whole and the old settings stay."""
    notifier.reloading()
    try:
        settings = await asyncio.to_thread(load, path, OPTIONS, doors=DOORS)
    except ConfigError as error:
        for problem in error.problems:
            log.error("configuration refused", extra={"problem": str(problem)})
    else:
        await gateway.reload(settings)
        log.info("reloaded")
    notifier.ready()


async def _watch(notifier: Notifier, gateway: Gateway) -> None:
    """Tell systemd that the loop and the store's writer still turn."""
    while notifier.watchdog is not None:
        if gateway.parts.store.turns():
            notifier.alive()
        await asyncio.sleep(notifier.watchdog)
