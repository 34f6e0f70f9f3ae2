"""What lists, reports and files show of what is erased."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.parts import Parts
from gateway.store import erasing
from tests.store import rows
from tests.web.conftest import Gateway

ERASED: dict[str, Any] = {"to": None, "text": None, "subject": None, "event": None, "event_label": None}


async def erase(parts: Parts, *ids: int) -> None:
    async def verb(conn: AsyncConnection) -> None:
        await erasing.message_texts(conn, ids, parts.clock())
        await erasing.message_people(conn, ids, parts.clock())
        await erasing.inbound_texts(conn, ids, parts.clock())
        await erasing.inbound_numbers(conn, ids, parts.clock())

    await parts.store.write(verb)


async def test_a_message(gateway: Gateway, parts: Parts) -> None:
    public = await rows.add_sent(parts.store, 1, subject='{"name":"REITER"}', event='{"id":"A"}', event_label="Absence")
    before = (await gateway.get(f"/v1/messages/{public}")).json
    assert (before["text_erased_at"], before["people_erased_at"]) == (None, None)
    await erase(parts, 1)
    shown = (await gateway.get(f"/v1/messages/{public}")).json
    assert {name: shown[name] for name in ERASED} == ERASED
    assert shown["recipient"] == {"label": None, "kind": "responsable", "rank": None}
    assert shown["text_erased_at"] == shown["people_erased_at"] == "2026-11-23T08:30:00.000+01:00"
    assert (shown["parts"], shown["cost"], shown["status"]) == (before["parts"], before["cost"], before["status"])
    report = (await gateway.get(f"/v1/messages/{public}/report")).json
    assert report["message"] == shown
    assert report["parts"][0]["content"] is None
    assert [one["id"] for one in (await gateway.get("/v1/messages")).json["data"]] == [public]
    assert (await gateway.get("/v1/messages?number=0612345678")).json["data"] == []


async def test_the_recap_and_its_files(gateway: Gateway, parts: Parts) -> None:
    await rows.add_sent(parts.store, 1)
    await erase(parts, 1)
    [line] = (await gateway.get("/v1/recap")).json["data"]
    assert (line["recipient_label"], line["number"], line["parts"]) == (None, None, 1)
    french = (await gateway.get("/v1/recap.csv")).raw.decode("utf-8-sig").splitlines()
    assert french[1].split(";")[1:3] == ["effacé", "effacé"]
    plain = (await gateway.get("/v1/recap.csv?dialect=rfc4180")).raw.decode().splitlines()
    assert "effac" not in plain[1]
    assert "None" not in plain[1]


async def test_who_was_ignored(gateway: Gateway, parts: Parts) -> None:
    batch = await rows.add_batch(parts.store, 1)
    await rows.add_message(parts.store, 1, status="ignored", reason="opted_out", batch=1, batch_row=1)
    await erase(parts, 1)
    [one] = (await gateway.get(f"/v1/batches/{batch}/ignored")).json["data"]
    assert (one["label"], one["to"], one["reason"]) == (None, None, "opted_out")
    assert "effacé;effacé" in (await gateway.get(f"/v1/batches/{batch}/ignored.csv")).raw.decode()


async def test_what_telephones_wrote(gateway: Gateway, parts: Parts) -> None:
    public = await rows.add_sent(parts.store, 1)
    await rows.add_inbound(parts.store, 1, message=1)
    await erase(parts, 1)
    [one] = (await gateway.get("/v1/inbound")).json["data"]
    assert (one["number"], one["text"], one["message"]) == (None, None, public)
    steps = (await gateway.get(f"/v1/messages/{public}/report")).json["steps"]
    assert [step["detail"] for step in steps if step["kind"] == "reply"] == [None]
