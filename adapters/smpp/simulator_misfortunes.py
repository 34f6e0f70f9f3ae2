"""What a scenario does to connections: by the clock, or after an answer."""

from functools import partial
from typing import Final

from adapters.smpp.scenario_rules import LinkRule
from adapters.smpp.simulator_choice import happens
from adapters.smpp.simulator_end import End
from adapters.smpp.simulator_works import Works


class Misfortunes:
    """``listening``: whether somebody takes new connections; ``calls``: the clients that are to be connected to."""

    def __init__(self, works: Works) -> None:
        self.listening = True
        self.calls: list[tuple[str, int]] = []
        self._works: Final = works
        self._rules: Final = works.scenario.links
        for rule in self._rules:
            if rule.since == "begin":
                works.plan(rule, partial(self._to_all, rule))

    def bound(self, end: End, now: float) -> None:
        """A session was bound: what counts from there begins."""
        for rule in self._rules:
            if rule.since == "bind":
                self._works.from_now(rule, partial(self._perhaps, rule, end), now)

    def do(self, what: str, end: End, now: float, lasting: float = 0.0) -> None:
        """Do something to a connection; some of it ends after ``lasting`` seconds."""
        later = self._works.agenda.at
        match what:
            case "cut":
                self._cut(end, now)
            case "unbind":
                end.session.unbind(now)
            case "silence":
                end.silence()
                if lasting:
                    later(now + lasting, partial(self._cut, end))
            case "stall":
                end.stall()
                later(now + lasting, end.resume)
            case "deaf":
                end.deaf(True)
                if lasting:
                    later(now + lasting, lambda _: end.deaf(False))

    def _to_all(self, rule: LinkRule, now: float) -> None:
        if rule.do == "outbind":
            host, _, port = rule.to.rpartition(":")
            self.calls.append((host.strip("[]"), int(port)))
            return
        if rule.do == "down":
            self.listening = False
            self._works.agenda.at(now + rule.for_, self._listen)
        for end in list(self._works.ends):
            self._perhaps(rule, end, now)

    def _perhaps(self, rule: LinkRule, end: End, now: float) -> None:
        if not end.over and happens(rule.share, self._works.chance):
            self.do("cut" if rule.do == "down" else rule.do, end, now, rule.for_)

    def _cut(self, end: End, _: float) -> None:
        if not end.over:
            self._works.counts.cuts += 1
            end.cut()

    def _listen(self, _: float) -> None:
        self.listening = True
