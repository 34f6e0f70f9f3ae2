"""« Consentements » and « Réponses »: S4 rows 117 and 131, what telephones wrote, what stays without an answer."""

import io
import re
from typing import Any

import pytest
from openpyxl import Workbook

from gateway.store import wishes
from gateway.store.people import Wish
from tests.store.rows import add_awaited, add_inbound, add_sent
from tests.web.conftest import METZ, Gateway
from tests.web.console.conftest import Browser
from tests.web.test_overdue import later

PAGE, NUMBER = "/console/consentements", "06 12 34 56 78"


async def upload(browser: Browser, content: bytes) -> Any:
    await browser.open(PAGE)
    assert browser.last is not None
    edge = b"--edge\r\nContent-Disposition: form-data; name="
    token = browser.last.token.encode()
    body = edge + b'"csrf"\r\n\r\n' + token + b"\r\n" + edge + b'"file"; filename="f"\r\n\r\n' + content
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    return await browser._go("POST", f"{PAGE}/import", data=io.BytesIO(body + b"\r\n--edge--\r\n"), headers=headers)


@pytest.mark.row("S4 117")
async def test_accord_refus_and_opposition_with_source_and_history(browser: Browser) -> None:
    await browser.sign_in("cpe")
    await browser.open(PAGE)
    page = await browser.send(PAGE, {"number": NUMBER})
    assert "+33612345678 Accord Inconnu Opposition Aucune" in page.text
    await browser.send(PAGE, {"number": NUMBER, "deed": "accord", "source": "fiche de rentrée"})
    page = await browser.send(PAGE, {"number": NUMBER, "deed": "oppose", "source": "appel du père"})
    assert "C'est noté" in page.text
    assert "Accord le 23/11/2026 à 08:30, source : fiche de rentrée" in page.text
    assert "Opposé aux SMS de tous les émetteurs" in page.text
    assert "source : appel du père ; noté par console/cpe" in page.text
    opposed = (await browser.open(PAGE)).text
    assert "1 opposition" in opposed
    page = await browser.send(PAGE, {"number": NUMBER, "deed": "leve"})
    assert "Opposition levée" in page.text
    page = await browser.send(PAGE, {"number": NUMBER, "deed": "refus"})
    assert "Refus le 23/11/2026" in page.text
    assert NUMBER not in page.path


async def test_a_wrong_number_is_told(browser: Browser) -> None:
    await browser.sign_in("cpe")
    await browser.open(PAGE)
    page = await browser.send(PAGE, {"number": "12"})
    assert page.status == 422
    assert "Numéro de téléphone incorrect" in page.text


async def test_a_stop_shows_from_which_sender(browser: Browser, people: Gateway) -> None:
    parts, stop = people.parts, Wish("+33612345678", opted_out=True, source="mo_stop", sender="LYCCURIE")
    await parts.store.write(lambda conn: wishes.obey(conn, METZ, [stop], "", parts.clock(), parts.rules))
    await browser.sign_in("technique")
    page = await browser.open(PAGE)
    assert "+336******78 LYCCURIE STOP reçu du téléphone" in page.text
    assert "612345678" not in page.html
    assert "Importer" not in page.text
    page = await browser.send(PAGE, {"number": NUMBER})
    assert "Opposé aux SMS de l'émetteur LYCCURIE, le 23/11/2026 à 08:30, source : STOP reçu du téléphone" in page.text
    assert "Noter l'accord" not in page.text
    assert (await browser.send(f"{PAGE}/import")).status == 403
    assert (await browser.send(PAGE, {"number": NUMBER, "deed": "accord"})).status == 403


async def test_a_file_is_imported_and_its_result_told(browser: Browser) -> None:
    await browser.sign_in("cpe")
    text = "portable;consentement;oppose;division\n0612345678;oui;;5B\n12;oui;;5B\n0612345679;;oui;6A\n"
    page = await upload(browser, text.encode())
    assert "3 lignes : 2 notées , 0 déjà connue, 1 refusée ." in page.text
    assert "Colonnes non prévues, ignorées : division." in page.text
    assert "1 opposition" in page.text
    book = Workbook()
    assert book.active is not None
    for row in (["Téléphone", "Consentement"], ["0612345678", "oui"]):
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    page = await upload(browser, written.getvalue())
    assert "1 ligne : 0 notée , 1 déjà connue" in page.text


@pytest.mark.parametrize(("content", "why"), [(b"", "Choisissez d'abord"), (b"nom\nx\n", "colonne des numéros")])
async def test_a_file_that_cannot_be_read_is_told(browser: Browser, content: bytes, why: str) -> None:
    await browser.sign_in("cpe")
    page = await upload(browser, content)
    assert page.status == 400
    assert why in page.text


# ---- what telephones wrote ----


async def test_answers_lead_to_what_they_answer(browser: Browser, people: Gateway) -> None:
    message = await add_sent(people.parts.store, 7)
    await add_inbound(people.parts.store, 1, message=7, action="ABSENCE")
    await add_inbound(people.parts.store, 2, kind="stop", text="STOP <b>")
    await browser.sign_in("cpe")
    page = await browser.open("/console/reponses")
    assert "2 SMS reçus." in page.text
    assert f'href="/console/messages/{message}">SMS d&#39;absence<' in page.html
    assert "STOP <b>" in page.text
    assert "<b>" not in page.html
    page = await browser.open("/console/reponses?kind=stop&number=0612345678&from=2026-11-23&to=")
    assert "1 SMS reçu." in page.text
    assert "0 SMS reçu." in (await browser.open("/console/reponses?number=0712345678")).text
    wrong = await browser.open("/console/reponses?from=hier")
    assert wrong.status == 400
    await browser.sign_in("technique")
    assert "612345678" not in (await browser.open("/console/reponses")).html


async def test_what_is_nobodys_is_for_who_sees_every_school(browser: Browser, people: Gateway) -> None:
    await add_inbound(people.parts.store, 1, kind="unattached", school=None, text="Qui êtes-vous ?")
    await browser.sign_in("direction")
    assert "Sans établissement connu" in (await browser.open("/console/reponses")).text
    assert "Qui êtes-vous" in (await browser.open("/console/reponses?unattached=true")).text
    await browser.sign_in("cpe")
    page = await browser.open("/console/reponses?unattached=true")
    assert "Sans établissement connu" not in page.text
    assert "Qui êtes-vous" not in page.text


@pytest.mark.row("S4 125")
async def test_what_is_late_is_marked_as_answered(browser: Browser, people: Gateway) -> None:
    delay = {"short_label": "Abs.", "long_label": "Absence à justifier", "response_delay_days": 2}
    await browser.sign_in("cpe")
    assert "Aucune action n'attend de réponse" in (await browser.open("/console/reponses/retard")).text
    await people.ask("PUT", "/v1/actions/JUSTIF", "vgm_admin", json=delay)
    subject = '{"id":"E-881","name":"REITER Pauline","division":"5B"}'
    said = {"action": "JUSTIF", "event_id": "ABS-9", "event_label": "Absence", "subject": subject}
    await add_sent(people.parts.store, 1, label="Mme REITER", **said)
    await add_awaited(people.parts.store, 1, "ABS-9", action="JUSTIF")
    later(people)
    await browser.sign_in("cpe")
    page = await browser.open("/console/reponses/retard")
    assert "1 évènement sans réponse" in page.text
    assert "REITER Pauline 5B" in page.text
    fields = {"event": "ABS-9", "action": "JUSTIF", "by": "la mère, par téléphone"}
    page = await browser.send("/console/reponses/retard", fields)
    assert "La réponse est notée." in page.text
    assert "Aucune réponse n'est en retard." in page.text
    taken = re.search(r'action="(/console/reponses/reprendre)".*?name="event" value="([^"]+)"', page.html, re.S)
    assert taken
    page = await browser.send(taken[1], {"event": taken[2], "action": "JUSTIF"})
    assert "La réponse est reprise : elle est attendue de nouveau." in page.text
    assert "1 évènement sans réponse" in page.text
    await browser.sign_in("technique")
    await browser.open("/console/reponses/retard")
    for path in ("retard", "reprendre"):
        assert (await browser.send(f"/console/reponses/{path}", fields)).status == 403


async def test_a_report_shows_the_answer_and_takes_it_back(browser: Browser, people: Gateway) -> None:
    message = await add_sent(people.parts.store, 1, action="ABSENCE")  # without event: it is its own
    await add_awaited(people.parts.store, 1, message)
    later(people)
    await browser.sign_in("cpe")
    page = await browser.open(f"/console/messages/{message}")
    assert "attendue ; en retard à partir du 26/11/2026 à 00:00" in page.text
    fields = {"event": message, "message": message, "by": "la voisine"}
    page = await browser.send("/console/reponses/retard", fields)
    assert page.path.startswith(f"/console/messages/{message}")
    assert "notée le 26/11/2026 à 01:00, en retard" in page.text
    assert "la voisine" in page.text
    page = await browser.send("/console/reponses/reprendre", fields)
    assert "elle est attendue de nouveau" in page.text
    assert "la voisine" not in page.text
