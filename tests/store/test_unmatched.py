"""What the list of receipts of nobody costs does not grow with all the others."""

import pytest

from tests.heart import Heart


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("", "receipt_of_nobody"),
        ("AND id < 9", "receipt_of_nobody"),
        ("AND account = 'a'", "receipt_unmatched"),
        ("AND account = 'a' AND waits", "receipt_waiting"),
    ],
)
async def test_it_is_read_from_an_index_of_its_own(heart: Heart, where: str, index: str) -> None:
    plan = await heart.rows(
        f"EXPLAIN QUERY PLAN SELECT * FROM receipt WHERE part IS NULL {where} ORDER BY id DESC LIMIT 50"
    )
    assert any(index in row[3] for row in plan), plan
    assert not any("TEMP B-TREE" in row[3] for row in plan), plan
