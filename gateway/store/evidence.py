"""What finding the part of a receipt needs to be known: the parts that have its ids, those in doubt, and habits.

Rules: read once for a group of receipts, and only as far as ``matching`` asks; what a receipt teaches of its
account's ids counts for the next one of the same group. Each receipt teaches once.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC
from typing import Final, NamedTuple

from gateway.idforms import converted, stored_key
from gateway.matching import ENOUGH, Case, Choice, Found, Habit, Said, Zone
from gateway.provider import Form
from gateway.states import Status
from gateway.store.bulk import fetch, select_in
from gateway.store.desk import Desk
from gateway.store.direct import Conn
from gateway.store.doubt import Doubt, doubts, in_doubt

_FOUND = """SELECT p.id, p.provider_key, p.provider_id, m.number, p.state, p.claimed_at, m.school FROM part AS p
  JOIN message AS m ON m.id = p.message WHERE p.account = ? AND p.provider_key IN (#)"""
_HABITS = "SELECT account, learned, last, run, mixed FROM id_form WHERE account IN (#)"
_KEEP = """INSERT INTO id_form (account, learned, last, run, mixed, at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (account) DO UPDATE SET last = excluded.last, run = excluded.run, mixed = excluded.mixed,
  at = CASE WHEN learned IS excluded.learned THEN at ELSE excluded.at END, learned = excluded.learned"""
_HEARD = "SELECT part, provider_id FROM receipt WHERE part IN (#) AND part IS NOT NULL"
_LATER = """SELECT id, provider_id, number, sender, received_at FROM
  (SELECT * FROM receipt WHERE id > ? ORDER BY id DESC LIMIT 500)
  WHERE account = ? AND part IS NOT NULL AND matched_by = 'id' ORDER BY id"""

log: Final = logging.getLogger(__name__)


class Evidence:
    """Of a group of receipts, within one transaction. Made by ``Evidence.of``."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._found: dict[str, dict[str, list[Found]]] = {}
        self._doubts: dict[str, list[Doubt]] = {}
        self._habits: dict[str, Habit] = {}
        self._before: dict[str, Habit] = {}
        self._heard: dict[int, set[str]] = {}  # as it was before
        self._fresh: dict[int, set[str]] = defaultdict(set)  # of these receipts
        self._desk: Desk | None = None

    @classmethod
    async def of(
        cls, conn: Conn, receipts: Iterable[tuple[str, Said]], zone: Zone, desk: Desk | None = None
    ) -> "Evidence":
        """What is known for these receipts, each with its account. What is on ``desk`` is as it is there."""
        self = cls(zone)
        self._desk = desk
        keys: dict[str, set[str]] = defaultdict(set)
        for account, said in receipts:
            keys[account].update(said.wanted)
        for account, wanted in keys.items():
            found: dict[str, list[Found]] = defaultdict(list)
            for row in await select_in(conn, _FOUND, list(wanted), account):
                one = Found(row[0], row[1], row[2], row[3], Status(row[4]), row[5], row[6])
                found[one.key].append(one)
            self._found[account] = self._as_on_desk(account, found)
        for account, learned, last, run, mixed in await select_in(conn, _HABITS, list(keys)):
            self._habits[account] = Habit(_form(learned), _form(last), run, bool(mixed))
        self._before = dict(self._habits)
        return self

    def case(self, account: str, said: Said) -> Case:
        """One of the receipts, with what is known for it."""
        return Case(said, self.habit(account), self._found[account], self._zone)

    def habit(self, account: str) -> Habit:
        """What the account's receipts were like so far."""
        return self._habits.get(account, Habit())

    async def choose(self, conn: Conn, account: str, said: Said, *, still: bool = False) -> Choice:
        """The part of one of the receipts."""
        case = self.case(account, said)
        doubts = await self.doubts(conn, account) if case.asks_for_doubts else ()
        return case.choose(doubts, await self.heard(conn, case.asks_for_heard), still=still)

    def learn(self, account: str, said: Said, choice: Choice, *, again: bool = False) -> None:
        """What a receipt teaches that was chosen for a part, or just came; ``again``: it taught its form then."""
        if choice.form is not None and not again:
            self._habits[account] = self.habit(account).saw(choice.form)
        if choice.part is not None:
            self._fresh[choice.part].update(said.written)

    async def heard(self, conn: Conn, parts: Collection[int]) -> dict[int, set[str]]:
        """How the receipts that these parts have had write their ids."""
        asked = [part for part in parts if part not in self._heard]
        self._heard |= {part: set() for part in asked}
        for part, written in await select_in(conn, _HEARD, asked):
            self._heard[part].add(stored_key(written))
        return {part: self._heard[part] | self._fresh.get(part, set()) for part in parts}

    async def doubts(self, conn: Conn, account: str) -> list[Doubt]:
        """The account's parts in doubt."""
        if account not in self._doubts:
            found = await doubts(conn, account)
            if self._desk is not None:
                found = [one for one in found if one.part not in self._desk.parts]
                rows = self._desk.parts.values()
                found += [Doubt.on(self._desk, row) for row in rows if row.account == account and in_doubt(row)]
            self._doubts[account] = sorted(found, key=lambda one: one.part)
        return self._doubts[account]

    async def keep(self, conn: Conn, at: int) -> None:
        """Write down what was learned."""
        for account, habit in self._habits.items():
            before = self._before.get(account, Habit())
            if habit != before:
                await fetch(conn, _KEEP, (account, habit.learned, habit.last, habit.run, habit.mixed, at))
            if habit.mixed and not before.mixed:
                log.warning("receipts write message ids in several forms", extra={"account": account})

    def _as_on_desk(self, account: str, found: dict[str, list[Found]]) -> dict[str, list[Found]]:
        if self._desk is None:
            return found
        desk = self._desk
        known = {key: [one for one in parts if one.part not in desk.parts] for key, parts in found.items()}
        for row in desk.parts.values():
            if row.account == account and row.provider_key and row.provider_id is not None:
                head = desk.heads[row.message]
                known_as = (row.id, row.provider_key, row.provider_id)
                one = Found(*known_as, head.number, row.state, row.claimed_at, head.school)
                known.setdefault(one.key, []).append(one)
        return known


def _form(word: str | None) -> Form | None:
    return Form(word) if word else None


async def told_since(conn: Conn, account: str, receipt_id: int) -> int:
    """The last of the receipts from this one on that a few others followed which could be of one part only: of the
    account's form, or that would be known no more. 0: there is none.
    """
    rows = await fetch(conn, _LATER, (receipt_id, account))
    saids = [(row[0], _said(*row[1:])) for row in rows]
    evidence = await Evidence.of(conn, ((account, said) for _, said in saids), lambda _: UTC)
    own = [id_ for id_, said in saids if Case(said, Habit(), evidence._found[account]).choose().form is not None]
    return own[-ENOUGH] - 1 if len(own) >= ENOUGH else 0


def _said(written: str, to: str, sender: str, at: int) -> Said:
    """As ``message_id: auto`` reads it; there is nothing to tell for an account of a fixed form."""
    key = stored_key(written)
    other = tuple((form, said) for form, said in converted(key))
    return Said(written, (key,), other, False, to, sender, None, at)


class Known(NamedTuple):
    """What is known of an account's ids: their form, since when (milliseconds), and whether they had several."""

    form: Form | None
    since: int | None
    mixed: bool


async def learned(conn: Conn) -> dict[str, Known]:
    """What is known of the ids of each account that has had receipts which tell."""
    rows: Sequence[tuple[str, str | None, int, int]] = await fetch(
        conn, "SELECT account, learned, at, mixed FROM id_form"
    )
    return {account: Known(_form(form), at if form else None, bool(mixed)) for account, form, at, mixed in rows}
