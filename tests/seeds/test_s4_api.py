"""S4, « Envoi de SMS par SCONET absences », by the API."""

from typing import Any

import pytest

from gateway.config.settings import Defaults
from gateway.model import ProviderContact
from gateway.problem import CATALOGUE
from gateway.states import Status
from tests.seeds.example import ACTION, EVENT, LABEL, MESSAGE, STATE, enter, hand_over, instant, set_up
from tests.web.conftest import Gateway


async def listed(gateway: Gateway, query: str) -> list[Any]:
    rows: list[Any] = (await gateway.get(f"/v1/messages?{query}")).json["data"]
    return rows


# ---- what is sent, to whom, and on which conditions ----


@pytest.mark.row("S4 116", "S4 141")
@pytest.mark.parametrize(
    ("event", "label"),
    [
        (EVENT, LABEL),
        ({**EVENT, "type": "retard", "to": None}, "Retard le 15/02/08 08:30"),
    ],
)
async def test_absences_and_late_arrivals(gateway: Gateway, event: Any, label: str) -> None:
    await set_up(gateway)
    await enter(gateway, event=event)
    (row,) = await listed(gateway, "event=1")
    assert row["event_label"] == label


@pytest.mark.row("S4 117")
async def test_without_the_family_s_consent_it_would_be_in_vain(gateway: Gateway) -> None:
    await set_up(gateway)
    refused = await enter(gateway, recipient={"consent": False})
    assert (refused["status"], refused["reason"]) == ("ignored", "no_consent")
    await gateway.ask("PUT", "/v1/consents/0660000000", json={"consent": False})
    assert (await enter(gateway, recipient={}))["reason"] == "no_consent"
    strict = {**ACTION, "consent": "required"}
    assert (await gateway.ask("PUT", "/v1/actions/SMS", "vgm_admin", json=strict)).status == 200
    assert (await enter(gateway, to="0660000001", recipient={}))["reason"] == "no_consent"
    assert (await enter(gateway, to="0660000001"))["status"] == "held"


@pytest.mark.row("S4 118")
async def test_the_school_must_have_a_provider(gateway: Gateway) -> None:
    settings = gateway.parts.settings
    nobody = settings.model_copy(update={"accounts": (), "modes": {}, "defaults": Defaults()})
    gateway.parts.registry.replace(nobody)
    answer = await gateway.post("/v1/messages", {**MESSAGE, "template": "BONJOUR", "action": "INFO"})
    assert (answer.status, answer.code) == (409, "no_provider")
    assert CATALOGUE["no_provider"][1] == answer.json["title"]


@pytest.mark.row("S4 119")
async def test_only_who_is_entitled_enters_settings(gateway: Gateway) -> None:
    for path in ("actions/SMS", "templates/X", "accounts/operateur-p"):
        assert (await gateway.ask("PUT", f"/v1/{path}", "vgm_all", json={})).code == "forbidden_scope"


@pytest.mark.row("S4 121")
async def test_the_two_providers_and_how_to_reach_them(gateway: Gateway) -> None:
    two = (
        ProviderContact(name="DIGITAL MEDIA", email="sconet@digitalmedia.fr", telephone="02 56 03 67 00"),
        ProviderContact(name="PLURIWARE", email="contact@eple-sms.fr", www="https://www.eple-sms.fr"),
    )
    gateway.parts.registry.replace(gateway.parts.settings.model_copy(update={"providers": two}))
    gateway.parts.settings = gateway.parts.registry.settings
    shown = (await gateway.get("/v1/providers")).json["data"]
    assert [(one["name"], one["email"], one["telephone"], one["www"]) for one in shown] == [
        ("DIGITAL MEDIA", "sconet@digitalmedia.fr", "02 56 03 67 00", None),
        ("PLURIWARE", "contact@eple-sms.fr", None, "https://www.eple-sms.fr"),
    ]


@pytest.mark.row("S4 123", "S4 124", "S4 125", "S4 126", "S4 127", "S4 128", "S4 129")
async def test_the_action_of_the_document(gateway: Gateway) -> None:
    await set_up(gateway)
    shown = (await gateway.get("/v1/actions/SMS")).json
    assert {name: shown[name] for name in ACTION} == ACTION
    await enter(gateway)
    (row,) = await listed(gateway, "status=held")
    assert (row["sender"], row["text"]) == ("CLGPASTEUR", "Bonjour, Pauline était absente de la demi-pension.")
    for treatment in ("email", "letter", "none"):
        other = {**ACTION, "treatment": treatment}
        assert (await gateway.ask("PUT", "/v1/actions/AUTRE", "vgm_admin", json=other)).status in (200, 201)
        answer = await gateway.post("/v1/messages", {**MESSAGE, "action": "AUTRE"})
        assert (answer.status, answer.code) == (422, "treatment_not_sms")


@pytest.mark.row("S4 129")
async def test_no_service_code_is_nought(gateway: Gateway) -> None:
    least = {"short_label": "SMS", "long_label": "Envoi de SMS"}
    assert (await gateway.ask("PUT", "/v1/actions/SMS", "vgm_admin", json=least)).json["provider_service_code"] == "0"
    await gateway.ask("PUT", "/v1/actions/SMS", "vgm_admin", json={**least, "provider_service_code": "CMT7"})
    await enter(gateway, template=None, text="Bonjour")
    _, (part,) = await hand_over(gateway, "2026-11-23 08:30")
    assert part.service_code == "CMT7"


@pytest.mark.row("S4 130")
@pytest.mark.parametrize("name", ["short_label", "long_label"])
async def test_fields_with_a_star_are_mandatory(gateway: Gateway, name: str) -> None:
    body = {key: value for key, value in ACTION.items() if key not in (name, "template")}
    answer = await gateway.ask("PUT", "/v1/actions/SMS", "vgm_admin", json=body)
    assert (answer.status, answer.pointers) == (422, [f"/{name}"])


@pytest.mark.row("S4 131", "S4 135")
async def test_consent_a_mobile_and_accepts_sms_are_checked_before(gateway: Gateway) -> None:
    contacts = [
        {"rank": "responsable_1", "to": "06 60 00 00 00", "label": "Légal 1 - Financier", "consent": True},
        {"rank": "responsable_2", "to": "01 46 00 00 00", "label": "Légal 2", "consent": True},
        {"rank": "eleve", "to": "06 60 00 00 02", "label": "Élève", "consent": False},
    ]
    body = {"action": "INFO", "text": "Bonjour", "recipients": [{"contacts": contacts}]}
    every = {"responsable_2": True, "eleve": True}
    shown = (await gateway.post("/v1/recipients/resolve", {**body, "audience": every})).json["data"]
    assert [(one["label"], one["checked"], one["reason"]) for one in shown] == [
        ("Légal 1 - Financier", True, None),
        ("Légal 2", False, "not_mobile"),
        ("Élève", False, "no_consent"),
    ]
    contacts[1]["to"], contacts[2]["consent"] = "06 60 00 00 01", True
    await gateway.post("/v1/batches", body)  # Légal 1 alone is ticked
    await gateway.post("/v1/batches", {**body, "audience": every, "text": "Bonsoir"})
    found = [(row["text"], row["recipient"]["label"]) for row in await listed(gateway, "sort=created")]
    assert found == [
        ("Bonjour", "Légal 1 - Financier"),
        *(("Bonsoir", "Légal 1 - Financier"), ("Bonsoir", "Légal 2"), ("Bonsoir", "Élève")),
    ]


@pytest.mark.row("S4 134")
async def test_an_event_is_kept_and_has_its_history(gateway: Gateway) -> None:
    await set_up(gateway)
    event = {**EVENT, "motif": "MALADIE"}
    ids = [(await enter(gateway, event=event))["id"], (await enter(gateway, event=event, to="0660000009"))["id"]]
    history = (await gateway.get("/v1/events/1/messages")).json["data"]
    assert [row["id"] for row in history] == ids
    assert {**history[0]["event"], "label": None} == {**event, "label": None}
    assert [row["id"] for row in await listed(gateway, "event=1&sort=created")] == ids


@pytest.mark.row("S4 136")
async def test_the_list_of_actions_is_of_those_fully_set_up(gateway: Gateway) -> None:
    await set_up(gateway)
    await gateway.ask("PUT", "/v1/actions/CHER", "vgm_admin", json={**ACTION, "mode": "economique"})
    codes = [one["code"] for one in (await gateway.get("/v1/actions?usable=1")).json["data"]]
    assert codes == ["ABSENCE", "INFO", "SMS"]


# ---- what waits ----


@pytest.mark.row("S4 138", "S4 139", "S4 140", "S4 142", "S4 143")
async def test_it_waits_is_counted_and_leaves_when_it_is_told_to(gateway: Gateway) -> None:
    await set_up(gateway)
    message = await enter(gateway)
    assert (message["status"], message["status_label"]) == ("held", "À diffuser")
    assert (await hand_over(gateway))[1] == []
    answer = (await gateway.get("/v1/messages?status=held")).json
    assert (answer["page"]["total"], answer["page"]["next_cursor"]) == (1, None)
    (row,) = answer["data"]
    assert row["subject"] == {"name": "Pauline", "division": "5B"}
    assert (row["action"], row["event_label"], row["recipient"]["label"]) == ("SMS", LABEL, "Legal 1 - Financier")
    assert (await gateway.post("/v1/messages/release", {"ids": [message["id"]]})).json["done"] == 1
    assert len((await hand_over(gateway))[1]) == 1


@pytest.mark.row("S4 144")
async def test_it_is_deleted_and_never_leaves(gateway: Gateway) -> None:
    await set_up(gateway)
    message = await enter(gateway)
    assert (await gateway.post("/v1/messages/cancel", {"ids": [message["id"]]})).json["done"] == 1
    assert (await hand_over(gateway))[1] == []
    assert (await gateway.get(f"/v1/messages/{message['id']}")).json["status_label"].startswith("Supprimé le")


# ---- follow-up ----


@pytest.mark.row("S4 150", "S4 152")
async def test_the_example_to_the_letter(gateway: Gateway) -> None:
    await set_up(gateway)
    message = await enter(gateway)
    await gateway.post("/v1/messages/release", {"ids": [message["id"]]})
    await hand_over(gateway)
    (row,) = await listed(gateway, "status=pending")
    assert row["followup_label"] == STATE
    synthesis = (await gateway.get("/v1/synthesis?year=2008")).json
    (line,), (month,) = synthesis["rows"], synthesis["months"]
    assert (line["action_short_label"], line["month"], line["delivered"], line["total"]) == ("SMS", "2008-02", 0, 1)
    assert (month["label"], month["delivered"], month["total"]) == ("Total février", 0, 1)
    annual = synthesis["annual"]
    assert (annual["label"], annual["delivered"], annual["total"]) == ("Total Annuel", 0, 1)
    file = (await gateway.get("/v1/synthesis.csv?year=2008")).raw.decode("utf-8-sig")
    assert [line.split(";")[:4] for line in file.split("\r\n")[1:4]] == [
        *(["SMS", "02/2008", "0", "1"], ["", "Total février", "0", "1"], ["", "Total Annuel", "0", "1"]),
    ]


@pytest.mark.row("S4 146", "S4 147", "S4 148")
async def test_what_is_followed_up_delivered_or_lost(gateway: Gateway) -> None:
    await set_up(gateway)
    ids = [(await enter(gateway, to=f"066000000{place}", hold=False))["id"] for place in range(3)]
    heart, parts = await hand_over(gateway)
    await heart.receipt(parts[1], account="operateur-a")
    await heart.receipt(parts[2], Status.UNDELIVERED, account="operateur-a")
    for states, found in (
        ("pending", ids[0]),
        ("delivered", ids[1]),
        ("invalid,undelivered,expired,rejected", ids[2]),
    ):
        assert [row["id"] for row in await listed(gateway, f"status={states}")] == [found]


@pytest.mark.row("S4 151")
@pytest.mark.parametrize("column", ["action", "name", "division", "event", "recipient", "status"])
async def test_every_column_sorts_both_ways(gateway: Gateway, column: str) -> None:
    await set_up(gateway)
    for place, event in ((1, EVENT), (2, {**EVENT, "from": "2008-02-14T08:30:00+01:00"})):
        gateway.at(instant(f"2008-02-15 14:0{place}"))
        subject = {"name": f"ÉLÈVE {place}", "division": f"{place}A"}
        said = {"action": "SMS" if place == 1 else "INFO", "recipient": {"label": f"Légal {place}"}, "event": event}
        await enter(gateway, to=f"066000000{place}", subject=subject, **said)
    up = [row["serial"] for row in await listed(gateway, f"sort={column}")]
    down = [row["serial"] for row in await listed(gateway, f"sort=-{column}")]
    assert sorted(up) == [11_188, 11_189]
    assert down == up[::-1]
