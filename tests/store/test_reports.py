"""The figures: counters against the ledger and the receipts; how questions are answered."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import differences
from gateway.states import Status
from gateway.store import reports, synthesis
from gateway.store.bulk import fetch
from gateway.store.database import Store, open_store
from gateway.store.selection import Selection, condition
from gateway.store.synthesis import Figures, Key
from gateway.store.tables import message, tally
from tests.store.rows import METZ, add_line, add_message, add_receipt, add_sent, add_tally

PRICE = 45_000


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/gateway.db") as store:
        yield store


async def agree(store: Store, **figures: Any) -> None:
    """The counters of November say these figures, and the ledger says the same."""
    await add_tally(store, **figures)
    _, found = await differences(store)
    assert found == []


async def test_an_empty_store_agrees(store: Store) -> None:
    assert await differences(store) == (0, [])


async def test_a_delivered_message(store: Store) -> None:
    await add_sent(store, 1)
    await add_line(store, 257)
    await add_receipt(store, 257)
    await agree(store, total=1, delivered=1, parts=1, amount=PRICE)


@pytest.mark.parametrize("state", ["undelivered", "expired", "in_transit", None])
async def test_other_receipts_do_not_deliver(store: Store, state: str | None) -> None:
    await add_sent(store, 1, status="undelivered")
    await add_line(store, 257)
    await add_receipt(store, 257, status=state)
    await add_receipt(store, None)
    await agree(store, total=1, parts=1, amount=PRICE)


async def test_a_message_is_delivered_when_all_its_parts_are(store: Store) -> None:
    await add_sent(store, 1, parts=2, status="in_transit", lines=2)
    await add_line(store, 257)
    await add_line(store, 258)
    await add_receipt(store, 257)
    await add_receipt(store, 257)
    await agree(store, total=1, parts=2, amount=2 * PRICE)
    await add_receipt(store, 258)
    _, found = await differences(store)
    assert [(one.counted.delivered, one.recomputed.delivered) for one in found] == [(0, 1)]


async def test_a_part_that_was_refused_keeps_its_message_undelivered(store: Store) -> None:
    await add_sent(store, 1, parts=2, status="rejected")
    await add_line(store, 257)
    await add_receipt(store, 257)
    await agree(store, total=1, parts=1, amount=PRICE)


async def test_a_line_taken_back_counts_nothing(store: Store) -> None:
    await add_sent(store, 1, status="rejected", lines=0)
    await add_line(store, 257, kind="uncertain")
    await add_line(store, 257, kind="reversal", parts=-1, amount=-PRICE)
    await agree(store, not_submitted=1, account="")


async def test_after_a_line_taken_back_the_next_one_says_the_month(store: Store) -> None:
    await add_sent(store, 1, month="2026-12", account="operateur-b")
    await add_line(store, 257, kind="uncertain")
    await add_line(store, 257, kind="reversal", parts=-1, amount=-PRICE)
    await add_line(store, 257, month="2026-12", account="operateur-b", amount=60_000)
    await add_receipt(store, 257, account="operateur-b")
    await agree(store, month="2026-12", account="operateur-b", total=1, delivered=1, parts=1, amount=60_000)


async def test_a_part_sent_twice_is_two_parts_of_one_message(store: Store) -> None:
    await add_sent(store, 1, lines=2)
    await add_line(store, 257, kind="uncertain")
    await add_line(store, 257)
    await add_receipt(store, 257)
    await agree(store, total=1, delivered=1, parts=2, amount=2 * PRICE)


async def test_parts_at_two_accounts_count_their_message_at_the_first(store: Store) -> None:
    await add_sent(store, 1, parts=2, lines=2)
    await add_line(store, 258)
    await add_line(store, 257, account="operateur-b")
    await add_tally(store, account="operateur-b", parts=1, amount=PRICE)
    await agree(store, total=1, parts=1, amount=PRICE)


async def test_every_difference_is_told(store: Store) -> None:
    await add_sent(store, 1)
    await add_line(store, 257)
    await add_tally(store, action="INFO", total=1, parts=1, amount=PRICE)
    counters, found = await differences(store)
    assert counters == 2
    nothing = Figures(0, 0, 0, 0)
    assert [(one.key, one.counted, one.recomputed) for one in found] == [
        (Key(METZ, "2026-11", "ABSENCE", "standard", "operateur-a"), nothing, Figures(1, 0, 1, PRICE)),
        (Key(METZ, "2026-11", "INFO", "standard", "operateur-a"), Figures(1, 0, 1, PRICE), nothing),
    ]


async def test_the_check_never_looks_at_the_counters(store: Store) -> None:
    await add_sent(store, 1)
    await add_line(store, 257)
    await add_tally(store, total=1, parts=1, amount=PRICE + 1)

    async def wrong(conn: AsyncConnection) -> None:
        await conn.execute(tally.delete())

    _, before = await differences(store)
    await store.write(wrong)
    _, after = await differences(store)
    assert [one.recomputed for one in before] == [one.recomputed for one in after]


async def test_the_check_looks_a_message_s_receipts_up(store: Store) -> None:
    """Joined without their index, those of 100,000 messages took six minutes."""
    steps = await store.read(lambda conn: fetch(conn, f"EXPLAIN QUERY PLAN {synthesis.OF_MESSAGES}"))
    found = [step[3] for step in steps if "receipt" in step[3]]
    assert found == ["SEARCH receipt USING INDEX receipt_part (part>? AND part<?)"] * 2


# ---- questions ----


async def test_what_waits_and_what_is_in_hand(store: Store) -> None:
    await add_message(store, 1, status="queued", parts=2)
    await add_message(store, 2, status="held")
    await add_message(store, 3, status="uncertain")
    assert await store.read(reports.queued_by_mode) == {"standard": 2}
    assert list((await store.read(reports.in_hand)).values()) == [1]


async def plan(store: Store, wanted: Selection) -> str:
    """How SQLite finds the messages of a selection."""
    question = message.select().where(condition(wanted)).order_by(message.c.id)

    async def explain(conn: AsyncConnection) -> str:
        compiled = question.compile(conn.sync_engine, compile_kwargs={"literal_binds": True})
        return " ".join(str(row[3]) for row in await fetch(conn, f"EXPLAIN QUERY PLAN {compiled}"))

    return await store.read(explain)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Selection(METZ), "message_school"),
        (Selection(METZ, statuses=frozenset({Status.HELD})), "message_open"),
        (Selection(METZ, number="+33612345678"), "message_number"),
        (Selection(METZ, event="ABS-9"), "message_event"),
        (Selection(METZ, batch="01J"), "message_batch"),
    ],
)
async def test_lists_use_their_index(store: Store, wanted: Selection, index: str) -> None:
    assert f"INDEX {index}" in await plan(store, wanted)
