"""A small workbook that says far more than it holds is refused before it is built up."""

import pytest

from gateway import sheets, xmlparts
from gateway.problem import Problem
from tests.web.attacks.books import SHEET, TEXTS, book, sheet

_SHARED = '<c r="A{0}" t="s"><v>0</v></c>'


def _refused(raw: bytes) -> str:
    with pytest.raises(Problem, match="malformed_body") as refused:
        list(sheets.read(raw))
    return refused.value.detail


def _texts(count: int, octets: int) -> str:
    return ("<t>" + "a" * octets + "</t>") * count


def test_a_cell_of_texts_without_end() -> None:
    """Each of its texts is short enough: put together one by one, they take longer with each."""
    size = xmlparts.LONGEST_TEXT // 100 + 1
    inline = f'<row r="1"><c r="A1" t="inlineStr"><is>{_texts(100, size)}</is></c></row>'
    assert "trop longue" in _refused(book({SHEET: sheet(inline)}))
    shared = {SHEET: sheet(f'<row r="1">{_SHARED.format(1)}</row>'), TEXTS: f"<sst><si>{_texts(100, size)}</si></sst>"}
    assert "trop longue" in _refused(book(shared))


def test_cells_that_name_one_text_over_and_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_MOST_CHARACTERS", 10_000)
    texts = f"<sst><si>{_texts(1, 1_000)}</si></sst>"

    def rows(count: int) -> str:
        return sheet("".join(f'<row r="{row}">{_SHARED.format(row)}</row>' for row in range(1, count + 1)))

    assert len(list(sheets.read(book({SHEET: rows(10), TEXTS: texts})))) == 10
    assert "trop grand" in _refused(book({SHEET: rows(11), TEXTS: texts}))


def test_what_stands_between_cells_is_of_none() -> None:
    cells = '<row r="1"><t>aside</t><c r="A1"><v>12</v></c><v>9</v><c r="B1"><v>3</v></c></row>'
    assert list(sheets.read(book({SHEET: sheet(cells)}))) == [(1, ["12", "3"])]
