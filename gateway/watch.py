"""How the links of one account are doing: gauges, counters, and one line in the log for each change.

Rules: what fails again and again is counted each time and told once, until all is well again.
"""

import logging

from gateway.metrics import Metrics
from gateway.provider import Notice, Trouble

log = logging.getLogger(__name__)

#: Different troubles told at most, until all is well again: a peer may make up as many as it likes.
MOST = 50


class Watch:
    """Watches one account. Instants are monotonic seconds."""

    def __init__(self, account: str, metrics: Metrics, now: float) -> None:
        self._account, self._metrics = account, metrics
        self._told: set[str] = set()
        self.down_since: float | None = now  # since when it cannot send; None while it can

    def look(self, now: float, *, sends: bool, bound: int, why: str) -> None:
        """Whether it can send now, how many links are up, and why not all; empty when all are."""
        self._metrics.account_bound.labels(self._account).set(bound)
        if sends:
            self.down_since = None
        elif self.down_since is None:
            self.down_since = now
        if self._told and bound and not why:
            self._told.clear()
            log.info("links are up again", extra={"account": self._account, "links": bound})

    def failed(self, trouble: Trouble, why: str) -> None:
        """A link could not be made."""
        self._metrics.bind_failures.labels(self._account, trouble).inc()
        self._tell("no link to the provider", why, reason=trouble.value)

    def lost(self, why: str) -> None:
        """A link broke."""
        self._metrics.links_lost.labels(self._account).inc()
        self._tell("a link to the provider broke", why)

    def noticed(self, notice: Notice, detail: str) -> None:
        """Something that concerns no message."""
        self._metrics.notices.labels(self._account, notice).inc()
        if notice is not Notice.ALERT:
            self._tell("the provider and we do not understand each other", detail, notice=notice.value)

    def _tell(self, what: str, why: str, **more: str) -> None:
        if why not in self._told and len(self._told) < MOST:
            self._told.add(why)
            log.warning(what, extra={"account": self._account, "why": why, **more})
