"""What every page has around it: the menu, what a printed page says of itself, and what goes wrong, for a person."""

import re
from html import unescape

from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser

ROOT = "/console"


def _marked(html: str) -> list[tuple[str, str]]:
    """(address, how) of the places of the menu that are marked as where one is."""
    return re.findall(r'href="(/console[^"]*)" aria-current="(page|true)"', html.partition('id="menu"')[2])


async def test_menu_shows_where_one_is_also_on_pages_below(browser: Browser) -> None:
    await browser.sign_in("direction")
    assert _marked((await browser.open("/console/actions")).html) == [("/console/actions", "page")]
    for path, place in (
        ("/console/actions/nouvelle", "/console/actions"),
        ("/console/nouveau-compte", "/console/comptes"),
        ("/console/mois/2026-11", "/console/synthese"),
        ("/console/messages/msg_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB", "/console/suivi"),
    ):
        assert _marked((await browser.open(path)).html) == [(place, "true")]
    assert _marked((await browser.open("/console")).html) == [("/console", "page")]


async def test_printed_page_says_whose_it_is_and_when(browser: Browser) -> None:
    await browser.sign_in("gestion")
    page = await browser.open("/console/synthese")
    stamp = re.search(r'<p class="onprint">([^<]*)</p>', page.html)
    assert stamp
    assert re.fullmatch(r"[^·]+ \(0570051W\) · imprimé le \d\d/\d\d/\d{4} à \d\d:\d\d par Gestion", stamp[1].strip())


async def test_unknown_address_is_a_page(browser: Browser) -> None:
    page = await browser.open("/console/nimporte/quoi")
    assert page.status == 404
    assert "Aucune page n'a cette adresse" in page.text
    await browser.sign_in("cpe")
    for path in ("nimporte", "deconnexion", "envoi/compte"):  # the last two only take forms
        page = await browser.open(f"{ROOT}/{path}")
        assert page.status == 404
        assert "Retour : " in page.text
    assert (await browser.send("/console/nimporte", {"a": "b"})).status == 404


async def test_page_for_other_roles_names_them(browser: Browser) -> None:
    await browser.sign_in("cpe")
    page = await browser.open("/console/rapprochement")
    assert page.status == 403
    assert "Votre rôle ne le permet pas" in page.text
    assert "Cette page est pour : Comptable. Un administrateur peut vous donner ce rôle." in page.text
    assert "clé" not in page.text.partition("Votre rôle")[2]
    assert "Cette page est pour : Administrateur." in (await browser.open("/console/journal")).text


async def test_stopping_gateway_says_to_wait(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("cpe")
    people.parts.draining = True
    page = await browser.open("/console/suivi")
    assert page.status == 503
    assert page.headers["Retry-After"] == "10"
    assert "attendez quelques secondes, puis recommencez" in page.text
    assert "Retour : Suivi des SMS" in page.text


async def test_printed_recap_says_what_was_asked_for(browser: Browser) -> None:
    await browser.sign_in("gestion")
    asked = "from=2026-11-01&to=2026-11-30&status=delivered&mode=economique&action=ABSENCE&label=REITER"
    page = await browser.open(f"/console/recapitulatif?{asked}")
    told = re.search(r'<p class="onprint">(Recherche[^<]*)</p>', page.html)
    assert told
    words = "état Délivré, action SMS d'absence, destinataire REITER, mode Economique"
    assert unescape(told[1]) == f"Recherche : du 01/11/2026, au 30/11/2026, {words}."
