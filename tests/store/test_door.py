"""What comes in by doors in the store: entered with its message, ended once, reported until it was taken."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from gateway.alphabets import Alphabet
from gateway.door import PhoneText, Report, Wants
from gateway.provider import FromPhone, Refused
from gateway.requests import MessageIn
from gateway.states import Status
from gateway.store import door, inbound, moves
from gateway.store import door_outbox as outbox
from gateway.store.bulk import fetch
from gateway.store.door import Entry, Gone, PieceText
from gateway.store.door_outbox import KEPT_MS, Done
from gateway.store.inbound import Arrival
from tests.heart import METZ, MINUTE, Heart, everybody

BOTH = int(Wants.SUCCESS | Wants.FAILURE)


async def submit(heart: Heart, to: str = "06 12 34 56 78", wants: int = BOTH, **more: Any) -> Entry:
    """A message that came by the door; its entry."""
    body = MessageIn.model_validate({"to": to, "action": "INFO", "text": "Bonjour", "school": METZ, **more})
    entry = Entry("erp", heart.now, wants, "echo")
    await heart.intake.message(body, everybody(heart.settings), None, entry)
    return entry


async def look(heart: Heart, since: int = 0) -> list[Report]:
    """End what is over since an event; all that waits."""
    until = await heart.store.read(outbox.latest_event)
    ids = await heart.store.read(lambda conn: outbox.ended_since(conn, since, until))
    await heart.store.write(partial(outbox.end, ids=ids, now=heart.now))
    return await due(heart)


async def due(heart: Heart, limit: int = 100) -> list[Report]:
    """The reports that wait."""
    found = await heart.store.read(partial(outbox.due, app="erp", now=heart.now, limit=limit))
    return [one for one in found if isinstance(one, Report)]


async def test_it_is_entered_with_its_message(heart: Heart) -> None:
    entry = await submit(heart)
    found = await heart.store.read(partial(door.find, app="erp", public=entry.public))
    assert found is not None
    assert entry.public == f"msg_{await heart.one('message', found.message or 0, 'ulid')}"
    assert (found.status, found.ended_at, found.echo) == (Status.QUEUED, None, "echo")
    assert await heart.store.read(partial(door.find, app="other", public=entry.public)) is None


async def test_a_short_id_has_eight_digits(heart: Heart) -> None:
    body = MessageIn.model_validate({"to": "0612345678", "action": "INFO", "text": "x", "school": METZ})
    entry = Entry("erp", heart.now, BOTH, "", short=True)
    public, _ = await heart.intake.message(body, everybody(heart.settings), None, entry)
    assert entry.public == "00000001"
    ulid = public.removeprefix("msg_")
    assert await heart.store.read(partial(door.public_of, app="erp", ulid=ulid)) == "00000001"


async def test_what_ends_is_reported_once(heart: Heart) -> None:
    entry = await submit(heart)
    assert await look(heart) == []
    (part,) = await heart.send()
    assert await look(heart) == []
    heart.now += MINUTE
    await heart.receipt(part)
    (report,) = await look(heart)
    assert (report.id, report.status, report.at, report.submitted) == (
        *(entry.public, Status.DELIVERED, heart.now, heart.now - MINUTE),
    )
    assert await look(heart) == [report]
    assert await heart.store.read(outbox.left_over) == []


async def test_what_ended_while_nobody_looked_is_found(heart: Heart) -> None:
    await submit(heart)
    (part,) = await heart.send()
    await heart.receipt(part)
    ids = await heart.store.read(outbox.left_over)
    assert await heart.store.write(partial(outbox.end, ids=ids, now=heart.now)) == 1
    assert await heart.store.write(partial(outbox.end, ids=ids, now=heart.now)) == 0


async def test_messages_of_nobodys_door_are_not_looked_at(heart: Heart) -> None:
    await heart.accept()
    (part,) = await heart.send()
    await heart.receipt(part)
    assert await look(heart) == []


@pytest.mark.parametrize(
    ("wants", "delivered", "reported"),
    [
        (BOTH, True, 1),
        (BOTH, False, 1),
        (int(Wants.FAILURE), True, 0),
        (int(Wants.FAILURE), False, 1),
        (int(Wants.SUCCESS), True, 1),
        (int(Wants.SUCCESS), False, 0),
        (0, False, 0),
    ],
)
async def test_only_what_was_asked_for(heart: Heart, wants: int, delivered: bool, reported: int) -> None:
    await submit(heart, wants=wants)
    (part,) = await heart.send()
    await heart.receipt(part, Status.DELIVERED if delivered else Status.UNDELIVERED)
    assert len(await look(heart)) == reported
    assert await heart.rows("SELECT COUNT(*) FROM door_submission WHERE ended_at IS NULL") == [(0,)]


async def test_every_ending_is_found(heart: Heart) -> None:
    """Ignored, refused, cancelled, expired: each writes an event, and that is what is looked at."""
    refused = await submit(heart, "0612345601")
    (part,) = await heart.claim()
    await heart.record((part, Refused("0x00000045")))
    cancelled = await submit(heart, "0612345602")
    found = await heart.store.read(partial(door.find, app="erp", public=cancelled.public))
    assert found is not None
    await heart.act(moves.cancel, found.message or 0)
    ignored = await submit(heart, "0612345603", recipient={"consent": False})
    expired = await submit(heart, "0612345604")
    await heart.due(heart.now + 25 * 60 * MINUTE)
    reports = {report.id: (report.status, report.reason) for report in await look(heart)}
    assert reports == {
        refused.public: (Status.REJECTED, "0x00000045"),
        cancelled.public: (Status.CANCELLED, ""),
        ignored.public: (Status.IGNORED, "no_consent"),
        expired.public: (Status.EXPIRED, "validity_over"),
    }


async def test_progress_is_reported_once_and_only_to_who_asked(heart: Heart) -> None:
    asked = await submit(heart, "0612345601", wants=BOTH | int(Wants.PROGRESS))
    await submit(heart, "0612345602")
    assert await heart.store.read(outbox.under_way) == []
    await heart.send()
    ids = await heart.store.read(outbox.under_way)
    assert await heart.store.write(partial(outbox.note_progress, ids=ids, now=heart.now)) == 1
    assert await heart.store.read(outbox.under_way) == []
    (report,) = await due(heart)
    assert (report.id, report.progress, report.status) == (asked.public, True, Status.IN_TRANSIT)


async def test_deliveries_are_over_or_come_again(heart: Heart) -> None:
    for place in range(3):
        await submit(heart, f"061234560{place}")
    parts = await heart.send()
    for part in parts:
        await heart.receipt(part)
    first, second, third = await look(heart)
    assert await due(heart, limit=2) == [first, second]
    await heart.store.join(outbox.settle, Done([first.delivery], [(second.delivery, heart.now + 5_000)]))
    assert await due(heart) == [third]
    heart.now += 5_000
    last, again = await due(heart)
    assert (again.delivery, again.tries, last) == (second.delivery, 1, third)
    assert await heart.store.read(outbox.waiting) == {"erp": 2}


async def test_what_waits_is_found_without_passing_over_the_rest(heart: Heart) -> None:
    """Neither what was put off, nor messages of other ways, nor submissions that ended cost anything."""
    for sql, values in (
        (outbox._DUE, ("erp", heart.now, 10)),
        (outbox._ENDED, (0, 10)),
        (outbox._LEFT_OVER, ()),
        (outbox._UNDER_WAY, ()),
    ):
        plan = " ".join(str(row[3]) for row in await heart.rows(f"EXPLAIN QUERY PLAN {sql}", *values))
        scans = [word for word in plan.split("SCAN ")[1:] if "INDEX" not in word.split("SEARCH")[0]]
        assert scans == [], plan
        assert "ORDER BY" not in plan, plan


async def test_after_seven_days_nobody_comes_any_more(heart: Heart) -> None:
    entry = await submit(heart)
    (part,) = await heart.send()
    await heart.receipt(part)
    await look(heart)
    forget = partial(outbox.forget, before=heart.now)
    assert await heart.store.write(forget) == 0
    heart.now += KEPT_MS + 1
    assert await heart.store.write(partial(outbox.forget, before=heart.now - KEPT_MS)) == 1
    assert await heart.store.read(partial(door.find, app="erp", public=entry.public)) is None


# ---- pieces ----


def piece(heart: Heart, number: int, ulid: str = "", bundle: str = "b") -> Entry:
    text = PieceText(bundle, number, 2, b"abc", "gsm7", "{}")
    return Entry("erp", heart.now, BOTH, "echo", ulid=ulid, text=text, place=f"_{number}")


async def test_pieces_wait_and_become_one_message(heart: Heart) -> None:
    first = await heart.store.join(door.keep, piece(heart, 1))
    (waiting,) = await heart.store.read(partial(door.pieces, app="erp", bundle="b"))
    assert (waiting.public, waiting.text.octets) == (first, b"abc")
    body = MessageIn.model_validate({"to": "0612345678", "action": "INFO", "text": "abcdef", "school": METZ})
    last = Entry("erp", heart.now, BOTH, "echo", ulid=waiting.ulid, place="_2", siblings=(waiting.id,))
    await heart.intake.message(body, everybody(heart.settings), None, last)
    assert (first, last.public) == (f"msg_{waiting.ulid}_1", f"msg_{waiting.ulid}_2")
    assert await heart.rows("SELECT DISTINCT message, octets, charset, form FROM door_submission") == [
        (1, None, None, None)
    ]
    assert await heart.rows("SELECT ulid FROM message") == [(waiting.ulid,)]
    (part,) = await heart.send()
    await heart.receipt(part)
    assert sorted(report.id for report in await look(heart)) == [first, last.public]


async def test_pieces_are_taken_once(heart: Heart) -> None:
    await heart.store.join(door.keep, piece(heart, 1))
    (waiting,) = await heart.store.read(door.waiting_pieces)
    assert await heart.store.write(
        partial(outbox.end_pieces, ids=[waiting.id], status=Status.EXPIRED, reason="pieces_missing", now=heart.now)
    )
    body = MessageIn.model_validate({"to": "0612345678", "action": "INFO", "text": "abcdef", "school": METZ})
    last = Entry("erp", heart.now, BOTH, "echo", ulid=waiting.ulid, place="_2", siblings=(waiting.id,))
    with pytest.raises(Gone):
        await heart.intake.message(body, everybody(heart.settings), None, last)
    assert await heart.rows("SELECT COUNT(*) FROM message") == [(0,)]
    (report,) = await due(heart)
    assert (report.status, report.reason) == (Status.EXPIRED, "pieces_missing")
    assert await heart.store.read(door.waiting_pieces) == []


# ---- what telephones wrote ----


async def wrote(heart: Heart, number: str = "+33612345678", to: str = "36111", text: str = "Merci") -> None:
    said = FromPhone(number, to, text.encode(), Alphabet.GSM7, "link")
    await heart.store.write(lambda conn: inbound.receive(conn, Arrival("a", said, number, to, heart.now, heart.rules)))


async def heard(heart: Heart, app: str = "erp") -> list[tuple[str, str, str]]:
    found = await heart.store.read(partial(outbox.due, app=app, now=heart.now, limit=100))
    return [(one.number, one.to, one.text) for one in found if isinstance(one, PhoneText)]


async def take(heart: Heart, of_school: dict[str, str] | None = None) -> None:
    await heart.store.write(partial(outbox.take_inbound, apps=["erp"], of_school=of_school or {}, now=heart.now))


async def test_an_answer_goes_to_the_application_that_was_answered(heart: Heart) -> None:
    await take(heart)
    for number, app in (("+33612345678", "erp"), ("+33612345679", "ent")):
        body = MessageIn.model_validate({"to": number, "action": "INFO", "text": "Bonjour", "school": METZ})
        caller = replace(everybody(heart.settings), app=app)
        await heart.intake.message(body, caller, None)
    await heart.send()
    heart.now += MINUTE
    await wrote(heart)
    await wrote(heart, "+33612345679", text="Autre")
    await wrote(heart, "+33612345670", text="Inconnu")
    await take(heart)
    await take(heart)
    assert await heard(heart) == [("+33612345678", "36111", "Merci")]
    assert await heard(heart, "ent") == []


async def test_what_answers_nothing_goes_to_the_one_application_of_the_school(heart: Heart) -> None:
    await take(heart)
    await wrote(heart)
    await heart.store.write(lambda conn: fetch(conn, "UPDATE inbound SET school = ?", (METZ,)))
    await take(heart, {METZ: "erp"})
    assert await heard(heart) == [("+33612345678", "36111", "Merci")]


async def test_what_came_before_there_was_a_door_is_nobodys(heart: Heart) -> None:
    await wrote(heart)
    await heart.store.write(lambda conn: fetch(conn, "UPDATE inbound SET app = ?", ("erp",)))
    await take(heart)
    assert await heard(heart) == []
