"""The journal of acts that matter: who, when, what, from where."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from gateway import french
from gateway.caller import Scope
from gateway.periods import begin, end
from gateway.requests import Short
from gateway.store import audit
from gateway.web.answers.people import Journal
from gateway.web.api import cursors
from gateway.web.api.filters import Moment, Paging
from gateway.web.api.views import stamp
from gateway.web.route import Call, Reply, Route


class JournalQuery(Paging):
    """Which acts."""

    actor: Short | None = None
    act: Annotated[str, StringConstraints(max_length=40)] | None = None
    from_: Moment | None = Field(None, alias="from")
    to: Moment | None = None


async def journal(call: Call) -> Reply:
    """``GET /v1/audit``: newest first."""
    query: JournalQuery = call.query
    home = call.parts.registry.home
    wanted = audit.Wanted(
        schools=call.caller.schools,
        who=call.caller.actor,
        everywhere=call.parts.registry.whole(call.caller.schools),
        actor=query.actor or None,
        act=query.act or None,
        since=begin(query.from_, home) if query.from_ else None,
        before=end(query.to, home) if query.to else None,
    )
    after = None
    if query.cursor is not None:
        (after,) = cursors.read(query.cursor, 1)
        if not cursors.is_place(after):
            raise cursors.invalid()
    rows = list(await call.parts.store.read(lambda conn: audit.acts(conn, wanted, after, query.limit + 1)))
    more, rows = len(rows) > query.limit, rows[: query.limit]
    page = {"next_cursor": cursors.write(rows[-1].id) if more else None, "limit": query.limit, "total": None}
    return Reply({"data": [_view(row, call) for row in rows], "page": page})


def _view(row: Any, call: Call) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": stamp(row.at, call.parts.registry.home),
        "actor": row.actor,
        "act": row.act,
        "act_label": french.act_label(row.act),
        "subject": row.subject,
        "detail": row.detail,
        "school": row.school,
        "address": row.address,
    }


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/audit", journal, frozenset({Scope.ADMIN}), "Le journal des actes : qui, quand, quoi, d'où"),
        query=JournalQuery,
        answer=Journal,
        tag="people",
        problems=("invalid_cursor", "malformed_query"),
    ),
)
