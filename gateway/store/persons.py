"""Everything that a telephone left at some schools, found and taken out because its person asks for it.

Rules: messages are erased once they have ended, with their receipts; what the telephone wrote, at once; the accounts
stay. What says no (an opt-out, a refusal) outlives it, or the person would be written to again; an agreement goes. The
answers to repeated requests and what doors keep go by themselves within seven days.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import erasing
from gateway.store.bulk import select_in
from gateway.store.desk import part_ids
from gateway.store.erasing import What
from gateway.store.sealed import forms

#: Messages erased in one transaction.
LOT = 200

_MESSAGES = """SELECT id, parts, deadline_at IS NOT NULL FROM message
  WHERE school = ? AND (text_erased_at IS NULL OR people_erased_at IS NULL) AND number IN (#)"""
#: Those whose number could not be read are found as it was written.
_UNREAD = _MESSAGES.replace("AND number IN", "AND number = '' AND number_input IN")
_WROTE = """SELECT id FROM inbound
  WHERE school = ? AND (text_erased_at IS NULL OR people_erased_at IS NULL) AND number IN (#)"""
_PARTS = """SELECT p.id FROM inbound_part AS p JOIN inbound AS i ON i.id = p.inbound
  WHERE i.school = ? AND p.number IN (#)"""


@dataclass(frozen=True, slots=True)
class Traces:
    """What one number left at one school: ids, and how many of the messages have not ended."""

    school: str
    numbers: tuple[str, ...]
    messages: tuple[tuple[int, int], ...]  # ended: id, parts
    pending: tuple[int, ...]
    inbound: tuple[int, ...]
    inbound_parts: tuple[int, ...]
    agreed: bool  # a consent, and nothing that says no

    def __bool__(self) -> bool:
        return bool(self.messages or self.pending or self.inbound or self.agreed)


async def traces(conn: AsyncConnection, school: str, numbers: Collection[str], written: str) -> Traces:
    """What these numbers (E.164), or one that was ``written`` so and could not be read, left at a school."""
    wanted = forms(conn, numbers)
    rows = list(await select_in(conn, _MESSAGES, wanted, school))
    rows += await select_in(conn, _UNREAD, forms(conn, [written]), school)
    return Traces(
        school,
        tuple(numbers),
        tuple((id_, parts) for id_, parts, open_ in rows if not open_),
        tuple(id_ for id_, _, open_ in rows if open_),
        tuple(row[0] for row in await select_in(conn, _WROTE, wanted, school)),
        tuple(row[0] for row in await select_in(conn, _PARTS, wanted, school)),
        await _agreed(conn, school, wanted),
    )


async def _agreed(conn: AsyncConnection, school: str, wanted: Sequence[str | bytes]) -> bool:
    out = await select_in(conn, "SELECT 1 FROM opt_out WHERE school = ? AND number IN (#)", wanted, school)
    given = await select_in(conn, "SELECT consent FROM consent WHERE school = ? AND number IN (#)", wanted, school)
    return not out and any(row[0] for row in given) and all(row[0] for row in given)


def lots(found: Traces) -> Iterator[Traces]:
    """The same a few messages at a time; what is no message comes with the first."""
    yield Traces(
        *(found.school, found.numbers, found.messages[:LOT], found.pending, found.inbound, found.inbound_parts),
        found.agreed,
    )
    for start in range(LOT, len(found.messages), LOT):
        yield Traces(found.school, found.numbers, found.messages[start : start + LOT], (), (), (), agreed=False)


async def erase(conn: AsyncConnection, found: Traces, now: int) -> None:
    """Take these out; messages that have not ended are erased when they have."""
    ids = [id_ for id_, _ in found.messages]
    await erasing.receipts_of(conn, [part for id_, parts in found.messages for part in part_ids(id_, parts)], now)
    await erasing.message_texts(conn, ids, now)
    await erasing.message_people(conn, ids, now)
    await erasing.put_off(conn, found.pending, What.TEXT | What.PEOPLE | What.RECEIPTS)
    await erasing.inbound_texts(conn, found.inbound, now)
    await erasing.inbound_numbers(conn, found.inbound, now)
    await erasing.inbound_part_texts(conn, found.inbound_parts, now)
    await erasing.inbound_part_numbers(conn, found.inbound_parts, now)
    if found.agreed:
        for table in ("consent", "consent_history"):
            sql = f"DELETE FROM {table} WHERE school = ? AND number IN (#)"
            await select_in(conn, sql, forms(conn, found.numbers), found.school)
