"""A gateway in whose store messages are sent, answered and reported as lanes would, a month after the other."""

import re
from collections.abc import Mapping
from typing import Any

from gateway import retention
from gateway.parts import Parts
from gateway.provider import Accepted, Part, Refused, Unknown
from gateway.states import Status
from gateway.store.desk import Rules
from gateway.store.erasing import What
from gateway.web.console.visit import ROOT
from tests.heart import Heart
from tests.web.conftest import METZ, Gateway
from tests.web.console.conftest import Browser

ACCOUNT = "operateur-a"

#: 2 December 2026, 10:00 in Paris.
DECEMBER = 1_796_202_000_000

#: The evening of 30 November: what is held since then still may leave.
EVE = DECEMBER - 38 * 3_600_000
NUMBER = "+33612345678"
NAME, TEXT = "REITER Pauline", "Bonjour, Pauline est absente."

#: What stands in no file of a database that is sealed, nor of a person who was erased.
WORDS = ("612345678", "06 12 34 56 78", "REITER", "Reiter", "reiter", "Pauline", "absente", "malade")


class World(Heart):
    """The verbs of a heart on the store of a gateway."""

    price = 45_000

    @classmethod
    def of(cls, gateway: Gateway) -> "World":
        """On the store of this gateway, by its clock."""
        parts = gateway.parts
        world = cls(parts.settings, parts.store, parts.registry, parts.metrics, parts.rules)
        world.rules = Rules(
            zone=parts.rules.zone,
            price=lambda _account, _day, _mode, _number: World.price,
            receipts_wait=parts.rules.receipts_wait,
            moved=parts.rules.moved,
            inbound=parts.rules.inbound,
            response_days=parts.rules.response_days,
            bills=lambda _account, status: status is not Status.UNDELIVERED,
        )
        parts.rules = world.rules
        world.intake = parts.intake
        world.now = parts.clock()
        return world

    async def sent(self, *outcomes: Any, **more: Any) -> Part:
        """A message that leaves now; the provider's answer, accepted by default."""
        message = await self.accept(**{"to": NUMBER, "text": TEXT, "action": "INFO", **more})
        (part, *rest) = await self.claim(account=ACCOUNT)
        assert part.id >> 8 == message
        parts = [part, *rest]
        answers = outcomes or tuple(Accepted(f"id-{one.id}", f"id-{one.id}") for one in parts)
        await self.record(*zip(parts, answers, strict=True), account=ACCOUNT)
        return part

    async def told(self, part: Part, status: Status, number: int = 1) -> None:
        """A receipt arrives."""
        await self.receipt(part, status, account=ACCOUNT, id=f"id-{(part.id >> 8) * 256 + number}")


def at(gateway: Gateway, world: World, now: int) -> None:
    """It is now."""
    gateway.at(now)
    world.now = now


async def november(gateway: Gateway, world: World) -> Mapping[str, Part]:
    """A month with something of every kind in it, most of which is not over."""
    names: dict[str, Any] = {"recipient": {"label": f"Mme {NAME}"}, "subject": {"id": "E-881", "name": NAME}}
    found = {
        "delivered": await world.sent(**names),
        "free": await world.sent(),
        "late": await world.sent(**names),
        "later": await world.sent(action="ABSENCE", hold=False, **names),
        "long": await world.sent(text=TEXT * 12),
        "doubted": await world.sent(Unknown("no answer")),
        "doubted too": await world.sent(Unknown("no answer")),
        "refused": await world.sent(Refused("0x00000045")),
    }
    await world.told(found["delivered"], Status.DELIVERED)
    await world.told(found["free"], Status.UNDELIVERED)
    await world.told(found["long"], Status.DELIVERED)
    at(gateway, world, EVE)
    for place in range(3):
        await world.accept(to=f"06123456{place:02}", text=TEXT, action="ABSENCE", hold=True, **names)
    return found


async def purge(parts: Parts) -> None:
    """Erase every text and number that may be erased now, as ``vaguemestre purge`` does."""
    now = parts.clock()
    await retention.purge(parts.store, {What.TEXT: now + 1, What.PEOPLE: now + 1}, now, "test")


_SECRETS = re.compile(
    r'name="(csrf|once)" value="[^"]*"|Demande [0-9a-f]+-[0-9a-f]+|v=[0-9a-f]{12}|imprimé le [^<]* par'
)


async def page(browser: Browser, path: str) -> str:
    """A page without what is new each time."""
    await browser.sign_in("direction")
    await browser.send(f"{ROOT}/etablissement", {"school": METZ})
    found = await browser.open(ROOT + path)
    assert found.status == 200, path
    return _SECRETS.sub("", found.html)
