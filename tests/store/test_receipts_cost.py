"""What a receipt asks of the database: by indices only, and nothing more where nothing can be mistaken."""

from collections.abc import Sequence
from typing import Any

import pytest

from adapters.smpp.ids import receipt_keys
from gateway.idforms import stored_key
from gateway.provider import Accepted, Part
from gateway.store import doubt, evidence, parked, receipts
from gateway.store.direct import Conn, Direct
from gateway.store.receipts import Incoming, Matched, receive
from tests.heart import Heart


class Heard(Direct):
    """A connection that keeps what it is told."""

    def __init__(self, own: Direct) -> None:
        super().__init__(own._raw, own.sealer)
        self.statements: list[str] = []

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """As the other one."""
        self.statements.append(sql)
        return super().rows(sql, values)


async def sent(heart: Heart, ids: Sequence[str], **more: Any) -> list[Part]:
    """As many messages, answered with these ids."""
    for _ in ids:
        await heart.accept(**more)
    parts = await heart.claim()
    for part, id_ in zip(parts, ids, strict=True):
        await heart.record((part, Accepted(id_, stored_key(id_))))
    return parts


async def report(heart: Heart, part: Part, id_: str) -> tuple[Matched, list[str]]:
    """What became of a receipt, and the questions that were asked."""
    asked: list[str] = []

    async def verb(conn: Conn, items: Sequence[Incoming]) -> Sequence[Matched]:
        assert isinstance(conn, Direct)
        conn = Heard(conn)
        matched = await receive(conn, items)
        asked.extend(sql for sql in conn.statements if sql.startswith("SELECT"))
        return matched

    keys, converted = receipt_keys((id_,), "auto")
    incoming = heart.incoming(part, id=id_, keys=keys, converted=converted, submitted=None)
    return await heart.store.join(verb, incoming), asked


def kinds(asked: Sequence[str]) -> list[str]:
    """Which of the questions about ids they were."""
    named = {
        "parts": evidence._FOUND,
        "habit": evidence._HABITS,
        "heard": evidence._HEARD,
        "doubts": doubt._IN_DOUBT,
    }
    begins = {name: sql.partition("IN (#)")[0] for name, sql in named.items()}
    return [name for sql in asked for name, begin in begins.items() if sql.startswith(begin)]


@pytest.mark.parametrize(
    ("answered", "received"),
    [("1d305b4c", "0489708364"), ("489708364", "489708364"), ("4a38dc46-5125-4969-90be-72104c340d5c",) * 2],
    ids=["other base", "same", "uuid"],
)
async def test_long_ids_ask_for_parts_and_habit_alone(heart: Heart, answered: str, received: str) -> None:
    [part] = await sent(heart, [answered])
    matched, asked = await report(heart, part, received)
    assert (matched.part, kinds(asked)) == (part.id, ["parts", "habit"])


async def test_short_ones_ask_what_is_in_doubt_until_the_form_is_sure(heart: Heart) -> None:
    for place in range(0xA0A0, 0xA0A0 + 51):
        [part] = await sent(heart, [f"{place:x}"])
        matched, asked = await report(heart, part, f"{place:X}")
        sure = place == 0xA0A0 + 50
        assert (matched.part, kinds(asked)) == (part.id, ["parts", "habit"] + ["doubts"] * (not sure))


async def test_those_that_collide_ask_what_each_part_has_heard(heart: Heart) -> None:
    parts = await sent(heart, ["10", "16"])
    matched, asked = await report(heart, parts[0], "16")
    assert (matched.part, kinds(asked)) == (None, ["parts", "habit", "doubts", "heard"])


QUESTIONS = {
    evidence._FOUND.replace("#", "'1', '2'"): "part_receipt",
    evidence._HEARD.replace("#", "1, 2"): "receipt_part",
    evidence._LATER: "PRIMARY KEY",
    parked._WAITING: "receipt_waiting",
    parked._WAITED_ENOUGH: "receipt_waiting",
    parked._BY_KEY.replace("#", "'1', '2'"): "PRIMARY KEY",
    parked._BY_ID.replace("#", "1, 2"): "PRIMARY KEY",
    receipts._EARLIER.replace("#", "'1', '2'"): "PRIMARY KEY",
    doubt._IN_DOUBT.partition("UNION ALL")[0]: "part_in_hand",
    doubt._IN_DOUBT.partition("UNION ALL")[2]: "part_again",
}


@pytest.mark.parametrize(("question", "index"), QUESTIONS.items(), ids=range(len(QUESTIONS)))
async def test_each_question_is_answered_from_an_index(heart: Heart, question: str, index: str) -> None:
    values = ["a"] * question.count("?")
    plan = [row[3] for row in await heart.rows(f"EXPLAIN QUERY PLAN {question}", *values)]
    assert any(index in step for step in plan), plan
    assert not [step for step in plan if step.startswith("SCAN") and "subquery" not in step], plan
