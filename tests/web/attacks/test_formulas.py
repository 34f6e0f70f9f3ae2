"""Formulas in whatever may be written, through every file that may be saved: text stays text, figures stay figures."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
import pytest
from sqlalchemy import update

from gateway.store.tables import part
from gateway.web.console.pages import PAGES
from gateway.web.console.visit import ROOT
from gateway.web.resources import ROUTES
from tests.store.rows import METZ, add_batch, add_line, add_message, add_sent, add_tally
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser, browsing
from tests.web.months import invoice, reconciled

KEY = "vgm_admin"

#: What spreadsheets take for a formula, at once or once they dropped what stands before it.
FORMULAS = (
    *("=1+1", "+1+1", "-1+1", "@SUM(1;1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\xa0=1+1", "\ufeff=1+1", "  \t@A1"),
    *(
        "＝1+1",
        "＋1+1",
        "－1+1",
        "＠A1",
        " ＝1+1",
        '=cmd|"/C calc"!A0',
        '=HYPERLINK("http://x";"y")',
        "-2+3+cmd|' /C x'!A0",
    ),
    *('a";=1+1;"', "a,=1+1", "a\t=1+1", "a\r\n=1+1", "a|=1+1", "'=1+1", '"=1+1"', '=DDE("a";"b";"c")'),
)

#: Every file of the API -> its address; of the console -> its address.
FILES: Mapping[str, str] = {
    **{f"/v1/recap.{kind}": f"/v1/recap.{kind}" for kind in ("csv", "xlsx")},
    **{f"/v1/synthesis.{kind}": f"/v1/synthesis.{kind}?year=2026" for kind in ("csv", "xlsx")},
    **{f"/v1/months/{{month}}/ledger.{kind}": f"/v1/months/2026-11/ledger.{kind}" for kind in ("csv", "xlsx")},
    **{
        f"/v1/reconciliations/{{id}}/export.{kind}": f"/v1/reconciliations/{{bill}}/export.{kind}"
        for kind in ("csv", "xlsx")
    },
    "/v1/batches/{id}/ignored.csv": "/v1/batches/{batch}/ignored.csv",
    "console recap": f"{ROOT}/recapitulatif.csv?from=2026-01-01",
    "console recap as a workbook": f"{ROOT}/recapitulatif.xlsx?from=2026-01-01",
    **{f"console synthesis {kind}": f"{ROOT}/synthese.{kind}?year=2026" for kind in ("csv", "xlsx")},
    **{f"console ledger {kind}": f"{ROOT}/mois/2026-11/registre.{kind}" for kind in ("csv", "xlsx")},
    **{f"console bill {kind}": f"{ROOT}/rapprochement/{{bill}}/export.{kind}" for kind in ("csv", "xlsx")},
}


async def fill(gateway: Gateway, formula: str) -> Mapping[str, str]:
    """A formula in every word of everything that files are made of; a negative figure, and numbers of telephones."""
    store = gateway.parts.store
    words = {"label": formula, "user": formula, "workstation": formula, "reason": formula, "action": "FORMULE"}
    await gateway.ask("PUT", "/v1/actions/FORMULE", KEY, json={"short_label": formula, "long_label": formula})
    await add_sent(store, 1, **words, number="+33612345678", status="undelivered", detail=formula)
    await add_sent(store, 2, **words, number="+352621123456", number_input="+352621123456")
    await add_line(store, 257, account=formula, action="FORMULE")
    await add_line(
        store, 257, account=formula, action="FORMULE", kind="reversal", parts=-1, amount=-45_000, of_month="2026-10"
    )
    await add_tally(store, action="FORMULE", total=2, parts=2, amount=90_000)
    await add_tally(store, action="FORMULE", of_month="2026-10", total=-1, parts=-1, amount=-45_000)
    batch = await add_batch(store, 9, recipients=2, ignored=2)
    for place, number in ((3, formula), (4, "+33612345678")):
        said = {"number": "", "number_input": number, "batch": 9, "batch_row": place, "parts": 0}
        await add_message(
            store, place, **said, status="ignored", label=formula, reason="invalid_number", detail=formula
        )

    async def known(conn: Any) -> None:
        await conn.execute(update(part).where(part.c.id == 257).values(provider_id=formula, account="operateur-a"))

    await store.write(known)
    row = '"' + formula.replace('"', '""') + '";0698765432;23/11/2026 08:30;1;0,0450'
    bill = (await reconciled(gateway, invoice(row, "P1;0612345678;23/11/2026 08:30;1;-0,0450"), KEY)).json["id"]
    return {"batch": batch, "bill": bill}


async def saved(gateway: Gateway, browser: Browser, address: str, dialect: str = "") -> bytes:
    """A file as it is saved."""
    if address.startswith(ROOT):
        async with browser.session.get(f"http://127.0.0.1:{gateway.port}{address}") as answer:
            assert (answer.status, answer.content_disposition and answer.content_disposition.type) == (
                200,
                "attachment",
            )
            return await answer.read()
    found = await gateway.get(
        address + (("&" if "?" in address else "?") + f"dialect={dialect}" if dialect else ""), KEY
    )
    assert found.status == 200, address
    return found.raw


#: Cells that are figures, dates, or numbers of telephones that were not guarded.
FIGURE = re.compile(r"-?[0-9]+(,[0-9]+)?")


@pytest.mark.parametrize("formula", FORMULAS)
async def test_no_file_holds_a_formula(people: Gateway, formula: str) -> None:
    ids = await fill(people, formula)
    async with browsing(people) as browser:
        await browser.sign_in("direction")
        await browser.send(f"{ROOT}/etablissement", {"school": METZ})
        for address in (one.format(**ids) for one in FILES.values()):
            raw = await saved(people, browser, address)
            if raw.startswith(b"PK"):
                no_formula(raw, formula, address)
            else:
                for row in table(raw, ";"):
                    for cell in row:
                        dangerous = cell.lstrip(" \t\r\n\xa0\ufeff")[:1] in tuple("=+-@＝＋－＠")
                        assert not dangerous or FIGURE.fullmatch(cell), (address, cell)
                        assert cell[:1] not in ("\t", "\r", "\n"), (address, cell)


def no_formula(raw: bytes, formula: str, address: str) -> None:
    """In a workbook nothing is a formula but our totals; the words are there, as words."""
    for page in openpyxl.load_workbook(io.BytesIO(raw)).worksheets:
        cells = [cell for row in page.iter_rows() for cell in row if cell.value is not None]
        assert all(str(cell.value).startswith("=SUBTOTAL(9,") for cell in cells if cell.data_type == "f"), address
        assert not [cell for cell in cells if cell.hyperlink is not None], address
        words = {
            bare(str(cell.value).replace("_x000D_", "\r")) for cell in cells if cell.data_type in ("s", "inlineStr")
        }
        if "recap" in address or "rapprochement" in address or "reconciliations" in address:
            assert bare(formula) in words, address


def bare(text: str) -> str:
    """A text whatever its ends of lines, and the spaces around it."""
    return re.sub(r"\r\n?", "\n", text).strip()


def table(raw: bytes, delimiter: str) -> Sequence[Sequence[str]]:
    """The cells of a CSV file."""
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=delimiter))


async def test_figures_and_numbers_stay_what_they_are(people: Gateway) -> None:
    ids = await fill(people, "=1+1")
    async with browsing(people) as browser:
        await browser.sign_in("direction")
        found = {
            name: await saved(people, browser, FILES[name].format(**ids)) for name in FILES if name.endswith("csv")
        }
        cells = {name: {cell for row in table(raw, ";") for cell in row} for name, raw in found.items()}
        assert {"06 12 34 56 78", "'=1+1"} <= cells["/v1/recap.csv"]
        assert "'+352 621 123 456" in cells["/v1/recap.csv"]  # a spreadsheet would make a figure of it
        assert "-0,045" in cells["/v1/months/{month}/ledger.csv"]
        assert {"-1", "-0,0450"} <= cells["/v1/synthesis.csv"]
        assert "-0,0450" in cells["/v1/reconciliations/{id}/export.csv"]
        assert -0.045 in await values(people, browser, FILES["/v1/months/{month}/ledger.xlsx"])
        assert {"06 12 34 56 78", "+352 621 123 456"} <= await values(people, browser, "/v1/recap.xlsx")


async def values(gateway: Gateway, browser: Browser, address: str) -> set[Any]:
    """What stands in the cells of a workbook."""
    book = openpyxl.load_workbook(io.BytesIO(await saved(gateway, browser, address)))
    return {cell.value for row in book.worksheets[0].iter_rows() for cell in row}


@pytest.mark.parametrize("formula", ["=1+1", "\t=1", "＠A1", 'a";=1'])
async def test_machines_get_every_value_as_it_is(people: Gateway, formula: str) -> None:
    await fill(people, formula)
    async with browsing(people) as browser:
        raw = await saved(people, browser, "/v1/recap.csv", "rfc4180")
        assert {formula, "+33612345678", "+352621123456"} <= {cell for row in table(raw, ",") for cell in row}
        ledger = table(await saved(people, browser, FILES["/v1/months/{month}/ledger.csv"], "rfc4180"), ",")
        assert "-0.045" in {cell for row in ledger for cell in row}


def test_every_file_is_looked_into() -> None:
    known = {route.path for route in ROUTES if route.path.endswith((".csv", ".xlsx"))}
    assert known == {name for name in FILES if name.startswith("/")}
    pages = {page.path for page in PAGES if page.path.endswith((".csv", ".xlsx"))}
    shown = {
        address.removeprefix(ROOT).partition("?")[0].replace("{bill}", "{id}").replace("2026-11", "{month}")
        for address in FILES.values()
    }
    assert pages <= shown
