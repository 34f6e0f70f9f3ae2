"""With a key, numbers, names and texts are nowhere in the database's files, and everything works as without."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import LargeBinary, Text

from gateway import cli, retention
from gateway.caller import Claim
from gateway.config import RetentionSettings
from gateway.exits import Exit
from gateway.provider import Unknown
from gateway.requests import MessageIn
from gateway.sealing import Sealer
from gateway.states import Status
from gateway.store import idempotency, labels, moves, people, replies, reports, reseal, unmatched, wishes
from gateway.store.answers import Answer, mark
from gateway.store.database import StoreUnavailable, open_store
from gateway.store.maintenance import empty_log
from gateway.store.people import Wish
from gateway.store.reseal import seal_all
from gateway.store.sealed import SEALED
from gateway.store.selection import Order, Selection, Sort
from gateway.store.tables import metadata
from tests.heart import DAY, LONG, METZ, MORNING, Heart, everybody, opened

pytestmark = pytest.mark.unsealed  # they choose their keys themselves

OLD, KEY = b"o" * 32, b"k" * 32
NUMBER = "+33612345678"
NAMES: dict[str, Any] = {
    "recipient": {"label": "Mme REITER (Légal 1)"},
    "subject": {"id": "E-881", "name": "REITER Pauline", "division": "5B"},
    "event": {"id": "ABS-9", "type": "absence", "label": "Absence de Pauline"},
    "metadata": {"k": "Pauline"},
}
#: Nothing of these may be found in the files.
WORDS = ("612345678", "06 12 34 56", "REITER", "reiter", "Pauline", "E-881", "absente", "malade", "Votre enfant")


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path, sealer=Sealer([KEY])) as one:
        yield one


def octets(folder: Path) -> bytes:
    """The database and its log, as they are on the disk."""
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.name.startswith("gateway.db"))


def found(folder: Path) -> list[str]:
    """The words that stand in the files, in whichever alphabet."""
    data = octets(folder)
    return [word for word in WORDS for code in ("utf-8", "utf-16-be") if word.encode(code) in data]


async def live(heart: Heart) -> int:
    """A life: sent, received, answered, opted out, overridden, repeated; the first message."""
    first = await heart.accept(text="Bonjour, Pauline est absente.", **NAMES)
    await heart.accept(to="06 12 34 56 79", text=LONG, **NAMES)
    await heart.accept(to="06 12 34 56", text="Pauline")  # no number
    await heart.accept(to="06 12 34 56 77", recipient={"do_not_sms": True}, override={"reason": "pour Pauline"})
    body = MessageIn.model_validate({"to": NUMBER, "action": "INFO", "text": "Pauline", "school": METZ})
    await heart.intake.message(body, everybody(heart.settings), Claim("a", str(first), "x"))
    for part in await heart.send():
        await heart.receipt(part, raw=f"raw {part.to} absente".encode(), tlvs={0x0424: b"Pauline"})
    await heart.phone("Pauline est malade")
    await heart.phone("STOP")
    await heart.receipt(part, id="unknown", raw=b"+33612345678")
    wish = Wish("+33612345677", "no", None, "fiche")
    await heart.store.write(lambda conn: wishes.obey(conn, METZ, [wish], "cpe", heart.now, heart.rules))
    await heart.store.write(lambda conn: mark(conn, Answer(METZ, "AUTRE", heart.now, "M. REITER", "k")))
    await heart.store.write(labels.index)
    return first


async def test_nothing_stands_in_the_files(heart: Heart, tmp_path: Path) -> None:
    first = await live(heart)
    assert found(tmp_path) == []
    assert await empty_log(heart.store.url)
    assert found(tmp_path) == []
    assert await heart.one("message", first, "number", "label", "text", "subject_name") == (
        *(NUMBER, "Mme REITER (Légal 1)", "Bonjour, Pauline est absente.", "REITER Pauline"),
    )
    await heart.is_sound()


async def test_without_a_key_they_do(tmp_path: Path) -> None:
    async with opened(tmp_path) as heart:
        await live(heart)
        assert set(found(tmp_path)) == set(WORDS)


async def test_what_is_looked_for_by_number(heart: Heart) -> None:
    first = await live(heart)
    for wanted, count in ((Selection(METZ, number=NUMBER), 2), (Selection(METZ, number_input="06 12 34 56"), 1)):
        assert await heart.store.read(lambda conn: reports.count(conn, wanted)) == (count, False)  # noqa: B023
    rows = await heart.store.read(lambda conn: replies.page(conn, replies.Wanted(METZ, number=NUMBER), None, 10))
    assert [(row.text, row.kind) for row in rows] == [("STOP", "stop"), ("Pauline est malade", "reply")]
    assert [row.message for row in rows][1] in (first, first + 4)
    known = await heart.store.read(lambda conn: people.people(conn, METZ, [NUMBER, "+33612345677"]))
    assert [len(known[NUMBER].opt_outs), known["+33612345677"].consent] == [1, False]
    assert len(await heart.store.read(lambda conn: people.history(conn, METZ, NUMBER))) == 1
    assert await heart.status(await heart.accept()) is Status.IGNORED
    lifted = Wish(NUMBER, None, False, "fiche")
    await heart.store.write(lambda conn: wishes.obey(conn, METZ, [lifted], "cpe", heart.now, heart.rules))
    assert await heart.status(await heart.accept()) is Status.QUEUED


async def test_a_name_is_found_by_its_beginning(heart: Heart) -> None:
    await live(heart)
    late = await heart.accept(to="06 12 34 56 70", recipient={"label": "M. Réiterand"})
    for asked, count in (("reiter", 3), ("REIT mme", 2), ("reiterand", 1), ("legal", 2), ("rei", 3), ("x", 0)):
        wanted = await heart.store.read(lambda conn: labels.resolved(conn, Selection(METZ, label=asked)))  # noqa: B023
        assert len(wanted.ids or ()) == count, asked
    await heart.store.write(labels.index)
    wanted = await heart.store.read(lambda conn: labels.resolved(conn, Selection(METZ, label="reiterand")))
    assert wanted.ids == (late,)
    await heart.store.write(lambda conn: labels.forget(conn, [late]))
    assert len(await heart.rows("SELECT 1 FROM word WHERE lies_within(word, 'reiterand', 'reiterandz')")) == 0


async def test_names_are_sorted_as_they_read(heart: Heart) -> None:
    for place, name in enumerate(("Zoé", "Éric", "anne", "OEuvrard", "Œdipe")):
        await heart.accept(to=f"06 12 34 56 7{place}", recipient={"label": name}, subject={"name": name})
    for sort in (Sort.RECIPIENT, Sort.NAME):
        page = await heart.store.read(lambda conn: reports.page(conn, Selection(METZ), Order(sort), None, 9))  # noqa: B023
        assert [row.label for row in page] == ["anne", "Éric", "Œdipe", "OEuvrard", "Zoé"]


async def test_a_repeated_request_has_its_answer(heart: Heart) -> None:
    claim = Claim("a", "k", "x")
    await heart.store.write(lambda conn: idempotency.keep(conn, claim, 200, b'{"to":"+33612345678"}', MORNING))
    [(kind,)] = await heart.rows("SELECT typeof(answer) FROM idempotency")
    assert kind == "blob"
    kept = await heart.store.read(lambda conn: idempotency.find(conn, "a", "k"))
    assert kept is not None
    assert kept.answer == b'{"to":"+33612345678"}'


async def test_a_doubt_is_settled_by_number_and_stop_stops_what_waits(heart: Heart) -> None:
    doubtful = await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    await heart.receipt(part, id="never seen")
    assert await heart.status(doubtful) is Status.DELIVERED
    waits = await heart.accept(action="ABSENCE")
    await heart.phone("STOP")
    assert await heart.status(waits) is Status.CANCELLED


async def test_who_opted_out_gets_nothing_once_more(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    await heart.record((part, Unknown("cut")))
    out = Wish(NUMBER, None, True, "fiche")
    await heart.store.write(lambda conn: people.apply(conn, METZ, [out], "cpe", heart.now))
    assert [move.code for move in await heart.act(moves.resend, id_)] == ["opted_out"]


async def test_a_receipt_of_nobody_finds_its_candidates(heart: Heart) -> None:
    await heart.accept()
    [part] = await heart.send()
    await heart.receipt(part, id="other")
    [row] = await heart.store.read(lambda conn: unmatched.page(conn, unmatched.Wanted(), None, 10))
    near = await heart.store.read(lambda conn: unmatched.candidates(conn, [row], ["a"], [METZ]))
    assert [one.number for one in near[row.id]] == [NUMBER]


async def test_long_messages_to_a_number_are_numbered_on(heart: Heart) -> None:
    ids = [await heart.accept(text=LONG) for _ in range(3)]
    assert len({await heart.one("message", id_, "concat") for id_ in ids}) == 3


async def test_what_is_erased_is_gone(heart: Heart) -> None:
    await live(heart)
    heart.now += 400 * DAY
    await heart.due()
    due = retention.limits(RetentionSettings(), heart.now)
    await retention.purge(heart.store, due, heart.now, "test")
    assert await heart.rows("SELECT DISTINCT number, label, text FROM message") == [("", "", "")]
    assert await heart.rows("SELECT DISTINCT number, raw FROM receipt") == [("", b"")]


# ---- keys ----


async def count_open(folder: Path) -> int:
    """Rows that any key but the present one sealed, or none."""
    async with opened(folder, sealer=Sealer([KEY, OLD])) as heart:
        return sum((await seal_all(heart.store)).values())


async def test_older_rows_are_read_found_and_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reseal, "LOT", 2)
    async with opened(tmp_path) as heart:
        await live(heart)
    async with opened(tmp_path, sealer=Sealer([OLD])) as heart:
        wanted = Selection(METZ, number=NUMBER)
        assert await heart.store.read(lambda conn: reports.count(conn, wanted)) == (2, False)
        assert await heart.status(await heart.accept()) is Status.IGNORED  # its STOP is from before the key
        assert await heart.store.read(lambda conn: reports.count(conn, wanted)) == (3, False)
        await live(heart)
        assert set(found(tmp_path)) == set(WORDS)
        labelled = await heart.rows("SELECT COUNT(*) FROM word")
        await heart.accept(to="06 12 34 56 71", recipient={"label": "Mme REITER"})
        await heart.store.write(labels.index)
        assert await heart.rows("SELECT COUNT(*) FROM word") == labelled  # in both forms a word is one
        counts = await seal_all(heart.store)
        assert all(counts[table] for table in SEALED if table not in ("door_submission", "consent"))
        assert await empty_log(heart.store.url)
        assert found(tmp_path) == []
        assert await heart.store.read(lambda conn: reports.count(conn, wanted)) == (5, False)
        assert sum((await seal_all(heart.store)).values()) == 0


async def test_a_new_key_takes_over(tmp_path: Path) -> None:
    async with opened(tmp_path, sealer=Sealer([OLD])) as heart:
        await live(heart)
    async with opened(tmp_path, sealer=Sealer([KEY, OLD])) as heart:
        assert await heart.status(await heart.accept()) is Status.IGNORED
        assert len((await heart.store.read(lambda conn: people.people(conn, METZ, [NUMBER])))[NUMBER].opt_outs) == 1
    with pytest.raises(StoreUnavailable, match=Sealer([OLD]).mark.hex()):
        async with opened(tmp_path, sealer=Sealer([KEY])):
            pass
    assert await count_open(tmp_path) > 0
    async with opened(tmp_path, sealer=Sealer([KEY])) as heart:
        assert await heart.status(await heart.accept()) is Status.IGNORED
        assert found(tmp_path) == []


@pytest.mark.parametrize("sealer", [None, Sealer([OLD])])
async def test_a_missing_key_opens_nothing_and_harms_nothing(tmp_path: Path, sealer: Sealer | None) -> None:
    async with opened(tmp_path, sealer=Sealer([KEY])) as heart:
        first = await live(heart)
    with pytest.raises(StoreUnavailable, match=r"sealed by the key .*store\.encryption_key"):
        async with open_store(f"sqlite:///{tmp_path}/gateway.db", sealer=sealer):
            pass
    async with opened(tmp_path, sealer=Sealer([KEY])) as heart:
        assert await heart.rows("SELECT mark FROM seal_key") == [(Sealer([KEY]).mark.hex(),)]
        assert await heart.one("message", first, "number") == NUMBER


def configured(folder: Path, *keys: bytes) -> str:
    file = folder / "config.yaml"
    store = {"url": f"sqlite:///{folder}/gateway.db"}
    if keys:
        (folder / "key").write_text("\n".join(base64.b64encode(key).decode() for key in keys), "utf-8")
        store["encryption_key_file"] = "key"
    file.write_text(yaml.safe_dump({"store": store, "schools": [{"uai": METZ, "name": "Lycée"}]}), "utf-8")
    return str(file)


async def make(folder: Path) -> None:
    async with opened(folder) as heart:
        await live(heart)


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import asyncio

    asyncio.run(make(tmp_path))
    assert cli.main(["migrate", "--seal", "--config", configured(tmp_path)]) == Exit.USAGE
    assert "store.encryption_key is not set" in capsys.readouterr().err
    assert cli.main(["migrate", "--seal", "--config", configured(tmp_path, KEY)]) == Exit.FINE
    assert "rows of message sealed" in capsys.readouterr().out
    assert found(tmp_path) == []
    for words in (["migrate"], ["recap"], ["purge"], ["synthesis", "--verify"], ["user", "list"], ["apikey", "list"]):
        assert cli.main([*words, "--config", configured(tmp_path, KEY)]) == Exit.FINE, words
        assert cli.main([*words, "--config", configured(tmp_path, OLD)]) == Exit.STORE, words
        assert cli.main([*words, "--config", configured(tmp_path)]) == Exit.STORE, words
        assert "sealed by the key" in capsys.readouterr().err


# ---- every column ----

#: Columns of text that are stored as they are, because they say nothing of a person who is written to.
PLAIN_TABLES = {
    *("counter", "batch", "parked", "id_form", "awaited", "ledger", "tally", "daily", "month_close", "budget"),
    *("api_key", "action", "template", "account_pause", "door_outbox", "person", "session", "audit", "event"),
    *("seal_key", "erase_later", "label_word", "provider_account", "invoice_columns", "reconciliation"),
    "reconciliation_line",  # its numbers are masked
}
PLAIN = {
    "message": "ulid school app action mode sender kind rank division event_id user workstation reference template "
    "encoding status reason detail released_by service_code month account",
    "part": "state mode school account provider_id provider_key error",
    "receipt": "account provider_id state status error sender submitted done matched_by",
    "inbound": "ulid account to encoding missing kind school app event_id action",
    "inbound_part": "account to alphabet provider_id link",
    "answered": "school event how actor",
    "word": "school",
    "consent": "school source actor",
    "opt_out": "school sender source actor",
    "consent_history": "school change source actor",
    "idempotency": "app key body_sha256",
    "door_submission": "app public ulid charset",
}


@pytest.mark.parametrize("table", metadata.tables)
def test_every_column_is_sealed_or_said_to_be_plain(table: str) -> None:
    words = {one.name for one in metadata.tables[table].columns if isinstance(one.type, Text | LargeBinary)}
    if table in PLAIN_TABLES:
        assert table not in SEALED
    else:
        assert words == set(SEALED.get(table, ())) | set(PLAIN.get(table, "").split())
