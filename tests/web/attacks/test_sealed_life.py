"""A database with a key: all is found, shown, saved, reconciled and erased, and its files hold nobody's words."""

import io
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from sqlalchemy import select

from gateway import retention
from gateway.sealing import Sealer
from gateway.states import Status
from gateway.store import idempotency, labels
from gateway.store.erasing import What
from gateway.store.maintenance import empty_log
from gateway.store.tables import metadata
from gateway.web.console.visit import ROOT
from tests.heart import opened
from tests.web.attacks.life import ACCOUNT, DECEMBER, NAME, NUMBER, TEXT, WORDS, World, at, november, page, purge
from tests.web.conftest import METZ, Gateway
from tests.web.console.conftest import browsing
from tests.web.months import invoice, reconciled

KEY = "vgm_admin"
SAID, STOPPED = "Elle est malade", "+33612345670"


@pytest.fixture
def sealer() -> Sealer | None:
    """A key."""
    return Sealer([b"k" * 32])


def in_clear(folder: Path) -> list[str]:
    """The words that stand in the database or its log."""
    data = b"".join(file.read_bytes() for file in folder.iterdir() if file.name.startswith("gateway.db"))
    return [word for word in WORDS for code in ("utf-8", "utf-16-be") if word.encode(code) in data]


async def kept(gateway: Gateway) -> set[str]:
    """The words that stand anywhere in the database once it is opened with its key."""

    async def question(conn: Any) -> str:
        return repr([(await conn.execute(select(table))).all() for table in metadata.tables.values()])

    whole = await gateway.parts.store.read(question)
    return {word for word in WORDS if word in whole}


async def live(gateway: Gateway, world: World) -> None:
    """A month, answers of telephones, a STOP, a consent, an invoice whose lines have numbers and times alone."""
    await november(gateway, world)
    at(gateway, world, DECEMBER)
    sent = await world.sent(
        to=STOPPED, recipient={"label": f"M. {NAME}"}, event={"id": "ABS-9", "label": f"Absence de {NAME}"}
    )
    await world.told(sent, Status.DELIVERED)
    await world.phone(SAID, NUMBER, account=ACCOUNT)
    await world.phone("STOP", STOPPED, account=ACCOUNT)
    await gateway.ask("PUT", f"/v1/consents/{quote(NUMBER)}", KEY, json={"consent": True})
    await gateway.post("/v1/events/ABS-9/answered", {"by": f"Mme {NAME}"}, KEY)
    headers = {"Idempotency-Key": "demande"}
    body = {"to": NUMBER, "action": "INFO", "text": TEXT, "recipient": {"label": NAME}, "metadata": {"k": NAME}}
    first = await gateway.post("/v1/messages", body, KEY, headers=headers)
    assert (await gateway.post("/v1/messages", body, KEY, headers=headers)).raw == first.raw
    await gateway.parts.store.write(labels.index)


async def test_everything_is_found(people: Gateway, tmp_path: Path) -> None:
    world = World.of(people)
    await live(people, world)
    assert in_clear(tmp_path) == []
    assert await kept(people) >= {NUMBER[3:], "REITER", "Pauline", "absente", "malade"}

    by_number = (await people.get(f"/v1/recap?number={quote('06 12 34 56 78')}&count=true", KEY)).json
    assert by_number["page"]["total"] == len(by_number["data"]) == 7
    assert {row["number"] for row in by_number["data"]} == {NUMBER}
    by_label = (await people.get("/v1/recap?label=reit+paul&count=true", KEY)).json
    assert by_label["page"]["total"] == 4
    assert [row["kind"] for row in (await people.get(f"/v1/inbound?number={quote(NUMBER)}", KEY)).json["data"]] == [
        "reply"
    ]
    (stop,) = (await people.get("/v1/inbound?kind=stop", KEY)).json["data"]
    assert stop["number"] == STOPPED
    ignored = await people.post("/v1/messages", {"to": STOPPED, "action": "INFO", "text": TEXT}, KEY)
    assert ignored.json["reason"] == "opted_out"
    assert [one["number"] for one in (await people.get("/v1/opt-outs", KEY)).json["data"]] == [STOPPED]
    assert (await people.get(f"/v1/consents/{quote(NUMBER)}", KEY)).json["consent"] is True
    assert in_clear(tmp_path) == []


async def test_everything_is_saved_and_shown(people: Gateway, tmp_path: Path) -> None:
    world = World.of(people)
    await live(people, world)
    french = (await people.get("/v1/recap.csv", KEY)).raw.decode("utf-8-sig")
    assert f"Mme {NAME};06 12 34 56 78" in french
    assert NUMBER in (await people.get("/v1/recap.csv?dialect=rfc4180", KEY)).raw.decode()
    book = openpyxl.load_workbook(io.BytesIO((await people.get("/v1/recap.xlsx", KEY)).raw)).worksheets[0]
    assert {f"Mme {NAME}", "06 12 34 56 78"} <= {cell.value for row in book.iter_rows() for cell in row}
    async with browsing(people) as browser:
        for path, word in {
            "/suivi?onglet=delivres&sort=name": NAME,
            "/recapitulatif?from=2026-11-01&label=reiter": NAME,
            "/recapitulatif?from=2026-11-01&number=0612345678": NUMBER[-4:],
            "/reponses": SAID,
            "/a-diffuser": TEXT,
        }.items():
            assert word in (await page(browser, path)).replace(" ", "") + (await page(browser, path)), path
        found = await browser.send(f"{ROOT}/consentements", {"number": "06 12 34 56 78"})
        assert "Accord" in found.text
    assert in_clear(tmp_path) == []


async def test_invoices_are_reconciled_by_number(people: Gateway, tmp_path: Path) -> None:
    world = World.of(people)
    await live(people, world)
    rows = ("0612345670", "02/12/2026 10:00", "1", "0,0450"), ("0612345678", "23/11/2026 08:30", "1", "0,0450")
    for month, row in zip(("2026-12", "2026-11"), rows, strict=True):
        bill = (
            await reconciled(
                people, b"Numero;Date;Nb SMS;Montant HT\n" + ";".join(row).encode() + b"\n", KEY, month=month
            )
        ).json
        assert bill["piles"]["identical"]["rows"] == 1, month
        lines = (await people.get(f"/v1/reconciliations/{bill['id']}/lines?pile=identical", KEY)).json["data"]
        assert lines[0]["number"] == f"+33******{row[0][-2:]}" or lines[0]["number"].endswith(row[0][-2:])
        await people.post(f"/v1/reconciliations/{bill['id']}/sign", {}, KEY)
    assert in_clear(tmp_path) == []


async def test_who_asks_is_erased_and_the_rest_in_time(people: Gateway, tmp_path: Path) -> None:
    world = World.of(people)
    await live(people, world)
    await reconciled(people, invoice(f"X;{NUMBER};23/11/2026 08:30;1;0,0450"), KEY)
    found = (await people.post("/v1/persons/erase", {"number": NUMBER}, KEY)).json["data"]
    assert [(one["school"], one["inbound"]) for one in found] == [(METZ, 1)]
    again = (await people.post("/v1/persons/erase", {"number": NUMBER, "dry_run": True}, KEY)).json["data"]
    assert [(one["messages"], one["inbound"], one["agreement"]) for one in again] == [(0, 0, False)], (found, again)
    at(people, world, DECEMBER + 30 * 86_400_000)
    await world.due()
    await people.parts.store.write(lambda conn: idempotency.forget(conn, world.now - 7 * 86_400_000))  # the janitor
    await purge(people.parts)
    assert await kept(people) == set()
    assert in_clear(tmp_path) == []
    await world.is_sound()


@pytest.mark.unsealed
async def test_without_a_key_what_is_erased_is_gone_from_the_file_too(tmp_path: Path) -> None:
    """Freed pages are written over, and the log ends."""
    async with opened(tmp_path) as heart:
        for _ in range(3):
            await heart.accept(text=TEXT, recipient={"label": NAME}, metadata={"k": NAME})
        await heart.send()
        await heart.phone(SAID, NUMBER)
        assert set(in_clear(tmp_path)) >= {"612345678", "Pauline", "absente"}
        await heart.due(heart.now + 40 * 86_400_000)
        await retention.purge(heart.store, {What.TEXT: heart.now + 1, What.PEOPLE: heart.now + 1}, heart.now, "test")
        assert await empty_log(heart.store.url)
        assert in_clear(tmp_path) == []
