"""What telephones write on its way in: stored and put together; only then may the provider be told it was taken."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from gateway import numbers
from gateway.attachment import InboundRules
from gateway.metrics import Metrics
from gateway.provider import FromPhone
from gateway.registry import Registry
from gateway.store.database import Store
from gateway.store.desk import Rules
from gateway.store.inbound import Arrival, Taken, receive

log = logging.getLogger(__name__)


class Inbound:
    """The messages from telephones of one account."""

    def __init__(self, account: str, store: Store, rules: Rules, metrics: Metrics, clock: Callable[[], int]) -> None:
        self._account = account
        self._store, self._rules, self._metrics, self._clock = store, rules, metrics, clock

    async def take(self, said: FromPhone) -> None:
        """Store a part; returns after the commit. Raises StoreUnavailable: the provider will send it again."""
        region = self._rules.inbound.region()
        number, to = (numbers.read_address(one, region) for one in (said.sender, said.to))
        arrival = Arrival(self._account, said, number, to, self._clock(), self._rules)
        tell(self._metrics, [await self._store.write(partial(receive, item=arrival))])


def tell(metrics: Metrics, taken: Sequence[Taken]) -> None:
    """Count what came, and log it without a word of it."""
    for one in taken:
        metrics.inbound.labels(one.account, one.kind).inc()
        log.info("message from a telephone", extra={"account": one.account, "kind": one.kind, "id": one.ulid})


def rules_of(registry: Registry) -> InboundRules:
    """What the configuration in force says of messages from telephones."""

    def schools_of(to: str) -> Sequence[str]:
        schools = registry.schools()
        return [school.uai for school in schools if school.sender == to or len(schools) == 1]

    return InboundRules(
        timeout=lambda: int(registry.settings.inbound.reassembly_timeout.total_seconds() * 1000),
        attach=lambda: registry.settings.inbound.attach_days * 86_400_000,
        schools_of=schools_of,
        region=lambda: registry.settings.defaults.region,
    )
