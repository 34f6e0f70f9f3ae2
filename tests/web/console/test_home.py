"""Accueil: what each role comes for, and the month that waits to be closed or exported."""

import pytest

from tests.store.rows import add_tally
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser

#: What each may do from there.
STEPS = {
    "cpe": ["/envoi", "/suivi", "/mois/2026-11"],
    "gestion": ["/suivi", "/mois/2026-10", "/mois/2026-11"],
    "technique": ["/suivi", "/mois/2026-11"],
    "direction": ["/envoi", "/suivi", "/mois/2026-10", "/mois/2026-11"],
}


@pytest.mark.parametrize("login", STEPS)
async def test_each_role_finds_what_it_comes_for(browser: Browser, people: Gateway, login: str) -> None:
    await add_tally(people.parts.store, month="2026-10", total=3, delivered=2, parts=3, amount=135_000)
    await browser.sign_in(login)
    page = await browser.open("/console")
    places = [path for path in sorted(STEPS["direction"]) if f'<a href="/console{path}">' in _steps(page.html)]
    assert places == sorted(STEPS[login])
    for path in STEPS[login]:
        assert (await browser.open(f"/console{path}")).status == 200


def _steps(html: str) -> str:
    return html.partition('<ul class="tiles steps-to">')[2].partition("</ul>")[0]


async def test_month_that_was_closed_is_not_asked_for_again(browser: Browser, people: Gateway) -> None:
    await add_tally(people.parts.store, month="2026-10", total=3, delivered=2, parts=3, amount=135_000)
    await browser.sign_in("gestion")
    assert "Clore octobre 2026" in (await browser.open("/console")).text
    await browser.open("/console/mois/2026-10")
    await browser.send("/console/mois/2026-10/clore", {"sure": "yes"})
    page = await browser.open("/console")
    assert "Clore octobre 2026" not in page.text
    assert "Exporter le mois Le relevé de novembre 2026" in page.text


async def test_the_month_is_exported_from_its_statement(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("gestion")
    page = await browser.open("/console/mois/2026-11")
    for address in (
        "/console/recapitulatif.xlsx?from=2026-11-01&amp;to=2026-11-30",
        "/console/mois/2026-11/registre.xlsx",
        "/console/mois/2026-11/registre.csv",
    ):
        assert f'href="{address}"' in page.html
        answer = await browser.session.get(f"http://127.0.0.1:{browser.port}{address.replace('&amp;', '&')}")
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
    acts = (await people.get("/v1/audit?act=export", "vgm_admin")).json["data"]
    assert [act["actor"] for act in acts] == ["console/gestion"] * 3
    await browser.sign_in("cpe")
    assert "Exporter le registre" not in (await browser.open("/console/mois/2026-11")).text
    assert (await browser.open("/console/mois/2026-11/registre.csv")).status == 403
