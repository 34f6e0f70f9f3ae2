"""``vaguemestre demo``: the embedded SMSC, the daemon, the school's morning, and the daemon left running.

Exit statuses: 0 when all figures agree, 1 when they do not, 130 when it was interrupted before its end.
"""

import argparse
import asyncio
import secrets
import signal
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway import passwords
from gateway.accounts import differences
from gateway.app import OPTIONS, run_gateway, run_loop
from gateway.config import load
from gateway.demo import accounts, morning, school
from gateway.demo.client import Api
from gateway.demo.configuration import configuration
from gateway.demo.screen import Screen
from gateway.exits import Exit
from gateway.parts import Parts
from gateway.roles import Role
from gateway.store import synthesis, users
from gateway.store.users import User

#: Parts per second of the account, as French providers grant it over SMPP.
RATE = 20.0
#: What the embedded SMSC does: seconds until a receipt, and the share of parts that it does not deliver.
RECEIPT_DELAY = 1.5
#: Who may open the console of the demonstration.
LOGIN = "demo"
UNDELIVERED = 0.06


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--once", action="store_true", help="end by itself instead of leaving the daemon running")
    parser.add_argument("--port", type=int, default=0, help="port of the API on loopback (default: any free one)")
    parser.add_argument("--speed", type=float, default=RATE, metavar="RATE", help="parts per second (default 20)")


def run(args: argparse.Namespace) -> int:
    """Play the demonstration."""
    with TemporaryDirectory(prefix="vaguemestre-demo-") as folder:
        try:
            return run_loop(_demo(Path(folder), args, Screen()))
        except asyncio.CancelledError:
            return Exit.INTERRUPTED


async def _demo(folder: Path, args: argparse.Namespace, screen: Screen) -> int:
    _end_by(asyncio.current_task(), signal.SIGTERM)
    key = f"vgm_{secrets.token_urlsafe(32)}"
    options = SimulatorOptions(port=0, receipt_delay=RECEIPT_DELAY, undelivered=UNDELIVERED, seed=school.SEED)
    async with Simulator(options) as smsc:
        file = folder / "config.yaml"
        store = str(folder / "gateway.db")
        text = configuration(store=store, smsc_port=smsc.port, api_port=args.port, rate=args.speed, key=key)
        file.write_text(text, encoding="utf-8")
        settings = load(file, OPTIONS)
        async with run_gateway(settings) as gateway, aiohttp.ClientSession() as session:
            api = Api(session, f"http://127.0.0.1:{gateway.http_port}", key)
            screen.say(f"{school.NAME} ({school.UAI}) · API {api.url} · SMSC 127.0.0.1:{smsc.port}")
            screen.lines(f"Tout est enregistré dans {store}")
            agree = await _story(api, screen, gateway.parts, smsc, args.speed)
            if not args.once:
                await _stay(api, screen, file, await _let_in(gateway.parts))
    return Exit.FINE if agree else Exit.NO


def _end_by(task: "asyncio.Task[Any] | None", number: signal.Signals) -> None:
    """Let a signal cancel a task, so that what was started is stopped and the folder is removed."""
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def _story(api: Api, screen: Screen, parts: Parts, smsc: Simulator, rate: float) -> bool:
    today = datetime.now(school.ZONE).date()
    absences = school.absences()
    body = morning.group(absences, today)
    await morning.prepare(api, screen)
    await morning.preview(api, screen, body)
    posted = await morning.post(api, screen, absences, body, today)
    await morning.release(api, screen)
    await morning.watch(api, screen, posted, rate)
    await accounts.recap(api, screen)
    annual = await accounts.synthesis(api, screen, today.year)
    ledger = (await parts.store.read(synthesis.recomputed)).values()
    counted = accounts.Counted(
        accepted=(posted.messages, posted.parts),
        smsc=smsc.counts.taken,
        ledger=(sum(line.total for line in ledger), sum(line.parts for line in ledger)),
        synthesis=(annual["total"], annual["parts"]),
        differences=len((await differences(parts.store))[1]),
    )
    return accounts.check(screen, counted, today)


async def _let_in(parts: Parts) -> str:
    """Add somebody who may do everything in the console; their password."""
    password = secrets.token_urlsafe(12)
    user = User(
        login=LOGIN,
        name="Démonstration",
        schools=frozenset({school.UAI}),
        roles=frozenset({Role.ENVOI, Role.DIFFUSEUR, Role.COMPTABLE, Role.ADMINISTRATEUR}),
        password=await asyncio.to_thread(passwords.hashed, password),
    )
    await parts.store.write(lambda conn: users.put_user(conn, user, parts.clock()))
    return password


async def _stay(api: Api, screen: Screen, file: Path, password: str) -> None:
    """Leave the daemon running until Ctrl-C or SIGTERM."""
    screen.step("La passerelle reste ouverte : Ctrl-C pour finir")
    screen.say(f"Console : {api.url}/console   identifiant : {LOGIN}   mot de passe : {password}")
    screen.say(f"Documentation : {api.url}/docs   OpenAPI : {api.url}/openapi.json\n")
    screen.lines(
        f"CLE={api.key}",
        f"curl -H \"Authorization: Bearer $CLE\" '{api.url}/v1/recap.csv'",
        f"curl -H \"Authorization: Bearer $CLE\" '{api.url}/v1/messages?status=undelivered'",
        f"curl -H \"Authorization: Bearer $CLE\" -H 'Content-Type: application/json' {api.url}/v1/messages \\",
        '  -d \'{"to": "06 00 00 00 01", "action": "ABSENCE", "text": "Bonjour", "hold": false}\'',
        f"vaguemestre synthesis --verify --config {file}",
    )
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    await over.wait()
