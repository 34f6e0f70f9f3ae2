"""« Rapprochement »: a provider's invoice beside what the ledger says that we sent, in five piles.

Walk: the file -> its lines (``invoices``) -> pairs with our messages of the month, then of the months beside it
(``piles``) -> rows and figures -> the store. An invoice may be of several schools: lines of schools that are not the
caller's are set aside, counted and no more. Reading and pairing run in a thread.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gateway import numbers, pricing, statements
from gateway.gap import Found
from gateway.invoices import Invoice
from gateway.model import AccountSettings
from gateway.periods import beside, first_day, local
from gateway.piles import Billed, Pair, Paired, Pile, Sent, Why, pair
from gateway.store import reconciliations as kept
from gateway.store.reconciliations import Elsewhere, Line

if TYPE_CHECKING:
    from gateway.registry import Registry
    from gateway.store.database import Store


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be reconciled: the invoice of an account for a month, for these schools."""

    account: AccountSettings
    month: str
    schools: frozenset[str]


async def reconcile(store: "Store", wanted: Wanted, invoice: Invoice, zone: tzinfo) -> Found:
    """The five piles of an invoice."""
    name, month = wanted.account.name, wanted.month
    ours = await kept.sent(store, name, {month})
    first = await asyncio.to_thread(pair, invoice.lines, ours)
    second = Paired([], [], [])
    if first.billed:
        near = await kept.sent(store, name, beside(month))
        second = await asyncio.to_thread(pair, [line for line, _ in first.billed], near)
    asked = [one.sent.message for one in (*first.pairs, *second.pairs)] + [one.message for one in first.sent]
    elsewhere = await kept.billed_elsewhere(store, name, month, asked)
    sorter = _Sorter(wanted, zone, elsewhere, {line.line: why for line, why in first.billed})
    found = await asyncio.to_thread(sorter.sort, first, second)
    found.other_schools = any(one.school not in wanted.schools for one in ours)
    return found


async def statement(store: "Store", registry: "Registry", wanted: Wanted) -> dict[str, Any]:
    """What the statements of these schools say of the account in that month: the ledger's share of it is the same."""
    views = [await statements.statement(store, registry, school, wanted.month) for school in sorted(wanted.schools)]
    mine = [one for view in views for one in view["accounts"] if one["account"] == wanted.account.name]
    exact, rounded = (sum((Decimal(one[name]) for one in mine), Decimal(0)) for name in ("ht_exact", "ht"))
    ht_exact = pricing.euros(int(exact * pricing.MICROS))
    return {"parts": sum(one["parts"] for one in mine), "ht_exact": ht_exact, "ht": f"{rounded:.2f}"}


class _Sorter:
    """Puts pairs and what is left in their piles."""

    def __init__(
        self, wanted: Wanted, zone: tzinfo, elsewhere: Mapping[int, Elsewhere], why: Mapping[int, Why]
    ) -> None:
        self._wanted = wanted
        self._zone = zone
        self._elsewhere = elsewhere
        self._why = why
        self._found = Found()

    def sort(self, first: Paired, second: Paired) -> Found:
        """All of them: lines in the order of the file, then what they do not bill."""
        rows = [*self._of_month(first.pairs), *self._of_others(second.pairs), *self._alone(second.billed)]
        for line, billed in sorted(rows, key=lambda row: int(row[0].lines.partition(",")[0])):
            self._found.add(line, billed)
        paid = [one.sent for one in first.pairs if self._paid(one.sent)]
        for sent in sorted((*first.sent, *paid), key=lambda sent: sent.at):
            if sent.school in self._wanted.schools and (sent.parts or sent.amount):
                self._found.add(self._unbilled(sent), 0)
        return self._found

    def _paid(self, sent: Sent) -> bool:
        """Whether another month's invoice billed it, and that was signed."""
        known = self._elsewhere.get(sent.message)
        return known is not None and known.signed

    def _of_month(self, pairs: Sequence[Pair]) -> Iterator[tuple[Line, int]]:
        for one in pairs:
            row = _row(one.pile, one.why, one.billed, one.sent, self._amount(one.billed, one.sent))
            if one.sent.school not in self._wanted.schools:
                self._found.set_aside.add(row, len(one.billed))
            else:
                yield self._again(one) if self._paid(one.sent) else row, len(one.billed)

    def _of_others(self, pairs: Sequence[Pair]) -> Iterator[tuple[Line, int]]:
        """Lines of messages of the month before or after; already billed with those, they are theirs alone."""
        for one in pairs:
            row = _row(Pile.OTHER, one.why, one.billed, None, self._amount(one.billed, one.sent))
            if one.sent.school not in self._wanted.schools:
                self._found.set_aside.add(row, len(one.billed))
            elif one.sent.message in self._elsewhere:
                yield self._again(one), len(one.billed)
            else:
                yield _of(row, one.sent, one.sent.month), len(one.billed)

    def _again(self, one: Pair) -> Line:
        """Lines of a message that another month's invoice billed."""
        row = _row(Pile.THEIRS, Why.TWICE, one.billed, None, self._amount(one.billed, one.sent))
        return _of(row, one.sent, self._elsewhere[one.sent.message].month)

    def _alone(self, billed: Sequence[tuple[Billed, Why]]) -> Iterator[tuple[Line, int]]:
        for line, why in billed:
            amount = self._amount([line], None)
            if not line.parts and not amount:
                self._found.not_billed += 1
                continue
            known = self._why.get(line.line, Why.UNKNOWN)
            yield _row(Pile.THEIRS, known if known is not Why.UNKNOWN else why, [line], None, amount), 1

    def _unbilled(self, one: Sent) -> Line:
        known = self._elsewhere.get(one.message)
        month = known.month if known else one.of_month
        row = _row(Pile.OTHER if month else Pile.OURS, Why.NOT_BILLED, [], one, None)
        return row._replace(month=month)

    def _amount(self, billed: Sequence[Billed], sent: Sent | None) -> int:
        """What they ask: as they say it, else our price of so many parts."""
        return sum(line.amount if line.amount is not None else self._price(line, sent) for line in billed)

    def _price(self, line: Billed, sent: Sent | None) -> int:
        if sent is not None and sent.parts:
            return sent.amount * line.parts // sent.parts
        day = local(line.at, self._zone).date() if line.at is not None else first_day(self._wanted.month)
        return pricing.price_of(self._wanted.account, day, "standard", line.number) * line.parts


def _row(pile: Pile, why: Why, billed: Sequence[Billed], sent: Sent | None, amount: int | None) -> Line:
    first = min(billed, key=lambda line: line.line) if billed else None
    number = first.number if first and first.number else sent.number if sent else ""
    return Line(
        pile=pile,
        why=why,
        lines=", ".join(str(line) for line in sorted(line.line for line in billed)) or "",
        provider_id=first.ids[0] if first and first.ids else _first_id(sent),
        number=numbers.mask(number) if number else "",
        their_at=first.at - first.half if first and first.at is not None else None,
        their_parts=sum(line.parts for line in billed) if billed else None,
        their_amount=amount if billed else None,
        message=sent.message if sent else None,
        school=sent.school if sent else None,
        our_at=sent.at if sent else None,
        our_parts=sent.parts if sent else None,
        our_amount=sent.amount if sent else None,
        month="",
    )


def _of(row: Line, sent: Sent, month: str) -> Line:
    """A row that is about a message of ours without being of this month."""
    return row._replace(month=month, message=sent.message, school=sent.school, our_at=sent.at)


def _first_id(sent: Sent | None) -> str:
    return next(filter(None, sent.ids), "") if sent else ""
