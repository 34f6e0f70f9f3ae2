"""Lists, filters, sorts, cursors, batches and the report, over HTTP."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest

from gateway.states import Status
from gateway.store.moves import release
from tests.store.rows import MORNING, add_batch, add_event, add_message, add_receipt, add_sent, ulid
from tests.web.conftest import REUNION, Gateway

DAY = 86_400_000


def serials(answer: Any) -> list[int]:
    assert answer.status == 200, answer.json
    return [row["serial"] for row in answer.json["data"]]


async def walk(gateway: Gateway, path: str) -> list[int]:
    """The serials of all pages of two."""
    joint = "&" if "?" in path else "?"
    answer = await gateway.get(f"{path}{joint}limit=2")
    found = serials(answer)
    while cursor := answer.json["page"]["next_cursor"]:
        answer = await gateway.get(f"{path}{joint}limit=2&cursor={cursor}")
        found += serials(answer)
    return found


async def test_a_name_filters_lists_and_what_is_released(gateway: Gateway) -> None:
    for label in ("Mme ROY Zoé", "M. BLANC"):
        body = {"to": "06 12 34 56 78", "action": "ABSENCE", "text": "Bonjour", "recipient": {"label": label}}
        assert (await gateway.post("/v1/messages", body)).status == 202
    answer = await gateway.get("/v1/messages?label=zoe&count=true")
    assert [row["recipient"]["label"] for row in answer.json["data"]] == ["Mme ROY Zoé"]
    assert answer.json["page"]["total"] == 1
    chosen = {"filter": {"label": "blanc"}, "expected_count": 1}
    assert (await gateway.post("/v1/messages/release", chosen)).json["done"] == 1
    assert (await gateway.get("/v1/messages?status=held")).json["page"]["total"] == 1


async def test_the_newest_come_first_with_everything_that_was_said(gateway: Gateway) -> None:
    await add_message(gateway.parts.store, 1)
    await add_sent(
        gateway.parts.store,
        2,
        subject='{"name": "REITER Pauline", "division": "5B"}',
        event='{"id": "ABS-9", "type": "absence"}',
        event_label="Absence du 15/02/08 08:30 au 15/02/08 18:00",
        user="vie.scolaire",
        reference="ABS-9/1",
    )
    answer = await gateway.get("/v1/messages")
    assert serials(answer) == [2, 1]
    assert answer.json["page"] == {"next_cursor": None, "limit": 50, "total": None, "total_is": None}
    shown = answer.json["data"][0]
    assert shown["id"] == f"msg_{ulid(2)}"
    assert shown["status_label"] == "Reçu le 23 nov. à 08:31 (1 SMS)"
    assert shown["followup_label"] == "Msg 2 - délivré - 23/11/2026 à 08:31"
    assert shown["to"] == "+33612345678"
    assert shown["cost"] == {"amount": "0.0450", "currency": "EUR"}
    assert shown["subject"]["division"] == "5B"
    assert shown["event_label"].startswith("Absence du")
    assert shown["sent_at"] == "2026-11-23T08:30:00.002+01:00"
    assert shown["origin"] == {"user": "vie.scolaire", "workstation": None}
    assert (await gateway.get(f"/v1/messages/{shown['id']}")).json == shown


@pytest.mark.row("S1 48")
async def test_numbers_are_hidden_without_the_scope(gateway: Gateway) -> None:
    await add_message(gateway.parts.store, 1)
    await add_message(gateway.parts.store, 2, number="", number_input="03 87 12 34 56", status="ignored")
    shown = (await gateway.get("/v1/messages", "vgm_read")).json["data"]
    assert [row["to"] for row in shown] == ["************56", "+336******78"]


FILTERS = [
    ("status=held", {2, 5}),
    ("status=held,queued", {1, 2, 5}),
    ("status=pending", {1, 2, 3, 5}),
    ("status=delivered", {4}),
    ("action=INFO", {2}),
    ("user=cpe", {3}),
    ("workstation=PC-1", {3}),
    ("number=" + quote("+33698765432"), {3}),
    ("number=06.98.76.54.32", {3}),
    ("number=03+87+12+34+56", {5}),
    ("event=ABS-9", {3}),
    (f"batch=bat_{ulid(1)}", {4, 5}),
    (f"batch=bat_{ulid(9)}", set()),
    ("from=2026-11-24", {5}),
    ("to=2026-11-23", {1, 2, 3, 4}),
    ("from=2026-11-23&to=2026-11-23", {1, 2, 3, 4}),
    ("to=" + quote("2026-11-23T08:30:00.003+01:00"), {1, 2}),
    ("from=2026-11-23T08:30:00.003+01:00", {3, 4, 5}),
    ("user=&status=", {1, 2, 3, 4, 5}),
    ("school=0570051W", {1, 2, 3, 4, 5}),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
async def test_filters(gateway: Gateway, query: str, expected: set[int]) -> None:
    store = gateway.parts.store
    await add_batch(store, 1)
    await add_message(store, 1, status="queued")
    await add_message(store, 2, action="INFO")
    await add_message(
        store, 3, status="uncertain", user="cpe", workstation="PC-1", number="+33698765432", event_id="ABS-9"
    )
    await add_sent(store, 4, batch=1)
    await add_message(store, 5, batch=1, number="", number_input="03 87 12 34 56", created_at=MORNING + DAY)
    await add_message(store, 6, school=REUNION)
    answer = await gateway.get(f"/v1/messages?{query}&count=true")
    assert set(serials(answer)) == expected
    assert answer.json["page"]["total"] == len(expected)


@pytest.mark.row("S4 139")
async def test_how_many_are_held_is_always_told(gateway: Gateway) -> None:
    for number in range(1, 4):
        await add_message(gateway.parts.store, number)
    assert (await gateway.get("/v1/messages?status=held&limit=1")).json["page"]["total"] == 3
    assert (await gateway.get("/v1/messages?limit=1")).json["page"]["total"] is None


SORTS = ["created", "-created", "status", "-status", "action", "-action", "name", "-name", "division", "-division"]
SORTS += ["event", "-event", "recipient", "-recipient", "sent", "-sent"]


@pytest.mark.row("S4 140", "S4 142", "S4 151")
@pytest.mark.parametrize("sort", SORTS)
async def test_every_sort_gives_each_row_once_and_in_order(gateway: Gateway, sort: str) -> None:
    states = ["held", "uncertain", "queued", "delivered", "held", "in_transit", "held"]
    for number, status in enumerate(states, 1):
        await add_message(
            gateway.parts.store,
            number,
            status=status,
            action=f"A{number % 2}",
            subject_name=f"Nom {number % 3}" if number != 4 else None,
            division=f"{number % 3}B",
            event_label=f"Absence {number % 2}",
            label=f"Mme {number % 4}",
            sent_at=MORNING + 7 - number if status == "delivered" else None,
        )
    found = await walk(gateway, f"/v1/messages?sort={sort}")
    assert sorted(found) == list(range(1, 8))
    keys: dict[str, Callable[[int], int]] = {
        "created": lambda n: n,
        "status": lambda n: ["uncertain", "held", "queued", "in_transit", "delivered"].index(states[n - 1]),
        "action": lambda n: n % 2,
        "name": lambda n: -1 if n == 4 else n % 3,
        "division": lambda n: n % 3,
        "event": lambda n: n % 2,
        "recipient": lambda n: n % 4,
        "sent": lambda n: n == 4,
    }
    key = keys[sort.lstrip("-")]
    assert found == sorted(range(1, 8), key=lambda n: (key(n), n), reverse=sort.startswith("-"))


@pytest.mark.parametrize(("sort", "column"), [("name", "subject_name"), ("recipient", "label")])
async def test_names_stand_as_people_look_them_up(gateway: Gateway, sort: str, column: str) -> None:
    names = ["ÉTIENNE", "Zoé", "ecoffet", "ŒUVRARD", "EUSTACHE", "Odile", "élodie", "PETIT"]
    for number, name in enumerate(names, 1):
        await add_message(gateway.parts.store, number, **{column: name})
    found = [names[serial - 1] for serial in await walk(gateway, f"/v1/messages?sort={sort}")]
    assert found == ["ecoffet", "élodie", "ÉTIENNE", "EUSTACHE", "Odile", "ŒUVRARD", "PETIT", "Zoé"]


async def test_a_page_is_not_disturbed_by_what_arrives(gateway: Gateway) -> None:
    for number in range(1, 5):
        await add_message(gateway.parts.store, number)
    first = await gateway.get("/v1/messages?limit=2")
    await add_message(gateway.parts.store, 5)
    rest = await gateway.get(f"/v1/messages?limit=2&cursor={first.json['page']['next_cursor']}")
    assert serials(first) + serials(rest) == [4, 3, 2, 1]


async def test_a_message_that_moves_on_does_not_stop_the_list(gateway: Gateway) -> None:
    for number in range(1, 5):
        await add_message(gateway.parts.store, number)
    first = await gateway.get("/v1/messages?limit=2&sort=status")
    parts = gateway.parts
    await parts.store.write(lambda conn: release(conn, [2], parts.clock(), "test", parts.rules))
    rest = await gateway.get(f"/v1/messages?limit=2&sort=status&cursor={first.json['page']['next_cursor']}")
    assert serials(first) == [1, 2]
    assert serials(rest) == [3, 4]


async def test_the_uncertain_are_shown_first_among_what_is_followed_up(gateway: Gateway) -> None:
    for number, status in enumerate(["held", "in_transit", "uncertain", "delivered"], 1):
        await add_message(gateway.parts.store, number, status=status)
    assert serials(await gateway.get("/v1/messages?status=pending")) == [3, 1, 2]


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "e30", "bnVsbA", "%00", "W1wiYVwiLDEsMV0"])
async def test_a_cursor_that_is_none_is_refused(gateway: Gateway, cursor: str) -> None:
    answer = await gateway.get(f"/v1/messages?cursor={cursor}")
    assert (answer.status, answer.code) == (400, "invalid_cursor")


async def test_a_cursor_belongs_to_its_filters_and_sort(gateway: Gateway) -> None:
    for number in range(1, 4):
        await add_message(gateway.parts.store, number)
    cursor = (await gateway.get("/v1/messages?limit=1")).json["page"]["next_cursor"]
    assert (await gateway.get(f"/v1/messages?limit=2&cursor={cursor}")).status == 200
    for other in ("sort=created", "status=held", "from=2026-11-23"):
        answer = await gateway.get(f"/v1/messages?limit=1&{other}&cursor={cursor}")
        assert (answer.status, answer.code) == (400, "invalid_cursor")


async def test_no_name_is_in_a_cursor(gateway: Gateway) -> None:
    for number in range(1, 4):
        await add_message(gateway.parts.store, number, subject_name="REITER")
    cursor = (await gateway.get("/v1/messages?limit=1&sort=name")).json["page"]["next_cursor"]
    assert len(cursor) < 40


BAD = ["status=gone", "sort=number", "limit=0", "limit=501", "limit=x", "from=hier", "from=2026-11-23T08:00:00"]
BAD += ["to=2026-13-01", "action=a%20b", "school=x", "colour=red", "count=maybe", "from_=2026-11-23"]


@pytest.mark.parametrize("query", BAD)
async def test_a_wrong_parameter_is_named(gateway: Gateway, query: str) -> None:
    answer = await gateway.get(f"/v1/messages?{query}")
    assert (answer.status, answer.code) == (400, "malformed_query")
    assert answer.pointers == [f"/{query.partition('=')[0]}"]


async def test_schools_are_kept_apart(gateway: Gateway) -> None:
    other = await add_message(gateway.parts.store, 1, school=REUNION)
    batch = await add_batch(gateway.parts.store, 1, school=REUNION)
    for path in (other, f"{other}/report", "msg_x", f"msg_{ulid(7)}", f"bat_{ulid(1)}"):
        answer = await gateway.get(f"/v1/messages/{path}")
        assert (answer.status, answer.code) == (404, "not_found")
    for path in (batch, f"{batch}/messages", f"{batch}/ignored", f"{batch}/ignored.csv", "bat_x"):
        assert (await gateway.get(f"/v1/batches/{path}")).code == "not_found"
    assert (await gateway.get(f"/v1/messages?school={REUNION}")).code == "school_forbidden"
    assert (await gateway.get("/v1/messages", "vgm_two")).code == "school_required"
    assert serials(await gateway.get(f"/v1/messages?school={REUNION}", "vgm_two")) == [1]
    assert (await gateway.get("/v1/messages", "vgm_send")).code == "forbidden_scope"


async def test_a_day_is_the_school_s_day(gateway: Gateway) -> None:
    midnight = 1_795_377_600_000  # 23 November, 00:00 in Réunion
    await add_message(gateway.parts.store, 1, school=REUNION, created_at=midnight - 1)
    await add_message(gateway.parts.store, 2, school=REUNION, created_at=midnight)
    await add_message(gateway.parts.store, 3, school=REUNION, created_at=midnight + DAY - 1)
    await add_message(gateway.parts.store, 4, school=REUNION, created_at=midnight + DAY)
    answer = await gateway.get("/v1/messages?from=2026-11-23&to=2026-11-23&sort=created", "vgm_other")
    assert serials(answer) == [2, 3]


@pytest.mark.row("S4 134")
async def test_the_history_of_an_event(gateway: Gateway) -> None:
    await add_message(gateway.parts.store, 1, event_id="ABS 9/é")
    await add_message(gateway.parts.store, 2, event_id="ABS-10")
    await add_message(gateway.parts.store, 3, event_id="ABS 9/é")
    assert serials(await gateway.get(f"/v1/events/{quote('ABS 9/é', safe='')}/messages")) == [1, 3]


# ---- batches ----


async def test_a_batch_counts_its_messages_by_state(gateway: Gateway) -> None:
    store = gateway.parts.store
    batch = await add_batch(store, 1, recipients=4, accepted=3, ignored=1, parts=3)
    await add_message(store, 1, batch=1)
    await add_message(store, 2, batch=1)
    await add_sent(store, 3, batch=1)
    ignored: dict[str, Any] = {
        "status": "ignored",
        "reason": "not_mobile",
        "detail": "landline",
        "number": "",
        "parts": 0,
    }
    await add_message(store, 4, batch=1, batch_row=3, label="=M. PETIT", number_input="0387123456", **ignored)
    await add_message(store, 5)
    shown = (await gateway.get(f"/v1/batches/{batch}")).json
    assert shown["counts"] == {"held": 2, "delivered": 1, "ignored": 1}
    assert (shown["accepted"], shown["ignored"], shown["pending"]) == (3, 1, 2)
    assert serials(await gateway.get(f"/v1/batches/{batch}/messages")) == [1, 2, 3, 4]
    assert serials(await gateway.get(f"/v1/batches/{batch}/messages?status=held&sort=-created")) == [2, 1]
    rows = (await gateway.get(f"/v1/batches/{batch}/ignored?count=true")).json
    assert rows["page"]["total"] == 1
    assert rows["data"][0] == {
        "row": 3,
        "id": f"msg_{ulid(4)}",
        "label": "=M. PETIT",
        "to": "0387123456",
        "reason": "not_mobile",
        "reason_label": "Numéro fixe : pas de SMS",
    }
    file = await gateway.get(f"/v1/batches/{batch}/ignored.csv", "vgm_read")
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert file.raw.decode("utf-8-sig").split("\r\n") == [
        "Ligne;Destinataire;N° de téléphone;Raison",
        "3;'=M. PETIT;********56;Numéro fixe : pas de SMS",
        "",
    ]
    machine = await gateway.get(f"/v1/batches/{batch}/ignored.csv?dialect=rfc4180")
    assert machine.raw == b"row,label,number,reason\r\n3,=M. PETIT,0387123456,not_mobile\r\n"


# ---- report ----


@pytest.mark.row("S1 52")
async def test_a_report_tells_every_step_and_every_part(gateway: Gateway) -> None:
    store = gateway.parts.store
    shown = await add_sent(store, 1, parts=2, released_at=MORNING + 10, released_by="cpe/key_1")
    await add_event(store, 1, "released", at=MORNING + 10, status="queued", actor="cpe/key_1")
    await add_event(store, 1, "receipt", part=1, at=MORNING + 30, status="delivered", detail="DELIVRD")
    await add_receipt(store, 257, received_at=MORNING + 30)
    await add_receipt(store, 258, received_at=MORNING + 35, state="UNDELIV", status="in_transit", intermediate=True)
    await add_receipt(store, 258, received_at=MORNING + 40, state="ENROUTE", status="in_transit")
    await add_receipt(store, 513, received_at=MORNING)
    answer = await gateway.get(f"/v1/messages/{shown}/report")
    assert answer.status == 200
    steps = [(step["kind"], step["part"], step["at"][17:23]) for step in answer.json["steps"]]
    assert steps == [
        ("accepted", None, "00.001"),
        ("released", None, "00.010"),
        ("receipt", 1, "00.030"),
        ("notification", 2, "00.035"),
        ("receipt", 2, "00.040"),
    ]
    assert answer.json["steps"][1]["actor"] == "cpe/key_1"
    assert answer.json["steps"][3]["label"] == "Avis intermédiaire du fournisseur : en transit"
    assert answer.json["steps"][4]["label"] == "Accusé du fournisseur : en transit"
    assert [part["number"] for part in answer.json["parts"]] == [1, 2]
    assert [len(part["receipts"]) for part in answer.json["parts"]] == [1, 2]
    assert answer.json["parts"][0]["status_label"] == "Délivré"
    assert answer.json["message"]["parts"] == 2


async def test_steps_follow_one_another(gateway: Gateway) -> None:
    posted = await gateway.post("/v1/messages", {"to": "0612345678", "action": "ABSENCE", "text": "Bonjour"})
    parts = gateway.parts
    number = 1
    await parts.store.write(lambda conn: release(conn, [number], MORNING + 5, "cpe", parts.rules))
    report = (await gateway.get(f"/v1/messages/{posted.json['id']}/report")).json
    assert [step["kind"] for step in report["steps"]] == ["accepted", "released"]
    assert report["message"]["status"] == Status.QUEUED
    assert all(one["at"] <= two["at"] for one, two in pairwise(report["steps"]))


async def test_a_report_never_shows_sensitive_values(gateway: Gateway) -> None:
    body = {"to": "0612345678", "action": "INFO", "text": "Code #PASS", "variables": {"PASS": "s3cret"}}
    for sensitive, shown in ((["PASS"], False), ([], True)):
        posted = await gateway.post("/v1/messages", {**body, "sensitive": sensitive})
        for path in ("", "/report"):
            answer = await gateway.get(f"/v1/messages/{posted.json['id']}{path}")
            assert (b"s3cret" in answer.raw) is shown
