"""What an account does not bill though it took it: lines that take back the price of a part that was not delivered."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gateway.states import Status
from gateway.store.bulk import select_in
from gateway.store.direct import Conn

#: Endings that an account may not bill.
FREE = frozenset({Status.UNDELIVERED, Status.EXPIRED, Status.REJECTED})

#: The kind of a line by its sign: taken back, or billed after all.
KIND: Mapping[int, str] = {-1: "credit", 1: "credit_reversal"}

_LINES = "SELECT part, amount FROM ledger WHERE message IN (#) AND kind IN ('accepted', 'uncertain') ORDER BY id"


async def prices(conn: Conn, messages: Collection[int], written: Iterable[tuple[Any, ...]]) -> dict[int, int]:
    """What each part of these messages stands for: its last line in the ledger, or among those about to be written."""
    found: dict[int, int] = dict(await select_in(conn, _LINES, list(messages)))
    found.update({line[0]: line[10] for line in written if line[8] in ("accepted", "uncertain")})
    return found
