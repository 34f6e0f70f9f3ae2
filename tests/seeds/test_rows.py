"""Each row of the two documents is proved by a test that names it; no test names a row that is none."""

from tests.seeds.rows import ROWS, proofs


def test_no_row_is_named_that_is_none() -> None:
    assert [one for one in proofs() if one.row not in ROWS] == []
