"""One route as the server runs it: every request passes here once, in this order, and every error leaves here.

draining 503 · key 401 · scope 403 · type 415 · size 413 · address 400 · JSON 400 · fields 422 · idempotency ·
handler. What a request costs before its handler is kept small: everything that can be is worked out beforehand.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from time import perf_counter
from typing import TypeVar

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ValidationError

from gateway.caller import Caller, Claim
from gateway.parts import Parts
from gateway.problem import FieldError, Problem
from gateway.store.database import StoreUnavailable
from gateway.store.idempotency import KeyTaken, Remembered
from gateway.web import bounds
from gateway.web.auth import Keys, require
from gateway.web.idempotency import HEADER, REPLAYED, Answers, check_key, fingerprint, in_progress
from gateway.web.media import JSON, media_type
from gateway.web.plain import Plain
from gateway.web.problems import body_problem, malformed_json, problem_response, query_problem
from gateway.web.reading import aside
from gateway.web.route import Call, Reply, Route

log = logging.getLogger(__name__)

NOBODY = Caller("", "", frozenset(), frozenset())

#: Seconds in which a body must arrive.
BODY_SECONDS = 60

#: Seconds after which a client may try again.
RETRY_STORE, RETRY_DRAINING = 5, 10

#: What is counted before it is read.
_COUNTED = frozenset({JSON, "application/x-ndjson"})

#: Octets that are counted in less time than it takes to hand them to another thread.
_SMALL = 64 * 1024

_JSON_TYPES = frozenset({JSON, "application/json; charset=utf-8", "application/json;charset=utf-8"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
#: Those that are counted by their name.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_process = secrets.token_hex(4)
_number = count(1)


@dataclass(frozen=True, slots=True)
class Desk:
    """What all endpoints share."""

    parts: Parts
    keys: Keys
    answers: Answers


B = TypeVar("B", bound=BaseModel)
Answerer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def guarded(parts: Parts, route: str, request: web.Request, answerer: Answerer) -> web.StreamResponse:
    """Answer, turn whatever was raised into a problem, name the request, count it."""
    began = perf_counter()
    request_id = named(request.headers.get("X-Request-Id"))
    try:
        response = await answerer(request)
    except Exception as error:
        problem = told_problem(error, request_id, route)
        if request.writer.output_size > 0:
            # Too late for a problem: the reader must see that the answer is not whole.
            raise ConnectionError("part of an answer has left") from error
        response = problem_response(problem, request_id)
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = error.allow
    if not response.prepared:
        response.headers["X-Request-Id"] = request_id
    method = request.method if request.method in METHODS else "other"
    parts.metrics.http_request(route, method, response.status, perf_counter() - began)
    return response


def told_problem(error: Exception, request_id: str, route: str) -> Problem:
    """Its problem; a fault of ours is logged under the id that the client is given."""
    problem = as_problem(error)
    if problem.status == 500:
        log.error("internal error", exc_info=error, extra={"request_id": request_id, "route": route})
    return problem


def as_problem(error: Exception) -> Problem:
    """Every exception is a problem; the unexpected say nothing of themselves."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, StoreUnavailable):
        return Problem("store_unavailable", "Rien n'a été enregistré : renvoyez la même demande.", (), RETRY_STORE)
    if isinstance(error, KeyTaken):
        return in_progress()
    return Problem("internal_error", "Rien à corriger de votre côté : signalez l'identifiant de la demande.")


class MethodNotAllowed(Problem):
    """Another method than those of the path. ``allow`` is the header's value."""

    def __init__(self, allow: str) -> None:
        super().__init__("method_not_allowed", f"Méthodes prévues : {allow}.")
        self.allow = allow


def named(asked: str | None) -> str:
    """The id of a request: the client's if it is sane, else one of ours."""
    if asked is not None and _REQUEST_ID.fullmatch(asked):
        return asked
    return f"{_process}-{next(_number):x}"


class Endpoint:
    """A route, mounted."""

    def __init__(self, route: Route, desk: Desk) -> None:
        self.route = route
        self._parts = desk.parts
        self._keys = desk.keys
        self._answers = desk.answers
        self._takes_body = route.body is not None or route.raw_body
        self._idempotent = route.method == "POST" and bool(route.scopes)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; never raises a problem."""
        return await guarded(self._parts, self.route.path, request, self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        route = self.route
        caller = await self._caller(request.headers.get("Authorization")) if route.scopes else NOBODY
        raw = await self._read(request)
        query = self._query(request)
        body = self._body(raw)
        key = request.headers.get(HEADER) if self._idempotent else None
        content_type = request.headers.get("Content-Type", "")
        claim = self._claim(request.path_qs, content_type, caller, key, raw) if key is not None else None
        call = Call(self._parts, caller, request.match_info, query, body, claim, request, raw)
        return respond(await self._replied(call, claim))

    async def plain(self, asked: Plain, raw: bytes) -> Reply:
        """Answer a plain request, which a relay has read, as ``handle`` would. Raises what it turns into a problem."""
        caller = await self._caller(asked.authorization)
        if len(raw) > self.route.max_bytes:
            raise too_large(self.route.max_bytes)
        body = self._body(raw)
        claim = self._claim(self.route.path, JSON, caller, asked.key, raw) if asked.key is not None else None
        reply = await self._replied(
            Call(self._parts, caller, {}, None, body, claim, None, raw, "", asked.address), claim
        )
        if not isinstance(reply, Reply):
            raise LookupError("a route that streams is never plain")
        return reply

    async def _replied(self, call: Call, claim: Claim | None) -> Reply | web.StreamResponse:
        return await self.route.handler(call) if claim is None else await self._once(call, claim)

    async def _caller(self, authorization: str | None) -> Caller:
        if self._parts.draining:
            raise Problem("draining", "Le service redémarre : renvoyez la demande.", (), RETRY_DRAINING)
        caller = await self._keys.caller(authorization)
        require(caller, self.route.scopes)
        return caller

    async def _read(self, request: web.Request) -> bytes:
        if not request.body_exists:
            return b""
        if self._takes_body:
            _check_type(request, self.route.media)
        most = self.route.max_bytes
        if (request.content_length or 0) > most:
            raise too_large(most)
        raw = await arrived(request, most)
        if len(raw) > most:
            raise too_large(most)
        if self._takes_body and media_type(request.headers.get("Content-Type", "")) in _COUNTED:
            await aside(partial(bounds.check, raw), file=False) if len(raw) > _SMALL else bounds.check(raw)
        return raw

    def _query(self, request: web.Request) -> BaseModel | None:
        model = self.route.query
        given = request.query if request.query_string else {}
        for name in given:
            if model is None:
                raise _bad_parameter(name, "Cette adresse n'a pas de paramètre : retirez-le.")
            if len(request.query.getall(name)) > 1:
                raise _bad_parameter(name, "Ce paramètre est donné deux fois : gardez-en un.")
        if model is None:
            return None
        try:
            return model.model_validate(dict(given))
        except ValidationError as error:
            raise query_problem(error, model) from error

    def _body(self, raw: bytes) -> BaseModel | None:
        model = self.route.body
        if model is None or self.route.raw_body:
            return None
        return read_json(model, raw)

    def _claim(self, target: str, content_type: str, caller: Caller, key: str, raw: bytes) -> Claim:
        digest = fingerprint(self.route.method, target, content_type, raw, caller.schools)
        return Claim(caller.app, check_key(key), digest)

    async def _once(self, call: Call, claim: Claim) -> Reply | web.StreamResponse:
        found = await self._answers.begin(claim)
        if found is not None:
            return self._replayed(found)
        try:
            reply = await self.route.handler(call)
            if isinstance(reply, Reply) and not self.route.stores_claim and reply.status < 300:
                reply = Reply(octets_of(reply.body), reply.status, reply.headers)
                await self._answers.keep(claim, reply.status, octets_of(reply.body), self._parts.clock())
            return reply
        finally:
            self._answers.end(claim)

    def _replayed(self, found: Remembered) -> Reply:
        headers = {REPLAYED: "true"}
        if found.status == 202 and (made := orjson.loads(found.answer).get("id")):
            headers["Location"] = f"{self.route.path}/{made}"
        return Reply(found.answer, found.status, headers)


def read_json(model: type[B], raw: bytes) -> B:
    """A body read by its model. Raises ``malformed_json``, ``invalid_field``."""
    if b"NaN" in raw or b"Infinity" in raw:
        check_json(raw)
    bounds.check(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise body_problem(error, model) from error


def check_json(raw: bytes) -> None:
    """Raises ``malformed_json`` for what pydantic lets through: NaN and Infinity outside strings."""
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise malformed_json(str(error)) from error


def respond(reply: Reply | web.StreamResponse) -> web.StreamResponse:
    """The answer of a handler as aiohttp sends it."""
    if not isinstance(reply, Reply):
        return reply
    return respond_bytes(octets_of(reply.body), reply.status, dict(reply.headers))


def respond_bytes(body: bytes, status: int, headers: dict[str, str]) -> web.Response:
    """JSON already written."""
    headers.setdefault("Content-Type", JSON)
    return web.Response(body=body, status=status, headers=headers)


def octets_of(body: object) -> bytes:
    """The JSON document of a reply's body."""
    return body if isinstance(body, bytes) else orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)


def too_large(most: int) -> Problem:
    """The body is larger than ``most`` bytes."""
    limit = f"{most // 1024} Kio" if most < 1024 * 1024 else f"{most // (1024 * 1024)} Mio"
    return Problem("body_too_large", f"La limite est de {limit} ({most} octets) à cette adresse : envoyez moins.")


def _check_type(request: web.Request, media: tuple[str, ...]) -> None:
    given = request.headers.get("Content-Type", "")
    packed = request.headers.get("Content-Encoding", "identity") != "identity"
    if given.lower() in _JSON_TYPES and JSON in media and not packed:
        return
    kind = media_type(given)
    charset = (request.charset or "utf-8").lower() if given else "utf-8"
    wrong_charset = kind == JSON and charset not in ("utf-8", "utf8")
    if kind not in media or wrong_charset or packed:
        expected = " ou ".join(media)
        detail = f"Envoyez le corps avec « Content-Type: {expected} », en UTF-8 et sans Content-Encoding."
        raise Problem("unsupported_media_type", detail)


async def arrived(request: web.Request, most: int) -> bytes:
    """The body, as far as one byte too many. Raises ``malformed_body``."""
    if request.content.is_eof() and request.content.exception() is None:
        return request.content.read_nowait()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while len(body) <= most and (chunk := await request.content.readany()):
                body += chunk
    except TimeoutError as error:
        raise Problem("malformed_body", f"Le corps n'est pas arrivé en {BODY_SECONDS} secondes.") from error
    except (HttpProcessingError, ConnectionError) as error:
        raise Problem("malformed_body", "Le corps n'est pas arrivé entier : renvoyez la demande.") from error
    return bytes(body)


def _bad_parameter(name: str, message: str) -> Problem:
    errors = [FieldError(f"/{name}", "unknown_field", message)]
    return Problem("malformed_query", f"Paramètre /{name} : {message}", errors)
