"""S1, « Envoi de SMS » of Charlemagne, by the API: groups, one person, families never connected."""

from typing import Any, cast

import pytest

from gateway import french
from gateway.app import DOORS, OPTIONS
from gateway.config import read
from gateway.problem import Problem
from gateway.roles import Role
from gateway.store import users
from gateway.store.users import Session, User
from gateway.web.console.signing import caller_of
from gateway.web.problems import FIELD_CODES
from gateway.web.resources import RESOURCES
from gateway.web.route import Call, Reply
from tests.seeds.rows import ROOT
from tests.store.rows import add_sent
from tests.web.conftest import METZ, Gateway

#: What the telephone of the document shows.
IDENTIFIANTS = "Vos paramètres de connexion sur #SITE\n\nNom Utilisateur:\n#LOGIN\n\nMot de passe:\n#PASS\n"


async def sent(gateway: Gateway, **said: Any) -> Any:
    answer = await gateway.post("/v1/messages", {"to": "06 00 00 00 00", "action": "INFO", "text": "Bonjour", **said})
    assert answer.status == 202, answer.json
    return answer.json


async def grouped(gateway: Gateway, recipients: Any, query: str = "", **said: Any) -> Any:
    body = {"action": "INFO", "text": "Bonjour", "recipients": recipients, **said}
    answer = await gateway.post(f"/v1/batches{query}", body)
    assert answer.status == (200 if query else 202), answer.json
    return answer.json


async def numbers_of(gateway: Gateway, batch: Any) -> list[str]:
    rows = (await gateway.get(f"/v1/batches/{batch['id']}/messages?status=pending")).json["data"]
    return [row["to"] for row in rows]


# ---- a group ----


@pytest.mark.row("S1 2", "S1 5")
async def test_a_row_is_a_telephone_and_who_it_is_or_a_telephone_alone(gateway: Gateway) -> None:
    evans = {"to": "06 71 00 00 00", "label": "EVANS Lily"}
    batch = await grouped(gateway, [evans, {"to": "0660000000", "label": "POTTER James"}, {"to": "06 12 34 56 78"}])
    rows = (await gateway.get(f"/v1/batches/{batch['id']}/messages")).json["data"]
    assert [(row["to"], row["recipient"]["label"]) for row in rows] == [
        ("+33671000000", "EVANS Lily"),
        ("+33660000000", "POTTER James"),
        ("+33612345678", ""),
    ]


@pytest.mark.row("S1 3")
@pytest.mark.parametrize(
    "typed", ["06 71 00 00 00", "0671000000", "+33 6 71 00 00 00", "0033671000000", "06.71.00.00.00"]
)
async def test_a_number_is_kept_as_33(gateway: Gateway, typed: str) -> None:
    assert (await sent(gateway, to=typed))["to"] == "+33671000000"


@pytest.mark.row("S1 3")
async def test_what_is_no_number_is_given_back_as_it_was_typed(gateway: Gateway) -> None:
    batch = await grouped(gateway, [{"to": "06 71 OO OO OO", "label": "EVANS Lily"}])
    assert batch["ignored_rows"][0]["to"] == "06 71 OO OO OO"


@pytest.mark.row("S1 4")
@pytest.mark.parametrize("kind", ["responsable", "eleve", "adulte", "preinscrit"])
async def test_families_pupils_adults_and_the_preregistered(gateway: Gateway, kind: str) -> None:
    batch = await grouped(gateway, [{"to": "0671000000", "kind": kind}])
    (row,) = (await gateway.get(f"/v1/batches/{batch['id']}/messages")).json["data"]
    assert row["recipient"]["kind"] == kind


@pytest.mark.row("S1 4")
async def test_another_kind_is_none(gateway: Gateway) -> None:
    body = {"action": "INFO", "text": "Bonjour", "recipients": [{"to": "0671000000", "kind": "voisin"}]}
    answer = await gateway.post("/v1/batches", body)
    assert (answer.status, answer.pointers) == (422, ["/recipients/0/kind"])
    assert answer.json["errors"][0]["code"] in FIELD_CODES


COUPLE = [
    {"rank": "responsable_1", "to": "0671000000", "label": "Mme EVANS"},
    {"rank": "conjoint", "to": "0660000000", "label": "M. EVANS"},
]


@pytest.mark.row("S1 6")
async def test_conjoints_is_ticked_both_get_it_if_both_have_a_telephone(gateway: Gateway) -> None:
    alone = [{**COUPLE[0], "to": "0671000001"}, {**COUPLE[1], "to": ""}]
    families = [{"contacts": COUPLE}, {"contacts": alone}]
    batch = await grouped(gateway, families, audience={"conjoint": True})
    assert await numbers_of(gateway, batch) == ["+33671000000", "+33660000000", "+33671000001"]
    assert [row["reason"] for row in batch["ignored_rows"]] == ["empty_mobile"]
    assert await numbers_of(gateway, await grouped(gateway, families, dedupe="none")) == [
        "+33671000000",
        "+33671000001",
    ]


@pytest.mark.row("S1 7")
async def test_but_not_who_is_ticked_ne_pas_envoyer_de_sms(gateway: Gateway) -> None:
    families = [{"contacts": [COUPLE[0], {**COUPLE[1], "do_not_sms": True}]}]
    batch = await grouped(gateway, families, audience={"conjoint": True})
    assert await numbers_of(gateway, batch) == ["+33671000000"]
    assert [(row["label"], row["reason"]) for row in batch["ignored_rows"]] == [("M. EVANS", "do_not_sms")]


@pytest.mark.row("S1 8", "S1 9", "S1 10", "S1 23")
@pytest.mark.parametrize(
    ("said", "text", "recorded"),
    [
        ({"template": "BONJOUR"}, "Bonjour Lily.", "BONJOUR"),
        ({"text": "Tapé."}, "Tapé.", None),
        ({"template": "BONJOUR", "text": "Bonjour #NOM, à ce soir."}, "Bonjour Lily, à ce soir.", "BONJOUR"),
    ],
)
async def test_a_predefined_message_a_typed_one_or_the_first_changed(
    gateway: Gateway, said: dict[str, str], text: str, recorded: str | None
) -> None:
    lily = {"to": "0671000000", "variables": {"NOM": "Lily"}}
    assert (await gateway.post("/v1/messages", {"action": "INFO", **said, **lily})).status == 202
    assert (await gateway.post("/v1/batches", {"action": "INFO", **said, "recipients": [lily]})).status == 202
    rows = (await gateway.get("/v1/messages")).json["data"]
    assert [(row["text"], row["template"]) for row in rows] == [(text, recorded)] * 2


SECRETS = {"SITE": "ecoledirecte.com", "LOGIN": "levans", "PASS": "xk37pz"}


@pytest.mark.row("S1 11")
async def test_keywords_are_replaced_and_the_password_is_seen_nowhere(gateway: Gateway) -> None:
    lily = {"to": "0671000000", "label": "EVANS Lily", "variables": SECRETS}
    batch = await grouped(gateway, [lily], text=IDENTIFIANTS, defaults={"sensitive": ["PASS"]})
    shown = await gateway.get(f"/v1/batches/{batch['id']}/messages")
    (row,) = shown.json["data"]
    assert row["text"] == IDENTIFIANTS.replace("#SITE", "ecoledirecte.com").replace("#LOGIN", "levans").replace(
        "#PASS", "•••"
    )
    for path in ("recap", "recap.csv", f"messages/{row['id']}/report"):
        assert b"xk37pz" not in (await gateway.get(f"/v1/{path}")).raw


@pytest.mark.row("S1 12", "S1 13")
async def test_the_counter_of_the_document(gateway: Gateway) -> None:
    """It shows 91/160, and counts each of the seven line breaks as two; over the air each is one: 84."""
    windows = IDENTIFIANTS.replace("\n", "\r\n")
    assert len(windows) == 91
    body = {"action": "INFO", "text": windows, "variables": {name: f"#{name}" for name in SECRETS}}
    shown = (await gateway.post("/v1/preview", body)).json
    assert (shown["units"], shown["units"] + shown["remaining"], shown["parts"]) == (84, 160, 1)
    assert shown["text"] == IDENTIFIANTS
    shown = (await gateway.post("/v1/preview", {**body, "text": windows + "x" * 77})).json
    assert (shown["units"], shown["parts"]) == (161, 2)


@pytest.mark.row("S1 14", "S1 39")
async def test_the_ignored_are_answered_listed_and_given_as_a_file(gateway: Gateway) -> None:
    families = [{"to": "", "label": "ADAM"}, {"to": "03 87 00 00 00", "label": "ADIL Murielle"}, {"to": "0671000000"}]
    batch = await grouped(gateway, families)
    assert (batch["accepted"], batch["ignored"]) == (1, 2)
    reasons = [(row["row"], row["label"], row["reason"]) for row in batch["ignored_rows"]]
    assert reasons == [(1, "ADAM", "empty_mobile"), (2, "ADIL Murielle", "not_mobile")]
    listed = (await gateway.get(f"/v1/batches/{batch['id']}/ignored")).json["data"]
    assert [(row["row"], row["label"], row["reason"]) for row in listed] == reasons
    file = (await gateway.get(f"/v1/batches/{batch['id']}/ignored.csv")).raw.decode("utf-8-sig")
    assert "1;ADAM;;Portable vide\r\n" in file


@pytest.mark.row("S1 15")
async def test_an_empty_e_mail_is_kept_for_e_mails(gateway: Gateway) -> None:
    assert "empty_email" not in french._REASONS
    assert "`empty_email` is reserved" in (ROOT / "docs" / "integrators.md").read_text("utf-8")
    batch = await grouped(gateway, [{"to": "", "label": "ADAM"}])
    assert batch["ignored_rows"][0]["reason"] == "empty_mobile"


CONNECTED = [
    {"to": "0671000001", "label": "A", "flags": {"never_connected": True, "credentials_changed": False}},
    {"to": "0671000002", "label": "B", "flags": {"never_connected": False, "credentials_changed": False}},
    {"to": "0671000003", "label": "C", "flags": {"never_connected": False, "credentials_changed": True}},
]


@pytest.mark.row("S1 16", "S1 41")
@pytest.mark.parametrize(
    ("condition", "kept", "why"),
    [
        ("credentials_unchanged", ["+33671000001", "+33671000002"], ["credentials_changed"]),
        ("never_connected", ["+33671000001"], ["already_connected", "already_connected"]),
    ],
)
async def test_only_who_has_not_changed_anything_or_never_connected(
    gateway: Gateway, condition: str, kept: list[str], why: list[str]
) -> None:
    batch = await grouped(gateway, CONNECTED, condition=condition)
    assert await numbers_of(gateway, batch) == kept
    assert [row["reason"] for row in batch["ignored_rows"]] == why


@pytest.mark.row("S1 18", "S1 27")
async def test_now_or_later(gateway: Gateway) -> None:
    assert (await sent(gateway))["status"] == "queued"
    later = await sent(gateway, send_at="2026-11-24T18:00:00+01:00")
    assert later["status"] == "scheduled"
    assert (await gateway.get(f"/v1/messages/{later['id']}")).json["send_at"] == "2026-11-24T18:00:00.000+01:00"


# ---- one person ----


@pytest.mark.row("S1 19", "S1 25")
@pytest.mark.parametrize("kind", ["famille", "adulte", "eleve"])
async def test_from_the_sheet_of_a_family_an_adult_or_a_pupil(gateway: Gateway, kind: str) -> None:
    subject = {"kind": kind, "id": "E-881", "name": "REITER Pauline", "division": "5B"}
    one = await sent(gateway, subject=subject)
    assert one["status"] == "queued"
    assert (await gateway.get(f"/v1/messages/{one['id']}")).json["subject"] == subject


@pytest.mark.row("S1 20", "S1 21")
async def test_who_may_be_written_to_is_shown_ticked_or_not(gateway: Gateway) -> None:
    contacts = [COUPLE[0], {**COUPLE[1], "do_not_sms": True}, {"rank": "responsable_2", "to": "", "label": "M. ROY"}]
    audience = {"conjoint": True, "responsable_2": True}
    body = {"action": "INFO", "text": "Bonjour", "audience": audience, "recipients": [{"contacts": contacts}]}
    shown = (await gateway.post("/v1/recipients/resolve", body)).json["data"]
    assert [(one["label"], one["to"], one["checked"], one["reason"]) for one in shown] == [
        ("Mme EVANS", "+33671000000", True, None),
        ("M. EVANS", "+33660000000", False, "do_not_sms"),
        ("M. ROY", "", False, "empty_mobile"),
    ]


@pytest.mark.row("S1 22")
async def test_once_all_the_same_by_who_may_with_a_reason_that_is_kept(gateway: Gateway) -> None:
    refused = {"to": "0660000000", "action": "INFO", "text": "Bonjour", "recipient": {"do_not_sms": True}}
    lifted = {**refused, "override": {"reason": "enfant malade"}}
    assert (await gateway.post("/v1/messages", refused)).json["reason"] == "do_not_sms"
    assert (await gateway.post("/v1/messages", lifted, "vgm_send")).code == "forbidden_scope"
    assert (await gateway.post("/v1/messages", lifted)).json["status"] == "queued"
    assert (await gateway.post("/v1/messages", refused)).json["status"] == "ignored"
    (act,) = (await gateway.get("/v1/audit?act=override", "vgm_admin")).json["data"]
    assert act["detail"] == "enfant malade"


@pytest.mark.row("S1 24")
async def test_the_keywords_that_are_offered(gateway: Gateway) -> None:
    template = {"label": "Identifiants EcoleDirecte de première connexion", "text": IDENTIFIANTS}
    assert (await gateway.ask("PUT", "/v1/templates/IDENTIFIANTS-ED", "vgm_admin", json=template)).status == 201
    offered = [one["keyword"] for one in (await gateway.get("/v1/templates/keywords")).json["data"]]
    assert offered == ["#LOGIN", "#NOM", "#PASS", "#SITE"]


# ---- families never connected ----


@pytest.mark.row("S1 26")
async def test_families_never_connected_are_reminded_as_the_example_says(gateway: Gateway) -> None:
    example = read(ROOT / "config.example.yaml", OPTIONS, {"SMSC_PASSWORD": "x", "ERP_PASSWORD": "x"}, DOORS).settings
    registry = gateway.parts.registry
    registry.replace(
        registry.settings.model_copy(update={name: getattr(example, name) for name in ("actions", "templates")})
    )
    action = registry.action("RELANCE_ED")
    assert action is not None
    recipients = [{**one, "variables": SECRETS} for one in CONNECTED]
    body = {"action": action.code, "template": action.template, "condition": "never_connected"}
    batch = (await gateway.post("/v1/batches", {**body, "recipients": recipients})).json
    (row,) = (await gateway.get(f"/v1/batches/{batch['id']}/messages?status=pending")).json["data"]
    assert (row["to"], row["action"]) == ("+33671000001", "RELANCE_ED")
    assert row["text"].endswith("Nom Utilisateur:\nlevans\n\nMot de passe:\n•••")


#: « Sélection simple des élèves et des familles », as its window shows it.
CRITERIA = {
    "date_presence": "2024-09-30",
    "presents": True,
    "sortis": False,
    "2024-2025": {"classe": ["6A", "6B"], "regime": "Demi-pensionnaire"},
    "2023-2024": {"niveau_prec": "CM2", "classe_an_dernier": "CM2 B"},
    "2025-2026": {"classe_an_prochain": "5A"},
    "mode_reglement": "Tous",
    "code_postal": "57000",
    "age": 12,
}


@pytest.mark.row("S1 28", "S1 29", "S1 30", "S1 31", "S1 32", "S1 33", "S1 34", "S1 35")
async def test_the_criteria_of_the_selection_stay_with_what_was_sent(gateway: Gateway) -> None:
    batch = await grouped(gateway, [{"to": "0671000000"}], selection=CRITERIA)
    assert (await gateway.get(f"/v1/batches/{batch['id']}")).json["selection"] == CRITERIA
    without = await grouped(gateway, [{"to": "0671000000"}])
    assert (await gateway.get(f"/v1/batches/{without['id']}")).json["selection"] is None


SEPARATED = {
    "contacts": [
        {"rank": "responsable_1", "to": "0671000000", "label": "Mme EVANS"},
        {"rank": "responsable_2", "to": "0660000000", "label": "M. POTTER"},
    ]
}


@pytest.mark.row("S1 36")
async def test_step_1_all_first_responsables(gateway: Gateway) -> None:
    families = [SEPARATED, {"contacts": [{"rank": "responsable_1", "to": "0671000009"}]}]
    assert await numbers_of(gateway, await grouped(gateway, families)) == ["+33671000000", "+33671000009"]


@pytest.mark.row("S1 37")
async def test_step_2_responsable_2_of_separated_parents(gateway: Gateway) -> None:
    batch = await grouped(gateway, [SEPARATED], audience={"responsable_2": True})
    assert await numbers_of(gateway, batch) == ["+33671000000", "+33660000000"]


@pytest.mark.row("S1 38")
async def test_step_3_the_numbers_after_the_selection_before_anything_is_sent(gateway: Gateway) -> None:
    families = [SEPARATED, {"to": "", "label": "ADAM"}]
    tried = await grouped(gateway, families, "?dry_run=1", audience={"responsable_2": True})
    assert (tried["id"], tried["accepted"], tried["ignored"]) == (None, 2, 1)
    body = {"action": "INFO", "text": "Bonjour", "recipients": families, "audience": {"responsable_2": True}}
    shown = (await gateway.post("/v1/recipients/resolve", body)).json["data"]
    assert [(one["to"], one["label"]) for one in shown if one["checked"]] == [
        ("+33671000000", "Mme EVANS"),
        ("+33660000000", "M. POTTER"),
    ]
    assert (await gateway.get("/v1/messages?count=true")).json["page"]["total"] == 0


# ---- follow-up ----


@pytest.mark.row("S1 54")
async def test_who_may_see_only_their_own_is_shown_no_others(gateway: Gateway) -> None:
    store = gateway.parts.store
    mine, other = await add_sent(store, 1, user="seul"), await add_sent(store, 2, user="autre")
    alone = User("seul", "Seul", frozenset({METZ}), frozenset({Role.ENVOI}), recap_all=False)
    caller = caller_of(gateway.parts, Session("", "", None, 0, 0, alone))
    routes = {(route.method, route.path): route for route in RESOURCES}
    for path in ("/v1/messages", "/v1/recap"):
        route = routes["GET", path]
        assert route.query is not None
        asked = route.query.model_validate({"user": "autre"})
        reply = await route.handler(Call(gateway.parts, caller, {}, asked, None, None, cast("Any", None)))
        assert isinstance(reply, Reply)
        assert [row["id"] for row in reply.body["data"]] == [mine]
    for path in ("/v1/messages/{id}", "/v1/messages/{id}/report"):
        with pytest.raises(Problem, match="not_found"):
            await routes["GET", path].handler(
                Call(gateway.parts, caller, {"id": other}, None, None, None, cast("Any", None))
            )


@pytest.mark.row("S1 55")
async def test_who_is_blocked_sends_nothing_and_is_told_why(gateway: Gateway) -> None:
    blocked = User("seul", "Seul", frozenset({METZ}), frozenset({Role.ENVOI}), blocked="stage terminé")
    parts = gateway.parts
    await parts.store.write(lambda conn: users.put_user(conn, blocked, parts.clock()))
    await parts.registry.load(parts.store)
    body = {"action": "INFO", "text": "Bonjour", "origin": {"user": "seul"}}
    group = {"action": "INFO", "text": "Bonjour", "defaults": {"origin": {"user": "seul"}}}
    for path, asked in (
        ("messages", {**body, "to": "0671000000"}),
        ("batches", {**group, "recipients": [{"to": "0671000000"}]}),
    ):
        answer = await gateway.post(f"/v1/{path}", asked)
        assert (answer.status, answer.code) == (403, "user_blocked")
        assert "stage terminé" in answer.json["detail"]
    assert (await gateway.post("/v1/messages", {**body, "to": "0671000000", "origin": {"user": "autre"}})).status == 202
