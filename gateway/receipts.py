"""A receipt on its way in: stored, matched, counted; only then may the provider be told that it was taken."""

from collections.abc import Callable

from gateway.metrics import Metrics
from gateway.provider import Receipt
from gateway.states import Status
from gateway.store.database import Store
from gateway.store.desk import Rules
from gateway.store.receipts import Incoming, receive


class Receipts:
    """The receipts of one account."""

    def __init__(self, account: str, store: Store, rules: Rules, metrics: Metrics, clock: Callable[[], int]) -> None:
        self._account = account
        self._store, self._rules, self._metrics, self._clock = store, rules, metrics, clock

    async def take(self, receipt: Receipt) -> None:
        """Store and match; returns after the commit. Raises StoreUnavailable: the provider will send it again."""
        at = self._clock()
        matched = await self._store.join(receive, Incoming(self._account, receipt, at, self._rules))
        self._metrics.receipts.labels(self._account, receipt.status or "unknown").inc()
        if matched.sent_at is not None and receipt.status not in (None, Status.IN_TRANSIT):
            self._metrics.receipt_delay.labels(self._account).observe(max(0, at - matched.sent_at) / 1000)
