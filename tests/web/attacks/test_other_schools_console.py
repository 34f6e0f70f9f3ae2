"""Another school's things by their ids, through every page of the console; and what colleagues sent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from sqlalchemy import select, update

from gateway.store.tables import message
from gateway.web.console.pages import PAGES
from gateway.web.console.visit import ROOT
from tests.store.rows import add_awaited, add_sent
from tests.web.attacks.schools import MARK, filled, two_schools
from tests.web.conftest import METZ, REUNION, Gateway
from tests.web.console.conftest import Browser, Page, browsing
from tests.web.months import invoice

#: What differs each time a page is made.
_FRESH = re.compile(r'name="once" value="[^"]*"|Demande [0-9a-f]+-[0-9a-f]+')


@dataclass(frozen=True, slots=True)
class Visit:
    """A page with names in braces; of a form what is sent. ``why``: the page may tell one name from the other."""

    page: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Sequence[tuple[str, str]] = ()
    file: bytes | None = None
    why: str = ""


MESSAGE, BILL, LOGIN = {"id": "{message}"}, {"id": "{reconciliation}"}, {"login": "{login}"}
TAKEN = "a code or a login is one for all schools: who takes one that is taken is told so, and nothing else"
SHARED = "an invoice may be of several schools: its lines of others are counted"
_FILTERS = {"user": "{user}", "workstation": "{place}", "number": "{number}", "batch": "{batch}", "event": "{event}"}
FILTERS = {**_FILTERS, "label": "{words}"}
RECAP = ("/recapitulatif", "/recapitulatif.csv", "/recapitulatif.xlsx")
PERSON = (("name", "X"), ("roles", "envoi"), ("password", "une phrase assez longue"))
WRITTEN = (("action", "INFO"), ("text", "Bonjour"), ("recipients", "{number};{words}"))
TEMPLATE = (("label", "X"), ("text", "X"))

VISITS: Sequence[Visit] = (
    *(Visit("GET /messages/{id}", {"id": name}) for name in ("{message}", "{held}", "{doubted}", "{batch}")),
    *(Visit("POST /messages/{id}/renvoyer", {"id": name}) for name in ("{message}", "{doubted}")),
    *(Visit("GET /suivi", query=query) for query in ({"batch": "{batch}"}, {"event": "{event}"}, {})),
    *(Visit("GET /suivi", query={"onglet": tab, "batch": "{batch}"}) for tab in ("delivres", "non-remis", "ignores")),
    *(Visit("POST /a-diffuser", form=(("deed", deed), ("id", "{held}"))) for deed in ("release", "cancel")),
    *(Visit("POST /a-diffuser", form=(("all", deed), ("expected", "1"))) for deed in ("release", "cancel")),
    *(Visit(f"GET {path}", query={name: value}) for path in RECAP for name, value in FILTERS.items()),
    *(Visit(f"GET {path}") for path in RECAP),
    *(Visit("GET /reponses", query=query) for query in ({}, {"message": "{message}"}, {"number": "{number}"})),
    Visit("GET /reponses", query={"unattached": "true"}),
    Visit("GET /reponses/retard", query={"action": "ABSENCE"}),
    Visit("POST /reponses/retard", form=(("event", "{event}"), ("by", "moi"))),
    Visit("POST /reponses/reprendre", form=(("event", "{event}"), ("message", "{message}"))),
    *(Visit("POST /consentements", form=(("number", "{number}"), ("deed", deed))) for deed in ("", "accord", "leve")),
    Visit("POST /consentements/import", file=b"portable;consentement\n{number};oui\n"),
    *(Visit(f"GET {path}") for path in ("/synthese", "/synthese.csv", "/synthese.xlsx", "/budgets")),
    Visit("GET /journal", why="it grows with every file that was saved before"),
    *(Visit(f"GET /mois/{{month}}{tail}", {"month": "2026-10"}) for tail in ("", "/registre.csv", "/registre.xlsx")),
    Visit("POST /mois/{month}/clore", {"month": "2026-08"}),
    Visit("POST /budgets/lever", form=(("action", "INFO"),)),
    Visit("POST /budgets", form=(("action", "INFO"), ("amount", "1"), ("school", "{school}"))),
    *(Visit(f"GET /rapprochement/{{id}}{tail}", BILL) for tail in ("", "/export.csv", "/export.xlsx")),
    Visit("POST /rapprochement/{id}/valider", BILL, form=(("sure", "yes"),)),
    Visit(
        "POST /rapprochement",
        form=(("account", "operateur-a"), ("month", "2026-11"), ("format", "auto")),
        file=invoice("{provider};{number};23/11/2026 08:29;1;0,0450"),
        why=SHARED,
    ),
    Visit("GET /rapprochement", query={"account": "operateur-a"}),
    Visit("GET /envoi", query={"to": "{number}", "label": "{words}"}),
    *(
        Visit("POST /envoi", form=(*WRITTEN, ("template", "{template}"), ("deed", deed)))
        for deed in ("template", "preview", "send", "replace")
    ),
    Visit("POST /envoi/compte", form=(*WRITTEN, ("template", "{template}"))),
    Visit("POST /envoi/exception", form=(("person", '{"school": "{school}", "to": "0612345678"}'), ("text", "X"))),
    Visit("GET /actions/{code}", {"code": "INFO"}),
    Visit("POST /actions/{code}", {"code": "ABSENCE"}, form=(("template", "{template}"),)),
    Visit(
        "POST /actions/{code}",
        {"code": "NEUVE"},
        form=(("short_label", "X"), ("long_label", "X"), ("response_delay_days", "0"), ("template", "{template}")),
    ),
    Visit("GET /modeles/{code}", {"code": "{template}"}),
    Visit("POST /modeles/{code}/supprimer", {"code": "{template}"}),
    Visit("POST /modeles/{code}", {"code": "{template}"}, form=TEMPLATE, why=TAKEN),
    Visit("POST /modeles/{code}", {"code": "nouveau"}, form=(("code", "{template}"), *TEMPLATE), why=TAKEN),
    Visit("POST /modeles/{code}", {"code": "NEUF"}, form=(*TEMPLATE, ("school", "{school}"))),
    Visit("GET /utilisateurs/{login}", LOGIN),
    Visit("POST /utilisateurs/{login}", LOGIN, form=PERSON, why=TAKEN),
    Visit("POST /utilisateurs/{login}", {"login": "neuf"}, form=(*PERSON, ("schools", "{school}"))),
    *(Visit("POST /effacement", form=(("number", "{number}"), *sure)) for sure in ((), (("sure", "on"),))),
    Visit("GET /journal", query={"actor": "{actor}"}),
    Visit("POST /etablissement", form=(("school", "{school}"),)),
    *(Visit(f"GET {path}") for path in ("", "/a-diffuser", "/consentements", "/modeles", "/utilisateurs", "/comptes")),
)

#: Pages on what is no school's, or on oneself alone.
OF_NOBODY = {
    *("GET /comptes/{name}", "POST /comptes/{name}/suspendre", "POST /comptes/{name}/reprendre"),
    *("GET /comptes/{name}/modifier", "POST /comptes/{name}/modifier", "POST /comptes/{name}/supprimer"),
    *("POST /nouveau-compte", "POST /actions/{code}/supprimer"),
    *("POST /connexion", "POST /deconnexion", "POST /mot-de-passe"),
}


async def see(browser: Browser, visit: Visit, names: Mapping[str, str]) -> Page:
    """Open the page, or send the form, with these names."""
    method, _, path = visit.page.partition(" ")
    for holder, value in visit.path.items():
        path = path.replace(f"{{{holder}}}", quote(filled(value, names), safe=""))
    query = "&".join(f"{name}={quote(filled(value, names), safe='')}" for name, value in visit.query.items())
    address = f"{ROOT}{path}{'?' if query else ''}{query}"
    if method == "GET":
        return await browser.open(address)
    token = (await browser.open(ROOT)).token
    form = aiohttp.FormData(default_to_multipart=visit.file is not None)
    for name, value in (*visit.form, ("csrf", token)):
        form.add_field(name, filled(value, names))
    if visit.file is not None:
        form.add_field("file", filled(visit.file.decode(), names).encode(), filename="x.csv", content_type="text/csv")
    return await browser._go("POST", address, data=form)


def seen(page: Page, names: Mapping[str, str]) -> str:
    """A page without what was asked, in any writing of it, and without what is new each time."""
    text = _FRESH.sub("", page.html)
    for name, value in sorted(names.items(), key=lambda one: -len(one[1])):
        for form in (value, quote(value, safe=""), value.replace(" ", "+"), _national(value)):
            text = text.replace(form, f"<{name}>")
    return text


def _national(number: str) -> str:
    return f"0{number[4:]}" if number.startswith("+262") else number


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_page_knows_another_school(people: Gateway, method: str) -> None:
    town = await two_schools(people)
    async with browsing(people) as browser:
        assert (await browser.sign_in("metz")).path == ROOT
        for visit in (one for one in VISITS if one.page.startswith(method)):
            pages = []
            for names in (town.theirs, town.nobody):
                page = await see(browser, visit, names)
                assert page.status < 500, visit
                pages.append((page.status, seen(page, names)))
                await town.unmoved()
            assert not town.marks(pages[0][1]), visit
            if not visit.why and ".xlsx" not in visit.page:
                assert pages[0] == pages[1], visit


def test_every_page_with_an_id_or_a_form_is_attacked() -> None:
    known = {f"{page.method} {page.path}" for page in PAGES if "{" in page.path or page.method == "POST"}
    assert known - {visit.page for visit in VISITS} == OF_NOBODY
    assert {visit.page for visit in VISITS} <= {f"{page.method} {page.path}" for page in PAGES}


async def test_a_form_of_one_school_is_not_sent_for_another(people: Gateway) -> None:
    async with browsing(people) as first:
        await first.sign_in("direction")
        await first.send(f"{ROOT}/etablissement", {"school": METZ})
        written = (await first.open(f"{ROOT}/envoi")).token
        await first.send(f"{ROOT}/etablissement", {"school": REUNION})
        page = await first.send(f"{ROOT}/envoi", {**dict(WRITTEN), "deed": "send"}, token=written)
        assert page.status == 403
        assert "rechargez-la" in page.text
        assert (await people.get("/v1/messages", "vgm_away")).json["data"] == []


# ---- a person who sees only what they sent ----


async def test_what_colleagues_sent_is_not_there_either(people: Gateway) -> None:
    town = await two_schools(people)
    store = people.parts.store

    async def move(conn: Any) -> None:  # all of the other school's messages become a colleague's
        await conn.execute(update(message).where(message.c.school == REUNION).values(school=METZ))

    await store.write(move)
    await add_sent(store, 811, user="soi", label="Mme À Moi")
    await add_awaited(store, 811, "EV-A-MOI", due_at=1)
    pages = ("GET /messages", "POST /messages", "GET /suivi", "GET /reponses", "POST /reponses", "GET /recapitulatif")
    mine = [visit for visit in VISITS if visit.page.startswith((*pages, "POST /a-diffuser", "GET /a-diffuser"))]
    async with browsing(people) as browser:
        await browser.sign_in("soi")
        for visit in mine:
            found = []
            for names in (town.theirs, town.nobody):
                page = await see(browser, visit, names)
                found.append((page.status, seen(page, names)))
                assert await store.read(lambda conn: _status(conn, 802)) == "held", (visit, page.text)
            assert not town.marks(found[0][1]), visit
            assert ".xlsx" in visit.page or found[0] == found[1], visit
        assert "Mme À Moi" in (await browser.open(f"{ROOT}/suivi?onglet=delivres")).text
        assert MARK not in (await browser.open(ROOT)).html
    held = await store.read(lambda conn: _status(conn, 802))
    assert held == "held"


async def _status(conn: Any, id_: int) -> str:
    return str((await conn.execute(select(message.c.status).where(message.c.id == id_))).scalar_one())
