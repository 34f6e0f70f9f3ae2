"""The journal: every act that matters, with who, when, what and from where. Append-only; never a number or a text."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Row, Select, and_, insert, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import audit

T = TypeVar("T")

#: Acts on what all schools share: whoever sees a journal sees these, though they are of no school.
SHARED = frozenset(
    {
        *("account_put", "account_deleted", "account_paused", "account_resumed", "invoice_columns"),
        *("action_put", "action_deleted", "template_put", "template_deleted", "purged"),
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. ``act`` is one of ``french.ACTS``; ``school`` None: it is of no school, or of several."""

    at: int
    actor: str
    act: str
    subject: str = ""
    detail: str = ""
    school: str | None = None
    address: str = ""


async def note(conn: AsyncConnection, entry: Entry) -> None:
    """Write an act down."""
    row = {"at": entry.at, "actor": entry.actor, "school": entry.school, "act": entry.act}
    await conn.execute(
        insert(audit).values({**row, "subject": entry.subject, "detail": entry.detail, "address": entry.address})
    )


def noted(
    verb: Callable[[AsyncConnection], Awaitable[T]], *entries: Entry
) -> Callable[[AsyncConnection], Awaitable[T]]:
    """A verb that writes its acts down in its own transaction: neither is kept without the other."""

    async def both(conn: AsyncConnection) -> T:
        result = await verb(conn)
        for entry in entries:
            await note(conn, entry)
        return result

    return both


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which acts: of these schools, on what all share, and one's own; each filter may be left open."""

    schools: Collection[str]
    who: str  # asks
    everywhere: bool  # who asks has every school: what is of several, or of nobody knows which, is theirs too
    actor: str | None = None
    act: str | None = None
    since: int | None = None
    before: int | None = None


async def acts(conn: AsyncConnection, wanted: Wanted, older_than: int | None, limit: int) -> Sequence[Row[Any]]:
    """The journal, newest first, from the entry before ``older_than`` on."""
    shared = true() if wanted.everywhere else or_(audit.c.act.in_(SHARED), audit.c.actor == wanted.who)
    mine = or_(audit.c.school.in_(wanted.schools), and_(audit.c.school.is_(None), shared))
    question: Select[Any] = select(audit).where(mine)
    if older_than is not None:
        question = question.where(audit.c.id < older_than)
    if wanted.actor is not None:
        question = question.where(audit.c.actor.endswith(wanted.actor, autoescape=True))
    if wanted.act is not None:
        question = question.where(audit.c.act == wanted.act)
    if wanted.since is not None:
        question = question.where(audit.c.at >= wanted.since)
    if wanted.before is not None:
        question = question.where(audit.c.at < wanted.before)
    rows: Sequence[Row[Any]] = (await conn.execute(question.order_by(audit.c.id.desc()).limit(limit))).all()
    return rows
