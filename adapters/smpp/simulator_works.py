"""What the parts of the simulator share: the scenario, its time, its chance, what is planned, who is connected."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from adapters.smpp.scenario import Scenario
from adapters.smpp.scenario_rules import Timed
from adapters.smpp.simulator_agenda import Agenda
from adapters.smpp.simulator_end import End
from adapters.smpp.simulator_records import Counts

Act = Callable[[float], None]


@dataclass
class Works:
    """``epoch``: the time in UTC when ``now`` is 0; ``speed``: how much faster than it ``now`` goes; ``ends``: the
    connections, in the order in which they came.
    """

    scenario: Scenario
    epoch: float
    speed: float = 1.0
    counts: Counts = field(default_factory=Counts)
    agenda: Agenda = field(default_factory=Agenda)
    ends: dict[End, None] = field(default_factory=dict)
    _began: float | None = None
    _plans: list[tuple[Timed, Act]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.scenario.seed)

    def utc(self, now: float) -> datetime:
        """The time of the day."""
        return datetime.fromtimestamp(self.epoch + now / self.speed, UTC)

    def elapsed(self, now: float) -> float:
        """Seconds of the scenario's time; 0 before it begins."""
        return 0.0 if self._began is None else now - self._began

    def happened(self, what: str, now: float) -> None:
        """``start``, ``bind`` or ``submit`` happened: the scenario may begin with it."""
        if self._began is None and what == self.scenario.begins:
            self._began = now
            for rule, act in self._plans:
                self.from_now(rule, act, now)

    def plan(self, rule: Timed, act: Act) -> None:
        """Once the scenario has begun, do this at the rule's times."""
        self._plans.append((rule, act))

    def from_now(self, rule: Timed, act: Act, now: float) -> None:
        """Do this at the rule's times, counted from ``now``."""
        self.agenda.at(now + (rule.after or rule.every), partial(self._ring, rule, act, 1))

    def after(self, delay: float, act: Act, now: float) -> None:
        """Do this in so many seconds; at once if that is none."""
        if delay:
            self.agenda.at(now + delay, act)
        else:
            act(now)

    def _ring(self, rule: Timed, act: Act, time: int, now: float) -> None:
        act(now)
        if rule.every and (rule.times is None or time < rule.times):
            self.agenda.at(now + rule.every, partial(self._ring, rule, act, time + 1))
