"""What a scenario does to connections: by the clock, or after an answer."""

from collections.abc import Iterable
from functools import partial
from random import Random
from typing import Final

from adapters.smpp.scenario import Scenario
from adapters.smpp.scenario_rules import LinkRule
from adapters.smpp.simulator_agenda import Agenda
from adapters.smpp.simulator_choice import happens
from adapters.smpp.simulator_end import End
from adapters.smpp.simulator_records import Counts


class Clockwork:
    """Knows the time of the scenario, and what happens when it has come. ``ends``: the connections there are."""

    def __init__(self, scenario: Scenario, agenda: Agenda, chance: Random, ends: Iterable[End], counts: Counts) -> None:
        self.listening = True
        self._rules: Final = scenario.links
        self._begins: Final = scenario.begins
        self._agenda: Final = agenda
        self._chance: Final = chance
        self._ends: Final = ends
        self._counts: Final = counts
        self._began: float | None = None

    def elapsed(self, now: float) -> float:
        """Seconds of the scenario's time; 0 before it begins."""
        return 0.0 if self._began is None else now - self._began

    def happened(self, what: str, now: float) -> None:
        """``start``, ``bind`` or ``submit`` happened: the scenario may begin with it."""
        if self._began is None and what == self._begins:
            self._began = now
            for rule in self._rules:
                if rule.since == "begin":
                    self._plan(rule, None, now)

    def bound(self, end: End, now: float) -> None:
        """A session was bound: what counts from there begins."""
        for rule in self._rules:
            if rule.since == "bind":
                self._plan(rule, end, now)

    def do(self, what: str, end: End, now: float, lasting: float = 0.0) -> None:
        """Do something to a connection; some of it ends after ``lasting`` seconds."""
        match what:
            case "cut":
                self._counts.cuts += 1
                end.cut()
            case "unbind":
                end.session.unbind(now)
            case "silence":
                end.silence()
                if lasting:
                    self._agenda.at(now + lasting, lambda _: end.cut())
            case "stall":
                end.stall()
                self._agenda.at(now + lasting, end.resume)
            case "deaf":
                end.deaf(True)
                if lasting:
                    self._agenda.at(now + lasting, lambda _: end.deaf(False))

    def _plan(self, rule: LinkRule, end: End | None, now: float) -> None:
        self._agenda.at(now + (rule.after or rule.every), partial(self._ring, rule, end, 1))

    def _ring(self, rule: LinkRule, end: End | None, time: int, now: float) -> None:
        if end is not None and end.over:
            return
        if rule.do == "down":
            self.listening = False
            self._agenda.at(now + rule.for_, self._listen)
        for one in [end] if end else list(self._ends):
            if happens(rule.share, self._chance):
                self.do("cut" if rule.do == "down" else rule.do, one, now, rule.for_)
        if rule.every and (rule.times is None or time < rule.times):
            self._agenda.at(now + rule.every, partial(self._ring, rule, end, time + 1))

    def _listen(self, _: float) -> None:
        self.listening = True
