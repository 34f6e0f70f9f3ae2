"""S1, « Envoi de SMS » of Charlemagne, by the page « Envoi »."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.app import DOORS, OPTIONS
from gateway.config import read
from tests.seeds.rows import ROOT
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser, Page

ENVOI = "/console/envoi"
LIST = "portable;destinataire\n06 71 00 00 00;EVANS Lily\n0660000000;POTTER James\n"
PORTAL = (
    "portable;destinataire;site;login;pass;jamais_connecte;identifiants_modifies\n"
    "0671000001;EVANS Lily;ecoledirecte.com;levans;xk37pz;oui;non\n"
    "0671000002;POTTER James;ecoledirecte.com;jpotter;ab12cd;non;non\n"
    "0671000003;ABAD Christian;ecoledirecte.com;cabad;ef34gh;non;oui\n"
)


@pytest.fixture
async def charlemagne(browser: Browser, people: Gateway) -> Browser:
    """Signed in, before the page, with the actions and predefined messages of the example."""
    example = read(ROOT / "config.example.yaml", OPTIONS, {"SMSC_PASSWORD": "x", "ERP_PASSWORD": "x"}, DOORS).settings
    registry = people.parts.registry
    declared = registry.settings
    more = {name: (*getattr(declared, name), *getattr(example, name)[1:]) for name in ("actions", "templates")}
    registry.replace(declared.model_copy(update=more))
    await browser.sign_in("adjoint")
    await browser.open(ENVOI)
    return browser


async def put(browser: Browser, deed: str, **said: str) -> Page:
    """Press a button of the form."""
    fields = {"action": "INFO", "text": "Bonjour", "recipients": LIST, **said, "deed": deed}
    return await browser.send(ENVOI, fields)


async def sent(browser: Browser, **said: str) -> Page:
    """Check, then send what was checked."""
    page = await put(browser, "preview", **said)
    names = ("once", "checked", "condition")
    hidden = {name: re.findall(rf'name="{name}" value="([^"]*)"', page.html)[0] for name in names}
    return await put(browser, "send", **{**said, **hidden})


async def messages(people: Gateway) -> list[Any]:
    rows: list[Any] = (await people.get("/v1/messages?sort=created")).json["data"]
    return rows


@pytest.mark.row("S1 1")
async def test_the_window(charlemagne: Browser) -> None:
    page = await charlemagne.open(ENVOI)
    assert "<h1>Envoi de messages</h1>" in page.html
    assert "<summary>Configuration</summary>" in page.html


@pytest.mark.row("S1 2", "S1 5", "S1 38")
async def test_the_list_with_its_columns_a_row_is_added_and_another_taken_away(charlemagne: Browser) -> None:
    page = await put(charlemagne, "preview")
    assert "Retirer Téléphone Destinataire" in page.text
    assert "+33671000000 EVANS Lily" in page.text
    assert "+33660000000 POTTER James" in page.text
    page = await put(charlemagne, "add", add_to="06 12 34 56 78", add_label="ABAD Christian")
    assert "06 12 34 56 78 ABAD Christian" in page.text
    page = await put(charlemagne, "add", recipients="", add_to="06 12 34 56 78")
    assert "1 destinataire " in page.text
    page = await put(charlemagne, "remove:1")
    assert "EVANS Lily" not in page.text
    assert "0660000000 POTTER James" in page.text


@pytest.mark.row("S1 4")
@pytest.mark.parametrize(
    ("kind", "words"),
    [("responsable", "Familles"), ("eleve", "Élèves"), ("adulte", "Adultes"), ("preinscrit", "Préinscrits")],
)
async def test_whom_the_list_holds(charlemagne: Browser, people: Gateway, kind: str, words: str) -> None:
    assert f'<option value="{kind}">{words}</option>' in (await charlemagne.open(ENVOI)).html
    await sent(charlemagne, kind=kind)
    assert [row["recipient"]["kind"] for row in await messages(people)] == [kind, kind]


@pytest.mark.row("S1 8", "S1 9", "S1 10", "S1 13", "S1 26")
async def test_a_predefined_message_is_loaded_changed_counted_and_sent(charlemagne: Browser, people: Gateway) -> None:
    assert "Identifiants EcoleDirecte de première connexion" in (await charlemagne.open(ENVOI)).text
    chosen = {"action": "RELANCE_ED", "template": "IDENTIFIANTS-ED", "recipients": PORTAL}
    page = await put(charlemagne, "template", **{**chosen, "text": ""})
    text = re.findall(r'<textarea id="text"[^>]*>\n(.*?)</textarea>', page.html, re.DOTALL)[0]
    assert text == "Vos paramètres de connexion sur #SITE\n\nNom Utilisateur:\n#LOGIN\n\nMot de passe:\n#PASS"
    page = await put(charlemagne, "preview", **chosen, text=f"{text}\nBonne rentrée")
    assert re.search(r"\d+/160", page.text)
    await sent(charlemagne, **chosen, text=f"{text}\nBonne rentrée")
    rows = await messages(people)
    assert [(row["action"], row["template"]) for row in rows] == [("RELANCE_ED", "IDENTIFIANTS-ED")] * 3
    assert rows[0]["text"].endswith("levans\n\nMot de passe:\n•••\nBonne rentrée")


@pytest.mark.row("S1 13")
async def test_the_counter_while_one_types(charlemagne: Browser) -> None:
    """The page counts #SITE, #LOGIN and #PASS as they stand while there is nobody to fill them in for."""
    typed = "Vos paramètres de connexion sur #SITE\n\nNom Utilisateur:\n#LOGIN\n\nMot de passe:\n#PASS\n"
    page = await charlemagne.send(f"{ENVOI}/compte", {"action": "INFO", "text": typed, "recipients": ""})
    assert "84/160" in page.html


@pytest.mark.row("S1 14", "S1 39")
async def test_the_ignored_are_shown_before_anything_is_sent(charlemagne: Browser, people: Gateway) -> None:
    page = await put(charlemagne, "preview", recipients=f"{LIST};ADAM\n03 87 00 00 00;ADIL Murielle\n")
    assert "Destinataires ignorés" in page.text
    assert "3 ADAM Portable vide" in page.text
    assert "4 ADIL Murielle 03 87 00 00 00 Numéro fixe : pas de SMS" in page.text
    assert await messages(people) == []


@pytest.mark.row("S1 18", "S1 27")
async def test_it_is_sent_or_deferred(charlemagne: Browser, people: Gateway) -> None:
    assert "Envoyer à 2 destinataires" in (await put(charlemagne, "preview")).text
    later = {"when": "later", "send_at": "2026-11-24T18:00"}
    assert "Différer l'envoi à 2 destinataires" in (await put(charlemagne, "preview", **later)).text
    await sent(charlemagne, **later)
    assert {row["send_at"] for row in await messages(people)} == {"2026-11-24T18:00:00.000+01:00"}


@pytest.mark.row("S1 19", "S1 23", "S1 24")
async def test_from_the_sheet_of_a_pupil(charlemagne: Browser, people: Gateway) -> None:
    link = [
        *(("to", "0671000000"), ("label", "Mme REITER"), ("ne_pas_envoyer", "")),
        *(("to", "0660000000"), ("label", "M. REITER"), ("ne_pas_envoyer", "oui")),
        *(("subject", "REITER Pauline"), ("subject_id", "E-881"), ("subject_kind", "eleve"), ("division", "5B")),
        *(("action", "ABSENCE"), ("event", "ABS-9"), ("event_type", "absence")),
        *(("event_from", "2026-11-23T08:30:00+01:00"), ("event_to", "2026-11-23T18:00")),
    ]
    page = await charlemagne.open(f"{ENVOI}?{urlencode(link)}")
    assert "Au sujet de REITER Pauline 5B" in page.text
    assert "Téléphone Destinataire ne_pas_envoyer" in page.text
    assert 'data-insert="#ELEVE"' in page.html
    names = ("recipients", "action", *(name for name, _ in link[6:]))
    form = {
        name: value for name in set(names) for value in re.findall(rf'name="{name}"[^>]* value="([^"]*)"', page.html)
    }
    form["recipients"] = re.findall(r'<textarea id="recipients"[^>]*>([^<]*)<', page.html)[0]
    form |= {"event_type": "absence", "action": "ABSENCE", "text": "#ELEVE (#DIVISION) est absente."}
    page = await put(charlemagne, "preview", **form)
    assert "M. REITER 0660000000 Ne pas envoyer de SMS à ce contact" in page.text.replace("+33660000000", "0660000000")
    await sent(charlemagne, **form)
    (row,) = [row for row in await messages(people) if row["status"] == "held"]
    assert row["text"] == "REITER Pauline (5B) est absente."
    assert row["subject"] == {"id": "E-881", "name": "REITER Pauline", "kind": "eleve", "division": "5B"}
    assert row["event_label"] == "Absence du 23/11/26 08:30 au 23/11/26 18:00"
    assert row["event"]["id"] == "ABS-9"


@pytest.mark.row("S1 23")
async def test_a_link_may_name_the_predefined_message(charlemagne: Browser) -> None:
    page = await charlemagne.open(f"{ENVOI}?to=0671000000&template=IDENTIFIANTS-ED")
    assert "Nom Utilisateur:\n#LOGIN" in page.html
    assert "Modèle inconnu" not in page.text
    page = await charlemagne.open(f"{ENVOI}?to=0671000000&template=RIEN")
    assert page.status == 404
    assert "0671000000" in page.html


@pytest.mark.row("S1 40")
async def test_choosing_the_predefined_message_enables_the_buttons(charlemagne: Browser) -> None:
    def enabled(page: Page) -> list[str]:
        return [
            code
            for code, more in re.findall(r'value="only:(\w+)"([^>]*)>', page.html)
            if not more.endswith(" disabled")
        ]

    assert enabled(await charlemagne.open(ENVOI)) == []
    page = await put(charlemagne, "template", template="IDENTIFIANTS-ED")
    assert enabled(page) == ["never_connected", "credentials_unchanged"]
    assert enabled(await put(charlemagne, "template", template="BONJOUR")) == []


@pytest.mark.row("S1 41")
@pytest.mark.parametrize(
    ("button", "kept", "left"),
    [
        ("never_connected", ["+33671000001"], "S'est déjà connecté"),
        ("credentials_unchanged", ["+33671000001", "+33671000002"], "A déjà changé ses identifiants"),
    ],
)
async def test_the_buttons_keep_only_who_needs_it(
    charlemagne: Browser, people: Gateway, button: str, kept: list[str], left: str
) -> None:
    chosen = {"action": "RELANCE_ED", "template": "IDENTIFIANTS-ED", "text": "#LOGIN #PASS", "recipients": PORTAL}
    page = await put(charlemagne, f"only:{button}", **chosen)
    assert f"Envoyer à {len(kept)} destinataire" in page.text
    assert left in page.text
    assert "xk37pz" not in page.text.partition("Le téléphone montrera")[2]
    await sent(charlemagne, **chosen, condition=button)
    assert [row["to"] for row in await messages(people) if row["status"] != "ignored"] == kept
    page = await put(charlemagne, "only:", **chosen, condition=button)
    assert "Envoyer à 3 destinataires" in page.text


@pytest.mark.row("S1 41")
async def test_who_says_nothing_of_the_portal_is_told_and_other_messages_keep_all(charlemagne: Browser) -> None:
    page = await put(charlemagne, "only:never_connected", template="IDENTIFIANTS-ED")
    assert page.status == 422
    assert "lit la colonne « jamais_connecte »" in page.text
    page = await put(charlemagne, "preview", template="BONJOUR", condition="never_connected")
    assert "Envoyer à 2 destinataires" in page.text


async def test_an_exception_is_made_for_the_message_as_it_was_written(charlemagne: Browser, people: Gateway) -> None:
    table = PORTAL.replace("pass;", "pass;ne_pas_envoyer;").replace("xk37pz;", "xk37pz;oui;").replace("cd;", "cd;;")
    chosen = {"template": "IDENTIFIANTS-ED", "text": "#LOGIN #PASS", "recipients": table.replace("gh;", "gh;;")}
    page = await put(charlemagne, "preview", **chosen, kind="responsable", mode="premium")
    person = re.findall(r'name="person" value="([^"]+)"', page.html)[0].replace("&#34;", '"')
    fields = {"person": person, "action": "INFO", "text": "#LOGIN #PASS", "reason": "urgence"}
    await charlemagne.send(f"{ENVOI}/exception", fields)
    (row,) = await messages(people)
    assert (row["text"], row["template"], row["mode"]) == ("levans •••", "IDENTIFIANTS-ED", "premium")
    assert row["recipient"] == {"label": "EVANS Lily", "kind": "responsable", "rank": None}
