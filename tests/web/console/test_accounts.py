"""« Comptes fournisseurs »: state, pause and resume with a reason, contacts (S4 row 121)."""

import pytest

from gateway.model import ProviderContact
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser

PROVIDERS = (
    ProviderContact(name="DIGITAL MEDIA", email="sconet@digitalmedia.fr", telephone="04 00 00 00 00"),
    ProviderContact(name="PLURIWARE", email="contact@eple-sms.fr", www="https://eple-sms.fr"),
)


@pytest.fixture
def provided(people: Gateway) -> Gateway:
    """The gateway, with providers; its account is of the first."""
    parts = people.parts
    account = parts.settings.accounts[0].model_copy(update={"provider": "DIGITAL MEDIA"})
    parts.settings = parts.settings.model_copy(update={"providers": PROVIDERS, "accounts": (account,)})
    parts.registry.replace(parts.settings)
    return people


async def test_state_and_contacts(browser: Browser, provided: Gateway) -> None:
    await browser.sign_in("technique")
    page = await browser.open("/console/comptes")
    assert "operateur-a DIGITAL MEDIA standard, premium Inconnu ici 20 SMS/s 0 0 inconnu" in page.text
    assert 'href="mailto:sconet@digitalmedia.fr"' in page.html
    assert "PLURIWARE contact@eple-sms.fr https://eple-sms.fr aucun" in page.text
    page = await browser.open("/console/comptes/operateur-a")
    assert "Crédit inconnu" in page.text
    assert "Contact courriel sconet@digitalmedia.fr Téléphone 04 00 00 00 00" in page.text
    assert (await browser.open("/console/comptes/rien")).status == 404
    listed = (await provided.get("/v1/providers")).json
    assert listed["data"][0]["accounts"] == ["operateur-a"]
    assert listed["data"][1] == {
        **{"name": "PLURIWARE", "email": "contact@eple-sms.fr", "telephone": None, "www": "https://eple-sms.fr"},
        "accounts": [],
    }


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
