"""Who accepts messages: consents given or refused, opt-outs, and the history of both, for ever.

Rules: each school has its own list; numbers are E.164. A consent is yes, no or unknown (no row). An opt-out is
the person's own word, against one sender (a STOP) or against all: an import may add one, only a single explicit wish
lifts it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, Text, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import sealed
from gateway.store.bulk import fetch, insert_rows, select_in
from gateway.store.direct import Conn
from gateway.store.sealed import in_list, stands_for
from gateway.store.tables import consent, consent_history, opt_out

#: What a wish may say of a consent: yes, no, unknown again; None leaves it as it is.
ConsentWish = Literal["yes", "no", "unknown"] | None


#: The source of an opt-out that a telephone wrote.
MO_STOP = "mo_stop"


@dataclass(frozen=True, slots=True)
class Wish:
    """A change asked for one number. None leaves as it is.

    ``sender``: whose messages are no longer wanted; empty: anybody's. An opt-in lifts that one, or all.
    """

    number: str
    consent: ConsentWish = None
    opted_out: bool | None = None
    source: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class OptOut:
    """A number's opt-out from the messages of ``sender``, of all when that is empty. ``at``: milliseconds."""

    number: str
    sender: str
    source: str
    at: int


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a number at a school. Instants are milliseconds since 1970."""

    number: str
    consent: bool | None = None
    consent_source: str | None = None
    consent_at: int | None = None
    opt_outs: tuple[OptOut, ...] = ()  # the widest first, then the latest


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history: ``consent``, ``refusal``, ``forgotten``, ``opt_out`` or ``opt_in``."""

    change: str
    source: str
    at: int
    actor: str


async def verdicts(
    conn: Conn, school: str, sender: str, numbers: Sequence[str]
) -> Mapping[str, tuple[bool | None, bool]]:
    """For each number: its consent (None: unknown), and whether it opted out from ``sender``. One statement."""
    found: dict[str, tuple[bool | None, bool]] = dict.fromkeys(numbers, (None, False))
    listed = sealed.listed(conn, found)
    rows = await fetch(conn, sealed.by_list(conn, _VERDICTS), (school, listed, school, listed, sender_key(sender)))
    for number, answer in rows:
        known, out = found[number]
        found[number] = (known, True) if answer is None else (bool(answer), out)
    return found


def sender_key(sender: str) -> str:
    """A sender as opt-outs name it: whatever the case in which a message writes it."""
    return sender.upper()


def _listed(table: Table) -> ColumnElement[bool]:
    """Whether a row is of the bound ``school`` and one of the bound ``numbers`` (as ``sealed.listed`` writes them)."""
    return (table.c.school == bindparam("school")) & in_list(table.c.number, bindparam("numbers", type_=Text))


#: An opt-out answers NULL, a consent 0 or 1.
_VERDICTS = """SELECT number, consent FROM consent
  WHERE school = ? AND number IN (SELECT value FROM json_each(?))
  UNION ALL SELECT number, NULL FROM opt_out
  WHERE school = ? AND number IN (SELECT value FROM json_each(?)) AND sender IN ('', ?)"""


async def people(conn: AsyncConnection, school: str, numbers: Sequence[str]) -> Mapping[str, Person]:
    """What is known of each number."""
    wanted = {"school": school, "numbers": sealed.listed(conn, numbers)}
    consents = {row.number: row for row in await conn.execute(select(consent).where(_listed(consent)), wanted)}
    outs: dict[str, list[OptOut]] = defaultdict(list)
    for row in await conn.execute(_OPT_OUTS.where(_listed(opt_out)), wanted):
        outs[row.number].append(OptOut(*row))
    return {number: _person(number, consents.get(number), outs[number]) for number in numbers}


_OPT_OUTS = select(opt_out.c.number, opt_out.c.sender, opt_out.c.source, opt_out.c.at)


def _person(number: str, given: Any, outs: Sequence[OptOut]) -> Person:
    return Person(
        number=number,
        consent=given.consent if given else None,
        consent_source=given.source if given else None,
        consent_at=given.at if given else None,
        opt_outs=_ordered(outs),
    )


def _ordered(outs: Iterable[OptOut]) -> tuple[OptOut, ...]:
    return tuple(sorted(outs, key=lambda one: (one.sender != "", -one.at, one.sender)))


async def history(conn: AsyncConnection, school: str, number: str) -> Sequence[Change]:
    """Every change of a number, oldest first."""
    table = consent_history.c
    question = select(table.change, table.source, table.at, table.actor).where(
        table.school == school, stands_for(table.number, number)
    )
    return [Change(*row) for row in (await conn.execute(question.order_by(table.id))).all()]


@dataclass(frozen=True, slots=True)
class OptOutsAfter:
    """Where a page of opt-outs begins: an instant, and how many of that instant were shown. It names nobody."""

    at: int = 0
    seen: int = 0


async def opt_outs(conn: AsyncConnection, school: str, after: OptOutsAfter, limit: int) -> Sequence[OptOut]:
    """The opt-outs of a school, oldest first; those of one instant, as an import makes them, by number."""
    wanted = _OPT_OUTS.where(opt_out.c.school == school, opt_out.c.at >= after.at)
    ordered = wanted.order_by(opt_out.c.at, opt_out.c.number, opt_out.c.sender)
    return [OptOut(*row) for row in (await conn.execute(ordered.limit(limit).offset(after.seen))).all()]


async def count_opt_outs(conn: AsyncConnection, school: str) -> int:
    """How many opt-outs there are from this school's messages."""
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
        await insert_rows(conn, consent_history, ("school", "number", "change", "source", "at", "actor"), lines)
        people_changed = [(before[number], person) for number, person in known.items()]
        await _keep_consents(conn, school, actor, people_changed)
        await _keep_opt_outs(conn, school, actor, people_changed)
    return changed


def judge(person: Person, wish: Wish, now: int) -> tuple[Person, Sequence[str]]:
    """What a person becomes by a wish, and the words of the changes for the history. Pure."""
    changes: list[str] = []
    wanted = _CONSENT.get(wish.consent or "", person.consent)
    if wanted != person.consent:
        person = replace(person, consent=wanted, consent_source=wish.source, consent_at=now)
        changes.append(_CONSENT_WORD[wanted])
    outs = _judge_opt_outs(person, wish, now)
    if outs != person.opt_outs:
        person = replace(person, opt_outs=outs)
        changes.append("opt_out" if wish.opted_out else "opt_in")
    return person, changes


def _judge_opt_outs(person: Person, wish: Wish, now: int) -> tuple[OptOut, ...]:
    """With the one that is wished, if it is new; or without the one that is lifted, or all."""
    sender = sender_key(wish.sender)
    if wish.opted_out is None:
        return person.opt_outs
    if not wish.opted_out:
        return tuple(one for one in person.opt_outs if sender not in ("", one.sender))
    if any(one.sender == sender for one in person.opt_outs):
        return person.opt_outs
    return _ordered((*person.opt_outs, OptOut(person.number, sender, wish.source, now)))


_CONSENT: Mapping[str, bool | None] = {"yes": True, "no": False, "unknown": None}
_CONSENT_WORD = {True: "consent", False: "refusal", None: "forgotten"}


Changed = Sequence[tuple[Person, Person]]  # before and after


async def _keep_consents(conn: AsyncConnection, school: str, actor: str, people: Changed) -> None:
    """A row where there is something to say, none where not."""
    changed = [after for before, after in people if after.consent != before.consent]
    given = [
        (school, person.number, person.consent, person.consent_source, person.consent_at, actor)
        for person in changed
        if person.consent is not None
    ]
    numbers = sealed.listed(conn, (person.number for person in changed))
    await conn.execute(delete(consent).where(_listed(consent)), {"school": school, "numbers": numbers})
    await insert_rows(conn, consent, ("school", "number", "consent", "source", "at", "actor"), given)


async def _keep_opt_outs(conn: AsyncConnection, school: str, actor: str, people: Changed) -> None:
    """Those that stay keep who noted them."""
    said = []
    for before, after in people:
        for one in set(before.opt_outs) - set(after.opt_outs):
            sql = "DELETE FROM opt_out WHERE school = ? AND sender = ? AND number IN (#)"
            await select_in(conn, sql, sealed.forms(conn, [one.number]), school, one.sender)
        new = set(after.opt_outs) - set(before.opt_outs)
        said += [(school, one.number, one.sender, one.source, one.at, actor) for one in new]
    await insert_rows(conn, opt_out, ("school", "number", "sender", "source", "at", "actor"), said)
