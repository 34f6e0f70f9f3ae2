"""Signing in and out: sessions, lock-out, forged forms, fixation."""

from http.cookies import SimpleCookie

import pytest

from gateway.config.settings import ConsoleSettings
from gateway.store import users
from gateway.store.users import Session, User
from gateway.web.console import signing
from gateway.web.console.cookies import COOKIE, local_page
from gateway.web.console.signing import ADDRESS_TRIES, ADDRESS_WINDOW, FREE_TRIES, LONGEST_LOCK, Attempts, locked_until
from tests.web.conftest import METZ, MORNING, Gateway
from tests.web.console.conftest import PASSWORD, Browser, browsing

MINUTE = 60_000


async def test_a_page_asks_to_sign_in_then_shows_itself(browser: Browser) -> None:
    page = await browser.open("/console/utilisateurs")
    assert page.path.startswith("/console/connexion")
    page = await browser.send(
        "/console/connexion", {"login": "direction", "password": PASSWORD, "suite": "/console/utilisateurs"}
    )
    assert page.path == "/console/utilisateurs"
    assert "gestion" in page.text


async def test_the_root_leads_to_the_console(browser: Browser) -> None:
    assert (await browser.open("/")).path.startswith("/console/connexion")


@pytest.mark.parametrize(("login", "password"), [("cpe", "faux mot de passe"), ("personne", PASSWORD), ("", "")])
async def test_a_wrong_password_says_no_more_than_that(browser: Browser, login: str, password: str) -> None:
    page = await browser.sign_in(login, password)
    assert page.status == 401
    assert signing.WRONG in page.text


async def test_a_login_is_locked_after_some_wrong_passwords(browser: Browser, people: Gateway) -> None:
    for _ in range(FREE_TRIES):
        assert (await browser.sign_in("gestion", "faux mot de passe")).status == 401
    page = await browser.sign_in("gestion")
    assert page.status == 401
    assert signing.BARRED in page.text
    user = await people.parts.store.read(lambda conn: users.find_user(conn, "gestion"))
    assert user is not None
    assert user.locked_until == MORNING + 5 * MINUTE


@pytest.mark.parametrize(("failures", "minutes"), [(4, 0), (5, 5), (6, 10), (8, 40), (9, 60), (1_000, 60)])
def test_locks_double(failures: int, minutes: int) -> None:
    assert locked_until(failures, 7) == (7 + minutes * MINUTE if minutes else None)
    assert (locked_until(failures, 0) or 0) <= LONGEST_LOCK


def test_an_address_that_fails_everywhere_waits() -> None:
    attempts = Attempts()
    for place in range(ADDRESS_TRIES):
        assert not attempts.barred("192.0.2.1", place)
        attempts.failed("192.0.2.1", place)
    assert attempts.barred("192.0.2.1", ADDRESS_TRIES)
    assert not attempts.barred("192.0.2.2", ADDRESS_TRIES)
    assert not attempts.barred("192.0.2.1", ADDRESS_WINDOW)


async def test_the_cookie_is_not_for_scripts_and_is_new_each_time(browser: Browser, people: Gateway) -> None:
    url = f"http://127.0.0.1:{people.port}/console/connexion"
    form = {"login": "cpe", "password": PASSWORD}
    given = []
    for headers in ({"Cookie": f"{COOKIE}=choisi-par-un-autre"}, {"X-Forwarded-Proto": "https"}):
        async with browser.session.post(url, data=form, headers=headers, allow_redirects=False) as answer:
            cookie = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
            given.append(cookie.value)
            assert cookie["httponly"]
            assert cookie["samesite"] == "Lax"
            assert bool(cookie["secure"]) == ("X-Forwarded-Proto" in headers)
    assert "choisi-par-un-autre" not in given
    assert len(set(given)) == 2


async def test_signing_out_ends_the_session_for_good(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("cpe")
    kept = {cookie.key: cookie.value for cookie in browser.session.cookie_jar}
    assert "déconnecté" in (await browser.send("/console/deconnexion")).text
    async with browser.session.get(
        f"http://127.0.0.1:{people.port}/console", cookies=kept, allow_redirects=False
    ) as answer:
        assert answer.status == 303


async def test_a_form_of_another_site_is_refused(browser: Browser) -> None:
    await browser.sign_in("direction")
    body = {"name": "X", "roles": "administrateur", "login": "intrus", "password": PASSWORD}
    for token, headers in (("", {}), ("faux", {}), (None, {"Origin": "https://ailleurs.example"})):
        page = await browser.send("/console/utilisateurs/nouveau", body, token=token, **headers)
        assert page.status == 403
        assert "Ce formulaire ne vient pas de cette page" in page.text
        await browser.open("/console")
    assert "intrus" not in (await browser.open("/console/utilisateurs")).text


async def test_a_changed_password_ends_every_session(browser: Browser, people: Gateway) -> None:
    async with browsing(people) as other:
        await other.sign_in("cpe")
        await browser.sign_in("cpe")
        await browser.open("/console/mot-de-passe")
        fields = {"old": PASSWORD, "new": "une autre phrase longue", "again": "une autre phrase longue"}
        assert "mot de passe est changé" in (await browser.send("/console/mot-de-passe", fields)).text
        assert (await other.open("/console")).path.startswith("/console/connexion")
        assert (await browser.sign_in("cpe")).status == 401
        assert (await browser.sign_in("cpe", "une autre phrase longue")).status == 200


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"old": "faux", "new": "une autre phrase longue", "again": "une autre phrase longue"}, "L'ancien"),
        ({"old": PASSWORD, "new": "court", "again": "court"}, "12 caractères"),
        ({"old": PASSWORD, "new": "une autre phrase longue", "again": "encore une autre"}, "diffèrent"),
    ],
)
async def test_a_bad_new_password_is_refused(browser: Browser, fields: dict[str, str], why: str) -> None:
    await browser.sign_in("cpe")
    await browser.open("/console/mot-de-passe")
    page = await browser.send("/console/mot-de-passe", fields)
    assert page.status == 422
    assert why in page.text


async def test_who_is_disabled_is_out_at_once(browser: Browser, people: Gateway) -> None:
    await browser.sign_in("cpe")
    async with browsing(people) as boss:
        await boss.sign_in("direction")
        await boss.open("/console/utilisateurs/cpe")
        page = await boss.send(
            "/console/utilisateurs/cpe", {"name": "Cpe", "schools": METZ, "roles": "envoi", "disabled": "on"}
        )
        assert page.path.startswith("/console/utilisateurs?fait=enregistre")
    assert (await browser.open("/console")).path.startswith("/console/connexion")
    assert (await browser.sign_in("cpe")).status == 401


@pytest.mark.parametrize(
    ("created", "seen", "over"), [(0, 0, False), (12 * 60 + 1, 0, True), (61, 61, True), (11 * 60, 59, False)]
)
def test_sessions_end(created: int, seen: int, over: bool) -> None:
    now = MORNING
    user = User("cpe", "Cpe", frozenset(), frozenset())
    session = Session("", "", None, now - created * MINUTE, now - seen * MINUTE, user)
    assert signing.expired(session, ConsoleSettings(), now) is over


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("/console/journal?act=login", "/journal?act=login"),
        ("", ""),
        ("https://ailleurs.example/console", ""),
        ("//ailleurs.example", ""),
        ("/console\\..", ""),
        ("/console/a\r\nSet-Cookie: x=1", ""),
        ("/v1/messages", ""),
    ],
)
def test_only_pages_of_ours_come_after_signing_in(asked: str, page: str) -> None:
    assert local_page(asked) == page
