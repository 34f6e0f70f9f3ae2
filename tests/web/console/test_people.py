"""Utilisateurs and Journal; what roles may see; the switches « Récapitulatif pour tous » and « Bloquer l'envoi »."""

import re
from typing import Any, cast

import pytest

from gateway.problem import Problem
from gateway.roles import Role
from gateway.store import users
from gateway.store.users import Session
from gateway.web.console.pages import PAGES
from gateway.web.console.signing import caller_of
from gateway.web.console.visit import ROOT, routes
from gateway.web.route import Call, Reply
from tests.store.rows import add_sent
from tests.web.conftest import METZ, Gateway
from tests.web.console.conftest import PASSWORD, PEOPLE, Browser, browsing

NEW = {
    "login": "infirmerie",
    "name": "Mme ÇELIK",
    "schools": METZ,
    "roles": "envoi",
    "recap_all": "on",
    "password": PASSWORD,
}


async def test_an_administrator_adds_somebody_who_signs_in(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("direction")
    await browser.open("/console/utilisateurs/nouveau")
    page = await browser.send("/console/utilisateurs/nouveau", NEW)
    assert "C'est enregistré." in page.text
    assert "Mme ÇELIK" in page.text
    async with browsing(people) as newcomer:
        assert "Mme ÇELIK" in (await newcomer.sign_in("infirmerie")).text
    journal = (await browser.open("/console/journal")).text
    assert "console/direction Utilisateur enregistré infirmerie" in journal
    assert "console/infirmerie Connexion" in journal


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"login": "É"}, "Identifiant : Un identifiant a 2 à 64 minuscules"),
        ({"login": "cpe"}, "Identifiant : Un utilisateur a déjà cet identifiant"),
        ({"password": "court"}, "Mot de passe : Un mot de passe a 12 caractères"),
        ({"password": ""}, "Mot de passe : Donnez un premier mot de passe"),
        ({"name": ""}, "Nom : Ce champ est obligatoire"),
        ({"roles": "roi"}, "Rôles : "),
        ({"schools": ""}, "Établissements : "),
    ],
)
async def test_what_is_wrong_is_said_and_kept(browser: Browser, change: dict[str, str], why: str) -> None:
    await browser.sign_in("direction")
    await browser.open("/console/utilisateurs/nouveau")
    page = await browser.send("/console/utilisateurs/nouveau", {**NEW, **change})
    assert page.status == 422
    assert why in page.text
    assert 'type="password"' in page.html
    assert PASSWORD not in page.html


async def test_nobody_locks_themselves_out(browser: Browser) -> None:
    await browser.sign_in("direction")
    await browser.open("/console/utilisateurs/direction")
    page = await browser.send("/console/utilisateurs/direction", {"name": "D", "schools": METZ, "roles": "envoi"})
    assert page.status == 422


async def test_people_of_other_schools_are_not_seen(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("port")
    assert "gestion" not in (await browser.open("/console/utilisateurs")).text
    assert (await browser.open("/console/utilisateurs/gestion")).status == 404
    answer = await people.ask("GET", "/v1/users/port", "vgm_admin")
    assert answer.status == 404


@pytest.mark.parametrize("login", sorted(PEOPLE))
async def test_each_role_opens_its_pages_and_no_other(browser: Browser, login: str) -> None:
    await browser.sign_in(login)
    admin = Role.ADMINISTRATEUR in PEOPLE[login][0]
    home = await browser.open(ROOT)
    for page in (page for page in PAGES if page.menu):
        shown = f'href="{ROOT}{page.path}"' in home.html.partition('class="menu"')[2]
        opened = await browser.open(f"{ROOT}{page.path}")
        assert opened.status == (200 if shown else 403), page.path
    assert ("Utilisateurs" in home.text) is admin


async def test_pages_forbid_what_they_do_not_need(browser: Browser) -> None:
    page = await browser.sign_in("cpe")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?! src=)|\son[a-z]+=|style=", page.html)


async def test_names_are_escaped_everywhere(browser: Browser) -> None:
    await browser.sign_in("direction")
    await browser.open("/console/utilisateurs/nouveau")
    evil = "<script>alert(1)</script>\"'"
    await browser.send("/console/utilisateurs/nouveau", {**NEW, "name": evil, "blocked": "on", "reason": evil})
    for path in ("utilisateurs", "utilisateurs/infirmerie", "journal"):
        page = await browser.open(f"{ROOT}/{path}")
        assert "<script>alert" not in page.html
        assert evil in page.text or path != "utilisateurs"


@pytest.mark.row("S1 55")
async def test_a_blocked_user_may_not_send_from_anywhere(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("direction")
    await browser.open("/console/utilisateurs/cpe")
    fields = {"name": "Cpe", "schools": METZ, "roles": "envoi", "blocked": "on", "reason": "stage terminé"}
    await browser.send("/console/utilisateurs/cpe", fields)
    body = {"to": "0612345678", "action": "INFO", "text": "Bonjour", "origin": {"user": "cpe"}}
    answer = await people.post("/v1/messages", body)
    assert answer.status == 403
    assert answer.code == "user_blocked"
    assert "stage terminé" in answer.json["detail"]
    batch = {
        "action": "INFO",
        "text": "x",
        "defaults": {"origin": {"user": "cpe"}},
        "recipients": [{"to": "0612345678"}],
    }
    assert (await people.post("/v1/batches", batch)).code == "user_blocked"
    assert (await people.post("/v1/messages", {**body, "origin": {"user": "adjoint"}})).status == 202


async def test_who_sees_only_their_own(browser: Browser, people: Gateway) -> None:
    store = people.parts.store
    mine = await add_sent(store, 1, user="cpe", label="Mme À MOI")
    other = await add_sent(store, 2, user="adjoint", label="M. À UN AUTRE")
    await browser.sign_in("direction")
    await browser.open("/console/utilisateurs/cpe")
    await browser.send(
        "/console/utilisateurs/cpe", {"name": "Cpe", "schools": METZ, "roles": "envoi"}
    )  # recap_all is not ticked
    session = await store.read(lambda conn: users.find_user(conn, "cpe"))
    assert session is not None
    assert not session.recap_all
    caller = caller_of(people.parts, Session("", "", None, 0, 0, session))
    for path, names in (("/v1/messages", {}), ("/v1/recap", {"user": "adjoint"})):
        query = routes()["GET", path].query
        assert query is not None
        call = Call(people.parts, caller, {}, query.model_validate(names), None, None, cast("Any", None))
        reply = await routes()["GET", path].handler(call)
        assert isinstance(reply, Reply)
        assert [row["id"] for row in reply.body["data"]] == [mine]
    call = Call(people.parts, caller, {"id": other}, None, None, None, cast("Any", None))
    with pytest.raises(Problem, match="not_found"):
        await routes()["GET", "/v1/messages/{id}"].handler(call)


async def test_the_journal_names_what_was_done_by_the_api(people: Gateway) -> None:
    body = {"to": "0612345678", "action": "ABSENCE", "text": "Bonjour"}
    message = (await people.post("/v1/messages", body)).json["id"]
    await people.post("/v1/messages/release", {"ids": [message]})
    lifted = {**body, "recipient": {"do_not_sms": True}, "override": {"reason": "urgence"}}
    await people.post("/v1/messages", lifted)
    await people.ask("POST", "/v1/accounts/operateur-a/pause?reason=facture", "vgm_admin")
    acts = (await people.get("/v1/audit", "vgm_admin")).json["data"]
    assert [act["act"] for act in acts] == ["account_paused", "override", "release"]
    assert acts[0]["detail"] == "facture"
    assert acts[1]["detail"] == "urgence"
    assert acts[2]["subject"] == message
    assert not any("612345678" in str(act) for act in acts)
    page = (await people.get("/v1/audit?limit=2", "vgm_admin")).json
    rest = (await people.get(f"/v1/audit?limit=2&cursor={page['page']['next_cursor']}", "vgm_admin")).json
    assert [act["act"] for act in rest["data"]] == ["release"]
    only = (await people.get("/v1/audit?act=release&from=2026-11-23&to=2026-11-23", "vgm_admin")).json["data"]
    assert len(only) == 1
    assert (await people.get("/v1/audit?from=2026-11-24", "vgm_admin")).json["data"] == []
    assert (await people.get("/v1/audit", "vgm_read")).status == 403
