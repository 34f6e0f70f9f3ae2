"""The cookie of a session, and where to go on after signing in."""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from gateway.web.console.visit import ROOT

COOKIE: Final = "vaguemestre"


def local_page(asked: str) -> str:
    """The page to go on with after signing in: one of ours, else the first."""
    pieces = urlsplit(asked)
    safe = not pieces.scheme and not pieces.netloc and asked.startswith(f"{ROOT}") and "\\" not in asked
    return asked.removeprefix(ROOT) if safe and asked.isprintable() else ""


def set_cookie(response: web.Response, request: web.Request, value: str, seconds: int) -> None:
    """The session's cookie: not for scripts, not for other sites, not in clear where the page came over TLS."""
    secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
    response.set_cookie(COOKIE, value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=secure)
