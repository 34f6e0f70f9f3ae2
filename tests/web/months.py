"""A month as the ledger would have it, and the same month as a provider bills it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.database import Store
from gateway.store.tables import part
from gateway.web.media import write_form
from tests.store.rows import METZ, MORNING, add_line, add_sent, add_tally
from tests.web.conftest import Answer, Gateway

HEADINGS = "Identifiant;Numéro;Date;Nb SMS;Montant HT"


@dataclass(slots=True)
class Ledger:
    """What is put in the ledger: messages of one school, in one month, by one account."""

    store: Store
    school: str = METZ
    month: str = "2026-11"
    account: str = "operateur-a"
    counted: list[int] = field(default_factory=list)

    async def add(self, id_: int, /, parts: int = 1, number: str = "+33612345678", at: int = MORNING) -> str:
        """A message whose parts have the ids ``P<id>-<part>``; returns its public id."""
        public = await add_sent(self.store, id_, number=number, parts=parts, school=self.school, month=self.month)
        for place in range(1, parts + 1):
            row = {"at": at, "school": self.school, "month": self.month, "account": self.account}
            await add_line(self.store, id_ * 256 + place, **row)

        async def verb(conn: AsyncConnection) -> None:
            for place in range(1, parts + 1):
                values = {"account": self.account, "provider_id": f"P{id_}-{place}"}
                await conn.execute(update(part).where(part.c.id == id_ * 256 + place).values(values))

        await self.store.write(verb)
        self.counted.append(parts)
        return public

    async def count(self) -> None:
        """Put the counters of all that was added."""
        total = len(self.counted)
        figures = {"total": total, "parts": sum(self.counted), "amount": sum(self.counted) * 45_000}
        await add_tally(self.store, school=self.school, month=self.month, account=self.account, **figures)


def invoice(*rows: str) -> bytes:
    """A file in the generic format."""
    return "\n".join([HEADINGS, *rows, ""]).encode()


async def planted(store: Store) -> Sequence[str]:
    """November, with one difference of each kind; the rows of its invoice.

    Of our five messages of November: 1 and 2 are billed as they are, 3 for one part more, 4 is not billed. 5 is of
    October, and line 9 of nobody.
    """
    november, october = Ledger(store), Ledger(store, month="2026-10")
    for id_, parts in ((1, 1), (2, 3), (3, 1), (4, 2)):
        await november.add(id_, parts)
    await october.add(5, 1, at=MORNING - 30 * 86_400_000)
    await november.count()
    await october.count()
    return (
        "p1-1;0612345678;23/11/2026 08:30;1;0,0450",
        "P2-1;0612345678;23/11/2026 08:30;3;0,1350",
        "P3-1;0612345678;23/11/2026 08:30;2;0,0900",
        "P5-1;0612345678;24/10/2026 08:30;1;0,0450",
        "X9;0698765432;23/11/2026 08:30;1;0,0450",
    )


async def upload(gateway: Gateway, path: str, request: dict[str, Any], file: bytes, key: str = "vgm_all") -> Answer:
    """POST of a request with a file."""
    kind, body = write_form({"request": orjson.dumps(request), "invoice": file})
    return await gateway.ask("POST", path, key, data=body, headers={"Content-Type": kind})


async def reconciled(gateway: Gateway, file: bytes, key: str = "vgm_all", **said: Any) -> Answer:
    """``POST /v1/reconciliations`` of November."""
    request = {"account": "operateur-a", "month": "2026-11", **said}
    return await upload(gateway, "/v1/reconciliations", request, file, key)
