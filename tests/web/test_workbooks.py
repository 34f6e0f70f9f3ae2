"""Exports: the recap, the synthesis and the ledger as workbooks and CSV; each is in the journal."""

import io
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from tests.store.rows import add_line, add_sent, add_tally
from tests.web.conftest import Gateway


def sheet(raw: bytes) -> Any:
    book = openpyxl.load_workbook(io.BytesIO(raw))
    return book.worksheets[0]


async def fill(gateway: Gateway) -> None:
    store = gateway.parts.store
    await add_sent(store, 1, label="=cmd|' /C calc'!A0", user="cpe", parts=2)
    await add_line(store, 257)
    await add_line(store, 257, kind="reversal", parts=-1, amount=-45_000)
    await add_sent(store, 2, label="Mme ÉTÉ", number="+33612345679")
    await add_line(store, 513)
    await add_tally(store, month="2026-02", total=1, delivered=1, parts=1, amount=45_000)
    await add_tally(store, month="2026-11", total=2, delivered=2, parts=3, amount=135_000)


async def test_the_recap_as_a_workbook(gateway: Gateway) -> None:
    await fill(gateway)
    answer = await gateway.get("/v1/recap.xlsx")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/vnd.openxmlformats")
    found = sheet(answer.raw)
    assert found["A1"].value == "Envoyé le"
    assert isinstance(found["A2"].value, datetime)
    assert found["B2"].value == "=cmd|' /C calc'!A0"
    assert found["B2"].data_type == "s"
    assert found["H2"].value == 2
    assert found["H4"].value == "=SUBTOTAL(9,H2:H3)"
    assert [found.cell(row, 2).value for row in range(6, 12)] == [
        *("Totaux par mode d'envoi", "Ancien", "Economique", "Standard", "Premium", "Total"),
    ]


async def test_the_synthesis_as_a_workbook(gateway: Gateway) -> None:
    await fill(gateway)
    found = sheet((await gateway.get("/v1/synthesis.xlsx?year=2026")).raw)
    rows = list(found.iter_rows(values_only=True))
    assert rows[1] == ("SMS abs.", datetime(2026, 2, 1), 1, 1, 1, 0.045)
    assert rows[2] == ("Total février", None, *(f"=SUBTOTAL(9,{letter}2:{letter}2)" for letter in "CDEF"))
    assert rows[5] == ("Total Annuel", None, *(f"=SUBTOTAL(9,{letter}2:{letter}5)" for letter in "CDEF"))


async def test_the_ledger_line_by_line(gateway: Gateway) -> None:
    await fill(gateway)
    found = sheet((await gateway.get("/v1/months/2026-11/ledger.xlsx")).raw)
    rows = list(found.iter_rows(values_only=True))
    assert [row[6] for row in rows[1:4]] == ["Pris par le fournisseur", "Repris : pas parti", "Pris par le fournisseur"]
    assert rows[4][7:9] == ("=SUBTOTAL(9,H2:H4)", "=SUBTOTAL(9,I2:I4)")
    french = (await gateway.get("/v1/months/2026-11/ledger.csv")).raw.decode("utf-8-sig").split("\r\n")
    assert french[0].startswith("Date;Message;Partie;Action")
    assert french[2].endswith(";-1;-0,045;")
    machine = (await gateway.get("/v1/months/2026-11/ledger.csv?dialect=rfc4180")).raw.decode().split("\r\n")
    assert machine[0] == "at,serial,part,action,mode,account,kind,parts,amount,of_month"
    assert ",reversal,-1,-0.045," in machine[2]


async def test_each_export_is_in_the_journal(gateway: Gateway) -> None:
    await fill(gateway)
    paths = ("recap.csv", "recap.xlsx", "synthesis.csv", "synthesis.xlsx", "months/2026-11/ledger.csv")
    for path in (*paths, "months/2026-11/ledger.xlsx"):
        assert (await gateway.get(f"/v1/{path}")).status == 200
    acts = (await gateway.get("/v1/audit?act=export", "vgm_admin")).json["data"]
    assert [act["subject"] for act in acts][::-1] == [
        *("récapitulatif (CSV)", "récapitulatif (XLSX)", "synthèse 2026 (CSV)", "synthèse 2026 (XLSX)"),
        *("registre 2026-11 (CSV)", "registre 2026-11 (XLSX)"),
    ]


async def test_the_journal_names_nobody(gateway: Gateway) -> None:
    await gateway.get("/v1/recap.csv?number=0612345678&label=abad&user=cpe")
    (act,) = (await gateway.get("/v1/audit?act=export", "vgm_admin")).json["data"]
    assert act["detail"] == "number=…, label=…, user=cpe"


async def test_numbers_are_hidden_in_workbooks_too(gateway: Gateway) -> None:
    await fill(gateway)
    found = sheet((await gateway.get("/v1/recap.xlsx", "vgm_read")).raw)
    assert found["C3"].value == "06 ** ** ** 79"


async def test_who_may_not_export(gateway: Gateway) -> None:
    assert (await gateway.get("/v1/months/2026-11/ledger.xlsx", "vgm_read")).code == "forbidden_scope"
    assert (await gateway.get("/v1/synthesis.xlsx", "vgm_read")).code == "forbidden_scope"


async def test_more_than_a_sheet_holds_is_refused(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(gateway)
    monkeypatch.setattr("gateway.xlsxout.MOST_ROWS", 3)
    assert (await gateway.get("/v1/recap.xlsx")).code == "too_many_rows"
