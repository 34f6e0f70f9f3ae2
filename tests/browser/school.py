"""A school for the stories: a whole gateway before a simulator, people, and something of everything pages show."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.app import OPTIONS, Gateway, run_gateway
from gateway.config import load
from gateway.periods import local, months
from gateway.store.database import Store
from tests.flow.gatewayside import KEY, METZ
from tests.store.rows import add_awaited, add_inbound, add_message, add_sent, add_tally, ulid
from tests.web.console.conftest import add_people

CONFIG = """\
store: {{url: "sqlite:///{folder}/gateway.db"}}
http: {{listen: "127.0.0.1:0"}}
log: {{level: warning}}
stop: {{http: 1s, lanes: 2s}}
secrets: {{sealing_key: "une clé des essais, assez longue"}}
schools:
  - {{uai: {school}, name: "Lycée Pierre et Marie Curie", sender: LYCCURIE}}
  - {{uai: 9741046A, name: "Collège du Port", region: RE, timezone: Indian/Reunion}}
apps:
  - {{name: vie-scolaire, key_sha256: "{key}", schools: [{school}], scopes: [admin]}}
providers:
  - {{name: DIGITAL MEDIA, email: sconet@example.org, telephone: "04 00 00 00 00", www: "https://example.org/sms"}}
accounts:
  - {{name: operateur-a, adapter: smpp, provider: DIGITAL MEDIA, host: 127.0.0.1, port: {port}, system_id: demo,
      rate: 50, price: "0.045"}}
modes: {{standard: [operateur-a], economique: [operateur-a], premium: [operateur-a]}}
actions:
  - {{code: INFO, short_label: SMS, long_label: "Envoi de SMS"}}
  - {{code: ABSENCE, short_label: "SMS abs.", long_label: "SMS d'absence", release: manual, response_delay_days: 2}}
templates:
  - {{code: ABSENCE-JOUR, label: "Absence du jour", text: "Bonjour, #ELEVE est absent(e) depuis #HEURE."}}
"""

DAY = 86_400_000
PARIS = ZoneInfo("Europe/Paris")

FAMILIES = (
    *("Mme ou M. ABAD Christian", "Mme BECKER Louise", "M. ÇELIK Mehmet", "Mme DE CROŸ Anne", "M. ÆBISCHER Paul"),
    *("Mme N'DIAYE Awa", "M. MARTIN Hugo", "Mme ou M. LEFÈVRE Sophie", "Mme ŒHLER Marie", "M. DA SILVA João"),
)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Gateway, str]]:
    """The gateway, with people and three messages that wait; the address of its console."""
    async with AsyncExitStack() as stack:
        smsc = await stack.enter_async_context(Simulator(SimulatorOptions(receipt_delay=0.2)))
        file = folder / "config.yaml"
        key = sha256(KEY.encode()).hexdigest()
        file.write_text(CONFIG.format(folder=folder, school=METZ, key=key, port=smsc.port), "utf-8")
        gateway = await stack.enter_async_context(run_gateway(load(file, OPTIONS)))
        await add_people(gateway.parts)
        url = f"http://127.0.0.1:{gateway.http_port}"
        for place, (name, division) in enumerate(
            [("REITER Pauline", "5B"), ("ÇELIK Léa", "3A"), ("DE CROŸ Noé", "6C")]
        ):
            body = {
                "to": f"06600000{place:02}",
                "action": "ABSENCE",
                "text": f"Bonjour, {name} est absente depuis 08:30.",
                "recipient": {"label": "Légal 1 - Financier"},
                "subject": {"name": name, "division": division},
                "event": {"id": f"ABS-{place}", "type": "absence", "from": "2026-11-23T08:30:00+01:00"},
            }
            await ask(url, "POST", "/v1/messages", body)
        yield gateway, f"{url}/console"


async def ask(url: str, method: str, path: str, body: Any = None) -> Any:
    """What the API answers to the application of the school."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.request(method, f"{url}{path}", json=body, headers=headers) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


async def fill(gateway: Gateway) -> dict[str, str]:
    """Something of everything that pages show; the ids that stand in addresses."""
    url, parts = f"http://127.0.0.1:{gateway.http_port}", gateway.parts
    now, store = parts.clock(), parts.store
    await ask(url, "PUT", "/v1/actions/RETARD", {"short_label": "Retard", "long_label": "SMS de retard"})
    await ask(url, "PUT", "/v1/templates/CANTINE", {"label": "Cantine", "text": "#ELEVE a déjeuné."})
    await ask(url, "PUT", "/v1/consents/0612345678", {"opted_out": True, "source": "appel du 12 mars"})
    await ask(url, "PUT", "/v1/budgets/*", {"amount": "100", "period": "year", "stop": False})
    contract = {"provider": "DIGITAL MEDIA", "key_id": "etab57", "password": "m0tdep4sse", "host": "127.0.0.1"}
    await ask(url, "PUT", "/v1/accounts/operateur-b", {**contract, "port": 9, "option1": "A", "modes": []})
    await ask(url, "POST", "/v1/accounts/operateur-b/pause?reason=facture")
    people = [{"to": "0612345679", "label": "Mme ABAD"}, {"to": "0387123456", "label": "M. FIXE"}]
    text = {"action": "INFO", "text": "Réunion à 18h.", "selection": {"classe": "6A"}}
    batch = await ask(url, "POST", "/v1/batches", {**text, "recipients": people})
    for place, name in enumerate(FAMILIES):
        said = {"action": "INFO", "text": "Réunion à 18h.", "mode": ("premium", "standard")[place % 2]}
        origin = {"user": "vie.scolaire", "workstation": "PC-CPE1"}
        await ask(
            url,
            "POST",
            "/v1/messages",
            {**said, "to": f"06600001{place:02}", "recipient": {"label": name}, "origin": origin},
        )
    await _wait_for_receipts(url, len(FAMILIES))
    await _add_old(store, now)
    for place, month in enumerate(months(local(now, PARIS).year, school_year=False)[: local(now, PARIS).month - 1]):
        for action, share in (("INFO", 3), ("ABSENCE", 5)):
            sent = 0 if month.endswith(("-07", "-08")) else share * (11 + place * 7 % 13)
            figures = {"total": sent, "delivered": sent - sent // 12, "parts": sent + sent // 4}
            await add_tally(store, month=month, action=action, **figures, amount=figures["parts"] * 45_000)
    return {"batch": batch["id"], "uncertain": f"msg_{ulid(800)}", "late": f"msg_{ulid(801)}"}


async def _wait_for_receipts(url: str, count: int) -> None:
    async with asyncio.timeout(30):
        while len((await ask(url, "GET", "/v1/messages?status=delivered"))["data"]) <= count:
            pass


async def _add_old(store: Store, now: int) -> None:
    """What takes days to come about: a doubt, an event that nobody answered, an answer, a STOP."""
    event = {"event_id": "ABS-80", "event_label": "Absence du 23/11/26 08:30 au 23/11/26 18:00"}
    pupil = '{"id":"E-881","name":"REITER Pauline","division":"5B"}'
    at = {"created_at": now - 5 * DAY, "sent_at": now - 5 * DAY, "status_at": now - 5 * DAY}
    await add_message(store, 800, status="uncertain", **{**at, "deadline_at": now + DAY})
    await add_sent(store, 801, subject=pupil, **event, **at)
    await add_awaited(store, 801, "ABS-80", sent_at=now - 5 * DAY, due_at=now - 2 * DAY)
    await add_inbound(store, 802, received_at=now - DAY, message=801)
    await add_inbound(store, 803, received_at=now - DAY, kind="stop", text="STOP")
