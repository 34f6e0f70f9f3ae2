"""« Rapprochement » in the console, without scripts: drop, map, look, sign, save. Issue 4, point 4."""

import re
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from openpyxl import load_workbook

from gateway.web.console import reconciling
from tests.store.rows import MORNING
from tests.web.conftest import METZ, REUNION, Gateway
from tests.web.console.conftest import Browser, Page, browsing
from tests.web.months import Ledger, invoice, planted

UNKNOWN = b"Code envoi;Vers;Combien\nP1-1;0612345678;1\n=1+1;06 98 76 54 32;2\n"


async def drop(browser: Browser, file: bytes, name: str = "facture.csv", **fields: str) -> Page:
    """Send the form as a browser does, with the token of the page looked at."""
    assert browser.last is not None
    form = aiohttp.FormData(default_to_multipart=True)
    said = {"account": "operateur-a", "month": "2026-11", "format": "auto", "csrf": browser.last.token, **fields}
    for key, value in said.items():
        form.add_field(key, value)
    form.add_field("file", BytesIO(file), filename=name, content_type="text/csv")
    return await browser._go("POST", "/console/rapprochement", data=form)


def hidden(page: Page, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.html)
    assert found is not None
    return found[1]


async def signed_in(browser: Browser, login: str = "gestion") -> Page:
    await browser.sign_in(login)
    return await browser.open("/console/rapprochement")


async def test_from_the_file_to_the_signature(people: Gateway, browser: Browser) -> None:
    file = invoice(*await planted(people.parts.store))
    first = await signed_in(browser)
    assert 'value="2026-10"' in first.html  # the month that is over
    assert "Aucun rapprochement." in first.text
    page = await drop(browser, file, name="../../etc/passwd")
    assert page.path.startswith("/console/rapprochement/rap_")
    assert "La facture est rapprochée." in page.text
    assert "La facture dépasse le registre de 0,0450 € hors taxes." in page.text
    for tile in (
        *("Identiques 2 écart 0,0000 €", "Nombre de SMS différent 1 écart +0,0450 €"),
        *("Chez eux seulement 1 écart +0,0450 €", "Chez nous seulement 1 écart −0,0900 €"),
        "Autre mois 1 écart +0,0450 €",
    ):
        assert tile in page.text
    assert "Relevé du mois 7 SMS, 0,32 € HT" in page.text
    address = page.path.partition("?")[0]
    ours = await browser.open(f"{address}?pile=only_ours")
    (message,) = re.findall(r"/console/messages/msg_\w+", ours.html)
    assert "+336******78" in ours.text
    assert (await browser.open(message)).status == 200
    page = await browser.open(address)
    refused = await browser.send(f"{address}/valider", {"note": "Vu"})
    assert "Cochez la case" in refused.text
    done = await browser.send(f"{address}/valider", {"note": "Vu <b>avec</b> eux", "sure": "yes"})
    assert "par console/gestion : il ne change plus. « Vu <b>avec</b> eux »" in done.text
    assert "<b>avec" not in done.html
    assert "Valider le rapprochement" not in done.text
    past = await browser.open("/console/rapprochement")
    assert "novembre 2026 operateur-a 23/11/2026 à 08:30 console/gestion 0,3600 € 0,3150 € +0,0450 €" in past.text
    assert "le 23/11/2026 à 08:30 par console/gestion" in past.text


async def test_columns_are_told_once(people: Gateway, browser: Browser) -> None:
    await planted(people.parts.store)
    await signed_in(browser)
    asked = await drop(browser, UNKNOWN)
    assert asked.status == 422
    assert "Quelle colonne est quoi ?" in asked.text
    assert "P1-1" in asked.text
    fields = {name: hidden(asked, name) for name in ("account", "month", "kept", "once")}
    told = {**fields, "c_id": "Code envoi", "c_number": "Vers", "c_parts": "Combien"}
    page = await browser.send("/console/rapprochement", told)
    assert "Identiques 1" in page.text
    assert "Chez eux seulement 1" in page.text
    await browser.open("/console/rapprochement")
    again = await drop(browser, UNKNOWN)
    assert again.path.startswith("/console/rapprochement/rap_")
    await browser.open("/console/rapprochement")
    shown = await drop(browser, UNKNOWN, format="columns")
    assert (shown.status, "Quelle colonne est quoi ?" in shown.text) == (200, True)
    assert "<option selected>Code envoi</option>" in shown.html


async def test_the_same_form_twice_is_one_reconciliation(people: Gateway, browser: Browser) -> None:
    file = invoice(*await planted(people.parts.store))
    first = await signed_in(browser)
    once = hidden(first, "once")
    one = await drop(browser, file, once=once)
    await browser.open("/console/rapprochement")
    assert (await drop(browser, file, once=once)).path == one.path


async def test_what_is_wrong_is_said_on_the_page(browser: Browser) -> None:
    await signed_in(browser)
    assert "Choisissez le fichier" in (await drop(browser, b"")).text
    bad = await drop(browser, invoice("A;0612345678;hier;1;0,1", "B;tel;23/11/2026;1;0"))
    assert "Ligne 2, colonne 3 « Date » : une date est attendue" in bad.text
    assert "Ligne 3, colonne 2 « Numéro »" in bad.text
    assert "Le classeur ne peut pas être lu" in (await drop(browser, b"PK\x03\x04")).text
    assert "choisissez-le de nouveau" in (await browser.send("/console/rapprochement", {"kept": "AAAA"})).text
    assert (await drop(browser, b"x" * (16 * 1024 * 1024 + 1))).status == 413
    assert (await drop(browser, b"x" * (25 * 1024 * 1024))).status == 413


def test_a_file_that_unpacks_to_more_than_it_may_is_refused() -> None:
    bomb = reconciling.Draft("", "", "", "", b"0" * (17 * 1024 * 1024), {}).packed
    assert len(bomb) < 100_000
    with pytest.raises(Exception, match="body_too_large"):
        reconciling._file(None, bomb)


async def test_files_to_save_guard_formulas(people: Gateway, browser: Browser) -> None:
    rows = await planted(people.parts.store)
    await signed_in(browser)
    page = await drop(browser, invoice(*rows, '"=HYPERLINK(""http://x"")";0698765432;23/11/2026;1;0,0450'))
    address = page.path.partition("?")[0]
    csv = await browser.open(f"{address}/export.csv")
    assert csv.headers["Content-Disposition"].startswith('attachment; filename="rapprochement-2026-11-')
    assert "Chez eux seulement" in csv.html
    assert ";\"'=HYPERLINK" in csv.html
    lines = csv.html.split("\r\n")
    assert lines[1].startswith("Identiques;Même identifiant;2;p1-1;06 ** ** ** 78;23/11/2026 08:30;1;0,0450;1;")
    assert browser.session is not None
    async with browser.session.get(f"http://127.0.0.1:{browser.port}{address}/export.xlsx") as answer:
        book: Any = load_workbook(BytesIO(await answer.read()))
    sheet = book.active
    assert [cell.value for cell in sheet[1]][:3] == ["Pile", "Constat", "Lignes du fichier"]
    found = next(row for row in sheet.iter_rows() if str(row[3].value).startswith("=HYPERLINK"))
    assert found[3].data_type == "s"
    assert (found[6].value, found[7].value) == (1, 0.045)
    last = [cell.value for cell in sheet[sheet.max_row]]
    assert (last[0], last[6], last[13]) == ("Total", "=SUBTOTAL(9,G2:G8)", "=SUBTOTAL(9,N2:N8)")
    acts = await people.get("/v1/audit?act=export", "vgm_admin")
    assert [act["subject"] for act in acts.json["data"]] == ["rapprochement operateur-a 2026-11"] * 2


async def test_an_invoice_of_two_schools_is_reconciled_whole_by_who_has_both(people: Gateway, browser: Browser) -> None:
    rows = await planted(people.parts.store)
    port = Ledger(people.parts.store, school=REUNION)
    await port.add(77, 2, number="+262692123456", at=MORNING)
    await port.count()
    file = invoice(*rows, "P77-1;0692123456;23/11/2026 08:30;2;0,0900")
    await signed_in(browser, "direction")
    page = await drop(browser, file)
    assert "Identiques 3" in page.text
    assert f"{METZ}, {REUNION}" in page.text
    address = page.path.partition("?")[0]
    for login in ("gestion", "port"):
        async with browsing(people) as other:
            await other.sign_in(login)
            assert (await other.open(address)).status == 404
            assert (await other.open(f"{address}/export.csv")).status == 404
            assert "novembre 2026" not in (await other.open("/console/rapprochement")).text


async def test_only_who_keeps_accounts(browser: Browser) -> None:
    await browser.sign_in("cpe")
    home = await browser.open("/console")
    assert "Rapprochement" not in home.text
    assert (await browser.open("/console/rapprochement")).status == 403
    assert (await browser.send("/console/rapprochement/rap_0/valider", {"sure": "yes"})).status == 403


async def test_a_forged_form_is_refused(browser: Browser) -> None:
    await signed_in(browser)
    assert (await drop(browser, invoice(), csrf="autre")).status == 403
