"""A month that was closed: whatever happens afterwards, not an octet of its figures moves, with a key or without."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from inspect import iscoroutinefunction
from typing import Any

import openpyxl
import orjson
import pytest
from sqlalchemy.exc import IntegrityError

from gateway.provider import Accepted, Part, Refused
from gateway.sealing import Sealer
from gateway.states import Status
from gateway.store import moves
from tests.heart import DAY
from tests.web.attacks.life import ACCOUNT, DECEMBER, NUMBER, World, at, november, page, purge
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser, browsing
from tests.web.months import invoice, reconciled

KEY = "vgm_admin"


@pytest.fixture(params=[None, Sealer([b"k" * 32])], ids=["plain", "sealed"])
def sealer(request: pytest.FixtureRequest) -> Any:
    """Without a key, and with one."""
    return request.param


def _book(raw: bytes) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(raw)).worksheets[0].iter_rows()]


async def figures(gateway: Gateway, browser: Browser) -> Mapping[str, Any]:
    """All that the closed month is shown by: the API, files, pages."""
    whole = (await gateway.get("/v1/synthesis?year=2026", KEY)).json
    lines = [
        line
        for line in (await gateway.get("/v1/synthesis.csv?year=2026", KEY)).raw.split(b"\r\n")
        if b";11/2026;" in line
    ]
    machine = (await gateway.get("/v1/synthesis.csv?year=2026&dialect=rfc4180", KEY)).raw.split(b"\r\n")
    book = _book((await gateway.get("/v1/synthesis.xlsx?year=2026", KEY)).raw)
    shown = await page(browser, "/synthese?year=2026")
    return {
        "statement": (await gateway.get("/v1/months/2026-11", KEY)).raw,
        "listed": [
            one for one in (await gateway.get("/v1/months?year=2026", KEY)).json["data"] if one["month"] == "2026-11"
        ],
        "synthesis": [row for row in whole["rows"] if row["month"] == "2026-11"],
        "total": [one for one in whole["months"] if one["month"] == "2026-11"],
        "synthesis for Excel": lines,
        "synthesis for machines": [line for line in machine if b"2026-11," in line],
        "synthesis as a workbook": [row for row in book if "2026-11" in str(row[1]) or row[0] == "Total novembre"],
        "ledger": (await gateway.get("/v1/months/2026-11/ledger.csv", KEY)).raw,
        "ledger for machines": (await gateway.get("/v1/months/2026-11/ledger.csv?dialect=rfc4180", KEY)).raw,
        "ledger as a workbook": _book((await gateway.get("/v1/months/2026-11/ledger.xlsx", KEY)).raw),
        "page of the month": await page(browser, "/mois/2026-11"),
        "page of the year": re.findall(
            r"<tr[^>]*>(?:(?!</tr>).)*(?:>11/2026<|Total novembre)(?:(?!</tr>).)*</tr>", shown, re.DOTALL
        ),
    }


async def close(gateway: Gateway, key: str = KEY) -> None:
    assert (await gateway.post("/v1/months/2026-11/close", key=key)).status == 200


@dataclass(slots=True)
class Afterwards:
    """What happens once the month is closed, in the order in which it is written here."""

    gateway: Gateway
    world: World
    parts: Mapping[str, Part]

    async def receipts_arrive(self) -> None:
        await self.world.told(self.parts["late"], Status.DELIVERED)
        for number in (2, 3):
            await self.world.told(self.parts["long"], Status.DELIVERED, number)

    async def a_part_is_not_billed_then_it_is(self) -> None:
        await self.world.told(self.parts["later"], Status.UNDELIVERED)
        await self.world.told(self.parts["free"], Status.DELIVERED)

    async def what_was_free_is_delivered_after_all(self) -> None:
        await self.world.told(self.parts["later"], Status.DELIVERED)

    async def a_late_answer_says_no(self) -> None:
        await self.world.late(self.parts["doubted"], Refused("0x45"), account=ACCOUNT)

    async def a_person_sends_again(self) -> None:
        (done,) = await self.world.act(moves.resend, self.parts["doubted too"].id >> 8)
        assert done.done
        (part,) = await self.world.claim(account=ACCOUNT)
        await self.world.record((part, Accepted("again", "again")), account=ACCOUNT)

    async def prices_change(self) -> None:
        World.price = 99_000
        accounts = [
            one.model_copy(update={"price": None, "prices": (), "vat": Decimal("5.5")})
            for one in self.gateway.parts.settings.accounts
        ]
        self.gateway.parts.settings = self.gateway.parts.settings.model_copy(update={"accounts": tuple(accounts)})
        self.gateway.parts.registry.replace(self.gateway.parts.settings)

    async def what_waited_is_released(self) -> None:
        held = (await self.gateway.get("/v1/messages?status=held&limit=1", KEY)).json["data"]
        done = await self.gateway.post("/v1/messages/release", {"ids": [held[0]["id"]]}, KEY)
        assert done.json["done"] == 1
        (part,) = await self.world.claim(account=ACCOUNT)
        await self.world.record((part, Accepted("released", "released")), account=ACCOUNT)

    async def what_waited_is_cancelled(self) -> None:
        held = (await self.gateway.get("/v1/messages?status=held&limit=1", KEY)).json["data"]
        assert (await self.gateway.post("/v1/messages/cancel", {"ids": [held[0]["id"]]}, KEY)).json["done"] == 1

    async def the_rest_expires(self) -> None:
        at(self.gateway, self.world, DECEMBER + 8 * DAY)
        assert await self.world.due() > 0

    async def budgets_are_set(self) -> None:
        for body in ({"amount": "1", "stop": True}, {"amount": "9"}):
            assert (await self.gateway.ask("PUT", "/v1/budgets/INFO", KEY, json=body)).status == 200
        assert (await self.gateway.ask("DELETE", "/v1/budgets/INFO", KEY)).status == 200

    async def invoices_are_reconciled_twice(self) -> None:
        rows = [f"id-{self.parts[name].id};{NUMBER};23/11/2026 08:30;2;0,0900" for name in ("delivered", "late")]
        for month in ("2026-11", "2026-11", "2026-12"):
            bill = await reconciled(
                self.gateway, invoice(*rows, "X;0612345699;23/11/2026 08:30;1;0,1"), KEY, month=month
            )
            assert bill.status == 201
            assert (
                await self.gateway.post(f"/v1/reconciliations/{bill.json['id']}/sign", {"note": "vu"}, KEY)
            ).status == 200

    async def a_file_of_consents_is_imported(self) -> None:
        rows = [{"number": NUMBER, "opted_out": True}, {"number": "0612345600", "consent": False}]
        assert (await self.gateway.post("/v1/consents/import", {"rows": rows}, KEY)).json["changed"] == 2

    async def a_number_is_erased(self) -> None:
        found = await self.gateway.post("/v1/persons/erase", {"number": NUMBER}, KEY)
        assert found.status == 200, found.raw
        assert found.json["data"][0]["messages"] >= 7

    async def texts_and_numbers_are_purged(self) -> None:
        await purge(self.gateway.parts)
        assert await self.world.rows("SELECT DISTINCT text, number, label FROM message WHERE deadline_at IS NULL") == [
            ("", "", "")
        ]

        billed = "SELECT DISTINCT number FROM reconciliation_line WHERE message IS NOT NULL"
        assert await self.world.rows(billed) == [("",)]

    async def a_receipt_comes_for_a_person_who_is_erased(self) -> None:
        await self.world.receipt(self.parts["doubted too"], Status.DELIVERED, account=ACCOUNT, id="again")
        await self.world.told(self.parts["delivered"], Status.UNDELIVERED)

    async def it_is_closed_again(self) -> None:
        await close(self.gateway)
        await close(self.gateway, "vgm_all")

    async def the_account_and_the_school_are_called_otherwise(self) -> None:
        settings = self.gateway.parts.settings
        accounts = [one.model_copy(update={"name": "autre"}) for one in settings.accounts]
        schools = [one.model_copy(update={"sender": "AUTRE"}) for one in settings.schools]
        modes = dict.fromkeys(settings.modes, ("autre",))
        update = {"accounts": tuple(accounts), "schools": tuple(schools), "modes": modes}
        self.gateway.parts.settings = settings.model_copy(update=update)
        self.gateway.parts.registry.replace(self.gateway.parts.settings)


DEEDS = [name for name, deed in vars(Afterwards).items() if iscoroutinefunction(deed)]


async def test_nothing_moves_a_closed_month(people: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "price", 45_000)
    world = World.of(people)
    parts = await november(people, world)
    async with browsing(people) as browser:
        at(people, world, DECEMBER)
        await close(people)
        signed = await figures(people, browser)
        assert all(signed.values())
        assert orjson.loads(signed["statement"])["total"]["parts"] == 8
        afterwards = Afterwards(people, world, parts)
        for name in DEEDS:
            await getattr(afterwards, name)()
            moved = {what for what, now in (await figures(people, browser)).items() if now != signed[what]}
            assert not moved, (name, moved)
        await world.is_sound()
        december = (await people.get("/v1/months/2026-12", KEY)).json
        late = [row for row in december["actions"] if row["regularises"] == "2026-11"]
        assert sum(row["delivered"] for row in late) == 5
        assert sum(row["total"] for row in late) == -1


async def test_the_database_itself_refuses_to_move_it(people: Gateway) -> None:
    world = World.of(people)
    await november(people, world)
    at(people, world, DECEMBER)
    await close(people)
    for sql in (
        "UPDATE ledger SET amount = 0",
        "DELETE FROM ledger",
        "UPDATE month_close SET statement = '{}'",
        "DELETE FROM month_close",
    ):
        with pytest.raises(IntegrityError, match=r"append-only|never changes"):
            await people.parts.store.write(lambda conn, sql=sql: conn.exec_driver_sql(sql))  # type: ignore[misc]
