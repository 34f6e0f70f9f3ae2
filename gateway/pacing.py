"""The pace of one account: its throttle, told every outcome, and what others see of it.

Rules: whatever the provider has looked at counts as taken, but what it refused as too fast. The log is told when what
it takes is learned, and again when that changed by a fifth, not at each step. What was learned lives as long as the
lane: it outlives a lost link, not a restart. Learning it anew costs some two seconds and a window of refusals, while a
stored figure could be months old, and a restart is how a person makes the gateway forget a belief that is wrong.
"""

import logging

from gateway.metrics import Metrics
from gateway.provider import Accepted, Outcome, Part, Refused, Throttled, Unavailable, Unknown
from gateway.throttle import Throttle

log = logging.getLogger(__name__)

#: A share by which what was learned must change to be told again.
_TOLD = 0.2


class Pacing:
    """Watches over one account's throttle. ``rate`` is the configured one; instants are monotonic seconds."""

    def __init__(self, account: str, rate: float, metrics: Metrics, now: float) -> None:
        self._account, self._rate, self._metrics = account, rate, metrics
        self.throttle = Throttle(rate, now)
        self._told: float | None = None  # what the log was told last; None when the configured rate is fine
        metrics.account_rate.labels(account).set(rate)

    def describe(self) -> dict[str, object]:
        """Parts a second: as configured, at most now, and what the provider takes as far as it was learned."""
        learned = self.throttle.learned
        return {
            "rate": self._rate,
            "rate_now": round(self.throttle.rate, 2),
            "rate_learned": None if learned is None else round(learned, 2),
        }

    def answered(self, part: Part, outcome: Outcome, left_at: float, now: float) -> None:
        """The outcome of a part that was handed over at ``left_at``."""
        match outcome:
            case Accepted() | Refused():
                self._metrics.submit_seconds.labels(self._account).observe(now - left_at)
                self.throttle.taken(part.carries, left_at, now)
            case Throttled():
                self._metrics.throttled.labels(self._account).inc()
                self.throttle.too_fast(part.carries, left_at, now, outcome.pause)
            case Unavailable(counts=True):
                self.throttle.taken(part.carries, left_at, now)
            case Unavailable():
                self.throttle.give_back(part.carries)
                self.throttle.lost(part.carries, left_at, now)
            case Unknown():
                self.throttle.lost(part.carries, left_at, now)
        self._tell()

    def congested(self, share: float, now: float) -> None:
        """The provider says how busy it is, 0 to 1."""
        self.throttle.congested(round(share * 100), now)
        self._tell()

    def _tell(self) -> None:
        learned, told = self.throttle.learned, self._told
        self._metrics.account_rate.labels(self._account).set(self.throttle.rate)
        if learned is None and told is not None:
            log.info("the provider takes the configured rate again", extra={"account": self._account})
        elif learned is not None and (told is None or abs(learned - told) > _TOLD * told):
            more = {"account": self._account, "configured": self._rate, "learned": round(learned, 1)}
            log.warning("the provider takes another rate than the configured one", extra=more)
        else:
            return
        self._told = learned
