"""What a resource says of itself: routes that the server mounts and that the OpenAPI document is made from.

A handler gets a ``Call`` (who asks, the validated body and query, the gateway's parts) and answers a ``Reply``
or a response of aiohttp. It raises ``Problem``; it never catches one.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from gateway.caller import Caller, Claim, Scope
from gateway.parts import Parts
from gateway.store.audit import Entry


@dataclass(slots=True)
class Call:
    """One request, authenticated and validated."""

    parts: Parts
    caller: Caller
    path: Mapping[str, str]
    query: Any  # an instance of the route's ``query`` model, or None
    body: Any  # an instance of the route's ``body`` model, or None
    claim: Claim | None
    asked: web.Request | None  # None: a plain request, which a relay has read
    raw: bytes = b""  # the body as it came, for routes with ``raw_body``
    media: str = ""  # what it is, when the request itself does not say it
    address: str = ""  # whence it came, when the request itself does not say it

    @property
    def request(self) -> web.Request:
        """The request, for routes that stream. Raises LookupError where there is none, as for ``POST /v1/messages``."""
        if self.asked is None:
            raise LookupError("a relay read this request")
        return self.asked

    @property
    def content_type(self) -> str:
        """The type of ``raw``."""
        return self.media or self.request.headers.get("Content-Type", "")

    def act(self, act: str, subject: str = "", detail: str = "", school: str | None = None) -> Entry:
        """An entry of the journal about this request."""
        address = self.address if self.asked is None else self.asked.remote or ""
        return Entry(self.parts.clock(), self.caller.actor, act, subject, detail, school, address)


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON answer. ``body`` is anything JSON can say, or the bytes of a JSON document already written."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[Reply | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. Any of ``scopes`` opens it; none: no key is needed."""

    method: str
    path: str  # aiohttp's form: /v1/messages/{id}
    handler: Handler
    scopes: frozenset[Scope]
    summary: str  # French, one line, for /docs
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None  # model of the answer, for the reference
    status: int = 200
    also: tuple[int, ...] = ()  # other statuses of the same answer
    tag: str = ""
    raw_body: bool = False  # the handler parses ``call.raw`` itself (uploads)
    file: str = "recipients"  # the field of a form that is a file; the other one is ``request``
    media: tuple[str, ...] = ("application/json",)  # accepted types of the body; others are 415
    stores_claim: bool = False  # the handler itself stores the idempotency answer, in its transaction
    max_bytes: int = 262_144
    problems: tuple[str, ...] = ()  # codes of the catalogue worth naming in the reference
