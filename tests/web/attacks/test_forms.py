"""Forms of elsewhere, and sessions of others: every POST of the console, and every page that a session opens."""

import re
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any

import pytest

from gateway.web.console.cookies import COOKIE
from gateway.web.console.pages import PAGES
from gateway.web.console.visit import ROOT
from tests.web.attacks.schools import Town, snapshot, two_schools
from tests.web.conftest import METZ, Gateway
from tests.web.console.conftest import PASSWORD, Browser, browsing

#: A form that would do something, had it the right token: all fields that any page knows.
FORM = {
    **{"deed": "cancel", "sure": "yes", "name": "X", "roles": "administrateur", "password": PASSWORD, "number": "0"},
    **{"action": "INFO", "amount": "1", "text": "X", "recipients": "0612345678", "label": "X", "note": "X"},
    **{"old": PASSWORD, "new": "une autre phrase longue", "again": "une autre phrase longue", "school": METZ},
}
POSTS = [page for page in PAGES if page.method == "POST" and not page.open]
FOREIGN: Mapping[str, Mapping[str, str]] = {
    "another site": {"Origin": "https://ailleurs.example"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "a page without origin": {"Origin": "null"},
    "a browser that says so": {"Sec-Fetch-Site": "cross-site"},
    "a neighbour of our domain": {"Sec-Fetch-Site": "same-site"},
}


def address(town: Town, path: str, number: int = 0) -> str:
    """A page on things that are there."""
    names = {"id": town.theirs[("ours", "reconciliation")["rapprochement" in path]], "month": "2026-09"}
    names |= {"code": "NOTRE" if "modeles" in path else "INFO", "login": f"intrus{number}", "name": "operateur-a"}
    return ROOT + re.sub(r"\{(\w+)\}", lambda found: names[found[1]], path)


async def cookie_of(browser: Browser) -> str:
    """The cookie of a browser."""
    return next(one.value for one in browser.session.cookie_jar if one.key == COOKIE)


async def test_no_form_without_the_token_of_its_session(people: Gateway) -> None:
    town = await two_schools(people)
    async with browsing(people) as other, browsing(people) as gone, browsing(people) as browser:
        await other.sign_in("gestion")
        theirs = (await other.open(ROOT)).token
        await gone.sign_in("direction")
        ended = (await gone.open(ROOT)).token
        await gone.send(f"{ROOT}/deconnexion", token=ended)
        await browser.sign_in("direction")
        mine = (await browser.open(ROOT)).token
        before = await snapshot(people)
        for page in POSTS:
            for token in ("", theirs, ended, mine[:-1], mine + "a", mine.swapcase(), "é" * 32):
                found = await browser.send(address(town, page.path), FORM, token=token)
                assert (found.status, "Ce formulaire ne vient pas de cette page" in found.text) == (403, True), page
            for name, headers in FOREIGN.items():
                found = await browser.send(address(town, page.path), FORM, token=mine, **headers)
                assert found.status == 403, (page, name)
            found = await gone.send(address(town, page.path), FORM, token=ended)
            assert found.path.startswith(f"{ROOT}/connexion"), page
            assert await snapshot(people) == before, page


async def test_a_token_stands_in_the_form_alone(people: Gateway) -> None:
    """Not in the address, where histories and proxies keep it."""
    town = await two_schools(people)
    async with browsing(people) as browser:
        await browser.sign_in("direction")
        mine = (await browser.open(ROOT)).token
        for page in POSTS:
            found = await browser.send(f"{address(town, page.path)}?csrf={mine}", FORM, token="")
            assert found.status == 403, page


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
async def test_nobody_is_signed_in_from_elsewhere(people: Gateway, headers: Mapping[str, str]) -> None:
    """Else what somebody writes is written under the name of the attacker, who reads it."""
    async with browsing(people) as browser:
        form = {"login": "cpe", "password": PASSWORD}
        page = await browser.send(f"{ROOT}/connexion", form, **headers)
        assert page.status == 403
        assert "Set-Cookie" not in page.headers
        assert (await browser.open(ROOT)).path.startswith(f"{ROOT}/connexion")


async def test_a_browser_that_says_where_it_is_signs_in(people: Gateway) -> None:
    async with browsing(people) as browser:
        headers = {"Origin": f"http://127.0.0.1:{people.port}", "Sec-Fetch-Site": "same-origin"}
        await browser.send(f"{ROOT}/connexion", {"login": "cpe", "password": PASSWORD}, **headers)
        assert (await browser.open(ROOT)).path == ROOT


async def test_looking_changes_nothing(people: Gateway) -> None:
    """A page may be opened by a link or an image of anywhere."""
    town = await two_schools(people)
    async with browsing(people) as browser:
        await browser.sign_in("direction")
        cookie, token = await cookie_of(browser), (await browser.open(ROOT)).token
        before = await snapshot(people)
        for page in (page for page in PAGES if page.method == "GET"):
            found = await browser.open(address(town, page.path))
            assert found.status in (200, 404), page
            assert cookie not in found.html, page
            without_forms = re.sub(r'<input type="hidden" name="csrf" value="[^"]*">', "", found.html)
            assert token not in without_forms + found.path, page
            now = await snapshot(people)
            saved = [row for row in now["audit"] if row not in before["audit"]]
            assert {row[4] for row in saved} <= {"export"}, page
            assert {**now, "audit": None} == {**before, "audit": None}, page


# ---- sessions ----


async def sign_in_with(people: Gateway, cookie: str, login: str = "cpe", password: str = PASSWORD) -> str | None:
    """Sign in with a cookie that is there already; the new one."""
    url = f"http://127.0.0.1:{people.port}{ROOT}/connexion"
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    form = {"login": login, "password": password}
    async with people.session.post(url, data=form, headers=headers, allow_redirects=False) as answer:
        people.session.cookie_jar.clear()
        return SimpleCookie(answer.headers["Set-Cookie"])[COOKIE].value if "Set-Cookie" in answer.headers else None


async def opens(people: Gateway, cookie: str, path: str = ROOT) -> bool:
    """Whether a cookie is a session."""
    url = f"http://127.0.0.1:{people.port}{path}"
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    async with people.session.get(url, headers=headers, allow_redirects=False) as answer:
        people.session.cookie_jar.clear()
        return answer.status == 200


async def test_signing_in_gives_a_session_and_ends_the_one_before(people: Gateway) -> None:
    first = await sign_in_with(people, "donné-par-un-autre".encode().hex())
    assert first is not None
    assert await opens(people, first)
    assert await sign_in_with(people, first, password="faux mot de passe") is None
    assert await opens(people, first)  # who knows no password ends nobody's session
    second = await sign_in_with(people, first, "gestion")
    assert second not in (None, first)
    assert not await opens(people, first)
    assert await opens(people, second or "")


async def test_a_session_is_the_cookie_and_nothing_else(people: Gateway) -> None:
    cookie = await sign_in_with(people, "") or ""
    for path in (f"{ROOT}?{COOKIE}={cookie}", f"{ROOT};{COOKIE}={cookie}", f"{ROOT}?csrf={cookie}"):
        assert not await opens(people, "", path)
    for forged in (cookie[:-1], cookie + "=", cookie.upper(), f"{cookie}%00", "' OR 1=1 --", "é", "a" * 10_000):
        assert not await opens(people, forged)


async def test_what_is_said_to_a_person_reaches_their_session_at_once(people: Gateway) -> None:
    async with browsing(people) as boss:
        await boss.sign_in("direction")
        for login, fields in (
            ("cpe", {"roles": "envoi", "disabled": "on"}),
            ("adjoint", {"roles": "diffuseur", "password": "une autre phrase longue"}),
        ):
            cookie = await sign_in_with(people, "", login) or ""
            assert await opens(people, cookie)
            await boss.open(ROOT)
            await boss.send(f"{ROOT}/utilisateurs/{login}", {"name": "X", "schools": METZ, **fields})
            assert not await opens(people, cookie), login
        cookie = await sign_in_with(people, "", "gestion") or ""
        assert await opens(people, cookie, f"{ROOT}/rapprochement")
        await boss.open(ROOT)
        await boss.send(f"{ROOT}/utilisateurs/gestion", {"name": "X", "schools": METZ, "roles": "envoi"})
        assert not await opens(people, cookie, f"{ROOT}/rapprochement")
        assert await opens(people, cookie)


def flags(header: str) -> dict[str, Any]:
    """What a cookie says of itself."""
    return dict(SimpleCookie(header)[COOKIE])


async def test_the_cookie_goes_nowhere_else(people: Gateway) -> None:
    url = f"http://127.0.0.1:{people.port}{ROOT}/connexion"
    for proto in ("https", "http", ""):
        headers = {"X-Forwarded-Proto": proto} if proto else {}
        form = {"login": "cpe", "password": PASSWORD}
        async with people.session.post(url, data=form, headers=headers, allow_redirects=False) as answer:
            said = flags(answer.headers["Set-Cookie"])
            assert (said["httponly"], said["samesite"], said["domain"], said["path"]) == (True, "Lax", "", "/")
            assert bool(said["secure"]) == (proto == "https")
        people.session.cookie_jar.clear()


async def test_the_api_takes_no_cookie_and_speaks_to_no_other_site(people: Gateway) -> None:
    cookie = await sign_in_with(people, "", "direction") or ""
    for method, path in (("GET", "/v1/messages"), ("POST", "/v1/messages/release"), ("GET", "/metrics")):
        headers = {"Cookie": f"{COOKIE}={cookie}", "Origin": "https://ailleurs.example"}
        answer = await people.ask(method, path, None, headers=headers)
        assert (answer.status, answer.code) == (401, "unauthorized")
        asked = {**headers, "Access-Control-Request-Method": method}
        preflight = await people.ask("OPTIONS", path, None, headers=asked)
        assert preflight.status == 405
        assert not [name for one in (answer, preflight) for name in one.headers if name.startswith("Access-Control")]
