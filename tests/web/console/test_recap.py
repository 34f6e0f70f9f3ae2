"""« Récapitulatif des SMS envoyés », as S1 shows it (rows 42-54): the document's own entries, sent by hand."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway import passwords
from gateway.roles import Role
from gateway.store import users
from gateway.store.users import User
from tests.heart import Heart
from tests.store.rows import add_sent
from tests.web.conftest import METZ, Gateway
from tests.web.console.conftest import PASSWORD, Browser, browsing

PARIS = ZoneInfo("Europe/Paris")

#: Sent, recipient, received: the list of S1. Of its fourteen SMS the last is not legible there.
SENT = (
    ("2023-09-20 10:59", "SHOPI Tex", "2023-09-20 10:59"),
    ("2023-10-16 14:16", "DASSAULT", "2023-10-16 14:17"),
    ("2023-10-16 14:16", "DASSAULT Olivier", "2023-10-16 14:17"),
    ("2024-01-30 15:25", "BENCHETRIT François", "2024-01-30 15:25"),
    ("2024-01-30 15:26", "BENCHETRIT Jean François", "2024-01-30 15:26"),
    ("2024-01-30 15:26", "BENCHETRIT Jean François", "2024-01-30 15:26"),
    ("2024-01-30 15:26", "BENCHETRIT Jean Francois", "2024-01-30 15:26"),
    ("2024-02-20 11:58", "Mme ou M. ABAD Christian", "2024-02-20 11:58"),
    ("2024-02-20 13:36", "Mme ou M. ABAD Christian", "2024-02-20 13:37"),
    ("2024-02-20 14:19", "ABAD Christian", "2024-02-20 14:23"),
    ("2024-02-20 14:20", "ABAD Christian", "2024-02-20 14:23"),
    ("2024-02-20 14:21", "ABAD Christian", "2024-02-20 14:24"),
    ("2024-02-20 14:21", "ABAD Christian", "2024-02-20 14:23"),
    ("2024-02-20 14:22", "ABAD Christian", "2024-02-20 14:24"),
)

MONTHS = {"01": ("janvier", "jan."), "02": ("février", "fév."), "09": ("septembre", "sep."), "10": ("octobre", "oct.")}


def instant(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp() * 1000)


async def send_as_in_the_document(people: Gateway) -> None:
    """Every SMS of S1, by the API and a provider, at its hour."""
    parts = people.parts
    heart = Heart(parts.settings, parts.store, parts.registry, parts.metrics, parts.rules)
    for place, (sent, label, received) in enumerate(SENT):
        heart.now = instant(sent)
        people.at(heart.now)
        body = {"to": f"06000000{place:02}", "action": "INFO", "text": "Bonjour", "mode": "premium"}
        origin = {"user": "secretariat", "workstation": "PC-ACCUEIL"}
        answer = await people.post("/v1/messages", {**body, "recipient": {"label": label}, "origin": origin})
        assert answer.status == 202
        (part,) = await heart.send(account="operateur-a")
        heart.now = instant(received)
        await heart.receipt(part, account="operateur-a")
    people.at(heart.now)


@pytest.mark.row("S1 42", "S1 46", "S1 47", "S1 49", "S1 50", "S1 51")
async def test_rows_42_to_51_the_list_of_s1_to_the_letter(browser: Browser, people: Gateway) -> None:
    await send_as_in_the_document(people)
    await browser.sign_in("cpe")
    page = await browser.open("/console/recapitulatif")
    assert "Envoyé le Destinataire N° de téléphone État" in page.text.replace(" ▲", "")
    last = 0
    for place, (sent, label, received) in enumerate(SENT):
        day, (long, short) = str(int(sent[8:10])), MONTHS[sent[5:7]]
        state = f"Reçu le {day} {short} à {received[11:]} (1 SMS)"
        line = f"{day} {long} à {sent[11:]} {label} +336000000{place:02} {state}"
        assert line in page.text
        assert page.text.index(line, last) >= last
        last = page.text.index(line, last)
    assert "Totaux par mode d'envoi Ancien 0 Economique 0 Standard 0 Premium 14 Total 14" in page.text
    assert "Enregistrement(s) 1 à 14, sur 14 trouvé(s)" in page.text


@pytest.mark.row("S1 17")
async def test_row_17_cheaper_than_letters(browser: Browser, people: Gateway) -> None:
    await send_as_in_the_document(people)
    await browser.sign_in("cpe")
    page = await browser.open("/console/recapitulatif")
    assert "Coût HT : 0,6300 € · Par courrier, 14 lettres : 21,28 € · Économie : 20,65 €" in page.text
    page = await browser.open("/console/recapitulatif?label=dassault")
    assert "Coût HT : 0,0900 € · Par courrier, 2 lettres : 3,04 € · Économie : 2,95 €" in page.text
    page = await browser.open("/console/recapitulatif?label=jean+francois")
    assert "Coût HT : 0,1350 € · Par courrier, 3 lettres : 4,56 € · Économie : 4,43 €" in page.text
    registry = people.parts.registry
    none = registry.settings.defaults.model_copy(update={"letter_price": None})
    registry.replace(registry.settings.model_copy(update={"defaults": none}))
    page = await browser.open("/console/recapitulatif")
    assert "Coût HT : 0,6300 €" in page.text
    assert "courrier" not in page.text


@pytest.mark.row("S1 43", "S1 44", "S1 45", "S1 53")
async def test_rows_43_to_45_and_53_the_filters(browser: Browser, people: Gateway) -> None:
    store = people.parts.store
    await add_sent(store, 1, user="cpe", workstation="PC-1", label="Mme ROY")
    await add_sent(store, 2, user="direction", workstation="PC-2", label="M. BLANC", number="+33698765432", parts=3)
    await browser.sign_in("gestion")
    page = await browser.open("/console/recapitulatif")
    for word in ("Date début", "Date fin", "Nom Utilisateur <Tous> cpe direction", "Nom Poste <Tous> PC-1 PC-2"):
        assert word in page.text
    for query, shown, hidden in (
        ("user=cpe", "Mme ROY", "M. BLANC"),
        ("workstation=PC-2", "M. BLANC", "Mme ROY"),
        ("number=06+98+76+54+32", "M. BLANC", "Mme ROY"),
        ("label=bla", "M. BLANC", "Mme ROY"),
    ):
        page = await browser.open(f"/console/recapitulatif?{query}")
        assert shown in page.text
        assert hidden not in page.text
    assert "Total 3" in page.text
    assert "Aucun SMS envoyé" in (await browser.open("/console/recapitulatif?from=2026-11-24")).text
    assert "Aucun SMS envoyé" in (await browser.open("/console/recapitulatif?status=expired&action=INFO")).text


@pytest.mark.row("S1 48")
async def test_row_48_numbers_are_hidden_from_who_does_not_write(browser: Browser, people: Gateway) -> None:
    await add_sent(people.parts.store, 1)
    await browser.sign_in("gestion")
    page = await browser.open("/console/recapitulatif")
    assert "+336******78" in page.text
    assert "12345678" not in page.html
    file = await browser.open("/console/recapitulatif.csv?user=")
    assert "12345678" not in file.html


@pytest.mark.row("S1 52")
async def test_row_52_a_line_opens_the_report(browser: Browser, people: Gateway) -> None:
    message = await add_sent(people.parts.store, 1)
    await browser.sign_in("cpe")
    page = await browser.open("/console/recapitulatif")
    assert f'data-open="/console/messages/{message}" tabindex="0"' in page.html
    assert f'<a href="/console/messages/{message}">Reçu le' in page.html


@pytest.mark.row("S1 54")
async def test_row_54_who_sees_only_their_own(people: Gateway) -> None:
    store = people.parts.store
    await add_sent(store, 1, user="seul", label="Mme ROY", workstation="console")
    await add_sent(store, 2, user="autre", label="M. BLANC", workstation="PC-9")
    stored = passwords.hashed(PASSWORD)
    alone = User("seul", "Seul", frozenset({METZ}), frozenset({Role.ENVOI}), recap_all=False, password=stored)
    await store.write(lambda conn: users.put_user(conn, alone, people.parts.clock()))
    async with browsing(people) as browser:
        await browser.sign_in("seul")
        page = await browser.open("/console/recapitulatif?user=autre")
        assert "Mme ROY" in page.text
        assert "Total 1" in page.text
        for hidden in ("M. BLANC", "PC-9"):
            assert hidden not in page.text
        assert "BLANC" not in (await browser.open("/console/recapitulatif.csv?user=autre")).html


async def test_the_selection_is_exported(browser: Browser, people: Gateway) -> None:
    await add_sent(people.parts.store, 1, user="cpe", label="Mme ROY")
    await add_sent(people.parts.store, 2, user="direction", label="M. BLANC")
    await browser.sign_in("gestion")
    page = await browser.open("/console/recapitulatif?user=cpe")
    assert "/console/recapitulatif.csv?user=cpe" in page.html
    book = await browser.session.get(f"http://127.0.0.1:{browser.port}/console/recapitulatif.xlsx?user=cpe")
    assert (await book.read()).startswith(b"PK")
    file = await browser.open("/console/recapitulatif.csv?user=cpe")
    assert "attachment" in file.headers["Content-Disposition"]
    assert "Mme ROY" in file.html
    assert "M. BLANC" not in file.html
