"""Taking out what a message said and whom it was about, while what the accounts need stays.

Rules: a text is what was written: the text, its parts, replacements, what the provider delivered of it. People are
who it was for and about: number, label, pupil, event, the application's own data, who answered. What the accounts need
is kept for ever: month, school, action, mode, account, parts, amounts, states, times, the sender, ids (of the message,
of the provider, of the application: ``reference``, ``event_id``) and who sent it. Only what has ended is erased.
"""

from collections.abc import Sequence
from enum import IntFlag

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import labels
from gateway.store.bulk import fetch, select_in
from gateway.store.desk import part_ids

Ids = Sequence[int]


class What(IntFlag):
    """What is erased of a message."""

    TEXT = 1
    PEOPLE = 2
    RECEIPTS = 4  # what its receipts have of both; else they go in their own time


_MESSAGE_TEXT = """UPDATE message SET text = '', replacements = '[]', tlvs = NULL, text_erased_at = ?
  WHERE id IN (#) AND text_erased_at IS NULL RETURNING id, parts"""
_CONTENT = "UPDATE part SET content = '' WHERE id IN (#) AND content <> ''"
_MESSAGE_PEOPLE = """UPDATE message SET number = '', number_input = '', label = '', subject = NULL, subject_id = NULL,
  subject_name = NULL, division = NULL, event = NULL, event_label = NULL, metadata = NULL, override_reason = NULL,
  people_erased_at = ? WHERE id IN (#) AND people_erased_at IS NULL
  RETURNING id, school, COALESCE(event_id, 'msg_' || ulid)"""
_INVOICED = "UPDATE reconciliation_line SET number = '' WHERE message IN (#) AND message IS NOT NULL"
_REASON = "UPDATE event SET detail = NULL WHERE message IN (#) AND kind = 'override'"
_ANSWERED_BY = 'UPDATE answered SET "by" = NULL WHERE school = ? AND event = ? AND "by" IS NOT NULL'


async def message_texts(conn: AsyncConnection, ids: Ids, now: int) -> int:
    """What these messages said; of how many it was there."""
    erased = await select_in(conn, _MESSAGE_TEXT, ids, now)
    await select_in(conn, _CONTENT, [one for id_, parts in erased for one in part_ids(id_, parts)])
    return len(erased)


async def message_people(conn: AsyncConnection, ids: Ids, now: int) -> int:
    """Whom these messages were for and about; of how many it was there."""
    await labels.forget(conn, ids)
    erased = await select_in(conn, _MESSAGE_PEOPLE, ids, now)
    await select_in(conn, _REASON, [row[0] for row in erased])
    await select_in(conn, _INVOICED, [row[0] for row in erased])
    for school, event in {(row[1], row[2]) for row in erased}:
        await fetch(conn, _ANSWERED_BY, (school, event))
    return len(erased)


async def receipt_texts(conn: AsyncConnection, ids: Ids, _now: int) -> int:
    """What the provider delivered as these receipts, octet by octet; what they say stays."""
    sql = "UPDATE receipt SET raw = x'', tlvs = '{}' WHERE id IN (#) AND (raw <> x'' OR tlvs <> '{}') RETURNING id"
    return len(await select_in(conn, sql, ids))


async def receipt_numbers(conn: AsyncConnection, ids: Ids, _now: int) -> int:
    """The telephones that these receipts are about."""
    sql = "UPDATE receipt SET number = '' WHERE id IN (#) AND number <> '' RETURNING id"
    return len(await select_in(conn, sql, ids))


async def receipts_of(conn: AsyncConnection, parts: Ids, now: int) -> int:
    """Both of the receipts of these parts; how many receipts there are."""
    sql = "SELECT id FROM receipt WHERE part IN (#) AND part IS NOT NULL"
    ids = [row[0] for row in await select_in(conn, sql, parts)]
    await receipt_texts(conn, ids, now)
    await receipt_numbers(conn, ids, now)
    return len(ids)


async def inbound_texts(conn: AsyncConnection, ids: Ids, now: int) -> int:
    """What these messages from telephones say."""
    sql = "UPDATE inbound SET text = '', text_erased_at = ? WHERE id IN (#) AND text_erased_at IS NULL RETURNING id"
    return len(await select_in(conn, sql, ids, now))


async def inbound_numbers(conn: AsyncConnection, ids: Ids, now: int) -> int:
    """The telephones that wrote these messages."""
    sql = (
        "UPDATE inbound SET number = '', people_erased_at = ? WHERE id IN (#) AND people_erased_at IS NULL RETURNING id"
    )
    return len(await select_in(conn, sql, ids, now))


async def inbound_part_texts(conn: AsyncConnection, ids: Ids, _now: int) -> int:
    """The octets of these parts of messages from telephones, as they came."""
    sql = "UPDATE inbound_part SET octets = x'', raw = x'', tlvs = '{}' WHERE id IN (#) AND raw <> x'' RETURNING id"
    return len(await select_in(conn, sql, ids))


async def inbound_part_numbers(conn: AsyncConnection, ids: Ids, _now: int) -> int:
    """The telephones that wrote these parts."""
    sql = "UPDATE inbound_part SET number = '' WHERE id IN (#) AND number <> '' RETURNING id"
    return len(await select_in(conn, sql, ids))


# ---- messages that have not ended ----


async def put_off(conn: AsyncConnection, ids: Ids, what: What) -> None:
    """Erase these once they have ended."""
    for id_ in ids:
        sql = "INSERT INTO erase_later VALUES (?, ?) ON CONFLICT (message) DO UPDATE SET what = what | excluded.what"
        await fetch(conn, sql, (id_, int(what)))


async def ended(conn: AsyncConnection, limit: int) -> Sequence[tuple[int, int, What]]:
    """Those put off that have ended since, with their parts, and what is to be erased of them."""
    sql = """SELECT l.message, m.parts, l.what FROM erase_later AS l JOIN message AS m ON m.id = l.message
      WHERE m.deadline_at IS NULL LIMIT ?"""
    return [(id_, parts, What(what)) for id_, parts, what in await fetch(conn, sql, (limit,))]


async def done(conn: AsyncConnection, ids: Ids) -> None:
    """They are erased."""
    await select_in(conn, "DELETE FROM erase_later WHERE message IN (#)", ids)
