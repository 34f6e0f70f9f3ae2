"""The example of S4, by hand through the API: the absence of Pauline REITER, 5B, on 15 February 2008."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.provider import Part
from gateway.store.counters import reserve
from tests.heart import Heart, accepted
from tests.web.conftest import METZ, Gateway

#: « Actions », as the document fills it in; its sender, which is a telephone number there, is a name today.
ACTION = {
    **{"short_label": "SMS", "long_label": "Envoi de SMS", "response_delay_days": 2, "treatment": "sms"},
    **{"template": "ABSENCE-DP", "sender": "CLGPASTEUR", "provider_service_code": "0", "release": "manual"},
}
TEMPLATE = {"label": "absence demi-pension", "text": "Bonjour, #ELEVE était absente de la demi-pension."}
EVENT = {"id": "1", "type": "absence", "from": "2008-02-15T08:30:00+01:00", "to": "2008-02-15T18:00:00+01:00"}
MESSAGE = {
    **{"to": "06 60 00 00 00", "action": "SMS", "template": "ABSENCE-DP", "variables": {"ELEVE": "Pauline"}},
    "recipient": {"label": "Legal 1 - Financier", "kind": "responsable", "consent": True},
    "subject": {"name": "Pauline", "division": "5B"},
    "event": EVENT,
}
LABEL = "Absence du 15/02/08 08:30 au 15/02/08 18:00"
STATE = "Msg 11188 - en transit - 15/02/2008 à 14:40"


def instant(text: str) -> int:
    """Milliseconds of a moment in Metz."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris")).timestamp() * 1000)


async def set_up(gateway: Gateway, serial: int = 11_188) -> None:
    """On that day, the action and its template are there, and the next message is the ``serial``-th."""
    gateway.at(instant("2008-02-15 14:00"))
    await gateway.parts.store.write(lambda conn: reserve(conn, f"serial:{METZ}", serial - 1))
    for path, body in (("templates/ABSENCE-DP", TEMPLATE), ("actions/SMS", ACTION)):
        assert (await gateway.ask("PUT", f"/v1/{path}", "vgm_admin", json=body)).status == 201


async def enter(gateway: Gateway, **said: Any) -> Any:
    """Post the message; what is answered."""
    answer = await gateway.post("/v1/messages", {**MESSAGE, **said})
    assert answer.status == 202, answer.json
    return answer.json


async def hand_over(gateway: Gateway, at: str = "2008-02-15 14:40") -> tuple[Heart, list[Part]]:
    """A provider takes what waits for it."""
    parts = gateway.parts
    heart = Heart(parts.settings, parts.store, parts.registry, parts.metrics, parts.rules, now=instant(at))
    gateway.at(heart.now)
    claimed = await heart.claim(account="operateur-a")
    if claimed:
        await heart.record(*((part, accepted(part)) for part in claimed), account="operateur-a")
    return heart, claimed
