"""A store with two schools in it and a clock that the test moves: what the tests of queue, receipts and lanes share."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from gateway import accounts
from gateway.alphabets import Alphabet
from gateway.caller import Caller, Scope
from gateway.config import Settings
from gateway.fairness import Turns
from gateway.inbound import rules_of
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.pricing import price_of
from gateway.provider import Accepted, FromPhone, Outcome, Part, Prepared, Receipt, Refused
from gateway.registry import Registry
from gateway.requests import BatchIn, MessageIn
from gateway.sealing import Sealer
from gateway.states import FINAL, Status, judge
from gateway.store import claim, inbound, moves, queue
from gateway.store.bulk import fetch
from gateway.store.database import Store, open_store
from gateway.store.desk import Desk, Rules
from gateway.store.direct import Conn
from gateway.store.receipts import Incoming, Matched, receive
from tests.fakes.provider import Ready

METZ = "0570051W"
REUNION = "9741046A"

#: 23 November 2026, 08:30 in Paris, in milliseconds.
MORNING = 1_795_419_000_000
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

LONG = "Votre enfant est absent depuis ce matin. " * 8  # three parts


def settings(**more: Any) -> Settings:
    """Two schools and more, two accounts, actions of every kind."""
    account = {"adapter": "fake", "rate": 10_000, "window": 100}
    schools = [{"uai": f"{number:07}Z", "name": f"Collège {number}"} for number in range(1, 40)]
    declared = {
        "schools": [
            {"uai": METZ, "name": "Lycée Curie", "sender": "LYCCURIE"},
            {"uai": REUNION, "name": "Collège du Port", "region": "RE", "timezone": "Indian/Reunion"},
            *schools,
        ],
        "accounts": [
            {**account, "name": "a", "price": "0.045"},
            {
                **account,
                "name": "b",
                "prices": [{"ht": "0.05"}, {"from": "2026-11-24", "ht": "0.06"}, {"to": "+262", "ht": "0.08"}],
            },
        ],
        "modes": {"standard": ["a", "b"], "premium": ["b"], "economique": ["a"]},
        "actions": [
            {"code": "INFO", "short_label": "Info", "long_label": "Information"},
            {"code": "ABSENCE", "short_label": "Abs.", "long_label": "Absence", "release": "manual"},
            {"code": "RESEND", "short_label": "R", "long_label": "R", "uncertain": "resend"},
            {"code": "WAIT", "short_label": "W", "long_label": "W", "uncertain": "wait"},
        ],
        **more,
    }
    return Settings.model_validate(declared)


def everybody(declared: Settings) -> Caller:
    """A caller who may do everything everywhere."""
    return Caller("vie-scolaire", "k", frozenset(school.uai for school in declared.schools), frozenset({Scope.ADMIN}))


def ready(part: Part) -> Prepared | Refused:
    """Nothing to prepare."""
    return Ready(part)


def accepted(part: Part) -> Accepted:
    """Taken under an id made of the part's own."""
    return Accepted(f"id-{part.id}", f"id-{part.id}")


@dataclass(slots=True)
class Heart:
    """An open store and the verbs upon it, in few words."""

    settings: Settings
    store: Store
    registry: Registry
    metrics: Metrics
    rules: Rules
    intake: Intake = field(init=False)
    now: int = MORNING
    turns: dict[str, Turns] = field(default_factory=dict)
    queued: int = 0

    def clock(self) -> int:
        """The moved clock."""
        return self.now

    def nudged(self) -> None:
        """Somebody was told that there is work."""
        self.queued += 1

    # ---- in ----

    async def accept(self, to: str = "06 12 34 56 78", text: str = "Bonjour", **more: Any) -> int:
        """Accept one message; its internal id."""
        body = {"to": to, "action": "INFO", "text": text, "school": METZ, **more}
        public, _ = await self.intake.message(MessageIn.model_validate(body), everybody(self.settings), None)
        rows = await self.rows("SELECT id FROM message WHERE ulid = ?", public.removeprefix("msg_"))
        return int(rows[0][0])

    async def accept_many(self, count: int, school: str = METZ, first: int = 1, **more: Any) -> list[int]:
        """Accept a batch of different recipients, from the ``first``; their internal ids."""
        recipients = [{"to": f"06{number:08}"} for number in range(10_000_000 + first, 10_000_000 + first + count)]
        body = {"action": "INFO", "text": "Bonjour", "school": school, "recipients": recipients, **more}
        _, answer = await self.intake.batch(BatchIn.model_validate(body), everybody(self.settings), None, dry_run=False)
        ulid = orjson.loads(answer)["id"].removeprefix("bat_")
        rows = await self.rows("SELECT id FROM message WHERE batch = (SELECT id FROM batch WHERE ulid = ?)", ulid)
        return sorted(row[0] for row in rows)

    # ---- through ----

    async def claim(
        self,
        room: int = 100,
        account: str = "a",
        modes: tuple[str, ...] = ("standard", "premium", "economique"),
        prepare: Callable[[Part], Prepared | Refused] = ready,
        **more: Any,
    ) -> list[Part]:
        """Claim until nothing more is to be had; the parts."""
        turns, parts = self.turns.setdefault(account, Turns()), list[Part]()
        while len(parts) < room:  # a claim brings one message to a number
            left = room - len(parts)
            order = claim.ClaimOrder(account, modes, left, self.now, turns, prepare, self.rules, **more)
            claimed = await self.store.join(claim.claim, order)
            parts += [one.part for one in claimed.prepared]
            if not claimed.held or more:
                break
        return parts

    async def record(self, *answers: tuple[Part, Outcome], account: str = "a") -> None:
        """Record outcomes in one group."""
        lots = [queue.settled(part, account, outcome, self.now, self.rules) for part, outcome in answers]
        lot = [one for settled in lots for one in settled]
        await self.store.join(queue.record, lot)

    async def late(self, part: Part, outcome: Outcome, account: str = "a") -> None:
        """Record an answer to a part in doubt."""
        await self.store.join(queue.late, queue.settled(part, account, outcome, self.now, self.rules))

    async def send(self, **more: Any) -> list[Part]:
        """Claim everything and have it accepted."""
        parts = await self.claim(**more)
        await self.record(*((part, accepted(part)) for part in parts), account=more.get("account", "a"))
        return parts

    async def receipt(self, part: Part, status: Status | None = Status.DELIVERED, **said: Any) -> Matched:
        """A receipt of a part arrives; what it was matched to."""
        return await self.store.join(receive, self.incoming(part, status, **said))

    def incoming(self, part: Part, status: Status | None = Status.DELIVERED, **said: Any) -> Incoming:
        """A receipt as the adapter tells it."""
        account = said.pop("account", "a")
        own = said.pop("id", f"id-{part.id}")
        words = {Status.DELIVERED: "DELIVRD", Status.UNDELIVERED: "UNDELIV", Status.EXPIRED: "EXPIRED"}
        values = {
            **{"keys": (own,), "state": words.get(status or Status.HELD, "ENROUTE"), "to": part.to},
            **{"sender": part.sender, "submitted": self.provider_clock(), "error": "000", **said},
        }
        return Incoming(account, Receipt(id=own, status=status, **values), self.now, self.rules)

    async def phone(self, text: str | bytes = "Oui", number: str = "+33612345678", **said: Any) -> inbound.Taken:
        """A telephone writes; what became of it. ``to``: our number, ``account``: which brought it."""
        account, to = said.pop("account", "a"), said.pop("to", "36111")
        octets = text if isinstance(text, bytes) else text.encode("utf-16-be")
        written = {"alphabet": Alphabet.UCS2, "link": "one", "raw": octets, "octets": octets, **said}
        arrival = inbound.Arrival(account, FromPhone(sender=number, to=to, **written), number, to, self.now, self.rules)
        return await self.store.write(lambda conn: inbound.receive(conn, arrival))

    async def show_torn(self) -> Sequence[inbound.Taken]:
        """Let the clock show what stayed without its other parts."""
        return await self.store.write(lambda conn: inbound.show_torn(conn, self.now, self.rules))

    def provider_clock(self, offset: int = 0) -> datetime:
        """Now, as a provider in UTC writes it."""
        return datetime.fromtimestamp((self.now + offset) / 1000, UTC).replace(tzinfo=None)

    async def due(self, now: int | None = None) -> int:
        """Let the clock judge."""
        self.now = now if now is not None else self.now
        return await self.store.write(lambda conn: moves.due(conn, self.now, self.rules))

    async def act(self, verb: Callable[..., Any], *ids: int) -> list[moves.Move]:
        """Release, cancel or resend."""
        done: list[moves.Move] = await self.store.write(
            lambda conn: verb(conn, ids, self.now, "mme.reiter", self.rules)
        )
        return done

    async def part_of(self, message_id: int) -> Part:
        """The first part of a message, as a provider gets it."""

        async def question(conn: Conn) -> Part:
            desk = await Desk.take(conn, self.rules, [message_id])
            return claim.as_part(desk.heads[message_id], [desk.parts[message_id * 256 + 1]], self.now)

        return await self.store.read(question)

    # ---- out ----

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Whatever the store says."""

        async def question(conn: Conn) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in await fetch(conn, sql, values)]

        return await self.store.read(question)

    async def one(self, table: str, id_: int, *columns: str) -> Any:
        """Columns of a row; alone when it is one."""
        row = (await self.rows(f"SELECT {','.join(columns)} FROM {table} WHERE id = ?", id_))[0]
        return row[0] if len(columns) == 1 else row

    async def status(self, message_id: int) -> Status:
        """Of a message."""
        return Status(await self.one("message", message_id, "status"))

    async def states(self, message_id: int) -> list[Status]:
        """Of its parts."""
        rows = await self.rows("SELECT state FROM part WHERE message = ? ORDER BY id", message_id)
        return [Status(row[0]) for row in rows]

    async def events(self, message_id: int) -> list[str]:
        """The kinds of its events."""
        return [row[0] for row in await self.rows("SELECT kind FROM event WHERE message = ? ORDER BY id", message_id)]

    async def lines(self, message_id: int) -> Sequence[tuple[Any, ...]]:
        """Its ledger: kind, parts, amount, month, account."""
        sql = "SELECT kind, parts, amount, month, account FROM ledger WHERE message = ? ORDER BY id"
        return await self.rows(sql, message_id)

    async def sums(self) -> tuple[int, ...]:
        """total, delivered, parts, amount, not_submitted over all counters."""
        sql = "SELECT SUM(total), SUM(delivered), SUM(parts), SUM(amount), SUM(not_submitted) FROM tally"
        return tuple(value or 0 for value in (await self.rows(sql))[0])

    async def is_sound(self) -> None:
        """Everything that must hold after any step whatever."""
        _, differences = await accounts.differences(self.store)
        assert differences == []
        _, cells = await accounts.daily_differences(self.store, self.rules.day)
        assert cells == []
        ledger = "SELECT COALESCE(SUM(amount), 0) FROM ledger WHERE ledger.message = message.id"
        sql = f"SELECT id FROM message WHERE billed <> ({ledger})"
        assert await self.rows(sql) == []
        sql = "SELECT id, status, deadline_at, sensitive, final_parts, parts FROM message"
        for id_, status, deadline, sensitive, final, parts in await self.rows(sql):
            states = await self.states(id_)
            assert Status(status) is (judge(states) if states else Status.IGNORED)
            assert (deadline is None) == (status in FINAL), (id_, status, deadline)
            assert final == sum(state in FINAL for state in states)
            assert len(states) == parts
            if status in FINAL:
                ended = await self.rows("SELECT 1 FROM event WHERE message = ? AND status = ?", id_, status)
                assert ended, (id_, status, await self.events(id_))
                if sensitive:
                    assert not await self.rows("SELECT 1 FROM part WHERE message = ? AND content <> ''", id_)
        sql = "SELECT COUNT(*) FROM message WHERE lines = 0 AND status IN ('invalid','rejected','expired','cancelled')"
        assert (await self.rows(sql))[0][0] == (await self.sums())[4]


@asynccontextmanager
async def opened(folder: Path, declared: Settings | None = None, sealer: Sealer | None = None) -> AsyncIterator[Heart]:
    """A heart on the database of a folder; opened twice, it is two processes on one store."""
    declared, metrics = declared or settings(), Metrics()
    async with open_store(f"sqlite:///{folder}/gateway.db", metrics, sealer=sealer) as store:
        registry = Registry(declared)
        await registry.load(store)

        def price(account: str, day: Any, mode: str, number: str) -> int:
            known = registry.account(account)
            assert known is not None
            return price_of(known, day, mode, number)

        def bills(account: str, status: Status) -> bool:
            known = registry.account(account)
            return known is None or status.value in known.bills

        rules = Rules(
            registry.zone,
            price,
            lambda: 72 * HOUR,
            lambda *moved: metrics.messages.labels(*moved).inc(),
            rules_of(registry),
            registry.response_days,
            bills,
        )
        heart = Heart(declared, store, registry, metrics, rules)
        heart.intake = Intake(store, registry, metrics, heart.clock, lambda: 8, heart.nudged)
        yield heart
