"""One request for a page: who visits, what they ask the API for, and how a page is answered."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from gateway.caller import Caller, Claim, Scope
from gateway.parts import Parts
from gateway.periods import local
from gateway.problem import Problem
from gateway.registry import KnownSchool
from gateway.store.users import Session
from gateway.web import bounds
from gateway.web.auth import require
from gateway.web.console import templates
from gateway.web.console.notes import NOTES
from gateway.web.idempotency import Answers
from gateway.web.media import JSON
from gateway.web.problems import body_problem, query_problem
from gateway.web.resources import RESOURCES
from gateway.web.route import Call, Reply, Route

ROOT = "/console"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the console. ``menu``: its words in the menu, for those with one of ``needs``; empty: not there."""

    method: str
    path: str  # below /console
    handler: "Handler"
    needs: frozenset[Scope]
    menu: str = ""
    group: str = ""
    open: bool = False  # no session is needed
    max_bytes: int = 1024 * 1024  # of a form
    within: str = ""  # the page of the menu that it belongs to, where its address does not say it

    @property
    def belongs(self) -> str:
        """The page of the menu that it belongs to, by its path; empty: none."""
        return self.within or "/" + self.path.split("/")[1] if self.path else ""


@cache
def routes() -> Mapping[tuple[str, str], Route]:
    """The API's routes by method and path."""
    return {(route.method, route.path): route for route in RESOURCES}


@dataclass(slots=True)
class Visit:
    """A page being asked for. ``form``: the fields of a form, the last of each name; ``request`` has the rest."""

    parts: Parts
    answers: Answers
    request: web.Request
    caller: Caller
    session: Session | None
    page: Page
    menu: list[tuple[str, list[Page]]] = field(default_factory=list)
    form: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, list[Any]] = field(default_factory=dict)  # all values of each name

    # ---- who ----

    @property
    def school(self) -> KnownSchool:
        """The school being looked at. Raises ``school_required`` when there is none."""
        for uai in self.caller.schools:
            if (known := self.parts.registry.school(uai)) is not None:
                return known
        raise Problem("school_required", "Aucun de vos établissements n'est déclaré : voyez l'administrateur.")

    def schools(self) -> list[KnownSchool]:
        """All the person's schools, by name."""
        mine = self.session.user.schools if self.session else frozenset()
        return sorted((known for known in self.parts.registry.schools() if known.uai in mine), key=lambda s: s.name)

    def stamp(self) -> str:
        """What a printed page says of itself: whose figures it shows, who printed it, when."""
        schools = [f"{known.name} ({known.uai})" for known in self.schools() if known.uai in self.caller.schools]
        zone = self.school.zone if schools else self.parts.registry.home
        printed = f"imprimé le {local(self.parts.clock(), zone):%d/%m/%Y à %H:%M}"
        by = f"par {self.session.user.name}" if self.session else ""
        return " · ".join([*schools, f"{printed} {by}".rstrip()])

    def action_label(self, code: str) -> str:
        """The long label of an action; its code when it is no longer known."""
        action = self.parts.registry.action(code)
        return action.long_label if action else code

    def may(self, *scopes: Scope) -> bool:
        """Whether the person has one of these scopes."""
        return any(self.caller.may(scope) for scope in scopes)

    # ---- the API ----

    async def ask(
        self,
        method: str,
        path: str,
        *names: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        once: str | None = None,
        everywhere: bool = False,
        upload: tuple[bytes, str] | None = None,
    ) -> Any:
        """The answer of the API's route ``method path`` with ``names`` in its place-holders. Raises Problem.

        ``once``: a form's own token: the same form sent twice is done once. ``everywhere``: for all the person's
        schools, not only the one that is looked at. ``upload``: octets and their media type,
        which go instead of ``body``; that still says what the form is.
        """
        route = routes()[method, path]
        require(self.caller, route.scopes)
        call = Call(
            self.parts,
            self._caller(everywhere=everywhere),
            dict(zip(_holders(path), names, strict=True)),
            _query(route, query or {}),
            _body(route, body),
            self._claim(path, once, body),
            self.request,
            *((upload or (orjson.dumps(body), JSON)) if route.raw_body else ()),
        )
        reply = await (route.handler(call) if call.claim is None else self._once(route, call, call.claim))
        assert isinstance(reply, Reply)
        return orjson.loads(reply.body) if isinstance(reply.body, bytes) else reply.body

    async def file(
        self, path: str, *names: str, query: Mapping[str, Any] | None = None, everywhere: bool = False
    ) -> web.StreamResponse:
        """The file that the API's route ``GET path`` answers. Raises Problem."""
        route = routes()["GET", path]
        require(self.caller, route.scopes)
        holders = dict(zip(_holders(path), names, strict=True))
        caller, asked = self._caller(everywhere=everywhere), _query(route, query or {})
        answer = await route.handler(Call(self.parts, caller, holders, asked, None, None, self.request))
        assert isinstance(answer, web.StreamResponse)
        return answer

    def _caller(self, *, everywhere: bool) -> Caller:
        mine = frozenset(school.uai for school in self.schools())
        return replace(self.caller, schools=mine) if everywhere else self.caller

    def _claim(self, path: str, once: str | None, body: Any) -> Claim | None:
        if not once:
            return None
        digest = hashlib.sha256(path.encode() + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return Claim(self.caller.actor, once, digest)

    async def _once(self, route: Route, call: Call, claim: Claim) -> Reply | web.StreamResponse:
        found = await self.answers.begin(claim)
        if found is not None:
            return Reply(found.answer, found.status)
        try:
            reply = await route.handler(call)
            if isinstance(reply, Reply) and not route.stores_claim and reply.status < 300:
                body = reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body)
                await self.answers.keep(claim, reply.status, body, self.parts.clock())
            return reply
        finally:
            self.answers.end(claim)

    # ---- the answer ----

    def render(self, name: str, status: int = 200, **values: Any) -> web.Response:
        """A page from its template. Every template sees ``visit`` and what the address says was just done."""
        return web.Response(
            text=templates.render(name, visit=self, note=self._note(), root=ROOT, **values),
            status=status,
            content_type="text/html",
            charset="utf-8",
        )

    def _note(self) -> str:
        """What was just done, from ``?fait=CODE&n=…``: only sentences of ours."""
        asked = self.request.query
        number = asked.get("n", "")
        return NOTES.get(asked.get("fait", ""), "").format(n=number if number.isdigit() and len(number) < 8 else "")

    def go(self, path: str, done: str = "", number: int | None = None) -> web.Response:
        """See another page (303), which tells what was done."""
        words = [f"fait={done}"] * bool(done) + [f"n={number}"] * (number is not None)
        joint = "&" if "?" in path else "?"
        return web.Response(status=303, headers={"Location": f"{ROOT}{path}{joint if words else ''}{'&'.join(words)}"})


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


def _holders(path: str) -> list[str]:
    return [piece[1:-1] for piece in path.split("/") if piece.startswith("{")]


def _query(route: Route, given: Mapping[str, Any]) -> Any:
    if route.query is None:
        return None
    try:
        return route.query.model_validate(dict(given))
    except ValidationError as error:
        raise query_problem(error, route.query) from error


def _body(route: Route, given: Any) -> Any:
    if route.body is None or route.raw_body:
        return None
    raw = orjson.dumps(given)
    bounds.check(raw)
    try:
        return route.body.model_validate_json(raw)
    except ValidationError as error:
        raise body_problem(error, route.body) from error
