"""« Envoi » as one writes: the list changed row by row, what was checked and no other, errors beside their field."""

import re
from html import unescape

import pytest

from gateway.web.console import recipients
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser, Page
from tests.web.console.test_sending import FORM, composing, hidden, sent_after_a_look

ENVOI = "/console/envoi"


def listed(page: Page) -> str:
    """What the field of the recipients holds."""
    found = re.search(r'<textarea id="recipients"[^>]*>([^<]*)</textarea>', page.html)
    assert found
    return unescape(found[1])


async def test_row_2_people_are_added_and_taken_out_one_by_one(browser: Browser) -> None:
    await composing(browser)
    empty = {**FORM, "recipients": "", "text": ""}
    page = await browser.send(ENVOI, {**empty, "add_to": "0612345678", "add_label": "Mme ABAD", "deed": "add"})
    assert listed(page) == "portable;destinataire\n0612345678;Mme ABAD\n"
    assert "1 destinataire Retirer Téléphone Destinataire Retirer la ligne 1 0612345678 Mme ABAD" in page.text
    more = {**empty, "recipients": listed(page), "add_to": "0612345679", "add_label": "M. BEN", "deed": "add"}
    page = await browser.send(ENVOI, more)
    page = await browser.send(ENVOI, {**empty, "recipients": listed(page), "deed": "remove:1"})
    assert listed(page) == "portable;destinataire\n0612345679;M. BEN\n"
    page = await browser.send(ENVOI, {**empty, "recipients": listed(page), "deed": "remove:1"})
    assert listed(page) == ""


async def test_a_number_typed_but_not_added_is_checked_too(browser: Browser) -> None:
    await composing(browser)
    page = await browser.send(ENVOI, {**FORM, "recipients": "", "add_to": "0612345678", "deed": "preview"})
    assert "Envoyer à 1 destinataire" in page.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "portable;destinataire\n06;Z\n"),
        ("0611;A", "portable;destinataire\n0611;A\n06;Z\n"),
        ("0611", "portable;destinataire\n0611\n06;Z\n"),
        ("Destinataire;Heure;Téléphone\nA;8h;0611", "Destinataire;Heure;Téléphone\nA;8h;0611\nZ;;06\n"),
    ],
)
def test_one_more_goes_where_the_columns_say(before: str, after: str) -> None:
    assert recipients.with_one_more(before, "06", " Z ").rstrip("\n") == after.rstrip("\n")
    assert recipients.without(before, 9) == before


async def test_what_was_not_checked_is_not_sent(browser: Browser, people: Gateway) -> None:
    await composing(browser)
    page = await browser.send(ENVOI, {**FORM, "deed": "send"})
    assert "Le formulaire a changé depuis la vérification" in page.text
    changed = {**FORM, **hidden(page.html), "text": "Bonjour à tous.", "deed": "send"}
    page = await browser.send(ENVOI, changed)
    assert "Le formulaire a changé depuis la vérification" in page.text
    assert (await people.get("/v1/messages?count=true")).json["page"]["total"] == 0
    await browser.send(ENVOI, {**changed, **hidden(page.html)})
    assert (await people.get("/v1/messages")).json["data"][0]["text"] == "Bonjour à tous."


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"action": ""}, "action", "Choisissez l'action"),
        ({"text": " "}, "text", "Écrivez le message"),
        ({"text": "Bonjour #LOGIN"}, "recipients", "Destinataire 1 : Le mot-clé #LOGIN n'a pas de valeur."),
        ({"when": "later"}, "send_at", "Donnez la date et l'heure"),
        ({"deed": "send", "recipients": ""}, "recipients", "au moins un destinataire"),
        ({"deed": "template", "text": ""}, "template", "Choisissez d'abord un message prédéfini"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    browser: Browser, change: dict[str, str], field: str, why: str
) -> None:
    await composing(browser)
    page = await browser.send(ENVOI, {**FORM, "deed": "preview", **change})
    assert page.status == 422
    beside = re.search(rf'id="{field}-fault">([^<]*)<', page.html)
    assert beside
    assert why in unescape(beside[1])
    assert re.search(rf'id="{field}"[^>]*aria-describedby="[^"]*{field}-fault[^"]*"', page.html)
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', page.html)
    assert f'<a href="#{field}">' in page.html


async def test_nobody_is_taken_for_the_first_action(browser: Browser) -> None:
    await browser.sign_in("adjoint")
    page = await browser.open(ENVOI)
    chosen = re.search(r'<select id="action".*?</select>', page.html, re.S)
    assert chosen
    assert "Choisissez…" in chosen[0]
    assert " selected" not in chosen[0]


async def test_an_action_that_waits_says_so_before_and_after(browser: Browser) -> None:
    await composing(browser)
    page = await browser.send(ENVOI, {**FORM, "action": "ABSENCE", "deed": "preview"})
    assert "Mettre 1 message à diffuser" in page.text
    assert 'id="held">' in page.html
    sent = await sent_after_a_look(browser, {**FORM, "action": "ABSENCE"})
    assert "1 message attend d'être diffusé" in sent.text


async def test_without_recipients_one_learns_the_price_of_one(browser: Browser) -> None:
    await composing(browser)
    page = await browser.send(ENVOI, {**FORM, "recipients": "", "deed": "preview"})
    assert "HT par destinataire" in page.text
    assert "Il manque les destinataires" in page.text
    assert 'value="send"' not in page.html


async def test_one_sign_or_all_are_replaced(browser: Browser) -> None:
    await composing(browser)
    form = {**FORM, "text": "« Forêt »"}
    page = await browser.send(ENVOI, {**form, "deed": "preview"})
    assert 'data-from="ê" data-to="e"' in page.html
    page = await browser.send(ENVOI, {**form, "deed": "replace:ê"})
    assert "« Foret »</textarea>" in page.html


async def test_a_sent_batch_is_followed_alone(browser: Browser, people: Gateway) -> None:
    await composing(browser)
    sent = await sent_after_a_look(browser, FORM)
    await people.post("/v1/messages", {"to": "0612345677", "action": "INFO", "text": "x", "recipient": {"label": "Y"}})
    address = re.search(r'href="(/console/suivi\?batch=[^"]+)"', sent.html)
    assert address
    page = await browser.open(address[1])
    assert "Envoi groupé du 23/11/2026" in page.text
    assert "Mme ABAD (Légal 1)" in page.text
    assert "sur 1 trouvé(s)" in page.text
    others = re.search(r'href="(/console/suivi\?onglet=ignores[^"]+)"', page.html)
    assert others
    ignored = await browser.open(unescape(others[1]))
    assert "M. FIXE" in ignored.text
    assert "sur 2 trouvé(s)" in ignored.text


async def test_what_the_action_proposes_is_taken_when_nothing_is_written(browser: Browser, people: Gateway) -> None:
    proposed = {"short_label": "Bon.", "long_label": "Bonjour", "template": "BONJOUR"}
    await people.ask("PUT", "/v1/actions/SALUT", "vgm_admin", json=proposed)
    await composing(browser)
    table = "portable;nom\n0612345678;ABAD"
    form = {**FORM, "action": "SALUT", "recipients": table, "text": ""}
    page = await browser.send(ENVOI, {**form, "deed": "preview"})
    assert "Bonjour #NOM.</textarea>" in page.html
    assert "Bonjour ABAD." in page.text
    assert "Envoyer à 1 destinataire" in page.text
    page = await browser.send(ENVOI, {**form, "text": "Autre chose.", "deed": "preview"})
    assert "Autre chose.</textarea>" in page.html
