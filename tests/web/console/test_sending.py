"""« Envoi »: rows 1-25 of S1 that a person does in the console, with and without scripts."""

import io
import re
from collections.abc import Mapping

import aiohttp
import openpyxl
import orjson
import pytest

from gateway.web.console import recipients
from gateway.web.media import MOST_FIELDS
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser, Page

FORM = {
    "recipients": "06 12 34 56 78 ; Mme ABAD (Légal 1)\n03 87 12 34 56 ; M. FIXE\n;M. SANS",
    "action": "INFO",
    "template": "",
    "text": "Bonjour, réunion à 18h.",
    "when": "",
    "send_at": "",
    "priority": "",
    "mode": "",
    "once": "jeton-1",
}


def hidden(html: str, *names: str) -> dict[str, str]:
    """What the form holds that nobody sees: its own token, and what was checked."""
    return {name: re.findall(rf'name="{name}" value="([^"]+)"', html)[0] for name in names or ("once", "checked")}


async def sent_after_a_look(browser: Browser, form: Mapping[str, str]) -> Page:
    """Checked, then sent."""
    page = await browser.send("/console/envoi", {**form, "deed": "preview"})
    return await browser.send("/console/envoi", {**form, **hidden(page.html), "deed": "send"})


async def composing(browser: Browser, login: str = "adjoint") -> None:
    await browser.sign_in(login)
    await browser.open("/console/envoi")


async def test_rows_2_to_14_what_would_be_sent_is_shown_before(browser: Browser) -> None:
    await composing(browser)
    page = await browser.send("/console/envoi", {**FORM, "deed": "preview"})
    assert page.status == 200
    assert "1 destinataire" in page.text
    assert "2 ignorés" in page.text
    assert "0,0450 € HT" in page.text
    assert "M. FIXE" in page.text
    assert "Numéro fixe : pas de SMS" in page.text
    assert "Portable vide" in page.text
    assert "Envoyer à 1 destinataire" in page.text
    assert "22/160" in page.text or "23/160" in page.text


async def test_what_was_checked_is_sent_once(browser: Browser, people: Gateway) -> None:
    await composing(browser)
    page = await browser.send("/console/envoi", {**FORM, "deed": "preview"})
    fields = {**FORM, **hidden(page.html), "deed": "send"}
    sent = await browser.send("/console/envoi", fields)
    assert "Envoi enregistré : 1 destinataire Envoi de SMS · 1 SMS · 0,0450 € HT · 2 ignorés." in sent.text
    assert "Les messages partent. Suivre cet envoi Destinataires ignorés" in sent.text
    again = await browser.send("/console/envoi", fields)
    assert again.path == sent.path
    found = (await people.get("/v1/messages?count=true&status=pending")).json
    assert found["page"]["total"] == 1
    row = found["data"][0]
    assert row["origin"] == {"user": "adjoint", "workstation": "console"}
    assert row["action"] == "INFO"


async def test_row_18_later_and_kept_to_be_released(browser: Browser, people: Gateway) -> None:
    await composing(browser)
    later = await sent_after_a_look(browser, {**FORM, "when": "later", "send_at": "2026-11-24T08:00"})
    assert "Les messages partiront à l'heure dite." in later.text
    kept = await sent_after_a_look(browser, {**FORM, "when": "hold"})
    assert "Rien n'est parti : 1 message attend d'être diffusé . SMS à diffuser" in kept.text
    rows = (await people.get("/v1/messages?status=held,scheduled")).json["data"]
    assert {row["status"] for row in rows} == {"held", "scheduled"}
    scheduled = next(row for row in rows if row["status"] == "scheduled")
    assert scheduled["send_at"] == "2026-11-24T08:00:00.000+01:00"


async def test_a_template_is_loaded_then_edited(browser: Browser) -> None:
    await composing(browser)
    page = await browser.send("/console/envoi", {**FORM, "text": "", "template": "BONJOUR", "deed": "template"})
    assert "Bonjour #NOM." in page.html
    assert "#NOM" in page.text


async def test_keywords_come_from_the_columns_and_are_merged(browser: Browser) -> None:
    await composing(browser)
    table = "portable;destinataire;élève;Heure\n0612345678;M. A;ÇELIK Léa;08:30\n0612345679;M. B;ABEL Tom;10:45 environ"
    page = await browser.send(
        "/console/envoi", {**FORM, "recipients": table, "text": "#ELEVE, absent depuis #HEURE.", "deed": "preview"}
    )
    assert "#HEURE" in page.text
    assert "ÇELIK Léa, absent depuis 08:30." in page.text or "CELIK Léa, absent depuis 08:30." in page.text
    assert "2 destinataires" in page.text


async def test_what_is_wrong_is_named_and_nothing_is_lost(browser: Browser) -> None:
    await composing(browser)
    table = "portable;ne_pas_envoyer\n0612345678;peut-être"
    page = await browser.send("/console/envoi", {**FORM, "recipients": table, "deed": "preview"})
    assert page.status == 422
    assert "Ligne 2, colonne 2" in page.text
    assert "peut-être" in page.html
    page = await browser.send("/console/envoi", {**FORM, "when": "later", "send_at": "demain", "deed": "preview"})
    assert "Donnez la date et l'heure" in page.text
    page = await browser.send("/console/envoi", {**FORM, "recipients": "", "deed": "send"})
    assert "au moins un destinataire" in page.text


async def test_offending_characters_are_underlined_and_replaced(browser: Browser) -> None:
    await composing(browser)
    text = "« Forêt » à 18h"
    page = await browser.send("/console/envoi", {**FORM, "text": text, "deed": "preview"})
    assert '<mark class="replaceable">«</mark>' in page.html
    assert '<mark class="replaceable">ê</mark>' in page.html
    page = await browser.send("/console/envoi", {**FORM, "text": text, "deed": "replace"})
    assert "&#34; Foret &#34; à 18h</textarea>" in page.html
    page = await browser.send("/console/envoi", {**FORM, "text": "Bravo 😀", "deed": "preview"})
    assert '<mark class="unicode">😀</mark>' in page.html
    assert "part en Unicode" in page.text


async def test_the_live_counter_counts_the_text_as_it_stands(browser: Browser) -> None:
    await composing(browser)
    fields = {**FORM, "recipients": "", "text": "Bonjour #NOM, #LOGIN"}
    page = await browser.send("/console/envoi/compte", fields)
    assert "<span>20/160</span> · 1 SMS · 0,0450 € HT par destinataire" in orjson.loads(page.html)["counter"]
    table = "portable;nom;login\n0612345678;A;a\n0612345679;B;b"
    found = orjson.loads((await browser.send("/console/envoi/compte", {**fields, "recipients": table})).html)
    assert "2 destinataires · 2 SMS (1 par message) · 0,0900 € HT" in found["counter"]
    assert 'data-insert="#LOGIN"' in found["keywords"]
    empty = orjson.loads((await browser.send("/console/envoi/compte", {**fields, "text": ""})).html)
    assert (empty["counter"], empty["pieces"]) == ("", [])
    wrong = {**fields, "recipients": "portable;nom\n0612345678;A"}
    assert "LOGIN" in orjson.loads((await browser.send("/console/envoi/compte", wrong)).html)["problem"]


async def test_rows_21_and_22_lifted_once_with_a_reason(browser: Browser, people: Gateway) -> None:
    await composing(browser)
    table = "portable;destinataire;ne_pas_envoyer;heure\n0612345678;Mme NON;oui;08:30\n0612345679;M. OUI;;09:15"
    form = {**FORM, "recipients": table, "text": "Absent depuis #HEURE."}
    page = await browser.send("/console/envoi", {**form, "deed": "preview"})
    assert "Envoyer exceptionnellement" in page.text
    person = re.search(r'name="person" value="([^"]+)"', page.html)
    assert person is not None
    fields = {
        "person": person[1].replace("&#34;", '"'),
        "action": "INFO",
        "text": form["text"],
        "reason": "urgence",
        "once": "j",
    }
    sent = await browser.send("/console/envoi/exception", fields)
    assert "la levée est notée au journal" in sent.text
    row = (await people.get("/v1/messages")).json["data"][0]
    assert row["override"] == {"reason": "urgence"}
    assert row["text"] == "Absent depuis 08:30."
    assert row["recipient"]["label"] == "Mme NON"
    acts = (await people.get("/v1/audit?act=override", "vgm_admin")).json["data"]
    assert acts[0]["actor"] == "console/adjoint"


@pytest.mark.parametrize("person", ["", "{", "5", "null", "[1]", '"x"'])
async def test_a_spoilt_exception_is_told(browser: Browser, person: str) -> None:
    await composing(browser)
    page = await browser.send("/console/envoi/exception", {"person": person, "action": "INFO", "text": "x"})
    assert page.status == 400
    assert "Revenez à la page d'envoi" in page.text


async def test_who_may_not_release_may_not_lift(browser: Browser) -> None:
    await composing(browser, "cpe")
    table = "portable;ne_pas_envoyer\n0612345678;oui"
    page = await browser.send("/console/envoi", {**FORM, "recipients": table, "deed": "preview"})
    assert "exceptionnellement" not in page.text
    assert (await browser.send("/console/envoi/exception", {"person": "{}"})).status == 403


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Téléphone", "Destinataire", "Heure"])
    sheet.append([612345678, "Mme ÉTÉ", "08:30"])
    sheet.append(["06 12 34 56 79", "M. ÇA", 9])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("familles.xlsx", workbook()),
        (
            "../../etc/passwd.csv",
            "téléphone;destinataire;heure\n612345678;Mme ÉTÉ;08:30\n06 12 34 56 79;M. ÇA;9".encode(),
        ),
        ("latin1.csv", "telephone,destinataire,heure\n612345678,Mme ÉTÉ,08:30\n0612345679,M. ÇA,9".encode("cp1252")),
    ],
)
async def test_recipients_are_uploaded(browser: Browser, name: str, raw: bytes) -> None:
    await composing(browser)
    form = aiohttp.FormData()
    assert browser.last is not None
    for field, value in {
        **FORM,
        "recipients": "",
        "text": "À #HEURE",
        "deed": "preview",
        "csrf": browser.last.token,
    }.items():
        form.add_field(field, value)
    form.add_field("file", raw, filename=name, content_type="application/octet-stream")
    async with browser.session.post(f"http://127.0.0.1:{browser.port}/console/envoi", data=form) as answer:
        html = await answer.text()
    assert answer.status == 200, html
    assert "Mme ÉTÉ" in html
    assert ">2</span><span>destinataires" in html


async def test_its_form_is_not_larger_than_a_form_may_be(browser: Browser) -> None:
    await composing(browser)
    page = await browser.send("/console/envoi", {**FORM, "deed": "preview"})
    form = page.html.partition('id="envoi"')[2].partition("</form>")[0]
    names = set(re.findall(r'<(?:input|select|textarea|button)[^>]* name="(\w+)"', form))
    assert {"recipients", "file", "text", "once", "deed"} <= names
    assert len(names) <= MOST_FIELDS - 2


@pytest.mark.parametrize("raw", [b"PK\x03\x04 not a workbook", b"\xff\xfea\0"])
async def test_a_bad_file_is_refused_with_its_cure(browser: Browser, raw: bytes) -> None:
    await composing(browser)
    form = aiohttp.FormData()
    assert browser.last is not None
    for field, value in {**FORM, "recipients": "", "deed": "preview", "csrf": browser.last.token}.items():
        form.add_field(field, value)
    form.add_field("file", raw, filename="x.csv")
    async with browser.session.post(f"http://127.0.0.1:{browser.port}/console/envoi", data=form) as answer:
        html = await answer.text()
    assert answer.status == 400
    assert 'role="alert"' in html


async def test_a_huge_upload_is_refused(browser: Browser) -> None:
    await composing(browser)
    form = aiohttp.FormData()
    assert browser.last is not None
    form.add_field("csrf", browser.last.token)
    form.add_field("file", io.BytesIO(b"0612345678\n" * 2_000_000), filename="x.csv")
    async with browser.session.post(f"http://127.0.0.1:{browser.port}/console/envoi", data=form) as answer:
        assert answer.status == 413


async def test_row_19_a_school_application_links_to_one_person(browser: Browser) -> None:
    await browser.sign_in("cpe")
    page = await browser.open("/console/envoi?to=0612345678&label=Mme%20ABAD&action=ABSENCE")
    assert "0612345678;Mme ABAD" in page.html
    assert re.search(r'value="ABSENCE"[^>]* selected', page.html)


@pytest.mark.parametrize(
    ("pasted", "table"),
    [
        ("", ""),
        ("0612345678", "portable\n0612345678\n"),
        ("06 12 34 56 78 Mme DE LA TOUR", "portable;destinataire\n06 12 34 56 78;Mme DE LA TOUR\n"),
        ("0612345678\tMme A\n0612345679\tM. B", "portable;destinataire\n0612345678;Mme A\n0612345679;M. B\n"),
        ("portable;heure\n0612345678;8h", "portable;heure\n0612345678;8h\n"),
        ("0612345678;A;8h", "portable;destinataire;COLONNE_3\n0612345678;A;8h\n"),
    ],
)
def test_what_is_pasted_becomes_a_table(pasted: str, table: str) -> None:
    assert recipients.from_text(pasted) == table


def test_columns_that_are_keywords() -> None:
    assert recipients.keywords("portable;Élève;Heure d'arrivée;LOGIN\n") == [
        *("ELEVE", "HEURE_D_ARRIVEE", "LOGIN"),
    ]
