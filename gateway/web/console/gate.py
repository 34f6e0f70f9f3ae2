"""The way to every page: session, rights, the token of a form, and what goes wrong as a page.

A form is taken only with its session's own token and from our own pages (``Origin``, ``Sec-Fetch-Site``), that of
signing in too; an answer forbids to be framed, and every script and style but ours.
"""

import hmac
import logging
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from aiohttp import web

from gateway.caller import Caller
from gateway.parts import Parts
from gateway.problem import Problem
from gateway.store.users import Session
from gateway.web.console import refusals, signing
from gateway.web.console.cookies import COOKIE
from gateway.web.console.pages import PAGES
from gateway.web.console.visit import ROOT, Page, Visit
from gateway.web.endpoint import METHODS, NOBODY, arrived, as_problem, named, too_large
from gateway.web.idempotency import Answers
from gateway.web.media import FORM, media_type, read_form

log = logging.getLogger(__name__)

#: Fields of a form at most.
_FIELDS = 20_000

_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def mount(app: web.Application, parts: Parts, answers: Answers) -> None:
    """Add every page, and the static files."""
    gate = Gate(parts, answers)
    for page in PAGES:
        app.router.add_route(page.method, ROOT + page.path, gate.opening(page))
    app.router.add_route("GET", "/console/static/{name}", _static)
    app.router.add_route("*", ROOT + "/{tail:.*}", gate.opening(_LOST))
    app.router.add_route("GET", "/", _home)


async def _home(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": ROOT})


async def _static(request: web.Request) -> web.StreamResponse:
    """One of our own files, by its plain name."""
    file = _STATIC / Path(request.match_info["name"]).name
    if file.suffix not in _TYPES or not file.is_file():
        return web.Response(status=404, text="Introuvable")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=file.read_bytes(), content_type=_TYPES[file.suffix], charset="utf-8", headers=headers)


async def _lost(_visit: Visit) -> web.StreamResponse:
    """Any other address below the console's."""
    raise refusals.nowhere()


_LOST = Page("GET", "/{tail}", _lost, frozenset(), open=True)


class Gate:
    """Lets visitors in."""

    def __init__(self, parts: Parts, answers: Answers) -> None:
        self._parts = parts
        self._answers = answers

    def opening(self, page: Page) -> Any:
        """The handler of a page, as aiohttp calls it."""

        async def handle(request: web.Request) -> web.StreamResponse:
            began = perf_counter()
            request_id = named(request.headers.get("X-Request-Id"))
            response = await self._answer(page, request, request_id)
            if not response.prepared:
                response.headers.update({**_HEADERS, **response.headers, "X-Request-Id": request_id})
            seconds = perf_counter() - began
            method = request.method if request.method in METHODS else "other"
            self._parts.metrics.http_request(ROOT + page.path, method, response.status, seconds)
            return response

        return handle

    async def _answer(self, page: Page, request: web.Request, request_id: str) -> web.StreamResponse:
        visit = Visit(self._parts, self._answers, request, NOBODY, None, page)
        try:
            session = await signing.visitor(self._parts, request.cookies.get(COOKIE))
            visit.session = session
            if session is not None:
                visit.caller = signing.caller_of(self._parts, session)
                visit.menu = menu(visit.caller)
            elif not page.open:
                return _to_sign_in(request)
            if self._parts.draining:
                raise refusals.draining()
            refusals.let_in(visit.caller, page)
            if request.method == "POST" and page is not _LOST:
                await _take_form(visit, session)
            return await page.handler(visit)
        except Exception as error:
            problem = as_problem(error)
            if problem.status == 500:
                log.error("internal error", exc_info=error, extra={"request_id": request_id, "route": page.path})
            words = refusals.told(visit, problem)
            response = visit.render("problem.html", problem.status, problem=problem, request_id=request_id, **words)
            if problem.retry_after is not None:
                response.headers["Retry-After"] = str(problem.retry_after)
            return response


def menu(caller: Caller) -> list[tuple[str, list[Page]]]:
    """The pages that a person may open, by group, in the order of ``PAGES``."""
    mine = [page for page in PAGES if page.menu and any(caller.may(scope) for scope in page.needs)]
    return [(group, list(pages)) for group, pages in groupby(mine, key=lambda page: page.group)]


def _to_sign_in(request: web.Request) -> web.Response:
    back = quote(request.path_qs, safe="") if request.method == "GET" else ""
    expired = "&fait=expire" if COOKIE in request.cookies else ""
    return web.Response(status=303, headers={"Location": f"{ROOT}/connexion?suite={back}{expired}"})


async def _take_form(visit: Visit, session: Session | None) -> None:
    """The fields of a form that is ours. Raises ``forged_form``, ``body_too_large``."""
    request = visit.request
    if (request.content_length or 0) > visit.page.max_bytes:
        raise too_large(visit.page.max_bytes)
    if not _from_ours(request):
        raise _forged()
    form = await _read_form(request, visit.page.max_bytes)
    visit.fields = form
    visit.form = {name: values[-1] for name, values in form.items()}
    if session is not None and not visit.page.open and not _own(str(visit.form.get("csrf", "")), session):
        raise _forged()


def _from_ours(request: web.Request) -> bool:
    """Whether a form comes from a page of ours, as far as its browser says: old ones say nothing."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    return (origin is None or urlsplit(origin).netloc == request.host) and site in (None, "same-origin", "none")


def _own(token: str, session: Session) -> bool:
    return hmac.compare_digest(token.encode("utf-8", "replace"), session.csrf.encode())


async def _read_form(request: web.Request, most: int) -> dict[str, list[Any]]:
    """All fields, as text; of ``multipart/form-data`` the field ``file`` stays octets, whatever its name was."""
    raw = await arrived(request, most)
    if len(raw) > most:
        raise too_large(most)
    content_type = request.headers.get("Content-Type", "")
    if media_type(content_type) == FORM:
        fields = read_form(content_type, raw)
        return {name: [value if name == "file" else _text(value)] for name, value in fields.items()}
    try:
        return dict(parse_qs(raw.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict"))
    except ValueError as error:
        raise Problem("malformed_body", "Le formulaire ne peut pas être lu : renvoyez-le.") from error


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Problem("malformed_body", "Le formulaire n'est pas en UTF-8.") from error


def _forged() -> Problem:
    return Problem("forged_form", "Revenez à la page d'où vient ce formulaire, rechargez-la, et recommencez.")
