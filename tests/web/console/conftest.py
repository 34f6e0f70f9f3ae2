"""A browser without scripts: it keeps cookies, follows redirections, and sends back the tokens of forms."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

import aiohttp
import pytest

from gateway import passwords
from gateway.parts import Parts
from gateway.roles import Role
from gateway.store import users
from gateway.store.users import User
from tests.web.conftest import METZ, REUNION, Gateway

PASSWORD = "une phrase assez longue"
_STORED = passwords.hashed(PASSWORD)

#: Login -> roles, schools.
PEOPLE: Mapping[str, tuple[Sequence[Role], Sequence[str]]] = {
    "cpe": ((Role.ENVOI,), (METZ,)),
    "adjoint": ((Role.ENVOI, Role.DIFFUSEUR), (METZ,)),
    "gestion": ((Role.COMPTABLE,), (METZ,)),
    "technique": ((Role.EXPLOITANT,), (METZ,)),
    "direction": ((Role.ADMINISTRATEUR,), (METZ, REUNION)),
    "port": ((Role.ADMINISTRATEUR,), (REUNION,)),
}


@dataclass(slots=True)
class Page:
    """What the browser shows."""

    status: int
    path: str
    html: str
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        """Without its tags, white space folded."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.html)).split())

    @property
    def token(self) -> str:
        """The token of its forms."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.html)
        return found[1] if found else ""


@dataclass(slots=True)
class Browser:
    """One visitor."""

    session: aiohttp.ClientSession
    port: int
    last: Page | None = None

    async def open(self, path: str) -> Page:
        """Open a page."""
        return await self._go("GET", path)

    async def send(self, path: str, fields: Any = None, *, token: str | None = None, **headers: str) -> Page:
        """Send a form, with the token of the page that was looked at last."""
        known = self.last.token if self.last else ""
        form = list((fields or {}).items()) if isinstance(fields, dict) or fields is None else list(fields)
        form.append(("csrf", known if token is None else token))
        return await self._go("POST", path, data=form, headers=headers)

    async def _go(self, method: str, path: str, **more: Any) -> Page:
        async with self.session.request(method, f"http://127.0.0.1:{self.port}{path}", **more) as answer:
            page = Page(answer.status, answer.url.path_qs, await answer.text(errors="replace"), answer.headers)
            if answer.content_type == "text/html":
                self.last = page
            return page

    async def sign_in(self, login: str, password: str = PASSWORD) -> Page:
        """Sign in."""
        return await self.send("/console/connexion", {"login": login, "password": password})


async def add_people(parts: Parts) -> None:
    """Everybody of ``PEOPLE``."""
    for login, (roles, schools) in PEOPLE.items():
        user = User(login, login.capitalize(), frozenset(schools), frozenset(roles), password=_STORED)
        await parts.store.write(lambda conn, user=user: users.put_user(conn, user, parts.clock()))  # type: ignore[misc]
    await parts.registry.load(parts.store)


@pytest.fixture
async def people(gateway: Gateway) -> Gateway:
    """A gateway that people may sign in to."""
    await add_people(gateway.parts)
    return gateway


@asynccontextmanager
async def browsing(gateway: Gateway) -> AsyncIterator[Browser]:
    """A fresh browser."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Browser(session, gateway.port)


@pytest.fixture
async def browser(people: Gateway) -> AsyncIterator[Browser]:
    """A browser, not signed in."""
    async with browsing(people) as one:
        yield one
