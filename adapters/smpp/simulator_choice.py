"""Which rule of a scenario applies: counts, shares and times. The clock and the random source are arguments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from adapters.smpp.scenario_rules import Limit
from adapters.smpp.scenario_values import Share


class _Applies(Protocol):
    """A rule with the conditions that all rules share, see ``scenario_rules.When``, and those of its own."""

    @property
    def from_(self) -> float: ...
    @property
    def until(self) -> float: ...
    @property
    def skip(self) -> int: ...
    @property
    def each(self) -> int: ...
    @property
    def share(self) -> float: ...
    @property
    def times(self) -> int | None: ...
    @property
    def applies_to(self) -> Callable[..., bool]: ...


Rule = TypeVar("Rule", bound=_Applies)


@dataclass(slots=True)
class _Counted(Generic[Rule]):
    """A rule, and how often it fitted and applied."""

    rule: Rule
    seen: int = 0
    used: int = 0

    def applies(self, elapsed: float, facts: tuple[Any, ...], chance: Random) -> bool:
        rule = self.rule
        if not rule.from_ <= elapsed < rule.until or (rule.times is not None and self.used >= rule.times):
            return False
        if not rule.applies_to(*facts):
            return False
        self.seen += 1
        if self.seen <= rule.skip or (self.seen - rule.skip) % rule.each:
            return False
        if not happens(rule.share, chance):
            return False
        self.used += 1
        return True


class Chooser(Generic[Rule]):
    """The rules of one list, in their order."""

    def __init__(self, rules: Sequence[Rule], chance: Random) -> None:
        self._rules = [_Counted(rule) for rule in rules]
        self._chance = chance

    def choose(self, elapsed: float, *facts: Any) -> Rule | None:
        """The first rule that applies ``elapsed`` seconds after the beginning; ``facts`` are its ``applies_to``'s."""
        for counted in self._rules:
            if counted.applies(elapsed, facts, self._chance):
                return counted.rule
        return None


def happens(share: Share, chance: Random) -> bool:
    """Whether something that happens to a share happens now. Certain things need no chance."""
    return share >= 1 or chance.random() < share


class Limiter:
    """Counts what each who is counted for was allowed."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = tuple(reversed(limits))
        self._buckets: dict[tuple[Limit, Any], tuple[float, float]] = {}  # what is left, since when

    def refusal(self, elapsed: float, system_id: str, link: object) -> int:
        """The status to refuse one part with; 0 when it may pass."""
        for limit in self._limits:
            if limit.from_ <= elapsed < limit.until:
                whose = system_id if limit.per == "system_id" else link
                return 0 if self._passes(limit, whose, elapsed) else limit.status
        return 0

    def _passes(self, limit: Limit, whose: object, elapsed: float) -> bool:
        left, since = self._buckets.get((limit, whose), (inf, elapsed))
        if limit.kind == "second":
            left, since = (left, since) if int(since) == int(elapsed) else (inf, elapsed)
            left = min(left, limit.rate)
        else:
            burst = max(1.0, limit.rate) if limit.burst is None else limit.burst
            left, since = min(burst, left + (elapsed - since) * limit.rate), elapsed
        passes = left >= 1
        if passes or limit.counts_refused:
            left -= 1
        self._buckets[limit, whose] = (left, since)
        return passes
