"""Files for people and for machines."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import csvout

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")))


def test_french_excel_gets_bom_semicolons_crlf_and_commas() -> None:
    file = csvout.begin(["Élève", "Coût"], "excel-fr") + csvout.lines([["Zoé", Decimal("0.0450")]], "excel-fr")
    assert file == "\ufeffÉlève;Coût\r\nZoé;0,0450\r\n".encode()


def test_machines_get_the_values_as_they_are() -> None:
    file = csvout.begin(["name", "cost"], "rfc4180") + csvout.lines([["=Zoé, B", Decimal("0.0450")]], "rfc4180")
    assert file == 'name,cost\r\n"=Zoé, B",0.0450\r\n'.encode()


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+33612345678", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =1", "\xa0 ＋1", "\ufeff-1", "\t1", "\0=1"],
)
def test_what_looks_like_a_formula_is_guarded(cell: str) -> None:
    assert csvout.guard(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Zoé", "1=1", "'=1", " Zoé", "a\t=1"])
def test_other_cells_are_left_alone(cell: str) -> None:
    assert csvout.guard(cell) == cell


@pytest.mark.parametrize("text", ["a;=1", "a,=1", 'a";=1', "a\t=1", "a\n=1", "a|=1"])
def test_a_cell_is_one_however_the_file_is_read(text: str) -> None:
    line = csvout.lines([[text, 1]], "excel-fr").decode()
    for delimiter in ";,\t|":
        ((first, *_),) = csv.reader(io.StringIO(line, newline=""), delimiter=delimiter)
        assert first.startswith(text)
    assert list(csv.reader(io.StringIO(line, newline=""), delimiter=";")) == [[text, "1"]]


def test_numbers_are_not_guarded() -> None:
    assert csvout.lines([[-2, Decimal("-0.5"), None]], "excel-fr") == b"-2;-0,5;\r\n"


@pytest.mark.parametrize(
    ("number", "masked", "french", "machine"),
    [
        ("+33612345678", False, "06 12 34 56 78", "+33612345678"),
        ("+33612345678", True, "06 ** ** ** 78", "+336******78"),
        ("+262692123456", False, "06 92 12 34 56", "+262692123456"),
        ("+352621123456", True, None, None),
        ("03 87 12 34 56", False, "03 87 12 34 56", "03 87 12 34 56"),
        ("03 87 12 34 56", True, "************56", "************56"),
        ("+33", True, None, None),
        ("1234", True, "****", "****"),
        ("", True, "", ""),
    ],
)
def test_telephone_numbers(number: str, masked: bool, french: str | None, machine: str | None) -> None:
    shown = csvout.telephone(number, "excel-fr", masked=masked)
    exact = csvout.telephone(number, "rfc4180", masked=masked)
    if french is not None:
        assert (shown, exact) == (french, machine)
    else:
        assert shown.replace(" ", "") != number
        assert exact != number


@given(st.text(st.sampled_from("0123456789 +.-()ab"), max_size=20))
def test_a_hidden_number_shows_few_of_its_digits(number: str) -> None:
    shown = csvout.hidden(number)
    assert sum(char.isdigit() for char in shown) <= 6
    assert number == shown or "*" in shown or not number


@given(st.lists(st.lists(TEXT, min_size=2, max_size=4), max_size=5))
def test_what_is_written_for_machines_is_read_back(rows: list[list[str]]) -> None:
    text = csvout.lines(rows, "rfc4180").decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == rows
