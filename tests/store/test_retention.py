"""What was kept long enough is erased, and the accounts do not notice."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway import cli, retention
from gateway.accounts import differences
from gateway.config import RetentionSettings
from gateway.exits import Exit
from gateway.provider import Unknown
from gateway.states import Status
from gateway.store import moves
from gateway.store import retention as kept
from gateway.store.answers import Answer, mark
from gateway.store.bulk import fetch
from gateway.store.direct import Conn
from gateway.store.erasing import What
from tests.heart import DAY, METZ, MORNING, Heart, opened

NAMES: dict[str, Any] = {
    "recipient": {"label": "Mme REITER (Légal 1)"},
    "subject": {"id": "E-881", "name": "REITER Pauline", "division": "5B"},
    "event": {"id": "ABS-9", "type": "absence", "label": "Absence de Pauline"},
    "metadata": {"k": "Pauline"},
    "reference": "ABS-9/1",
}
TEXT = "Bonjour, Pauline est absente."
BOTH = RetentionSettings()


async def purge(heart: Heart, days: RetentionSettings = BOTH) -> dict[str, int]:
    return dict(await retention.purge(heart.store, retention.limits(days, heart.now), heart.now, "test"))


async def said(heart: Heart) -> int:
    """A message about somebody, delivered, and answered by telephone."""
    id_ = await heart.accept(text=TEXT, **NAMES)
    [part] = await heart.send()
    await heart.receipt(part, raw=b"whatever +33612345678", tlvs={0x0424: b"text"})
    await heart.phone("Elle est malade")
    return id_


async def whole(heart: Heart) -> str:
    """Everything that the database says, in one text."""

    async def question(conn: Conn) -> str:
        tables = await fetch(conn, "SELECT name FROM sqlite_master WHERE type = 'table'")
        return "\n".join([repr(row) for (name,) in tables for row in await fetch(conn, f'SELECT * FROM "{name}"')])

    return await heart.store.read(question)


async def test_texts_go_first_then_who_it_was_about(heart: Heart) -> None:
    id_ = await said(heart)
    heart.now += 90 * DAY
    assert await purge(heart) == {}
    heart.now += DAY
    assert await purge(heart) == {"message_texts": 1, "receipt_texts": 1, "inbound_texts": 1, "inbound_part_texts": 1}
    everything = await whole(heart)
    assert "absente" not in everything
    assert "malade" not in everything
    assert "whatever" not in everything
    assert "+33612345678" in everything
    heart.now += 275 * DAY
    counts = {"message_people": 1, "receipt_numbers": 1, "inbound_numbers": 1, "inbound_part_numbers": 1}
    assert await purge(heart) == counts
    everything = await whole(heart)
    for word in ("612345678", "06 12 34", "Pauline", "REITER", "E-881", "5B"):
        assert word not in everything, word
    assert await heart.one("message", id_, "reference", "event_id", "parts", "amount", "status", "month") == (
        *("ABS-9/1", "ABS-9", 1, 45_000, "delivered", "2026-11"),
    )


async def test_the_accounts_agree_before_and_after(heart: Heart) -> None:
    for place in range(3):
        await heart.accept(to=f"06 12 34 56 7{place}", text=TEXT, **NAMES)
    first, *_ = await heart.send()
    await heart.receipt(first)
    before = await heart.sums()
    heart.now += 40 * DAY
    await heart.due()
    heart.now += 400 * DAY
    assert (await purge(heart))["message_people"] == 3
    assert await heart.sums() == before
    assert (await differences(heart.store))[1] == []
    await heart.is_sound()


async def test_what_has_not_ended_waits_for_its_end(heart: Heart) -> None:
    later = await heart.accept(text=TEXT, send_at="2027-10-01T08:00:00+02:00", **NAMES)
    heart.now += 200 * DAY
    assert await purge(heart) == {}
    assert await heart.one("message", later, "text") == TEXT
    assert await heart.act(moves.cancel, later)
    assert await purge(heart) == {"message_texts": 1}
    assert await heart.one("message", later, "text", "number") == ("", "+33612345678")
    assert await purge(heart) == {}


async def test_a_large_arrear_is_erased_lot_by_lot(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LOT", 3)
    for id_ in await heart.accept_many(10, action="ABSENCE"):
        await heart.act(moves.cancel, id_)
    heart.now += 91 * DAY
    due = retention.limits(BOTH, heart.now)
    assert await heart.store.read(lambda conn: kept.is_due(conn, due))
    assert await heart.store.write(lambda conn: kept.lot(conn, due, heart.now)) == 3
    assert (await heart.rows("SELECT COUNT(*) FROM message WHERE text_erased_at IS NULL"))[0][0] == 7
    stopped = await retention.purge(heart.store, due, heart.now, "test", lambda: False)
    assert stopped == {"message_texts": 3}
    assert await purge(heart) == {"message_texts": 7}
    assert not await heart.store.read(lambda conn: kept.is_due(conn, due))


async def test_the_journal_says_how_many_and_nobody(heart: Heart) -> None:
    await said(heart)
    heart.now += 91 * DAY
    await purge(heart)
    [(actor, act, subject, detail)] = await heart.rows("SELECT actor, act, subject, detail FROM audit")
    assert (actor, act, subject) == ("test", "purged", "")
    assert detail == "message_texts 1, receipt_texts 1, inbound_texts 1, inbound_part_texts 1"
    await purge(heart)
    assert len(await heart.rows("SELECT 1 FROM audit")) == 1


async def test_kept_for_ever(heart: Heart) -> None:
    await said(heart)
    heart.now += 4000 * DAY
    assert await purge(heart, RetentionSettings(text_days=None, number_days=None)) == {}
    assert set(await purge(heart, RetentionSettings(text_days=None))) == {
        *("message_people", "receipt_numbers", "inbound_numbers", "inbound_part_numbers"),
    }


async def test_why_an_exception_was_made_goes_and_that_it_was_made_stays(heart: Heart) -> None:
    override = {"reason": "la mère de Pauline l'a demandé"}
    more = {"label": "Mme REITER", "do_not_sms": True}
    id_ = await heart.accept(recipient=more, override=override)
    await heart.act(moves.cancel, id_)
    heart.now += 366 * DAY
    await purge(heart)
    assert "Pauline" not in await whole(heart)
    assert "override" in await heart.events(id_)


async def test_who_answered_goes(heart: Heart) -> None:
    await said(heart)
    await heart.store.write(lambda conn: mark(conn, Answer(METZ, "AUTRE", heart.now, "M. REITER", "k")))
    heart.now += DAY
    id_ = await heart.accept(event={"id": "AUTRE"})
    await heart.act(moves.cancel, id_)
    heart.now += 366 * DAY
    await purge(heart)
    assert "REITER" not in await whole(heart)


async def test_a_message_without_its_number_is_not_sent_again(heart: Heart) -> None:
    id_ = await heart.accept(text=TEXT)
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    await heart.due(MORNING + 400 * DAY)
    assert await heart.status(id_) is Status.NO_RECEIPT
    await purge(heart, RetentionSettings(text_days=None))
    [move] = await heart.act(moves.resend, id_)
    assert (move.done, move.code) == (False, "text_wiped")


def test_days_are_whole() -> None:
    days = RetentionSettings(text_days=7, number_days=None)
    midnight = MORNING // DAY * DAY
    assert retention.limits(days, midnight + DAY - 1) == retention.limits(days, midnight)
    assert retention.limits(days, midnight) == {What.TEXT: midnight - 7 * DAY}


async def make_old(tmp_path: Path) -> None:
    async with opened(tmp_path) as heart:
        heart.now = MORNING - 3000 * DAY
        id_ = await heart.accept(text=TEXT, hold=True, **NAMES)
        await heart.act(moves.cancel, id_)


def test_the_command_counts_then_erases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import asyncio

    asyncio.run(make_old(tmp_path))
    file = tmp_path / "config.yaml"
    store = {"store": {"url": f"sqlite:///{tmp_path}/gateway.db"}, "retention": {"number_days": None}}
    file.write_text(yaml.safe_dump(store), "utf-8")
    for words, shown in (
        (["--dry-run"], "1 texts of messages would be erased"),
        ([], "1 texts of messages erased"),
        (["--dry-run"], "0 texts of messages would be erased"),
    ):
        assert cli.main(["purge", "--config", str(file), *words]) == Exit.FINE
        out = capsys.readouterr().out
        assert shown in out
        assert "texts: kept 90 days\nnumbers: kept for ever\n" in out
        assert "0 numbers and names of messages" in out
    file.write_text('store: {url: "sqlite:////nowhere/at/all.db"}', "utf-8")
    assert cli.main(["purge", "--config", str(file)]) == Exit.STORE
