"""« Synthèse des SMS envoyés », as S4 shows it (rows 149, 152, 153), the months and the budgets."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.heart import Heart
from tests.store.rows import METZ, add_sent, add_tally
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser

#: When the SMS of S4 was handed over.
FEBRUARY_2008 = round(datetime(2008, 2, 15, 14, 40, tzinfo=ZoneInfo("Europe/Paris")).timestamp() * 1000)


async def send_as_in_s4(people: Gateway) -> None:
    parts = people.parts
    people.at(FEBRUARY_2008)
    heart = Heart(parts.settings, parts.store, parts.registry, parts.metrics, parts.rules, now=FEBRUARY_2008)
    body = {
        "to": "06 00 00 00 00",
        "action": "INFO",
        "text": "Bonjour, votre enfant est absent.",
        "recipient": {"label": "Légal 1 - Financier"},
        "event": {"id": "1", "type": "absence", "from": "2008-02-15T08:30:00+01:00", "to": "2008-02-15T18:00:00+01:00"},
    }
    assert (await people.post("/v1/messages", body)).status == 202
    await heart.send(account="operateur-a")


@pytest.mark.row("S4 150", "S4 152")
async def test_row_152_the_example_of_s4_to_the_letter(browser: Browser, people: Gateway) -> None:
    await send_as_in_s4(people)
    await browser.sign_in("gestion")
    assert "Msg 1 - en transit - 15/02/2008 à 14:40" in (await browser.open("/console/suivi")).text
    page = await browser.open("/console/synthese")
    assert "Action Date Nb délivré Nb total SMS Coût HT" in page.text
    assert "SMS 02/2008 0 1 1 0,0450 €" in page.text
    assert "Total février 0 1 1 0,0450 €" in page.text
    assert "Total Annuel 0 1 1 0,0450 €" in page.text


@pytest.mark.row("S4 149")
async def test_row_149_it_is_the_fourth_tab_of_the_follow_up(browser: Browser) -> None:
    await browser.sign_in("gestion")
    page = await browser.open("/console/suivi")
    tabs = re.search(r'<ul class="tabs">.*?</ul>', page.html, re.DOTALL)
    assert tabs is not None
    assert re.findall(r">([^<>\n]+)</a>", tabs[0])[:4] == [
        "Suivi des SMS",
        "SMS délivrés",
        "SMS invalides ou non remis",
        "Synthèse",
    ]
    assert (await browser.open("/console/suivi?onglet=synthese")).path.startswith("/console/synthese")


@pytest.mark.row("S4 153")
async def test_row_153_a_chart_says_in_words_what_it_shows(browser: Browser, people: Gateway) -> None:
    await add_tally(people.parts.store, month="2026-11", action="INFO", total=4, delivered=3, parts=5)
    await browser.sign_in("gestion")
    page = await browser.open("/console/synthese")
    assert "novembre 2026 : 3 délivrés sur 4." in page.text
    assert 'role="img" aria-labelledby="chart-title chart-text"' in page.html
    assert page.html.count('fill="url(#hatch)"') == 1


async def test_years_are_walked_through(browser: Browser, people: Gateway) -> None:
    store = people.parts.store
    await add_tally(store, month="2025-10", action="INFO", total=1, parts=1)
    await add_tally(store, month="2026-02", action="INFO", total=2, parts=2)
    await browser.sign_in("gestion")
    page = await browser.open("/console/synthese?year=2025&school_year=true")
    assert "Année scolaire 2025-2026" in page.text
    found = [page.text.index(words) for words in ("Total octobre 0 1", "Total février 0 2", "Total Annuel 0 3")]
    assert found == sorted(found)
    assert "/console/synthese?year=2024&amp;school_year=true" in page.html
    page = await browser.open("/console/synthese?year=2025")
    assert "Total Annuel 0 1" in page.text
    assert "/console/synthese?year=2026" in page.html


async def test_a_figure_leads_to_its_messages(browser: Browser, people: Gateway) -> None:
    store = people.parts.store
    await add_tally(store, month="2026-11", action="INFO", total=2, delivered=1, parts=2)
    await add_sent(store, 1, action="INFO", label="M. REÇU")
    await add_sent(store, 2, action="INFO", status="undelivered", label="M. PERDU")
    await add_sent(store, 3, action="ABSENCE", label="M. AUTRE")
    await browser.sign_in("gestion")
    page = await browser.open("/console/synthese")
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/console/recapitulatif\?[^"]+)"', page.html)]
    assert links == [
        "/console/recapitulatif?from=2026-11-01&to=2026-11-30&action=INFO&status=delivered",
        "/console/recapitulatif?from=2026-11-01&to=2026-11-30&action=INFO",
    ]
    delivered, all_of_them = [(await browser.open(link)).text for link in links]
    assert "M. REÇU" in delivered
    assert "M. PERDU" not in delivered
    assert "M. PERDU" in all_of_them
    assert "M. AUTRE" not in all_of_them


async def test_a_month_is_closed_by_the_comptable_alone(browser: Browser, people: Gateway) -> None:
    await add_tally(people.parts.store, month="2026-10", action="INFO", total=1, delivered=1, parts=2, amount=90_000)
    await browser.sign_in("cpe")
    page = await browser.open("/console/mois/2026-10")
    assert "Mois à clore" in page.text
    assert "Clore le mois" not in page.text
    assert (await browser.send("/console/mois/2026-10/clore", {"sure": "yes"})).status == 403
    await browser.sign_in("gestion")
    page = await browser.open("/console/mois/2026-10")
    assert "operateur-a 1 1 2 0,09 € 0,02 € (20 %) 0,11 €" in page.text
    assert "Cochez la case" in (await browser.send("/console/mois/2026-10/clore")).text
    page = await browser.send("/console/mois/2026-10/clore", {"sure": "yes"})
    assert "Mois clos le 23/11/2026 à 08:30 par console/gestion" in page.text
    assert "Je confirme" not in page.text
    assert "octobre 2026 clos" in (await browser.open("/console/synthese")).text


async def test_the_month_that_runs_cannot_be_closed(browser: Browser) -> None:
    await browser.sign_in("gestion")
    assert "Je confirme" not in (await browser.open("/console/mois/2026-11")).text
    assert (await browser.send("/console/mois/2026-11/clore", {"sure": "yes"})).status == 422
    assert (await browser.open("/console/mois/hier")).status == 404


async def test_what_came_after_closing_is_a_line_of_its_own(browser: Browser, people: Gateway) -> None:
    await add_tally(people.parts.store, month="2026-11", action="INFO", of_month="2026-10", delivered=1)
    await browser.sign_in("gestion")
    assert "Régularisation 10/2026 · SMS" in (await browser.open("/console/synthese")).text
    assert "Régularisation 10/2026 · SMS" in (await browser.open("/console/mois/2026-11")).text


async def test_a_budget_is_set_seen_and_lifted(browser: Browser, people: Gateway) -> None:
    await add_tally(people.parts.store, month="2026-11", action="INFO", total=9, parts=9, amount=9_000_000)
    await browser.sign_in("gestion")
    await browser.open("/console/budgets")
    page = await browser.send("/console/budgets", {"action": "INFO", "amount": "10,50 €", "period": "month"})
    assert "Le budget est fixé." in page.text
    assert "Envoi de SMS par mois 10,50 € 9,00 € 0,00 € 85 % 80 % dépassés épuisé vers le 27 novembre" in page.text
    page = await browser.send("/console/budgets", {"action": "INFO", "amount": "beaucoup"})
    assert page.status == 422
    assert 'value="beaucoup"' in page.html
    await browser.open("/console/budgets")
    assert "Aucun budget" in (await browser.send("/console/budgets/lever", {"action": "INFO"})).text
    await browser.sign_in("cpe")
    assert "Fixer" not in (await browser.open("/console/budgets")).text
    assert (await browser.send("/console/budgets", {"action": "*", "amount": "1"})).status == 403


async def test_the_synthesis_is_exported_by_who_keeps_the_accounts(browser: Browser, people: Gateway) -> None:
    await add_tally(people.parts.store, school=METZ, month="2026-11", action="INFO", total=1, parts=1)
    await browser.sign_in("cpe")
    assert "synthese.csv" not in (await browser.open("/console/synthese")).html
    await browser.sign_in("gestion")
    assert "/console/synthese.csv?year=2026" in (await browser.open("/console/synthese")).html
    assert "SMS;11/2026;0;1;1;" in (await browser.open("/console/synthese.csv?year=2026")).html
