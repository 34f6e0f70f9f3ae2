"""Actions, templates and pauses of accounts that were set through the API."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model import Action, Template
from gateway.store.tables import account_pause, action, budget, person, provider_account, template

#: Of actions, of templates, of people, of budgets, of accounts: how many, and the last change.
Stamp = tuple[int, ...]


async def stamp(conn: AsyncConnection) -> Stamp:
    """A value that changes when any action, template, person or account does."""
    found: list[int] = []
    for table in (action, template, person, budget, provider_account):
        count, latest = (
            await conn.execute(select(func.count(), func.max(table.c.updated_at)).select_from(table))
        ).one()
        found += [count, latest or 0]
    return tuple(found)


async def read_all(conn: AsyncConnection) -> tuple[Stamp, Sequence[Action], Sequence[Template]]:
    """Every stored action and template, with their stamp, which is read first so that no change is missed."""
    mark = await stamp(conn)
    actions = (await conn.execute(select(action.c.data))).scalars()
    templates = (await conn.execute(select(template.c.data))).scalars()
    return (
        mark,
        [Action.model_validate_json(data) for data in actions],
        [Template.model_validate_json(data) for data in templates],
    )


async def put_action(conn: AsyncConnection, wanted: Action, now: int) -> bool:
    """Store an action; says whether it is new."""
    new = await _is_new(conn, select(action.c.code).where(action.c.code == wanted.code))
    latest = (await conn.execute(select(func.max(action.c.updated_at)))).scalar()
    # Strictly growing, so that two changes in one millisecond do not share a stamp.
    row = {"code": wanted.code, "data": wanted.model_dump_json(), "updated_at": max(now, (latest or 0) + 1)}
    await conn.execute(insert(action).values(row).on_conflict_do_update(index_elements=["code"], set_=row))
    return new


async def delete_action(conn: AsyncConnection, code: str) -> bool:
    """Forget a stored action; says whether there was one."""
    return (await conn.execute(delete(action).where(action.c.code == code))).rowcount > 0


async def put_template(conn: AsyncConnection, wanted: Template, now: int) -> bool:
    """Store a template, as a new version of it; says whether it is new."""
    new = await _is_new(conn, select(template.c.code).where(template.c.code == wanted.code))
    latest = (await conn.execute(select(func.max(template.c.updated_at)))).scalar()
    row = {"data": wanted.model_dump_json(), "updated_at": max(now, (latest or 0) + 1)}
    await conn.execute(
        insert(template)
        .values(code=wanted.code, version=1, **row)
        .on_conflict_do_update(index_elements=["code"], set_={**row, "version": template.c.version + 1})
    )
    return new


async def delete_template(conn: AsyncConnection, code: str) -> bool:
    """Forget a stored template; says whether there was one."""
    return (await conn.execute(delete(template).where(template.c.code == code))).rowcount > 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when an account is paused (milliseconds), by whom and why."""

    at: int
    actor: str
    reason: str


async def pauses(conn: AsyncConnection) -> dict[str, Pause]:
    """The paused accounts."""
    rows = (await conn.execute(select(account_pause))).all()
    return {row.account: Pause(row.at, row.actor, row.reason) for row in rows}


async def pause(conn: AsyncConnection, name: str, actor: str, reason: str, now: int) -> None:
    """Pause an account until ``resume``, over restarts; the first reason is kept when it is paused already."""
    row = {"account": name, "at": now, "actor": actor, "reason": reason}
    await conn.execute(insert(account_pause).values(row).on_conflict_do_nothing())


async def resume(conn: AsyncConnection, name: str) -> None:
    """End an account's pause, if any."""
    await conn.execute(delete(account_pause).where(account_pause.c.account == name))


async def _is_new(conn: AsyncConnection, question: Select[tuple[str]]) -> bool:
    return (await conn.execute(question)).first() is None
