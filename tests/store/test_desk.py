"""The unit of work: a move that is not legal changes nothing; what changed is written, what did not is not."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from gateway.states import Status
from gateway.store.desk import Desk, Rules
from gateway.store.direct import Conn
from tests.heart import LONG, MORNING, Heart

T = TypeVar("T")


async def on_desk(heart: Heart, message_id: int, work: Callable[[Desk], T]) -> T:
    """Take a message, do something to it, put it back."""

    async def verb(conn: Conn) -> T:
        desk = await Desk.take(conn, heart.rules, [message_id, 999_999, message_id])
        result = work(desk)
        await desk.put_back(conn)
        return result

    return await heart.store.write(verb)


async def test_a_move_that_is_not_legal_changes_nothing(heart: Heart) -> None:
    id_ = await heart.accept()
    before = await heart.rows("SELECT * FROM message JOIN part")
    moved = await on_desk(heart, id_, lambda desk: desk.move(desk.parts[id_ * 256 + 1], Status.HELD, MORNING, "back"))
    assert not moved
    assert await heart.events(id_) == []
    assert before == await heart.rows("SELECT * FROM message JOIN part")


async def test_the_message_is_judged_at_each_move(heart: Heart) -> None:
    id_ = await heart.accept(text=LONG)

    def work(desk: Desk) -> list[tuple[Status, int]]:
        seen = []
        for row in desk.parts.values():
            desk.move(row, Status.SENDING, MORNING + row.number, "")
            desk.move(row, Status.IN_TRANSIT, MORNING + row.number, "")
            desk.move(row, Status.DELIVERED, MORNING + row.number, "receipt")
            seen.append((desk.heads[id_].status, desk.heads[id_].final_parts))
        return seen

    assert await on_desk(heart, id_, work) == [
        *((Status.QUEUED, 1), (Status.QUEUED, 2), (Status.DELIVERED, 3)),
    ]
    assert await heart.one("message", id_, "status", "status_at", "deadline_at") == ("delivered", MORNING + 3, None)


async def test_a_line_and_its_reversal_come_to_nought(heart: Heart) -> None:
    id_ = await heart.accept()

    def work(desk: Desk) -> None:
        [row] = desk.parts.values()
        row.account = "a"
        desk.bill(row, "a", MORNING, "uncertain")
        desk.reverse(row, MORNING, 45_000)
        desk.reverse(row, MORNING, 45_000)  # there is nothing left to reverse

    await on_desk(heart, id_, work)
    assert [line[:3] for line in await heart.lines(id_)] == [("uncertain", 1, 45_000), ("reversal", -1, -45_000)]
    assert await heart.one("message", id_, "lines") == 0
    assert await heart.sums() == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("instant", "metz", "reunion"),
    [(1_798_757_940_000, "2026-12", "2027-01"), (1_798_758_000_000, "2027-01", "2027-01")],
)
async def test_months_and_days_are_those_of_the_school(heart: Heart, instant: int, metz: str, reunion: str) -> None:
    rules: Rules = heart.rules
    assert rules.month("0570051W", instant) == metz
    assert rules.month("9741046A", instant) == reunion
    assert rules.day("9741046A", instant).isoformat() == "2027-01-01"


async def test_whoever_counts_is_told_each_new_state_of_a_message(heart: Heart) -> None:
    await heart.accept()
    [part] = await heart.send()
    await heart.receipt(part)
    counted = {
        status: heart.metrics.messages.labels("0570051W", "INFO", status).value
        for status in (Status.QUEUED, Status.SENDING, Status.IN_TRANSIT, Status.DELIVERED)
    }
    assert set(counted.values()) == {1}
