"""What comes in by a door becomes messages as any other: the same rules, durable before it is answered.

Rules: pieces of one text are kept, each durable before its answer, until the last of them is there; then all of
them become one message in one transaction. A piece that comes twice is one piece. What the whole text is refused
for, the last piece is told in its answer and the others in their reports.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import orjson
from pydantic import ValidationError

from gateway.asking import take_back
from gateway.caller import Caller, Claim
from gateway.door import Content, Declined, DoorLogin, Piece, Reply, Standing, Submission, Taken, decode
from gateway.parts import Parts
from gateway.problem import Problem, field_problem
from gateway.requests import MessageIn
from gateway.states import Status
from gateway.store import door as store
from gateway.store import idempotency, moves
from gateway.store.database import StoreUnavailable
from gateway.store.door import Entry, Gone, PieceText, StoredPiece
from gateway.store.door_outbox import end_pieces
from gateway.store.idempotency import KeyTaken

if TYPE_CHECKING:
    from gateway.config import App, Settings

log = logging.getLogger(__name__)

#: As the audit names the key of what came by a door.
_KEY = "door"


class Reception:
    """The gateway as a door of one kind sees it. ``changed`` hints that there may be something to deliver."""

    def __init__(self, parts: Parts, kind: str, changed: Callable[[], None]) -> None:
        self._parts = parts
        self._kind = kind
        self.changed = changed
        self._known: tuple[Settings | None, Mapping[str, App]] = (None, {})
        self._bundles: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    # ---- who ----

    def guests(self) -> Mapping[str, DoorLogin]:
        """The logins of this kind, by application, as the configuration in force has them."""
        return {name: getattr(app, self._kind) for name, app in self._apps().items()}

    def of_school(self) -> Mapping[str, str]:
        """Who gets what is written to a school without answering a message: its application, where it has but one."""
        found: dict[str, list[str]] = {}
        for name, app in self._apps().items():
            for school in app.schools:
                found.setdefault(school, []).append(name)
        return {school: names[0] for school, names in found.items() if len(names) == 1}

    def _apps(self) -> Mapping[str, "App"]:
        settings = self._parts.settings
        if self._known[0] is not settings:
            self._known = settings, {app.name: app for app in settings.apps if getattr(app, self._kind) is not None}
        return self._known[1]

    def _caller(self, app: str) -> Caller:
        found = self._apps().get(app)
        if found is None:
            raise Problem("unauthorized", "Cette application n'entre plus par cette porte.")
        return Caller(app, _KEY, frozenset(found.schools), frozenset(found.scopes))

    def turned_away(self, why: str, app: str) -> None:
        """Count and log that somebody was not let in."""
        self._parts.metrics.door_refusals.labels(app or "unknown", why).inc()
        log.warning("not let in by a door", extra={"kind": self._kind, "app": app, "why": why})

    def came(self, app: str) -> None:
        """Log that somebody was let in."""
        log.info("let in by a door", extra={"kind": self._kind, "app": app})

    def left(self, app: str, why: str) -> None:
        """Log that a visit is over."""
        log.info("left a door", extra={"kind": self._kind, "app": app, "why": why})

    def answered(self, app: str, status: str) -> None:
        """Count an answer."""
        self._parts.metrics.door_submits.labels(app, status).inc()

    # ---- in ----

    async def submit(self, submission: Submission) -> Reply:
        """Accept; answered after the commit."""
        try:
            if self._parts.draining:
                return Declined("draining")
            return Taken(await self._submit(submission, self._caller(submission.app)))
        except Problem as problem:
            return Declined(problem.code, problem.errors[0].pointer if problem.errors else "")
        except StoreUnavailable:
            return Declined("store_unavailable")
        except KeyTaken:
            return Declined("idempotency_in_progress")
        except Exception:
            log.exception("a submission failed", extra={"app": submission.app})
            return Declined("internal_error")

    async def _submit(self, submission: Submission, caller: Caller) -> str:
        if submission.piece is not None:
            return await self._piece(submission, submission.piece, caller)
        claim = _claim(submission)
        if claim is not None and (known := await self._answered_before(claim)) is not None:
            return known
        body = _body(_form(submission), _decoded([submission.content]))
        entry = _entry(submission, self._parts.clock())
        await self._parts.intake.message(body, caller, claim, entry)
        return entry.public

    async def _answered_before(self, claim: Claim) -> str | None:
        found = await self._parts.store.read(partial(idempotency.find, app=claim.app, key=claim.key))
        if found is None:
            return None
        if found.body_sha256 != claim.body_sha256:
            raise Problem("idempotency_key_reused", "La première demande était autre.")
        public = str(orjson.loads(found.answer)["id"])
        ulid = public.removeprefix("msg_")
        return await self._parts.store.read(partial(store.public_of, app=claim.app, ulid=ulid)) or public

    # ---- pieces ----

    async def _piece(self, submission: Submission, piece: Piece, caller: Caller) -> str:
        async with self._bundle(submission.app, piece.bundle):
            while True:
                try:
                    return await self._place(submission, piece, caller)
                except Gone:  # another process made a message of them meanwhile
                    continue

    def _bundle(self, app: str, bundle: str) -> asyncio.Lock:
        return self._bundles.setdefault((app, bundle), asyncio.Lock())

    async def _place(self, submission: Submission, piece: Piece, caller: Caller) -> str:
        """Put a piece beside its siblings; the last one makes the message."""
        waiting = await self._parts.store.read(partial(store.pieces, app=submission.app, bundle=piece.bundle))
        if (same := next((one for one in waiting if one.text.piece == piece.number), None)) is not None:
            if (same.text.octets, same.text.charset) == (submission.content.octets, submission.content.charset):
                return same.public
            await self._end(waiting, Status.EXPIRED, "pieces_missing")  # their reference is used anew
            waiting = []
        now = self._parts.clock()
        entry = replace(
            _entry(submission, now),
            ulid=waiting[0].ulid if waiting else "",
            place=f"_{piece.number}",
            text=_kept(submission, piece),
        )
        if len(waiting) + 1 < piece.of:
            self._parts.intake.vet(_body(_form(submission), "?"), caller)
            return await self._parts.store.join(store.keep, entry)
        return await self._whole(waiting, entry, caller)

    async def _whole(self, siblings: Sequence[StoredPiece], last: Entry, caller: Caller) -> str:
        """Make the message of pieces that are all there; ``last`` is not stored yet."""
        assert last.text is not None
        entry = replace(last, siblings=tuple(one.id for one in siblings), text=None)
        try:
            await self._parts.intake.message(_merged([*(one.text for one in siblings), last.text]), caller, None, entry)
        except Problem as problem:
            await self._end(siblings, Status.REJECTED, problem.code)
            raise
        return entry.public

    async def _end(self, pieces: Sequence[StoredPiece], status: Status, reason: str) -> None:
        ids, now = [one.id for one in pieces], self._parts.clock()
        ended = await self._parts.store.write(partial(end_pieces, ids=ids, status=status, reason=reason, now=now))
        if ended:
            log.warning("pieces of a text ended", extra={"app": pieces[0].app, "pieces": ended, "why": reason})
            self._parts.metrics.door_pieces.labels(pieces[0].app, reason).inc(ended)
            self.changed()

    async def sweep(self) -> None:
        """End the pieces whose siblings never came. Raises StoreUnavailable.

        Two processes that took the last two pieces at once left all of them waiting: these become their message here.
        """
        bundles: dict[tuple[str, str], list[StoredPiece]] = {}
        for one in await self._parts.store.read(store.waiting_pieces):
            bundles.setdefault((one.app, one.text.bundle), []).append(one)
        for (app, bundle), pieces in bundles.items():
            late = pieces[0].created_at + self._patience(app) <= self._parts.clock()
            if late or len(pieces) == pieces[0].text.pieces:
                async with self._bundle(app, bundle):
                    await self._sweep(app, pieces)

    async def _sweep(self, app: str, pieces: Sequence[StoredPiece]) -> None:
        if len(pieces) < pieces[0].text.pieces:
            await self._end(pieces, Status.EXPIRED, "pieces_missing")
            return
        ids = tuple(one.id for one in pieces)
        entry = Entry(app, self._parts.clock(), 0, "", ulid=pieces[0].ulid, siblings=ids, alone=False)
        with suppress(Gone):
            try:
                body = _merged([one.text for one in pieces])
                await self._parts.intake.message(body, self._caller(app), None, entry)
            except Problem as problem:
                await self._end(pieces, Status.REJECTED, problem.code)

    def _patience(self, app: str) -> int:
        """Milliseconds that a piece waits for its siblings; those of an application that is gone end at once."""
        guest = self.guests().get(app)
        return int(guest.pieces_timeout.total_seconds() * 1000) if guest is not None else 0

    # ---- afterwards ----

    async def standing(self, app: str, id: str) -> Standing | None:
        """How a submission stands; pieces of a text that is not whole are queued."""
        found = await self._parts.store.read(partial(store.find, app=app, public=id))
        if found is None:
            return None
        if found.status is not None:
            status, at = Status(found.status), found.status_at or found.created_at
            return Standing(id, status, found.reason, at, found.echo)
        status = Status.EXPIRED if found.ended_at is not None else Status.QUEUED
        return Standing(id, status, "pieces_missing" if found.ended_at else "", found.ended_at or 0, found.echo)

    async def cancel(self, app: str, id: str) -> bool | None:
        """End it before anything of it leaves, or have its provider take it back; done before is done too."""
        parts = self._parts
        found = await parts.store.read(partial(store.find, app=app, public=id))
        if found is None:
            return None
        now, actor = parts.clock(), f"{app}/{_KEY}"
        if found.message is None:
            ended = partial(end_pieces, ids=[found.id], status=Status.CANCELLED, reason="cancelled", now=now)
            return bool(await parts.store.write(ended))
        message = found.message
        done = await parts.store.write(lambda conn: moves.cancel(conn, [message], now, actor, parts.rules))
        done = await take_back(parts, done, actor)
        self.changed()
        return done[0].done or done[0].status is Status.CANCELLED


def _entry(submission: Submission, now: int) -> Entry:
    return Entry(submission.app, now, int(submission.wants), submission.echo, submission.short_id)


def _form(submission: Submission) -> dict[str, object]:
    """What a message says besides its text, as JSON can hold it."""
    return {
        "to": submission.to,
        "action": submission.action,
        "school": submission.school,
        "sender": submission.sender,
        "priority": submission.priority.value,
        "transliterate": submission.transliterate,
        "flash": submission.flash,
        "send_at": submission.send_at.isoformat() if submission.send_at else None,
        "valid_until": submission.valid_until.isoformat() if submission.valid_until else None,
        "reference": submission.reference,
    }


def _body(form: Mapping[str, object], text: str) -> MessageIn:
    """The body of a message whose text is meant as it stands: a ``#`` is itself."""
    if not text:
        raise field_problem("empty_text", "/text", "Le texte est vide.")
    try:
        return MessageIn.model_validate({**form, "text": text.replace("#", "##")})
    except ValidationError as error:
        place = error.errors(include_url=False)[0]["loc"]
        raise field_problem("invalid_field", f"/{place[0]}" if place else "", "Champ incorrect.") from error


def _decoded(contents: Sequence[Content]) -> str:
    try:
        return decode(contents)
    except ValueError as error:
        raise field_problem("text_not_ucs2", "/text", "Le texte n'est pas dans l'alphabet annoncé.") from error


def _kept(submission: Submission, piece: Piece) -> PieceText:
    content, form = submission.content, orjson.dumps(_form(submission)).decode()
    return PieceText(piece.bundle, piece.number, piece.of, content.octets, content.charset, form)


def _merged(texts: Sequence[PieceText]) -> MessageIn:
    """The message of all pieces: in their order, with what the first one says besides."""
    ordered = sorted(texts, key=lambda one: one.piece)
    text = _decoded([Content(one.octets, one.charset) for one in ordered])
    return _body(orjson.loads(ordered[0].form), text)


def _claim(submission: Submission) -> Claim | None:
    """The key that it brings, with what says whether it is the same submission."""
    if submission.key is None:
        return None
    words = [submission.to, submission.content.charset, submission.action, submission.school, submission.sender]
    digest = sha256(orjson.dumps(words) + submission.content.octets)
    return Claim(submission.app, submission.key, digest.hexdigest())
