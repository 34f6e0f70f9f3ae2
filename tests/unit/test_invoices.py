"""What providers write in the detail of an invoice, read as lines; every error names its place and the cure."""

from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from gateway.invoice_cells import Bad, moment, money, quantity, telephone
from gateway.invoices import Choice, Columns, Invoice, first_rows, of_format, read_file, recognised
from gateway.piles import DAY, MINUTE
from gateway.problem import Problem

PARIS = ZoneInfo("Europe/Paris")

#: 23 November 2026, 08:30 in Paris.
MORNING = 1_795_419_000_000

OVHCLOUD = """\
batchID,creationDatetime,credits,deliveryReceipt,id,message,messageID,messageLength,numberOfSms,ptt,receiver,sender,tag
,2026-11-23T08:30:00+01:00,1,1,174,,a1b2,42,1,4,+33612345678,LYCCURIE,
,2026-11-23T08:31:00+01:00,2.5,1,175,,,200,2,4,0033692123456,LYCCURIE,
,2026-11-23T08:32:00+01:00,0,1,176,,,20,1,16,+33612345670,LYCCURIE,
"""
GENERIC = """Identifiant;N° de téléphone;Date;Heure;Nb SMS;Montant HT
A-1;06 12 34 56 78;23/11/2026;08:30;2;0,0900
A-2;33698765432;23/11/2026;08:31:15;;0,0450 €
;;;;;
Total;;;;3;0,1350
"""


def read(text: str, columns: Columns | None = None) -> tuple[str, Invoice]:
    return read_file(text.encode(), Choice(columns), PARIS)


def test_the_export_of_ovhcloud() -> None:
    format_, invoice = read(OVHCLOUD)
    assert format_ == "ovhcloud"
    first, second, third = invoice.lines
    assert first.ids == ("a1b2", "174")
    assert (first.line, first.number, first.at, first.parts, first.amount) == (
        2,
        "+33612345678",
        MORNING + 500,
        1,
        None,
    )
    assert (second.ids, second.number, second.parts) == (("175",), "+262692123456", 2)
    assert third.parts == 0  # no credit was taken


def test_the_generic_format_in_french() -> None:
    format_, invoice = read(GENERIC)
    assert format_ == "generic"
    first, second = invoice.lines
    assert (first.ids, first.number, first.parts, first.amount) == (("A-1",), "+33612345678", 2, 90_000)
    assert (first.at, first.half) == (MORNING + MINUTE // 2, MINUTE // 2)
    assert (second.number, second.parts, second.amount) == ("+33698765432", 1, 45_000)
    assert second.at == MORNING + 75_500
    assert invoice.totals == 1


def test_the_generic_format_in_english_and_as_a_workbook() -> None:
    book, stored = Workbook(), BytesIO()
    assert book.active is not None
    book.active.append(["Message ID", "Phone number", "Sent at", "Segments", "Price"])
    book.active.append([12, 33612345678, "2026-11-23 08:30:00", 2, 0.09])
    book.save(stored)
    format_, invoice = read_file(stored.getvalue(), Choice(), PARIS)
    assert format_ == "generic"
    (line,) = invoice.lines
    assert (line.ids, line.number, line.parts, line.amount) == (("12",), "+33612345678", 2, 90_000)


def test_columns_that_were_told() -> None:
    columns = Columns(number="Vers", at="Le", parts="Combien", timezone="UTC")
    format_, invoice = read("Vers;Le;Combien\n0612345678;23.11.26 07h30;3\n", columns)
    assert format_ == "mapping"
    assert (invoice.lines[0].at, invoice.lines[0].parts) == (MORNING + MINUTE // 2, 3)


def test_what_was_kept_is_proposed_where_the_file_has_it() -> None:
    kept = Columns(id="Réf")
    assert Choice(kept=kept).of(["REF", "Autre"]) == ("mapping", kept)
    assert Choice(kept=kept).of(["id", "Autre"])[0] == "generic"


def test_a_fee_is_a_line_without_a_message() -> None:
    (line,) = read("id;numero;date;montant\n;;01/11/2026;12,50\n")[1].lines
    assert (line.ids, line.number, line.parts, line.amount) == ((), "", 0, 12_500_000)


@pytest.mark.parametrize(
    "headings", [["Nom", "Prénom"], ["Numéro", "Quantité"], ["Date", "Montant TTC"], [""], ["Prix unitaire"]]
)
def test_columns_that_nobody_knows(headings: list[str]) -> None:
    assert recognised(headings) is None
    with pytest.raises(Problem) as caught:
        read(";".join(headings) + "\n1;2\n")
    assert caught.value.code == "unknown_columns"
    assert "mapping" in caught.value.detail


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(Problem) as caught:
        read(GENERIC, Columns(id="Code"))
    assert "« Code »" in caught.value.detail
    assert "« Nb SMS »" in caught.value.detail


def test_prices_with_tax_are_not_taken_for_prices_without() -> None:
    assert of_format("generic", ["id", "Montant TTC", "Prix unitaire"]).amount is None


@pytest.mark.parametrize(
    ("row", "where", "cure"),
    [
        ("A;06 12 34 56 78;31/02/2026;1;0", "Ligne 2, colonne 3 « Date »", "le jour d'abord"),
        ("A;06 12 34 56 78;11/23/2026;1;0", "Ligne 2, colonne 3 « Date »", "le jour d'abord"),
        ("A;toto;23/11/2026;1;0", "Ligne 2, colonne 2 « Numéro »", "0612345678"),
        ("A;3,36612E+10;23/11/2026;1;0", "Ligne 2, colonne 2 « Numéro »", "format Texte"),
        ("A;0612345678;23/11/2026;1,5;0", "Ligne 2, colonne 4 « SMS »", "nombre entier"),
        ("A;0612345678;23/11/2026;1;gratuit", "Ligne 2, colonne 5 « Montant »", "0,0450"),
        (";;23/11/2026;1;", "Ligne 2, colonne 1 « Id »", "retirez la ligne"),
    ],
)
def test_errors_name_line_and_column_with_the_cure(row: str, where: str, cure: str) -> None:
    with pytest.raises(Problem) as caught:
        read(f"Id;Numéro;Date;SMS;Montant\n{row}\n")
    assert caught.value.code == "invalid_field"
    assert where in caught.value.detail
    assert cure in caught.value.detail


def test_all_errors_are_listed() -> None:
    with pytest.raises(Problem) as caught:
        read("Id;SMS\n" + "A;x\n" * 300)
    assert len(caught.value.errors) == 100
    assert caught.value.errors[99].pointer == "/invoice/101/parts"


def test_the_first_rows_are_shown() -> None:
    table = first_rows(GENERIC.encode())
    assert table.headings[5] == "Montant HT"
    assert [line for line, _ in table.rows] == [2, 3, 5]


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("2026-11-23T08:30:00+01:00", 500),
        ("2026-11-23T07:30:00Z", 500),
        ("2026-11-23T07:30:00.123Z", 500),
        ("2026-11-23 08:30:00", 500),
        ("2026/11/23 08:30", MINUTE // 2),
        ("23/11/2026 08:30", MINUTE // 2),
        ("23/11/2026 à 08h30", MINUTE // 2),
        ("23-11-26 8:30:00", 500),
        ("20261123083000", 500),
        ("1795419000", 500),
        ("1795419000000", 500),
    ],
)
def test_dates_in_their_forms(text: str, half: int) -> None:
    middle, reach = moment(text, PARIS)
    assert reach == half
    assert middle - MORNING in (half, 0)


def test_a_day_is_a_whole_day() -> None:
    middle, half = moment("23/11/2026", PARIS)
    assert (middle - half, half) == (MORNING - 510 * MINUTE, DAY // 2)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0,0450", 45_000),
        ("0.045", 45_000),
        ("1 234,50 €", 1_234_500_000),
        ("1\N{NARROW NO-BREAK SPACE}234,5", 1_234_500_000),
        ("1,234.50", 1_234_500_000),
        ("1.234,50", 1_234_500_000),
        ("-0,045 EUR", -45_000),
        ("\N{MINUS SIGN}2", -2_000_000),
    ],
)
def test_amounts(text: str, micros: int) -> None:
    assert money(text) == micros


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999999", "12 34 mots", "1e9"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(Bad):
        money(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("06.12.34.56.78", "+33612345678"),
        ("612345678", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("352621123456", "+352621123456"),
        ("336123xxxxx", ""),
        ("0612****78", ""),
        ("36111", ""),
    ],
)
def test_numbers_in_their_forms(text: str, number: str) -> None:
    assert telephone(text) == number


@pytest.mark.parametrize(("text", "parts"), [("1", 1), ("2,0", 2), ("-1", -1), ("0", 0)])
def test_quantities(text: str, parts: int) -> None:
    assert quantity(text) == parts
