"""Receipts that nobody knows, for people to look at: a page of them, and the parts that each might be of."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import numbers
from gateway.matching import Found
from gateway.objections import Why, why_not
from gateway.states import Status
from gateway.store.bulk import select_in
from gateway.store.desk import Desk, Rules
from gateway.store.doubt import apply
from gateway.store.parked import Parked, with_keys
from gateway.store.receipts import adopt, unpark
from gateway.store.reports import AnyRow
from gateway.store.sealed import forms
from gateway.store.tables import receipt

#: Parts shown with a receipt.
NEAREST = 3

#: Messages to a receipt's number that are looked at, the latest before it came.
_LATEST = 5

_COLUMNS = """p.id, p.account, p.provider_key, p.provider_id, p.state, p.claimed_at,
  m.ulid, m.school, m.user, m.number"""
_BY_KEY = f"""SELECT {_COLUMNS} FROM part AS p JOIN message AS m ON m.id = p.message
  WHERE p.account = ? AND p.provider_key IN (#)"""
_BY_NUMBER = f"""SELECT {_COLUMNS} FROM (SELECT * FROM message WHERE created_at <= ? AND number IN (#)
  ORDER BY id DESC LIMIT {_LATEST}) AS m JOIN part AS p ON p.message = m.id WHERE p.claimed_at IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of them: of an account, received from ``since`` on, before ``before`` (milliseconds)."""

    account: str | None = None
    since: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A part that a receipt might be of, and what speaks against it."""

    part: int
    account: str
    provider_id: str | None
    state: Status
    claimed_at: int | None
    ulid: str  # of its message
    school: str
    user: str | None
    number: str
    why: Why


def _condition(wanted: Wanted) -> ColumnElement[bool]:
    terms: list[ColumnElement[bool]] = [receipt.c.part.is_(None)]
    if wanted.account is not None:
        terms.append(receipt.c.account == wanted.account)
    if wanted.since is not None:
        terms.append(receipt.c.received_at >= wanted.since)
    if wanted.before is not None:
        terms.append(receipt.c.received_at < wanted.before)
    return and_(*terms)


async def page(conn: AsyncConnection, wanted: Wanted, after: int | None, limit: int) -> Sequence[AnyRow]:
    """The unmatched receipts, newest first, that come after the one with this id."""
    question = select(receipt).where(_condition(wanted))
    if after is not None:
        question = question.where(receipt.c.id < after)
    return (await conn.execute(question.order_by(receipt.c.id.desc()).limit(limit))).all()


async def one(conn: AsyncConnection, receipt_id: int) -> Sequence[AnyRow]:
    """The unmatched receipt with this id; nothing when there is none."""
    question = select(receipt).where(receipt.c.id == receipt_id, receipt.c.part.is_(None))
    return (await conn.execute(question)).all()


async def count(conn: AsyncConnection, wanted: Wanted) -> int:
    """How many there are."""
    return (await conn.execute(select(func.count()).select_from(receipt).where(_condition(wanted)))).scalar_one()


async def candidates(
    conn: AsyncConnection, rows: Sequence[AnyRow], accounts: Collection[str], schools: Collection[str]
) -> dict[int, list[Candidate]]:
    """For each of these receipts the parts that it might be of, the likeliest first: messages of ``schools`` only."""
    receipts = await with_keys(conn, [row.id for row in rows])
    by_key = await _by_key(conn, {key for one in receipts for key in one.said.wanted}, accounts)
    found: dict[int, list[Candidate]] = {}
    for one in receipts:
        parts = {part[0]: part for key in one.said.wanted for part in by_key.get(key, ())}
        for number in _writings(one.said.to):
            parts |= {part[0]: part for part in await select_in(conn, _BY_NUMBER, forms(conn, [number]), one.said.at)}
        ours = [_candidate(one, part) for part in parts.values() if part[7] in schools]
        found[one.id] = sorted(ours, key=lambda each: _distance(each, one))[:NEAREST]
    return found


async def _by_key(conn: AsyncConnection, keys: Collection[str], accounts: Collection[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for account in accounts:
        for row in await select_in(conn, _BY_KEY, list(keys), account):
            found[row[2]].append(row)
    return found


def _writings(said: str) -> set[str]:
    """A receipt's number as messages have it: as it is, or as the French one that it is nationally."""
    national = numbers.read(said.removeprefix("+"), "FR") if said.removeprefix("+").startswith("0") else None
    return {said, national.e164} if isinstance(national, numbers.Number) else {said}


def _candidate(one: Parked, part: Any) -> Candidate:
    id_, account, key, provider_id, state, claimed_at, ulid, school, user, number = part
    found = Found(id_, key or "", provider_id or "", number, Status(state), claimed_at)
    why = why_not(one.said, one.account, account, found)
    return Candidate(id_, account, provider_id, Status(state), claimed_at, ulid, school, user, number, why)


def _distance(candidate: Candidate, one: Parked) -> tuple[int, bool, int]:
    """An id says more than a number, the account more than another, a near time more than a far one."""
    order = (Why.SEVERAL, Why.OTHER_FORM, Why.OTHER_NUMBER, Why.OTHER_WRITING, Why.CLOSE, Why.NO_ID)
    rank = order.index(candidate.why) if candidate.why in order else len(order)
    return rank, candidate.account != one.account, abs(one.said.at - (candidate.claimed_at or 0))


async def match_by_hand(
    conn: AsyncConnection, receipt_id: int, part_id: int, at: int, actor: str, rules: Rules
) -> bool:
    """A person says which part a receipt is of; false when it has one, or when there is no such part that left."""
    found = await with_keys(conn, [receipt_id])
    desk = await Desk.take(conn, rules, [part_id >> 8])
    row = desk.parts.get(part_id)
    if not found or row is None or row.claimed_at is None:
        return False
    (one,) = found
    desk.note(desk.heads[row.message], at, "matched_by_hand", row=row, detail=one.words, actor=actor)
    adopt(desk, row, one.said)
    apply(desk, row, one.status, at, "hand", one.words)
    await desk.put_back(conn)
    await unpark(conn, [(one.id, part_id, at, "hand")])
    return True
