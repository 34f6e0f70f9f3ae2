"""Accepting: ids, serials and answers in the transaction of what they are of; all of a request or nothing."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.caller import Claim
from gateway.problem import Problem
from gateway.requests import BatchIn, MessageIn
from gateway.states import Status
from gateway.store import people
from gateway.store.idempotency import KeyTaken, find
from gateway.store.people import Wish
from tests.heart import LONG, METZ, MORNING, REUNION, Heart, everybody, opened


def body(**said: Any) -> MessageIn:
    return MessageIn.model_validate({"to": "0612345678", "action": "INFO", "text": "Bonjour", "school": METZ, **said})


async def post(heart: Heart, claim: Claim | None = None, **said: Any) -> Any:
    """The answer to one message."""
    _, answer = await heart.intake.message(body(**said), everybody(heart.settings), claim)
    return orjson.loads(answer)


async def test_the_answer_and_the_rows_say_the_same(heart: Heart) -> None:
    answer = await post(heart, text=LONG, reference="ABS-9/1")
    assert answer["id"].startswith("msg_")
    assert (answer["serial"], answer["status"], answer["parts"], answer["reference"]) == (1, "queued", 3, "ABS-9/1")
    assert answer["cost"] == {"amount": "0.1350", "currency": "EUR"}
    columns = "ulid, serial, status, parts, amount, number, text"
    assert await heart.rows(f"SELECT {columns} FROM message") == [
        (answer["id"][4:], 1, "queued", 3, 135_000, "+33612345678", LONG)
    ]
    assert await heart.rows("SELECT id & 255, state, mode, priority, school FROM part") == [
        (number, "queued", "standard", 1, METZ) for number in (1, 2, 3)
    ]


async def test_serials_are_each_schools_own_without_gap(heart: Heart) -> None:
    answers = await asyncio.gather(
        *(post(heart, school=METZ) for _ in range(30)),
        *(post(heart, school=REUNION, to="0692123456") for _ in range(20)),
    )
    assert sorted(answer["serial"] for answer in answers[:30]) == list(range(1, 31))
    assert sorted(answer["serial"] for answer in answers[30:]) == list(range(1, 21))
    assert len({answer["id"] for answer in answers}) == 50


async def test_two_processes_give_no_number_twice(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        answers = await asyncio.gather(*(post(heart) for _ in range(25) for heart in (one, two)))
        assert sorted(answer["serial"] for answer in answers) == list(range(1, 51))


async def test_an_ignored_message_is_kept_with_its_reason(heart: Heart) -> None:
    answer = await post(heart, to="03 87 00 00 00")
    assert (answer["status"], answer["reason"], answer["reason_detail"]) == ("ignored", "not_mobile", "landline")
    assert answer["cost"]["amount"] == "0.0000"
    assert await heart.rows("SELECT status, parts, deadline_at FROM message") == [("ignored", 0, None)]
    assert await heart.rows("SELECT kind, status, detail FROM event") == [("ignored", "ignored", "not_mobile")]
    assert await heart.rows("SELECT * FROM part") == []
    await heart.is_sound()


async def test_an_opt_out_committed_before_counts(heart: Heart) -> None:
    wish = Wish("+33612345678", opted_out=True, source="console")
    await heart.store.write(lambda conn: people.apply(conn, METZ, [wish], "mme.reiter", MORNING))
    assert (await post(heart, recipient={"consent": True}))["reason"] == "opted_out"
    assert (await post(heart, school=REUNION))["status"] == "queued"  # another school's opt-out is another's


async def test_a_lifted_do_not_sms_is_audited(heart: Heart) -> None:
    said: dict[str, Any] = {"recipient": {"do_not_sms": True}}
    assert (await post(heart, **said))["reason"] == "do_not_sms"
    assert (await post(heart, **said, override={"reason": "sortie annulée"}))["status"] == "queued"
    assert await heart.rows("SELECT kind, detail, actor FROM event WHERE kind = 'override'") == [
        ("override", "sortie annulée", "vie-scolaire")
    ]


async def test_a_batch_is_all_or_nothing(heart: Heart) -> None:
    recipients = [{"to": "0612345678", "variables": {"NOM": "A"}}, {"to": "0622222222"}]
    said = {"action": "INFO", "text": "Bonjour #NOM", "school": METZ, "recipients": recipients}
    with pytest.raises(Problem):
        await heart.intake.batch(BatchIn.model_validate(said), everybody(heart.settings), None, dry_run=False)
    assert await heart.rows("SELECT (SELECT COUNT(*) FROM message) + (SELECT COUNT(*) FROM batch)") == [(0,)]


async def test_ten_thousand_recipients_are_one_transaction(heart: Heart) -> None:
    ids = await heart.accept_many(10_000)
    assert ids == list(range(ids[0], ids[0] + 10_000))
    assert await heart.rows("SELECT recipients, accepted, ignored, parts, amount FROM batch") == [
        (10_000, 10_000, 0, 10_000, 450_000_000)
    ]
    assert await heart.rows("SELECT COUNT(*), COUNT(DISTINCT serial) FROM message") == [(10_000, 10_000)]


async def test_a_key_answers_once_and_its_work_is_done_once(heart: Heart) -> None:
    """Two processes that run the same key at once: the second's work is undone with its answer."""
    claim = Claim("vie-scolaire", "key-1", "abc")
    answer = await post(heart, claim)
    remembered = await heart.store.read(lambda conn: find(conn, "vie-scolaire", "key-1"))
    assert remembered is not None
    assert orjson.loads(remembered.answer) == answer
    with pytest.raises(KeyTaken):
        await post(heart, claim)
    assert await heart.rows("SELECT COUNT(*) FROM message") == [(1,)]


async def test_a_key_taken_harms_no_neighbour(heart: Heart) -> None:
    claim = Claim("vie-scolaire", "key-1", "abc")
    await post(heart, claim)
    results = await asyncio.gather(post(heart), post(heart, claim), post(heart), return_exceptions=True)
    assert [isinstance(result, KeyTaken) for result in results] == [False, True, False]
    assert [row[0] for row in await heart.rows("SELECT serial FROM message ORDER BY 1")] == [1, 2, 3]
    ids = {result["id"][4:] for result in results if isinstance(result, dict)}
    assert ids <= {row[0] for row in await heart.rows("SELECT ulid FROM message")}


async def test_a_sensitive_value_is_kept_in_its_parts_alone(heart: Heart) -> None:
    answer = await post(
        *(heart, Claim("a", "k", "x")), text="Code #CODE", variables={"CODE": "4217"}, sensitive=["CODE"]
    )
    assert answer["text"] == "Code •••"
    for table in ("message", "event", "batch", "idempotency"):
        assert "4217" not in str(await heart.rows(f"SELECT * FROM {table}"))
    assert await heart.rows("SELECT content FROM part") == [("Code 4217",)]


async def test_who_is_told_that_something_may_leave(heart: Heart) -> None:
    await heart.accept(action="ABSENCE")
    await heart.accept(send_at="2026-11-23T12:30:00+01:00")
    assert heart.queued == 0
    await heart.accept()
    assert heart.queued == 1
    assert heart.metrics.messages.labels(METZ, "INFO", Status.QUEUED).value == 1
