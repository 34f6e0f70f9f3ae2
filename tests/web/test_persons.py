"""« Effacer ce numéro »: what goes, what stays, whose it is."""

from typing import Any

import pytest

from gateway import retention
from gateway.config import RetentionSettings
from gateway.parts import Parts
from gateway.store import moves, people, persons
from gateway.store.bulk import fetch
from gateway.store.direct import Conn
from gateway.store.people import Wish
from tests.store import rows
from tests.web.conftest import METZ, MORNING, REUNION, Gateway

NUMBER = "+33612345678"
ASKED = {"number": "06 12 34 56 78"}


async def everything(parts: Parts) -> str:
    async def question(conn: Conn) -> str:
        tables = await fetch(conn, "SELECT name FROM sqlite_master WHERE type = 'table'")
        return "\n".join([repr(row) for (name,) in tables for row in await fetch(conn, f'SELECT * FROM "{name}"')])

    return await parts.store.read(question)


async def erase(gateway: Gateway, key: str = "vgm_admin", **more: Any) -> list[dict[str, Any]]:
    answer = await gateway.post("/v1/persons/erase", {**ASKED, **more}, key)
    assert answer.status == 200, answer.json
    assert answer.json["dry_run"] is more.get("dry_run", False)
    data: list[dict[str, Any]] = answer.json["data"]
    return data


async def live(parts: Parts) -> None:
    """Two messages that ended, one of somebody else, one of another school, an answer, receipts."""
    about = {"subject_name": "REITER Pauline", "label": "Mme REITER", "text": "Pauline est absente"}
    await rows.add_sent(parts.store, 1, **about)
    await rows.add_receipt(parts.store, 257, raw=b"+33612345678", number=NUMBER)
    await rows.add_sent(parts.store, 2, **about)
    await rows.add_sent(parts.store, 3, number="+33612345679", label="M. AUTRE")
    await rows.add_sent(parts.store, 4, school=REUNION, label="ailleurs")
    await rows.add_inbound(parts.store, 1, text="Pauline est malade", message=1)


async def test_all_of_a_person_goes_and_the_accounts_stay(gateway: Gateway, parts: Parts) -> None:
    await live(parts)
    counts = {"school": METZ, "messages": 2, "pending": 0, "inbound": 1, "agreement": False}
    assert await erase(gateway, dry_run=True) == [counts]
    assert "Pauline" in await everything(parts)
    assert await erase(gateway) == [counts]
    said = await everything(parts)
    assert "Pauline" not in said
    assert "REITER" not in said
    assert "AUTRE" in said
    assert "ailleurs" in said  # another school's
    assert said.count(NUMBER) == 1
    assert len((await gateway.get("/v1/recap")).json["data"]) == 3
    assert await erase(gateway) == []


async def test_the_journal_names_nobody(gateway: Gateway, parts: Parts) -> None:
    await live(parts)
    await erase(gateway)
    [act] = (await gateway.get("/v1/audit", "vgm_admin")).json["data"]
    assert (act["act"], act["school"], act["subject"]) == ("person_erased", METZ, "")
    assert act["detail"] == "messages 2, pending 0, inbound 1, agreement False"


async def test_what_is_under_way_is_erased_at_its_end(gateway: Gateway, parts: Parts) -> None:
    body = {"to": NUMBER, "action": "ABSENCE", "text": "Pauline est absente"}
    public = (await gateway.post("/v1/messages", body)).json["id"]
    [counts] = await erase(gateway)
    assert (counts["messages"], counts["pending"]) == (0, 1)
    assert (await gateway.get(f"/v1/messages/{public}")).json["text"] == "Pauline est absente"
    await parts.store.write(lambda conn: moves.cancel(conn, [1], MORNING, "cpe", parts.rules))
    await rows.add_receipt(parts.store, 257, number=NUMBER)
    due = retention.limits(RetentionSettings(), MORNING)
    assert await retention.purge(parts.store, due, MORNING, "test") == {
        **{"message_texts": 1, "message_people": 1, "receipt_texts": 1},
    }
    assert (await gateway.get(f"/v1/messages/{public}")).json["to"] is None
    receipts = await parts.store.read(lambda conn: fetch(conn, "SELECT number FROM receipt"))
    assert [tuple(row) for row in receipts] == [("",)]


async def test_what_says_no_stays_and_what_says_yes_goes(gateway: Gateway, parts: Parts) -> None:
    async def note(**wish: Any) -> None:
        wishes = [Wish(NUMBER, source="fiche", **wish)]
        await parts.store.write(lambda conn: people.apply(conn, METZ, wishes, "cpe", MORNING))

    async def known() -> people.Person:
        return (await parts.store.read(lambda conn: people.people(conn, METZ, [NUMBER])))[NUMBER]

    await note(consent="yes")
    assert [one["agreement"] for one in await erase(gateway)] == [True]
    assert (await known()).consent is None
    assert await parts.store.read(lambda conn: people.history(conn, METZ, NUMBER)) == []
    for wish in ({"consent": "no"}, {"consent": "yes", "opted_out": True}):
        await note(**wish)
        assert await erase(gateway) == []
    assert (await known()).opt_outs
    assert await parts.store.read(lambda conn: people.history(conn, METZ, NUMBER))


async def test_a_number_that_could_not_be_read_is_found_as_it_was_written(gateway: Gateway, parts: Parts) -> None:
    await rows.add_message(parts.store, 1, status="ignored", number="", number_input="06 12", label="Mme REITER")
    assert await erase(gateway, number="06 13") == []
    assert [one["messages"] for one in await erase(gateway, number="06 12")] == [1]
    assert "REITER" not in await everything(parts)


async def test_many_messages_go_in_several_steps(
    gateway: Gateway, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persons, "LOT", 2)
    for id_ in range(1, 6):
        await rows.add_sent(parts.store, id_)
    assert [one["messages"] for one in await erase(gateway)] == [5]
    assert await erase(gateway) == []
    assert len((await gateway.get("/v1/audit", "vgm_admin")).json["data"]) == 1


async def test_who_may(gateway: Gateway) -> None:
    assert (await gateway.post("/v1/persons/erase", ASKED, "vgm_all")).status == 403
    assert (
        await gateway.post("/v1/persons/erase", {**ASKED, "school": REUNION}, "vgm_admin")
    ).code == "school_forbidden"
    assert (await gateway.post("/v1/persons/erase", {"number": ""}, "vgm_admin")).status == 422
    assert await erase(gateway, school=METZ) == []
