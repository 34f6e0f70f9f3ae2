"""« Effacer un numéro »."""

from tests.store.rows import add_inbound, add_sent
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser


async def test_counted_confirmed_erased(browser: Browser, people: Gateway) -> None:
    await add_sent(people.parts.store, 1, text="Pauline est absente")
    await add_inbound(people.parts.store, 1)
    await browser.sign_in("direction")
    page = await browser.open("/console/effacement")
    page = await browser.send("/console/effacement", {"number": "06 12 34 56 78"})
    assert "Ce qui sera effacé" in page.text
    assert "Lycée Pierre et Marie Curie 1 0 1" in page.text
    assert "06 12" not in page.path
    page = await browser.send("/console/effacement", {"number": "06 12 34 56 78", "sure": "on"})
    assert "C'est effacé." in page.text
    page = await browser.send("/console/effacement", {"number": "06 12 34 56 78"})
    assert "Rien n'est gardé de ce numéro" in page.text
    assert "Numéro effacé à la demande de la personne" in (await browser.open("/console/journal")).text


async def test_a_number_is_needed(browser: Browser, people: Gateway) -> None:
    assert people.port
    await browser.sign_in("direction")
    await browser.open("/console/effacement")
    assert (await browser.send("/console/effacement", {"number": ""})).status == 422


async def test_it_is_the_administrator_s(browser: Browser, people: Gateway) -> None:
    assert people.port
    await browser.sign_in("adjoint")
    page = await browser.open("/console/effacement")
    assert page.status == 403
    assert "Effacer un numéro" not in page.text
