"""« Actions » and « Modèles »: S4 rows 123 to 130, S1 rows 8 to 11 and 24."""

import pytest

from tests.web.conftest import METZ, REUNION, Gateway
from tests.web.console.conftest import Browser, browsing

ACTION = {
    **{"code": "RETARD", "short_label": "SMS ret.", "long_label": "SMS de retard", "response_delay_days": "2"},
    **{"treatment": "sms", "template": "BONJOUR", "sender": "CLGPASTEUR", "provider_service_code": "42"},
    **{"release": "manual", "hold_max": "24h", "validity": "6h", "mode": "premium", "max_parts": "2"},
    **{"consent": "required", "uncertain": "resend", "uncertain_wait": "90s"},
}
MODEL = {"code": "CANTINE", "label": "Absence demi-pension", "text": "#ELEVE absent à la cantine.", "school": METZ}


@pytest.mark.row("S4 123", "S4 124", "S4 125", "S4 126", "S4 127", "S4 128", "S4 129", "S4 130")
async def test_an_action_is_created_changed_and_deleted(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("technique")
    form = await browser.open("/console/actions/nouvelle")
    for words in ("Libellé court *", "Libellé long *", "Délai de réponse du responsable avant alerte *", "Émetteur"):
        assert words in form.text
    page = await browser.send("/console/actions/nouvelle", ACTION)
    assert page.status == 200
    assert "C'est enregistré." in page.text
    assert "SMS de retard" in page.text
    made = (await people.get("/v1/actions/RETARD")).json
    assert {name: str(made[name]) for name in ACTION} == ACTION
    await browser.open("/console/actions/RETARD")
    await browser.send("/console/actions/RETARD", {**ACTION, "long_label": "Retard du matin", "mode": ""})
    assert (await people.get("/v1/actions/RETARD")).json["long_label"] == "Retard du matin"
    form = await browser.open("/console/actions/RETARD")
    assert '<option value="" selected>Celui par défaut' in form.html
    page = await browser.send("/console/actions/RETARD/supprimer")
    assert "C'est supprimé." in page.text
    assert (await people.get("/v1/actions/RETARD")).status == 404


@pytest.mark.row("S4 130")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"short_label": " "}, "Libellé court : Ce champ est obligatoire"),
        ({"response_delay_days": ""}, "Indiquez un nombre de jours"),
        ({"response_delay_days": "500"}, "Délai de réponse du responsable avant alerte : Au plus 365."),
        ({"sender": "UN NOM TROP LONG"}, "1 à 11 lettres ou chiffres"),
        ({"template": "RIEN"}, "Ce modèle n'existe pas"),
        ({"hold_max": "demain"}, "Attente de la diffusion au plus : Une durée est attendue"),
        ({"code": "é"}, "Un code a 1 à 40 capitales"),
        ({"code": "INFO"}, "Une action a déjà ce code"),
        ({"short_label": "x" * 41, "long_label": ""}, "Libellé long : Ce champ est obligatoire"),
    ],
)
async def test_what_is_wrong_is_said_in_french_and_kept(browser: Browser, change: dict[str, str], why: str) -> None:
    await browser.sign_in("technique")
    await browser.open("/console/actions/nouvelle")
    page = await browser.send("/console/actions/nouvelle", {**ACTION, **change})
    assert page.status == 422
    assert why in page.text
    assert 'value="CLGPASTEUR"' in page.html or "sender" in change


async def test_what_the_configuration_declares_is_read_only(browser: Browser) -> None:
    await browser.sign_in("technique")
    for path, kind in (("actions/INFO", "Cette action est déclarée"), ("modeles/BONJOUR", "Ce modèle est déclaré")):
        page = await browser.open(f"/console/{path}")
        assert kind in page.text
        assert "Valider" not in page.text
        assert (await browser.send(f"/console/{path}", {**ACTION, **MODEL})).status == 409
        assert (await browser.send(f"/console/{path}/supprimer")).status == 409


async def test_the_list_says_what_is_usable_and_why_not(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("technique")
    await browser.open("/console/actions/nouvelle")
    await browser.send("/console/actions/nouvelle", {**ACTION, "mode": "economique"})
    page = await browser.open("/console/actions")
    assert "Cette action n'est pas traitée par SMS" in page.text
    assert "Aucun compte fournisseur pour ce mode d'envoi" in page.text
    shown = {one["code"]: one["why_not"] for one in (await people.get("/v1/actions")).json["data"]}
    assert shown == {"ABSENCE": None, "COURRIER": "treatment_not_sms", "INFO": None, "RETARD": "no_provider"}


async def test_who_sends_sees_them_and_changes_nothing(browser: Browser) -> None:
    await browser.sign_in("cpe")
    page = await browser.open("/console/actions")
    assert "Ajouter une action" not in page.text
    assert "Valider" not in (await browser.open("/console/actions/ABSENCE")).text
    assert (await browser.send("/console/actions/nouvelle", ACTION)).status == 403
    assert (await browser.send("/console/modeles/nouveau", MODEL)).status == 403


async def test_a_template_is_made_with_its_keywords(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("technique")
    await browser.open("/console/modeles/nouveau")
    page = await browser.send("/console/modeles/nouveau", MODEL)
    assert "C'est enregistré." in page.text
    assert "#ELEVE" in page.text
    assert METZ in page.text
    assert (await people.get("/v1/templates/CANTINE")).json["keywords"] == ["ELEVE"]
    form = await browser.open("/console/modeles/CANTINE")
    assert 'data-insert="#NOM"' in form.html  # of another template: the words that are in use
    page = await browser.send("/console/modeles/CANTINE", {**MODEL, "text": ""})
    assert page.status == 422
    assert "Texte : Ce champ est obligatoire" in page.text
    again = await browser.send("/console/modeles/nouveau", MODEL)
    assert "Un modèle a déjà ce code" in again.text
    await browser.send("/console/modeles/CANTINE/supprimer")
    assert (await people.get("/v1/templates/CANTINE")).status == 404


async def test_a_template_says_what_is_confidential_and_what_it_lets_choose(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("technique")
    await browser.open("/console/modeles/nouveau")
    codes = [*{**MODEL, "code": "CODES", "text": "#LOGIN #PASS", "sensitive": "#PASS"}.items()]
    both = [("requires", "never_connected"), ("requires", "credentials_unchanged")]
    page = await browser.send("/console/modeles/nouveau", [*codes, *both])
    assert "#LOGIN #PASS (confidentiel)" in page.text
    made = (await people.get("/v1/templates/CODES")).json
    assert (made["sensitive"], made["requires"]) == (["PASS"], ["never_connected", "credentials_unchanged"])
    form = await browser.open("/console/modeles/CODES")
    assert 'name="sensitive" type="text" value="#PASS"' in form.html
    assert form.html.count(" checked") == 2
    page = await browser.send("/console/modeles/CODES", [*dict(codes, sensitive="MDP").items(), both[0]])
    assert page.status == 422
    assert "Mots-clés confidentiels : « MDP » n'est pas un mot-clé du texte" in page.text
    assert page.html.count(" checked") == 1


async def test_templates_of_other_schools_are_not_seen(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("port")
    await browser.open("/console/modeles/nouveau")
    await browser.send("/console/modeles/nouveau", {**MODEL, "school": REUNION})
    async with browsing(people) as other:
        await other.sign_in("technique")
        assert "CANTINE" not in (await other.open("/console/modeles")).text
        assert (await other.open("/console/modeles/CANTINE")).status == 404
        await other.open("/console/modeles/nouveau")
        refused = await other.send("/console/modeles/nouveau", {**MODEL, "code": "X", "school": REUNION})
        assert refused.status in (403, 422)


async def test_what_is_typed_is_escaped(browser: Browser) -> None:
    await browser.sign_in("technique")
    await browser.open("/console/actions/nouvelle")
    evil = "<script>alert(1)</script>"
    await browser.send("/console/actions/nouvelle", {**ACTION, "long_label": evil})
    await browser.send("/console/modeles/nouveau", {**MODEL, "text": evil, "label": evil})
    for path in ("actions", "actions/RETARD", "modeles", "modeles/CANTINE"):
        page = await browser.open(f"/console/{path}")
        assert "<script>alert" not in page.html
        assert evil in page.text or "actions/" in path
