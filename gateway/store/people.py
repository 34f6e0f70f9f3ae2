"""Who accepts messages: consents given or refused, opt-outs, and the history of both, for ever.

Rules: each school has its own list; numbers are E.164. A consent is yes, no or unknown (no row). An opt-out is
the person's own word: an import may add one, only a single explicit wish lifts it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.bulk import fetch, insert_rows
from gateway.store.direct import Conn
from gateway.store.tables import consent, consent_history, opt_out

#: What a wish may say of a consent: yes, no, unknown again; None leaves it as it is.
ConsentWish = Literal["yes", "no", "unknown"] | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A change asked for one number. None leaves as it is."""

    number: str
    consent: ConsentWish = None
    opted_out: bool | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a number at a school. Instants are milliseconds since 1970."""

    number: str
    consent: bool | None = None
    consent_source: str | None = None
    consent_at: int | None = None
    opted_out: bool = False
    opt_out_source: str | None = None
    opt_out_at: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history: ``consent``, ``refusal``, ``forgotten``, ``opt_out`` or ``opt_in``."""

    change: str
    source: str
    at: int
    actor: str


async def verdicts(conn: Conn, school: str, numbers: Sequence[str]) -> Mapping[str, tuple[bool | None, bool]]:
    """For each number: its consent (None: unknown) and whether it opted out. One statement, however many."""
    found: dict[str, tuple[bool | None, bool]] = dict.fromkeys(numbers, (None, False))
    listed = json.dumps(list(found))
    rows = await fetch(conn, _VERDICTS, (school, listed, school, listed))
    for number, answer in rows:
        known, out = found[number]
        found[number] = (known, True) if answer is None else (bool(answer), out)
    return found


def _listed(table: Table) -> ColumnElement[bool]:
    """Whether a row is of the bound ``school`` and one of the bound ``numbers`` (a JSON list)."""
    numbers = func.json_each(bindparam("numbers")).table_valued("value")
    return (table.c.school == bindparam("school")) & table.c.number.in_(select(numbers.c.value))


#: An opt-out answers NULL, a consent 0 or 1.
_VERDICTS = """SELECT number, consent FROM consent
  WHERE school = ? AND number IN (SELECT value FROM json_each(?))
  UNION ALL SELECT number, NULL FROM opt_out WHERE school = ? AND number IN (SELECT value FROM json_each(?))"""


async def people(conn: AsyncConnection, school: str, numbers: Sequence[str]) -> Mapping[str, Person]:
    """What is known of each number."""
    wanted = {"school": school, "numbers": json.dumps(list(numbers))}
    consents = {row.number: row for row in await conn.execute(select(consent).where(_listed(consent)), wanted)}
    outs = {row.number: row for row in await conn.execute(select(opt_out).where(_listed(opt_out)), wanted)}
    return {number: _person(number, consents.get(number), outs.get(number)) for number in numbers}


def _person(number: str, given: Any, out: Any) -> Person:
    return Person(
        number=number,
        consent=given.consent if given else None,
        consent_source=given.source if given else None,
        consent_at=given.at if given else None,
        opted_out=out is not None,
        opt_out_source=out.source if out else None,
        opt_out_at=out.at if out else None,
    )


async def history(conn: AsyncConnection, school: str, number: str) -> Sequence[Change]:
    """Every change of a number, oldest first."""
    table = consent_history.c
    question = select(table.change, table.source, table.at, table.actor).where(
        table.school == school, table.number == number
    )
    return [Change(*row) for row in (await conn.execute(question.order_by(table.id))).all()]


@dataclass(frozen=True, slots=True)
class OptOutsAfter:
    """Where a page of opt-outs begins: an instant, and how many of that instant were shown. It names nobody."""

    at: int = 0
    seen: int = 0


async def opt_outs(conn: AsyncConnection, school: str, after: OptOutsAfter, limit: int) -> Sequence[Person]:
    """The numbers that opted out, oldest first; those of one instant, as an import makes them, by number."""
    wanted = select(opt_out).where(opt_out.c.school == school, opt_out.c.at >= after.at)
    rows = await conn.execute(wanted.order_by(opt_out.c.at, opt_out.c.number).limit(limit).offset(after.seen))
    return [_person(row.number, None, row) for row in rows.all()]


async def count_opt_outs(conn: AsyncConnection, school: str) -> int:
    """How many numbers opted out of this school's messages."""
    question = select(func.count()).select_from(opt_out).where(opt_out.c.school == school)
    return (await conn.execute(question)).scalar_one()


async def apply(conn: AsyncConnection, school: str, wishes: Sequence[Wish], actor: str, now: int) -> Sequence[bool]:
    """Do what is wished, in order; says of each wish whether it changed anything. Changes go to the history."""
    known = dict(await people(conn, school, list({wish.number for wish in wishes})))
    before = dict(known)
    lines: list[tuple[object, ...]] = []
    changed: list[bool] = []
    for wish in wishes:
        known[wish.number], changes = judge(known[wish.number], wish, now)
        lines += [(school, wish.number, change, wish.source, now, actor) for change in changes]
        changed.append(bool(changes))
    if lines:
        await insert_rows(conn, consent_history, _HISTORY, lines)
        await _keep(conn, school, actor, [(before[number], person) for number, person in known.items()])
    return changed


def judge(person: Person, wish: Wish, now: int) -> tuple[Person, Sequence[str]]:
    """What a person becomes by a wish, and the words of the changes for the history. Pure."""
    changes: list[str] = []
    given, given_source, given_at = person.consent, person.consent_source, person.consent_at
    out, out_source, out_at = person.opted_out, person.opt_out_source, person.opt_out_at
    wanted = _CONSENT.get(wish.consent or "", given)
    if wanted != given:
        given, given_source, given_at = wanted, wish.source, now
        changes.append(_CONSENT_WORD[wanted])
    if wish.opted_out is not None and wish.opted_out != out:
        out, out_source, out_at = wish.opted_out, wish.source, now
        changes.append("opt_out" if out else "opt_in")
    return Person(person.number, given, given_source, given_at, out, out_source, out_at), changes


_CONSENT: Mapping[str, bool | None] = {"yes": True, "no": False, "unknown": None}
_CONSENT_WORD = {True: "consent", False: "refusal", None: "forgotten"}


async def _keep(conn: AsyncConnection, school: str, actor: str, people: Sequence[tuple[Person, Person]]) -> None:
    """Write what became of each (before, after): a row where there is something to say, none where not."""
    consents = [after for before, after in people if after.consent != before.consent]
    given = [
        (school, person.number, person.consent, person.consent_source, person.consent_at, actor)
        for person in consents
        if person.consent is not None
    ]
    await _rewrite(conn, consent, _CONSENT_ROW, school, consents, given)
    outs = [after for before, after in people if after.opted_out != before.opted_out]
    said = [
        (school, person.number, person.opt_out_source, person.opt_out_at, actor) for person in outs if person.opted_out
    ]
    await _rewrite(conn, opt_out, _OPT_OUT_ROW, school, outs, said)


async def _rewrite(
    conn: AsyncConnection,
    table: Table,
    columns: tuple[str, ...],
    school: str,
    people: Sequence[Person],
    rows: Sequence[Sequence[Any]],
) -> None:
    if people:
        numbers = json.dumps([person.number for person in people])
        await conn.execute(delete(table).where(_listed(table)), {"school": school, "numbers": numbers})
    await insert_rows(conn, table, columns, rows)


_HISTORY = ("school", "number", "change", "source", "at", "actor")
_CONSENT_ROW = ("school", "number", "consent", "source", "at", "actor")
_OPT_OUT_ROW = ("school", "number", "source", "at", "actor")
