"""How long texts and numbers are kept: what is older is erased, whoever asks for it, a chore or a command.

Rules: days are counted whole, from midnight UTC, so that what became due is erased once a day and told in one entry
of the journal.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gateway.store import retention
from gateway.store.audit import Entry
from gateway.store.erasing import What
from gateway.store.retention import Limits

if TYPE_CHECKING:
    from gateway.config.settings import RetentionSettings
    from gateway.store.database import Store

_DAY = 86_400_000


def limits(kept: "RetentionSettings", now: int) -> Limits:
    """The instants before which texts, and people, are erased."""
    today = now // _DAY * _DAY
    days = {What.TEXT: kept.text_days, What.PEOPLE: kept.number_days}
    return {what: today - count * _DAY for what, count in days.items() if count is not None}


async def purge(
    store: "Store", due: Limits, now: int, actor: str, goes_on: Callable[[], bool] = lambda: True
) -> Mapping[str, int]:
    """Erase what is due, lot by lot, while ``goes_on``; what was erased of each kind since the journal was told.

    Raises StoreUnavailable; what was erased until then is told by the next who asks.
    """
    left = True
    while left and goes_on():
        left = await store.write(lambda conn: retention.lot(conn, due, now)) > 0
    return await store.write(lambda conn: retention.tell(conn, Entry(now, actor, "purged")))
