"""« Comptes fournisseurs »: state, pause and resume with a reason, contacts (S4 row 121)."""

import re
from typing import Any, cast

import pytest

from gateway.config.settings import SecretsSettings
from gateway.model import ProviderContact
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser
from tests.web.test_contracts import PASSWORD, SECRETS

PROVIDERS = (
    ProviderContact(name="DIGITAL MEDIA", email="sconet@digitalmedia.fr", telephone="04 00 00 00 00"),
    ProviderContact(name="PLURIWARE", email="contact@eple-sms.fr", www="https://eple-sms.fr"),
)


@pytest.fixture
def provided(people: Gateway) -> Gateway:
    """The gateway, with providers; its account is of the first."""
    parts = people.parts
    account = parts.settings.accounts[0].model_copy(update={"provider": "DIGITAL MEDIA"})
    more = {"providers": PROVIDERS, "accounts": (account,), "secrets": SECRETS}
    parts.settings = parts.settings.model_copy(update=more)
    parts.registry.replace(parts.settings)
    return people


@pytest.mark.row("S4 121")
async def test_state_and_contacts(browser: Browser, provided: Gateway) -> None:
    await browser.sign_in("technique")
    page = await browser.open("/console/comptes")
    assert "operateur-a DIGITAL MEDIA Standard, Premium Inconnu ici 20 SMS/s 0 0 Fournisseurs" in page.text
    assert 'href="mailto:sconet@digitalmedia.fr"' in page.html
    assert "PLURIWARE contact@eple-sms.fr https://eple-sms.fr aucun" in page.text
    assert "Crédit" not in page.text  # SMPP has no word for it
    page = await browser.open("/console/comptes/operateur-a")
    assert "Crédit" not in page.text
    assert "Contact courriel sconet@digitalmedia.fr Contact téléphonique 04 00 00 00 00" in page.text
    assert (await browser.open("/console/comptes/rien")).status == 404
    listed = (await provided.get("/v1/providers")).json
    assert listed["data"][0]["accounts"] == ["operateur-a"]
    assert listed["data"][1] == {
        **{"name": "PLURIWARE", "email": "contact@eple-sms.fr", "telephone": None, "www": "https://eple-sms.fr"},
        "accounts": [],
    }


class Telling:
    """The lane of an account whose provider tells what is left, as none over SMPP does."""

    def describe(self) -> dict[str, object]:
        return {"credit": {"amount": "12.5000", "currency": "EUR"}}


async def test_credit_is_shown_where_a_provider_tells_it(browser: Browser, provided: Gateway) -> None:
    cast("dict[str, Any]", provided.parts.lanes)["operateur-a"] = Telling()
    await browser.sign_in("technique")
    assert (
        "Crédit operateur-a DIGITAL MEDIA Standard, Premium Inconnu ici 20 SMS/s 0 0 12,5000 €"
        in (await browser.open("/console/comptes")).text
    )
    assert "Crédit 12,5000 €" in (await browser.open("/console/comptes/operateur-a")).text


async def test_pause_and_resume_with_a_reason(browser: Browser, provided: Gateway) -> None:
    await browser.sign_in("technique")
    await browser.open("/console/comptes/operateur-a")
    page = await browser.send("/console/comptes/operateur-a/suspendre", {"reason": "facture contestée"})
    assert "Le compte est suspendu" in page.text
    assert "le 23/11/2026 à 08:30 par console/technique : facture contestée" in page.text
    assert "Suspendu facture contestée" in (await browser.open("/console/comptes")).text
    page = await browser.send("/console/comptes/operateur-a/reprendre")
    assert "Le compte a repris ses envois." in page.text
    assert not (await provided.get("/v1/accounts")).json["data"][0]["paused"]


async def test_who_may_only_look(browser: Browser, provided: Gateway) -> None:
    await browser.sign_in("gestion")
    page = await browser.open("/console/comptes/operateur-a")
    assert "Suspendre" not in page.text
    assert (await browser.send("/console/comptes/operateur-a/suspendre", {"reason": "x"})).status == 403
    assert not (await provided.get("/v1/accounts")).json["data"][0]["paused"]


SETTINGS = {
    **{"name": "operateur-p", "provider": "PLURIWARE", "key_id": "0570051", "password": PASSWORD, "option1": "A"},
    **{"option2": "B", "service_code": "CMT", "host": "127.0.0.1", "port": "2776", "rate": "2.5", "window": "7"},
    **{"price": "0.051", "modes": "economique"},
}


@pytest.mark.row("S4 119", "S4 120")
async def test_settings_are_made_consulted_and_changed(browser: Browser, provided: Gateway) -> None:
    await browser.sign_in("technique")
    form = await browser.open("/console/nouveau-compte")
    assert '<option value="" selected>AUCUN' in form.html
    page = await browser.send("/console/nouveau-compte", SETTINGS)
    assert "C'est enregistré." in page.text
    kept = "gardée ici, pas dite au fournisseur"
    assert f"Clé d'identification 0570051 Option 1 A {kept} Option 2 B {kept} Code de service CMT" in page.text
    assert "Mot de passe ••••••••" in page.text
    assert "Modifier" in page.text
    form = await browser.open("/console/comptes/operateur-p/modifier")
    assert "Annuler" in form.text
    assert re.findall(r'name="(?:rate|price)" type="text" value="([^"]*)"', form.html) == ["2,5", "0,051"]
    assert PASSWORD not in page.html + form.html
    change = {**SETTINGS, "key_id": "0570052", "password": "", "provider": "", "rate": "2,5", "price": "0,051"}
    page = await browser.send("/console/comptes/operateur-p/modifier", change)
    assert "Nom du fournisseur de service AUCUN Clé d'identification 0570052" in page.text
    contract = provided.parts.registry.contract("operateur-p")
    assert contract is not None
    assert contract.options["password"] == PASSWORD
    assert (contract.settings.rate, contract.modes) == (2.5, ("economique",))
    said = {**contract.options, "system_type": "{option1}", "modes": ["economique"]}
    said = {"key_id": said.pop("system_id"), **{key: value for key, value in said.items() if key != "name"}}
    assert (await provided.ask("PUT", "/v1/accounts/operateur-p", "vgm_admin", json=said)).status == 200
    await browser.send("/console/comptes/operateur-p/modifier", {**change, "option1": "ETAB57"})
    page = await browser.open("/console/comptes/operateur-p")
    assert "Option 1 ETAB57 dite au fournisseur : system_type" in page.text
    page = await browser.send("/console/comptes/operateur-p/supprimer")
    assert "C'est supprimé." in page.text
    assert provided.parts.registry.account("operateur-p") is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"key_id": ""}, "Clé d'identification : Ce champ est obligatoire"),
        ({"password": "x" * 17}, "Mot de passe : 16 au plus"),
        ({"port": "99999"}, "Port : Au plus 65535."),
        ({"name": "operateur-a"}, "Nom du compte : Un compte a déjà ce nom"),
    ],
)
async def test_what_is_wrong_with_settings_is_said(
    browser: Browser, provided: Gateway, change: dict[str, str], why: str
) -> None:
    await browser.sign_in("technique")
    await browser.open("/console/nouveau-compte")
    page = await browser.send("/console/nouveau-compte", {**SETTINGS, **change})
    assert page.status == 422
    assert why in page.text
    assert PASSWORD not in page.html
    assert provided.parts.registry.account("operateur-p") is None


@pytest.mark.row("S4 119")
async def test_settings_of_the_configuration_and_of_others(browser: Browser, provided: Gateway) -> None:
    await browser.sign_in("gestion")
    assert (await browser.open("/console/nouveau-compte")).status == 403
    await browser.open("/console/comptes")
    assert (await browser.send("/console/comptes/operateur-a/modifier", SETTINGS)).status == 403
    await browser.sign_in("technique")
    page = await browser.open("/console/comptes/operateur-a")
    assert "il se modifie là" in page.text
    assert (await browser.send("/console/comptes/operateur-a/modifier", SETTINGS)).status == 409
    provided.parts.registry.replace(provided.parts.settings.model_copy(update={"secrets": SecretsSettings()}))
    await browser.open("/console/nouveau-compte")
    page = await browser.send("/console/nouveau-compte", SETTINGS)
    assert page.status == 409
    assert "secrets.sealing_key" in page.text
