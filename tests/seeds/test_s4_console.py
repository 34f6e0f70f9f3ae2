"""S4, « Envoi de SMS par SCONET absences », by the pages: its example, from the action to the synthesis."""

import re
from typing import Any

import pytest

from tests.seeds.example import EVENT, LABEL, STATE, enter, hand_over, set_up
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser


@pytest.mark.row("S4 138", "S4 139", "S4 140", "S4 141", "S4 142", "S4 143", "S4 150", "S4 152")
async def test_the_example_to_the_letter(browser: Browser, people: Gateway) -> None:
    await set_up(people)
    message = await enter(people)
    await browser.sign_in("adjoint")
    page = await browser.open("/console/a-diffuser")
    assert "Il y a actuellement 1 SMS en attente de diffusion" in page.text
    assert "Action Nom élève Division Évènement Destinataire" in page.text
    assert f"Envoi de SMS Pauline 5B {LABEL} Legal 1 - Financier" in page.text
    assert "Enregistrement(s) 1 à 1, sur 1 trouvé(s) · Page(s) 1" in page.text
    page = await browser.send("/console/a-diffuser", {"id": message["id"], "deed": "release"})
    assert "SMS diffusés : 1." in page.text
    await hand_over(people)
    page = await browser.open("/console/suivi")
    assert "Il y a actuellement 1 SMS" in page.text
    assert f"Envoi de SMS Pauline 5B {LABEL} Legal 1 - Financier" in page.text
    assert STATE in page.text
    await browser.sign_in("gestion")
    page = await browser.open("/console/synthese?year=2008")
    assert "Action Date Nb délivré Nb total" in page.text
    for line in ("SMS 02/2008 0 1", "Total février 0 1", "Total Annuel 0 1"):
        assert line in page.text


@pytest.mark.row("S4 145")
async def test_the_menu_around_it(browser: Browser) -> None:
    await browser.sign_in("adjoint")
    menu = (await browser.open("/console")).text
    assert re.search(r"Envoi aux familles Envoi SMS à diffuser Suivi des SMS", menu)


@pytest.mark.row("S4 136")
async def test_only_actions_fully_set_up_are_offered(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("adjoint")
    for ready in (False, True):
        page = await browser.open("/console/envoi")
        assert ('<option value="SMS"' in page.html) is ready
        assert '<option value="COURRIER"' not in page.html
        if not ready:
            await set_up(people)


@pytest.mark.row("S4 134")
async def test_an_event_has_its_history_whatever_became_of_its_messages(browser: Browser, people: Gateway) -> None:
    await set_up(people)
    message = await enter(people)
    await enter(people, to="0660000009", recipient={"label": "M. ROY", "consent": False})
    await enter(people, to="0660000008", recipient={"label": "Mme AUTRE"}, event={**EVENT, "id": "2"})
    await browser.sign_in("adjoint")
    page = await browser.open(f"/console/messages/{message['id']}")
    found = re.search(r'href="(/console/suivi\?event=1)">Historique des actions', page.html)
    assert found is not None
    page = await browser.open(found[1])
    assert "Historique des actions" in page.text
    for word in ("Legal 1 - Financier", "M. ROY", "à diffuser", "ignoré"):
        assert word in page.text
    assert "Mme AUTRE" not in page.text


@pytest.mark.row("S4 142")
async def test_pages_are_numbered(browser: Browser, people: Gateway) -> None:
    body = {"action": "ABSENCE", "text": "Bonjour", "recipients": [{"to": f"06600{n:05}"} for n in range(102)]}
    assert (await people.post("/v1/batches", body)).status == 202
    await browser.sign_in("adjoint")
    page = await browser.open("/console/a-diffuser")
    assert "Enregistrement(s) 1 à 100, sur 102 trouvé(s) · Page(s) 1 sur 2" in page.text
    found = re.search(r'rel="next" href="([^"]+)"', page.html)
    assert found is not None
    page = await browser.open("/console/a-diffuser" + found[1].replace("&amp;", "&"))
    assert "Enregistrement(s) 101 à 102, sur 102 trouvé(s) · Page(s) 2 sur 2" in page.text


@pytest.mark.row("S4 150")
async def test_the_follow_up_is_asked_again_and_printed(browser: Browser) -> None:
    await browser.sign_in("adjoint")
    page = await browser.open("/console/suivi")
    assert re.search(r"<a [^>]*data-refresh[^>]*>Mettre à jour</a>", page.html)
    assert re.search(r"<button [^>]*data-print[^>]*>Imprimer</button>", page.html)


@pytest.mark.row("S4 151")
@pytest.mark.parametrize("path", ["a-diffuser", "suivi"])
async def test_each_column_has_its_arrows(browser: Browser, people: Gateway, path: str) -> None:
    for place in (1, 2):
        subject = {"name": f"ÉLÈVE {place}", "division": f"{place}A"}
        said: dict[str, Any] = {
            "action": "ABSENCE" if place == 1 else "INFO",
            "template": "BONJOUR",
            "variables": {"NOM": "x"},
        }
        said |= {"recipient": {"label": f"Légal {place}"}, "event": {**EVENT, "type": ("absence", "retard")[place - 1]}}
        await enter(people, to=f"066000000{place}", subject=subject, hold=True, **said)
    await browser.sign_in("adjoint")
    page = await browser.open(f"/console/{path}")
    columns = re.findall(r'aria-sort="none"><a href="\?sort=(\w+)"', page.html)
    assert columns[:5] == ["action", "name", "division", "event", "recipient"]
    assert columns[5:] == (["status"] if path == "suivi" else [])
    for column in columns:
        for sort, arrow, first, second in ((column, "▲", 1, 2), (f"-{column}", "▼", 2, 1)):
            page = await browser.open(f"/console/{path}?sort={sort}")
            assert page.text.count(arrow) == 1
            assert column == "status" or page.text.index(f"ÉLÈVE {first}") < page.text.index(f"ÉLÈVE {second}")
