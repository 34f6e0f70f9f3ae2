"""Rows as the gateway would have left them, for the tests of what only reads."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.states import FINAL, Status
from gateway.store import daily
from gateway.store.database import Store
from gateway.store.tables import awaited, batch, event, inbound, ledger, message, parked, part, receipt, tally

METZ = "0570051W"

#: 23 November 2026, 08:30 in Paris.
MORNING = 1_795_419_000_000

_MESSAGE: Mapping[str, Any] = {
    **{"school": METZ, "app": "vie-scolaire", "action": "ABSENCE", "mode": "standard", "priority": 1},
    **{"sender": "LYCCURIE", "number": "+33612345678", "number_input": "06 12 34 56 78"},
    **{"label": "Mme ou M. ABAD Christian", "kind": "responsable", "text": "Bonjour", "sensitive": False},
    **{"encoding": "gsm7", "characters": 7, "units": 7, "parts": 1, "replacements": "[]", "amount": 45_000},
    **{"status": "held", "status_at": MORNING, "final_parts": 0, "created_at": MORNING},
    **{"validity_ms": 86_400_000, "hold_until": MORNING + 172_800_000, "resend": False, "resend_wait_ms": 60_000},
    **{"possibly_double": False, "service_code": "0", "concat": 0, "lines": 0},
}
_PART: Mapping[str, Any] = {
    **{"state_at": MORNING, "mode": "standard", "priority": 1, "school": METZ, "due_at": MORNING},
    **{"content": "Bonjour", "tries": 0, "resends": 0, "line_open": False},
}
_LINE: Mapping[str, Any] = {
    **{"at": MORNING, "school": METZ, "month": "2026-11", "action": "ABSENCE", "mode": "standard"},
    **{"account": "operateur-a", "kind": "accepted", "parts": 1, "amount": 45_000},
}
_RECEIPT: Mapping[str, Any] = {
    **{"account": "operateur-a", "received_at": MORNING, "provider_id": "1", "state": "DELIVRD"},
    **{"status": "delivered", "error": "000", "sender": "LYCCURIE", "number": "+33612345678"},
    **{"intermediate": False, "raw": b"", "tlvs": "{}", "matched_by": "id"},
}
_TALLY: Mapping[str, Any] = {
    **{"school": METZ, "month": "2026-11", "action": "ABSENCE", "mode": "standard", "account": "operateur-a"},
    **{"total": 0, "delivered": 0, "parts": 0, "amount": 0, "not_submitted": 0},
}
_INBOUND: Mapping[str, Any] = {
    **{"account": "operateur-a", "received_at": MORNING, "number": "+33612345678", "to": "36111", "text": "Oui"},
    **{"encoding": "gsm7", "parts": 1, "missing": "[]", "kind": "reply", "school": METZ, "app": "vie-scolaire"},
}
_BATCH: Mapping[str, Any] = {
    **{"school": METZ, "app": "vie-scolaire", "action": "ABSENCE", "created_at": MORNING, "recipients": 1},
    **{"accepted": 1, "ignored": 0, "parts": 1, "amount": 45_000},
}


def ulid(number: int) -> str:
    """An ULID that begins with noughts."""
    return f"{number:026}"


async def add(store: Store, table: Table, *rows: Mapping[str, Any]) -> None:
    """Insert rows as they are."""

    async def verb(conn: AsyncConnection) -> None:
        for row in rows:
            await conn.execute(insert(table), dict(row))

    await store.write(verb)


async def add_message(store: Store, id_: int, /, **said: Any) -> str:
    """A message whose id, serial and ULID are ``id_``, with its parts; returns its public id."""
    row = {**_MESSAGE, "id": id_, "ulid": ulid(id_), "serial": id_, "created_at": MORNING + id_, **said}
    final = Status(row["status"]) in FINAL
    row.setdefault("deadline_at", None if final else MORNING + 1_000_000)
    if final:
        row["final_parts"] = row["parts"]
    await add(store, message, row)
    ids = [id_ * 256 + n for n in range(1, row["parts"] + 1)] if row["status"] != "ignored" else []
    await add(store, part, *({**_PART, "id": one, "message": id_, "state": row["status"]} for one in ids))
    return f"msg_{ulid(id_)}"


async def add_sent(store: Store, id_: int, /, **said: Any) -> str:
    """A message that was handed over: by default delivered, one part, in November 2026."""
    sent = {
        "status": "delivered",
        "sent_at": MORNING + id_,
        "status_at": MORNING + 60_000,
        "lines": 1,
        "billed": 45_000,
    }
    month = {"month": "2026-11", "account": "operateur-a"}
    public = await add_message(store, id_, **{**sent, **month, **said})
    await store.write(lambda conn: daily.fill(conn, _day))
    return public


def _day(school: str, at: int) -> date:
    zone = "Europe/Paris" if school == METZ else "Indian/Reunion"
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date()


async def add_line(store: Store, part_id: int, **said: Any) -> None:
    """A ledger line of a part."""
    await add(store, ledger, {**_LINE, "part": part_id, "message": part_id >> 8, **said})


async def add_receipt(store: Store, part_id: int | None, **said: Any) -> int:
    """A receipt, matched to a part or to none; its id."""
    matched = {"matched_at": MORNING if part_id is not None else None}
    matched |= {} if part_id is not None else {"matched_by": None}
    await add(store, receipt, {**_RECEIPT, "part": part_id, **matched, **said})

    async def latest(conn: AsyncConnection) -> int:
        newest: int = (await conn.execute(select(func.max(receipt.c.id)))).scalar_one()
        return newest

    return await store.read(latest)


async def add_parked(store: Store, *, account: str = "operateur-a", form: str = "same", **said: Any) -> int:
    """A receipt of nobody, parked under its id; its own id."""
    receipt_id = await add_receipt(store, None, account=account, **said)
    key = {"account": account, "key": said.get("provider_id", "1"), "receipt": receipt_id, "form": form}
    await add(store, parked, key)
    return receipt_id


async def add_answered(store: Store, id_: int, /, provider_id: str | None, **said: Any) -> str:
    """A message in transit, one part, answered with this id; returns its public id."""
    sent = {"status": "in_transit", "created_at": MORNING - 90_000 + id_, "sent_at": MORNING - 60_000}
    public = await add_message(store, id_, **{**sent, **said})

    async def verb(conn: AsyncConnection) -> None:
        values = {"account": "operateur-a", "claimed_at": MORNING - 60_000, "answered_at": MORNING - 59_000}
        values |= {"provider_id": provider_id, "provider_key": provider_id}
        await conn.execute(update(part).where(part.c.id == id_ * 256 + 1).values(values))

    await store.write(verb)
    return public


async def add_tally(store: Store, **said: Any) -> None:
    """A counter."""
    await add(store, tally, {**_TALLY, **said})


async def add_inbound(store: Store, id_: int, /, **said: Any) -> str:
    """What a telephone wrote; returns its public id."""
    await add(store, inbound, {**_INBOUND, "id": id_, "ulid": ulid(id_), **said})
    return f"in_{ulid(id_)}"


async def add_awaited(store: Store, message_id: int, /, event: str, **said: Any) -> None:
    """An answer that is waited for, overdue at 00:00 on the 26th."""
    due = {"sent_at": MORNING, "due_at": MORNING + 228_600_000}
    whose = {"school": METZ, "event": event, "action": "ABSENCE", "message": message_id}
    await add(store, awaited, {**whose, **due, **said})


async def add_batch(store: Store, number: int, **said: Any) -> str:
    """A batch; returns its public id."""
    await add(store, batch, {**_BATCH, "id": number, "ulid": ulid(number), **said})
    return f"bat_{ulid(number)}"


async def add_event(store: Store, message_id: int, kind: str, **said: Any) -> None:
    """A step of a message."""
    await add(store, event, {"message": message_id, "kind": kind, "at": MORNING, **said})
