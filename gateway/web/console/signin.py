"""Connexion, déconnexion, one's own password, and the school that is looked at."""

import asyncio

from aiohttp import web

from gateway import passwords
from gateway.caller import CONSOLE
from gateway.store import users
from gateway.store.audit import Entry, noted
from gateway.web.console.cookies import COOKIE, local_page, set_cookie
from gateway.web.console.signing import Attempts, Denied, digest, fresh_token, sign_in
from gateway.web.console.visit import Page, Visit

_attempts = Attempts()


async def show_sign_in(visit: Visit) -> web.StreamResponse:
    """``GET /console/connexion``."""
    if visit.session is not None:
        return visit.go("")
    return visit.render("connexion.html", login="", why="", back=visit.request.query.get("suite", ""))


async def do_sign_in(visit: Visit) -> web.StreamResponse:
    """``POST /console/connexion``: a new session each time, so that none can be given to somebody beforehand."""
    login, password = str(visit.form.get("login", "")), str(visit.form.get("password", ""))
    back = str(visit.form.get("suite", ""))
    try:
        came = visit.request.remote or "", visit.request.cookies.get(COOKIE, "")
        cookie = await sign_in(visit.parts, _attempts, login[:100], password, *came)
    except Denied as denied:
        return visit.render("connexion.html", 401, login=login[:100], why=denied.why, back=back)
    response = visit.go(local_page(back))
    set_cookie(response, visit.request, cookie, int(visit.parts.settings.console.session.total_seconds()))
    return response


async def sign_out(visit: Visit) -> web.StreamResponse:
    """``POST /console/deconnexion``."""
    entry = _entry(visit, "logout")
    sha256 = digest(visit.request.cookies.get(COOKIE, ""))
    await visit.parts.store.write(noted(lambda conn: users.end_session(conn, sha256), entry))
    response = visit.go("/connexion", "deconnecte")
    response.del_cookie(COOKIE, path="/")
    return response


async def choose_school(visit: Visit) -> web.StreamResponse:
    """``POST /console/etablissement``: look at another of one's schools."""
    wanted = str(visit.form.get("school", ""))
    if (
        visit.session is not None
        and wanted != visit.session.school
        and any(school.uai == wanted for school in visit.schools())
    ):
        sha256 = visit.session.sha256
        csrf = fresh_token()
        await visit.parts.store.write(lambda conn: users.choose_school(conn, sha256, wanted, csrf))
    return visit.go("")


async def show_password(visit: Visit) -> web.StreamResponse:
    """``GET /console/mot-de-passe``."""
    return visit.render("mot_de_passe.html", why="", shortest=passwords.SHORTEST)


async def change_password(visit: Visit) -> web.StreamResponse:
    """``POST /console/mot-de-passe``: every session ends, this one too."""
    old, new = str(visit.form.get("old", "")), str(visit.form.get("new", ""))
    assert visit.session is not None
    user = visit.session.user
    why = passwords.fault(new)
    if new != visit.form.get("again"):
        why = "Les deux saisies du nouveau mot de passe diffèrent."
    if not await asyncio.to_thread(passwords.matches, user.password, old):
        why = "L'ancien mot de passe est incorrect."
    if why:
        return visit.render("mot_de_passe.html", 422, why=why, shortest=passwords.SHORTEST)
    stored = await asyncio.to_thread(passwords.hashed, new)
    now = visit.parts.clock()
    verb = noted(lambda conn: users.set_password(conn, user.login, stored, now), _entry(visit, "password"))
    await visit.parts.store.write(verb)
    return visit.go("/connexion", "mot-de-passe")


def _entry(visit: Visit, act: str) -> Entry:
    user = visit.session.user if visit.session else None
    login, school = (user.login, user.only_school) if user else ("?", None)
    return Entry(visit.parts.clock(), f"{CONSOLE}/{login}", act, login, "", school, visit.request.remote or "")


PAGES: tuple[Page, ...] = (
    Page("GET", "/connexion", show_sign_in, frozenset(), open=True),
    Page("POST", "/connexion", do_sign_in, frozenset(), open=True, max_bytes=16 * 1024),
    Page("POST", "/deconnexion", sign_out, frozenset()),
    Page("POST", "/etablissement", choose_school, frozenset()),
    Page("GET", "/mot-de-passe", show_password, frozenset()),
    Page("POST", "/mot-de-passe", change_password, frozenset(), max_bytes=16 * 1024),
)
