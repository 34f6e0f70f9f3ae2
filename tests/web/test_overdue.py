"""Answers over HTTP: an event told to be answered, what is overdue, and what messages and reports show of it."""

from dataclasses import replace
from typing import Any, cast

import pytest

from gateway.caller import CONSOLE, Caller, Scope
from gateway.store import answers
from gateway.web.api.answers import OverdueQuery, list_overdue
from gateway.web.route import Call
from tests.store.rows import MORNING, add_awaited, add_inbound, add_sent
from tests.web.conftest import METZ, REUNION, Gateway

DUE = MORNING + 228_600_000
LATER = DUE + 3_600_000
OVERDUE = "/v1/actions/ABSENCE/overdue"


async def send(gateway: Gateway, id_: int, /, event: str | None = "ABS-9", **said: Any) -> str:
    """A message sent this morning whose answer is waited for."""
    return await add_sent(gateway.parts.store, id_, event_id=event, event_label="Absence", **said)


async def wait(gateway: Gateway, number: int, event: str, **said: Any) -> None:
    await add_awaited(gateway.parts.store, number, event, **said)


def later(gateway: Gateway) -> None:
    gateway.parts.clock = lambda: LATER


@pytest.mark.row("S4 125")
async def test_one_entry_an_event_with_all_its_messages(gateway: Gateway) -> None:
    subject = '{"id":"E-881","name":"REITER Pauline","division":"5B"}'
    first = await send(gateway, 1, subject=subject, label="Mme REITER")
    second = await send(gateway, 2, subject=subject, label="M. REITER", number="+33612345679", status="undelivered")
    await wait(gateway, 1, "ABS-9")
    assert (await gateway.get(OVERDUE)).json["data"] == []
    later(gateway)
    (entry,) = (await gateway.get(OVERDUE, "vgm_read")).json["data"]
    assert entry == {
        **{"event": "ABS-9", "event_label": "Absence", "sent_at": "2026-11-23T08:30:00.000+01:00"},
        **{"subject": {"id": "E-881", "name": "REITER Pauline", "division": "5B"}},
        "due_at": "2026-11-26T00:00:00.000+01:00",
        "messages": [
            {
                **{"id": first, "recipient_label": "Mme REITER", "to": "+336******78", "status": "delivered"},
                "sent_at": "2026-11-23T08:30:00.001+01:00",
            },
            {
                **{"id": second, "recipient_label": "M. REITER", "to": "+336******79", "status": "undelivered"},
                "sent_at": "2026-11-23T08:30:00.002+01:00",
            },
        ],
    }


async def test_pages(gateway: Gateway) -> None:
    for number in range(1, 6):
        await send(gateway, number, f"ABS-{number}")
        await wait(gateway, number, f"ABS-{number}", due_at=DUE - number % 2)
    later(gateway)
    seen, cursor = [], ""
    while True:
        page = (await gateway.get(f"{OVERDUE}?limit=2&count=true{cursor}")).json
        assert page["page"]["total"] == 5
        seen += [one["event"] for one in page["data"]]
        if page["page"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['page']['next_cursor']}"
    assert seen == ["ABS-1", "ABS-3", "ABS-5", "ABS-2", "ABS-4"]
    assert (await gateway.get(f"/v1/actions/INFO/overdue?limit=2{cursor}")).code == "invalid_cursor"
    assert (await gateway.get(f"{OVERDUE}?cursor=WyJhIiwxLDJd")).code == "invalid_cursor"


async def test_who_may_see_it(gateway: Gateway) -> None:
    await send(gateway, 1)
    await wait(gateway, 1, "ABS-9")
    later(gateway)
    assert (await gateway.get(OVERDUE, "vgm_other")).json["data"] == []
    assert (await gateway.get(f"{OVERDUE}?school={METZ}", "vgm_other")).code == "school_forbidden"
    assert (await gateway.get(OVERDUE, "vgm_two")).code == "school_required"
    assert (await gateway.get(OVERDUE, "vgm_send")).code == "forbidden_scope"
    assert (await gateway.get("/v1/actions/RIEN/overdue")).code == "not_found"


async def test_who_sees_only_their_own_messages(gateway: Gateway) -> None:
    for number, user in ((1, "cpe"), (2, "autre")):
        await send(gateway, number, f"ABS-{number}", user=user)
        await wait(gateway, number, f"ABS-{number}")
    later(gateway)
    person = Caller(CONSOLE, "cpe", frozenset({METZ}), frozenset({Scope.READ}), own_only=True)
    call = Call(gateway.parts, person, {"code": "ABSENCE"}, OverdueQuery(count=True), None, None, cast(Any, None))
    answer: Any = await list_overdue(call)
    assert [one["event"] for one in answer.body["data"]] == ["ABS-1"]
    everything: Any = await list_overdue(replace(call, caller=replace(person, own_only=False)))
    assert len(everything.body["data"]) == 2


# ---- answered ----


async def test_an_answer_that_came_another_way(gateway: Gateway) -> None:
    message = await send(gateway, 1)
    await wait(gateway, 1, "ABS-9")
    later(gateway)
    first = await gateway.post("/v1/events/ABS-9/answered", {"by": "M. REITER, par téléphone"})
    assert first.json == {
        **{"event": "ABS-9", "school": METZ, "answered_at": "2026-11-26T01:00:00.000+01:00", "how": "api"},
        **{"by": "M. REITER, par téléphone", "actor": "direction/config"},
    }
    assert (await gateway.post("/v1/events/ABS-9/answered", {"by": "autre"})).json == first.json
    assert (await gateway.get(OVERDUE)).json["data"] == []
    shown = (await gateway.get(f"/v1/messages/{message}")).json
    assert (shown["answered_at"], shown["answer_due_at"], shown["answered_late"]) == (
        *("2026-11-26T01:00:00.000+01:00", "2026-11-26T00:00:00.000+01:00", True),
    )
    step = (await gateway.get(f"/v1/messages/{message}/report")).json["steps"][-1]
    assert (step["kind"], step["detail"], step["actor"]) == ("answered", "M. REITER, par téléphone", "direction/config")
    rows = (await gateway.get("/v1/audit", "vgm_admin")).json["data"]
    assert [(one["act"], one["subject"]) for one in rows] == [("answered", "ABS-9")]


async def test_what_was_no_answer_is_taken_back(gateway: Gateway) -> None:
    message = await send(gateway, 1)
    await wait(gateway, 1, "ABS-9")
    later(gateway)
    await gateway.post("/v1/events/ABS-9/answered", {"by": "la voisine"})
    assert (await gateway.ask("DELETE", "/v1/events/ABS-9/answered", "vgm_read")).code == "forbidden_scope"
    assert (await gateway.ask("DELETE", "/v1/events/ABS-9/answered", "vgm_other")).code == "not_found"
    taken = await gateway.ask("DELETE", "/v1/events/ABS-9/answered")
    assert taken.json == {"code": "ABS-9", "deleted": True}
    assert [one["event"] for one in (await gateway.get(OVERDUE)).json["data"]] == ["ABS-9"]
    shown = (await gateway.get(f"/v1/messages/{message}")).json
    assert (shown["answered_at"], shown["answered_late"]) == (None, False)
    steps = (await gateway.get(f"/v1/messages/{message}/report")).json["steps"]
    assert "answered" not in [step["kind"] for step in steps]
    assert (await gateway.ask("DELETE", "/v1/events/ABS-9/answered")).code == "not_found"
    acts = [one["act"] for one in (await gateway.get("/v1/audit", "vgm_admin")).json["data"]]
    assert acts == ["answer_taken_back", "answered"]
    again = await gateway.post("/v1/events/ABS-9/answered", {"by": "la mère"})
    assert again.json["by"] == "la mère"
    assert (await gateway.get(OVERDUE)).json["data"] == []


async def test_an_answer_to_nothing(gateway: Gateway) -> None:
    await send(gateway, 1, school=REUNION)
    for event in ("ABS-9", "ABS-10", "msg_x"):
        assert (await gateway.post(f"/v1/events/{event}/answered", {})).code == "not_found"
    assert (await gateway.post("/v1/events/ABS-9/answered", {"by": 1})).code == "invalid_field"
    assert (await gateway.post("/v1/events/ABS-9/answered", {}, "vgm_read")).code == "forbidden_scope"


async def test_a_message_without_an_event_is_answered_by_its_own_id(gateway: Gateway) -> None:
    message = await send(gateway, 1, None)
    await wait(gateway, 1, message)
    later(gateway)
    assert [one["event"] for one in (await gateway.get(OVERDUE)).json["data"]] == [None]
    assert (await gateway.post(f"/v1/events/{message}/answered", {})).status == 200
    assert (await gateway.get(OVERDUE)).json["data"] == []
    assert (await gateway.get(f"/v1/messages/{message}")).json["answered_at"] is not None


@pytest.mark.parametrize(("kind", "label"), [("reply", "Réponse du destinataire"), ("stop", "STOP du destinataire")])
async def test_a_report_shows_what_the_recipient_wrote(gateway: Gateway, kind: str, label: str) -> None:
    message = await send(gateway, 1)
    await add_inbound(gateway.parts.store, 1, message=1, kind=kind, text="Oui", received_at=MORNING + 60_000)
    step = (await gateway.get(f"/v1/messages/{message}/report")).json["steps"][-1]
    assert (step["kind"], step["label"], step["detail"], step["at"]) == (
        *(kind, label, "Oui", "2026-11-23T08:31:00.000+01:00"),
    )


async def test_the_answer_of_one_recipient_is_shown_to_the_others(gateway: Gateway) -> None:
    first = await send(gateway, 1, label="Mme REITER")
    second = await send(gateway, 2, number="+33612345679")
    await add_inbound(gateway.parts.store, 1, message=1, received_at=MORNING + 60_000)
    answer = answers.Answer(METZ, "ABS-9", MORNING + 60_000, inbound=1)
    await gateway.parts.store.write(lambda conn: answers.mark(conn, answer))
    kinds = []
    for message in (first, second):
        steps = (await gateway.get(f"/v1/messages/{message}/report")).json["steps"]
        kinds.append([(one["kind"], one["detail"]) for one in steps if one["kind"] in ("reply", "answered")])
    assert kinds == [[("reply", "Oui")], [("answered", "Mme REITER")]]
    listed = (await gateway.get("/v1/messages?event=ABS-9")).json["data"]
    assert {one["answered_at"] for one in listed} == {"2026-11-23T08:31:00.000+01:00"}
    told = await gateway.post("/v1/events/ABS-9/answered", {})
    assert (told.json["how"], told.json["by"]) == ("reply", "Mme REITER")
