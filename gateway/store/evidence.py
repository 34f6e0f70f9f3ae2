"""What finding the part of a receipt needs to be known: the parts that have its ids, those in doubt, and habits.

Rules: read once for a group of receipts, and only as far as ``matching`` asks; what a receipt teaches of its
account's ids counts for the next one of the same group.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from gateway.matching import Choice, Found, Habit, Said, asks, choose
from gateway.provider import Form
from gateway.states import Status
from gateway.store.bulk import fetch, select_in
from gateway.store.desk import Desk
from gateway.store.direct import Conn
from gateway.store.doubt import Doubt, doubts, in_doubt

_FOUND = """SELECT p.id, p.provider_key, p.provider_id, m.number, p.state, p.claimed_at FROM part AS p
  JOIN message AS m ON m.id = p.message WHERE p.account = ? AND p.provider_key IN (#)"""
_HABITS = "SELECT account, learned, last, run, missed FROM id_form WHERE account IN (#)"
_KEEP = """INSERT INTO id_form (account, learned, last, run, missed, at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (account) DO UPDATE SET last = excluded.last, run = excluded.run, missed = excluded.missed,
  at = CASE WHEN learned IS excluded.learned THEN at ELSE excluded.at END, learned = excluded.learned"""


class Evidence:
    """Of a group of receipts, within one transaction. Made by ``Evidence.of``."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, list[Found]]] = {}
        self._doubts: dict[str, list[Doubt]] = {}
        self._habits: dict[str, Habit] = {}
        self._before: dict[str, Habit] = {}
        self._desk: Desk | None = None

    @classmethod
    async def of(cls, conn: Conn, receipts: Iterable[tuple[str, Said]], desk: Desk | None = None) -> "Evidence":
        """What is known for these receipts, each with its account. What is on ``desk`` is as it is there."""
        self = cls()
        self._desk = desk
        keys: dict[str, set[str]] = defaultdict(set)
        for account, said in receipts:
            keys[account].update(said.wanted)
        for account, wanted in keys.items():
            found: dict[str, list[Found]] = defaultdict(list)
            for row in await select_in(conn, _FOUND, list(wanted), account):
                one = Found(row[0], row[1], row[2], row[3], Status(row[4]), row[5])
                found[one.key].append(one)
            self._found[account] = self._as_on_desk(account, found)
        for account, learned, last, run, missed in await select_in(conn, _HABITS, list(keys)):
            self._habits[account] = Habit(_form(learned), _form(last), run, missed)
        self._before = dict(self._habits)
        return self

    async def choose(self, conn: Conn, account: str, said: Said) -> Choice:
        """The part of one of the receipts; what it teaches is remembered."""
        habit, found = self._habits.get(account, Habit()), self._found[account]
        asked = asks(said, habit.learned, found)
        choice = choose(said, habit.learned, found, await self.doubts(conn, account) if asked else ())
        if choice.form is not None:
            self._habits[account] = habit.saw(choice.form)
        return choice

    def missed(self, account: str) -> None:
        """A receipt whose form would tell is of nobody, and settles no doubt either."""
        self._habits[account] = self._habits.get(account, Habit()).missed_one()

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
            if habit != self._before.get(account, Habit()):
                await fetch(conn, _KEEP, (account, habit.learned, habit.last, habit.run, habit.missed, at))

    def _as_on_desk(self, account: str, found: dict[str, list[Found]]) -> dict[str, list[Found]]:
        if self._desk is None:
            return found
        desk = self._desk
        known = {key: [one for one in parts if one.part not in desk.parts] for key, parts in found.items()}
        for row in desk.parts.values():
            if row.account == account and row.provider_key and row.provider_id is not None:
                number = desk.heads[row.message].number
                one = Found(row.id, row.provider_key, row.provider_id, number, row.state, row.claimed_at)
                known.setdefault(one.key, []).append(one)
        return known


def _form(word: str | None) -> Form | None:
    return Form(word) if word else None


async def learned(conn: Conn) -> dict[str, tuple[Form, int]]:
    """The form of each account's ids, as far as it is learned, and since when (milliseconds)."""
    rows: Sequence[tuple[str, str, int]] = await fetch(
        conn, "SELECT account, learned, at FROM id_form WHERE learned IS NOT NULL"
    )
    return {account: (Form(form), at) for account, form, at in rows}
