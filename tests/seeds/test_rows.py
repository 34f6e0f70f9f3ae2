"""Each row of the two documents is proved by a test that names it; no test names a row that is none."""

from tests.seeds.page import PAGE, page
from tests.seeds.rows import ROWS, proofs


def test_no_row_is_named_that_is_none() -> None:
    assert [one for one in proofs() if one.row not in ROWS] == []


def test_each_row_is_proved_as_it_is_served() -> None:
    shown = dict.fromkeys(ROWS, "")
    for one in proofs():
        shown[one.row] += one.by
    assert {row: by for row, (by, _) in ROWS.items() if not set(by) <= set(shown[row])} == {}


def test_the_page_for_readers_is_that_of_the_tests() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.seeds.page"
