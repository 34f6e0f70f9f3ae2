"""« SMS à diffuser », « Suivi des SMS » and the « rapport d'envoi », as S4 and S1 show them (rows 138-152, 52)."""

import re

import pytest

from tests.store.rows import add_message, add_sent
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser
from tests.web.test_erased import erase

PAULINE = {
    "to": "06 60 00 00 00",
    "action": "ABSENCE",
    "text": "Bonjour, Pauline est absente.",
    "recipient": {"label": "Légal 1 - Financier"},
    "subject": {"name": "REITER Pauline", "division": "5B"},
    "event": {"id": "ABS-9", "type": "absence", "from": "2026-11-23T08:30:00+01:00", "to": "2026-11-23T18:00:00+01:00"},
}


async def waiting(people: Gateway, count: int = 1) -> list[str]:
    bodies = [{**PAULINE, "to": f"06600000{place:02}"} for place in range(count)]
    return [(await people.post("/v1/messages", body)).json["id"] for body in bodies]


@pytest.mark.row("S4 138", "S4 139", "S4 140", "S4 141", "S4 142", "S4 143")
async def test_rows_138_to_143_what_waits_is_counted_shown_and_released(browser: Browser, people: Gateway) -> None:
    first, second, third = await waiting(people, 3)
    await browser.sign_in("adjoint")
    page = await browser.open("/console/a-diffuser")
    assert "Il y a actuellement 3 SMS en attente de diffusion." in page.text
    assert "Absence du 23/11/26 08:30 au 23/11/26 18:00" in page.text
    for word in ("Action", "Nom élève", "Division", "Évènement", "Destinataire", "Tout sélectionner"):
        assert word in page.text
    assert "SMS d'absence REITER Pauline 5B" in page.text
    assert "Enregistrement(s) 1 à 3, sur 3 trouvé(s)" in page.text
    page = await browser.send("/console/a-diffuser", [("id", first), ("id", second), ("deed", "release")])
    assert "SMS diffusés : 2." in page.text
    assert "1 SMS en attente" in page.text
    assert (await people.get(f"/v1/messages/{first}")).json["status"] == "queued"
    assert (await people.get(f"/v1/messages/{third}")).json["status"] == "held"


@pytest.mark.row("S4 144")
async def test_row_144_what_waits_is_deleted(browser: Browser, people: Gateway) -> None:
    (first,) = await waiting(people)
    await browser.sign_in("adjoint")
    await browser.open("/console/a-diffuser")
    page = await browser.send("/console/a-diffuser", {"id": first, "deed": "cancel"})
    assert "SMS supprimés : 1." in page.text
    assert (await people.get(f"/v1/messages/{first}")).json["status"] == "cancelled"


async def test_everything_is_released_if_it_is_what_was_seen(browser: Browser, people: Gateway) -> None:
    await waiting(people, 2)
    await browser.sign_in("adjoint")
    await browser.open("/console/a-diffuser")
    late = await browser.send("/console/a-diffuser", {"all": "release", "expected": "1"})
    assert late.status == 409
    assert "La sélection a changé" in late.text
    await browser.open("/console/a-diffuser")
    assert "SMS diffusés : 2." in (await browser.send("/console/a-diffuser", {"all": "release", "expected": "2"})).text


async def test_nothing_ticked_is_said(browser: Browser, people: Gateway) -> None:
    await waiting(people)
    await browser.sign_in("adjoint")
    await browser.open("/console/a-diffuser")
    assert "Cochez d'abord" in (await browser.send("/console/a-diffuser", {"deed": "release"})).text


async def test_all_boxes_can_be_ticked_without_scripts(browser: Browser, people: Gateway) -> None:
    await waiting(people, 2)
    await browser.sign_in("adjoint")
    page = await browser.open("/console/a-diffuser?tout=1")
    assert len(re.findall(r'name="id"[^>]* checked', page.html)) == 2


async def test_who_may_not_release_sees_no_button_and_cannot(browser: Browser, people: Gateway) -> None:
    (first,) = await waiting(people)
    await browser.sign_in("cpe")
    page = await browser.open("/console/a-diffuser")
    assert "Diffuser les SMS" not in page.text
    page = await browser.send("/console/a-diffuser", {"id": first, "deed": "release"})
    assert page.status == 403


@pytest.mark.row("S4 151")
async def test_row_151_every_column_sorts(browser: Browser, people: Gateway) -> None:
    store = people.parts.store
    for place, (name, division) in enumerate([("ZOLA", "3A"), ("Élan", "6C"), ("ABEL", "5B")]):
        await add_message(
            store, place + 1, status="held", deadline_at=1, subject_name=name, subject=f'{{"name": "{name}"}}',
            division=division,
        )  # fmt: skip
    await browser.sign_in("adjoint")
    page = await browser.open("/console/a-diffuser?sort=name")
    assert page.text.index("ABEL") < page.text.index("Élan") < page.text.index("ZOLA")
    assert "Nom élève ▲" in page.text
    assert "sort=-name" in page.html
    page = await browser.open("/console/a-diffuser?sort=-name")
    assert page.text.index("ZOLA") < page.text.index("ABEL")


@pytest.mark.row("S4 146", "S4 147", "S4 148", "S4 150")
async def test_rows_146_to_150_the_tabs_and_the_state_of_s4(browser: Browser, people: Gateway) -> None:
    store = people.parts.store
    await add_sent(store, 1, status="in_transit", serial=11188, label="Légal 1")
    await add_sent(store, 2, status="delivered", label="M. REÇU")
    await add_sent(store, 3, status="undelivered", label="M. PERDU")
    await browser.sign_in("cpe")
    page = await browser.open("/console/suivi")
    assert "Il y a actuellement 1 SMS à suivre." in page.text
    assert re.search(r"Msg 11188 - en transit - \d\d/\d\d/\d{4} à \d\d:\d\d", page.text)
    assert "Mettre à jour" in page.text
    assert "M. REÇU" in (await browser.open("/console/suivi?onglet=delivres")).text
    assert "M. PERDU" in (await browser.open("/console/suivi?onglet=non-remis")).text
    assert "M. PERDU" not in (await browser.open("/console/suivi?onglet=delivres")).text


@pytest.mark.row("S1 52")
async def test_row_52_the_report_of_a_message(browser: Browser, people: Gateway) -> None:
    (first,) = await waiting(people)
    await browser.sign_in("adjoint")
    page = await browser.open(f"/console/messages/{first}")
    assert "Rapport d'envoi" in page.text
    assert "Enregistré" in page.text
    assert "Bonjour, Pauline est absente." in page.text
    assert (await browser.open("/console/messages/msg_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB")).status == 404


async def test_an_uncertain_message_is_sent_once_more_knowingly(browser: Browser, people: Gateway) -> None:
    message = await add_sent(people.parts.store, 1, status="uncertain", deadline_at=1)
    await browser.sign_in("adjoint")
    page = await browser.open(f"/console/messages/{message}")
    assert "Personne ne sait si ce SMS est parti." in page.text
    page = await browser.send(f"/console/messages/{message}/renvoyer")
    assert "deux fois" in page.text


async def test_a_long_list_is_walked_through(browser: Browser, people: Gateway) -> None:
    for place in range(1, 103):
        await add_message(people.parts.store, place, status="held", deadline_at=1, label=f"Parent {place:03}")
    await browser.sign_in("adjoint")
    page = await browser.open("/console/a-diffuser")
    assert "Enregistrement(s) 1 à 100, sur 102 trouvé(s)" in page.text
    link = re.search(r'rel="next" href="([^"]+)"', page.html)
    assert link is not None
    page = await browser.open("/console/a-diffuser" + link[1].replace("&amp;", "&"))
    assert "Enregistrement(s) 101 à 102, sur 102 trouvé(s)" in page.text
    assert "Première page" in page.text


async def test_a_group_is_told_with_the_criteria_of_its_selection(browser: Browser, people: Gateway) -> None:
    selection = {"2024-2025": {"classe": ["6A", "6B"], "regime": "<b>"}, "mode_reglement": "Tous", "sortis": False}
    body = {"action": "INFO", "text": "Bonjour", "recipients": [{"to": "0671000000"}, {"to": ""}]}
    batch = (await people.post("/v1/batches", {**body, "selection": selection})).json["id"]
    await browser.sign_in("adjoint")
    for path in ("suivi", "recapitulatif"):
        page = await browser.open(f"/console/{path}?batch={batch}")
        told = "Envoi groupé du 23/11/2026 à 08:30 : 2 destinataires, 1 accepté, 1 ignoré , 1 SMS, 0,0450 € HT."
        assert told in page.text
        criteria = "2024-2025, classe 6A, 6B 2024-2025, regime <b> mode reglement Tous sortis non"
        assert criteria in page.text
        assert "<b>" not in page.html
    assert "Portable vide" in (await browser.open(f"/console/suivi?onglet=ignores&batch={batch}")).text
    assert (await browser.open("/console/suivi?batch=bat_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB")).status == 200


async def test_what_applications_say_is_escaped(browser: Browser, people: Gateway) -> None:
    evil = '<img src=x onerror="alert(1)">'
    body = {
        **PAULINE,
        "text": evil,
        "recipient": {"label": evil},
        "subject": {"name": evil, "division": evil},
        "event": {"id": evil, "label": evil},
        "origin": {"user": evil, "workstation": evil},
    }
    message = (await people.post("/v1/messages", body)).json["id"]
    await browser.sign_in("adjoint")
    for path in ("a-diffuser", "suivi", f"messages/{message}"):
        page = await browser.open(f"/console/{path}")
        assert page.status == 200
        assert "<img src=x" not in page.html
        assert evil in page.text or "&lt;img" in page.html


async def test_what_is_erased_is_said_so(browser: Browser, people: Gateway) -> None:
    public = await add_sent(people.parts.store, 1)
    await erase(people.parts, 1)
    await browser.sign_in("adjoint")
    for path in ("/console/suivi?onglet=delivres", f"/console/messages/{public}"):
        page = await browser.open(path)
        assert "effacé" in page.text, path
        assert "None" not in page.text, path
