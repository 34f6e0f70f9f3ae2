"""The SMSC simulator without sockets and without a clock: octets and time in, octets out, decisions by a scenario.

Who wants an SMSC in a test drives this one by hand::

    smsc = Smsc(scenario, now)          # a Scenario, read from YAML or made in Python
    end = smsc.connect(now)             # the SMSC's side of one connection, if smsc.listening
    end.receive(octets, now)            # what the client wrote
    octets = end.outgoing()             # what the client gets; then, if end.over, the connection is closed
    smsc.tick(smsc.deadline)            # time passed: answers that were delayed, receipts, timers; then outgoing()

``smsc.counts`` and ``smsc.submits`` say what it saw. ``now`` is in seconds of any clock that never goes back; all that
is left to chance comes from the scenario's seed. ``simulator.Simulator`` is this behind sockets.

Rules:
- what is taken is recorded before it is answered, so that a cut or a silence leaves it taken;
- a receipt is delivered until it is acknowledged: refused for now it comes again after ``receipt_retry``, and one
  without an answer when its session ends comes again on the next bind of the same system_id.
"""

import random
import time
from datetime import UTC, datetime
from functools import partial
from typing import Final

from adapters.smpp import codes, events
from adapters.smpp.pdu import Pdu
from adapters.smpp.scenario import Scenario
from adapters.smpp.scenario_rules import BindRule, ReceiptRule, SubmitRule
from adapters.smpp.simulator_agenda import Agenda
from adapters.smpp.simulator_answers import answer_octets
from adapters.smpp.simulator_choice import Chooser, Limiter
from adapters.smpp.simulator_clockwork import Clockwork
from adapters.smpp.simulator_end import DeafSession, End
from adapters.smpp.simulator_post import Post
from adapters.smpp.simulator_receipts import Delivery, draw_state, reports_of
from adapters.smpp.simulator_records import Counts, Submit, writing
from adapters.smpp.states import BOUND, Role
from adapters.smpp.timers import Timers

_AS_IT_COMES: Final = SubmitRule()
_LET_IN: Final = BindRule()


class Smsc:
    """An SMSC that does what its scenario says. ``epoch``: the time in UTC at ``now``; ``remember``: submits kept."""

    def __init__(self, scenario: Scenario, now: float, epoch: float | None = None, remember: int = 200_000) -> None:
        self.scenario: Final = scenario
        self.counts: Final = Counts()
        self.submits: Final[list[Submit]] = []
        self.ends: Final[dict[End, None]] = {}  # in the order in which they came
        self.refuse: Final[dict[int, int]] = {}  # kind of bind -> the status that it gets, whatever the scenario says
        self._remember: Final = remember
        self._how: Final = writing(scenario.smsc.default_alphabet, packed=scenario.smsc.packed)
        self._epoch: Final = (time.time() if epoch is None else epoch) - now
        self._next_id = scenario.ids.first or int((self._epoch + now) * 1000)
        self._chance: Final = random.Random(scenario.seed)
        self._binds: Final = Chooser(scenario.binds, self._chance)
        self._submits: Final = Chooser(scenario.submits, self._chance)
        self._receipts: Final[Chooser[ReceiptRule]] = Chooser(scenario.receipts, self._chance)
        self._limiter: Final = Limiter(scenario.throttle)
        self._agenda: Final = Agenda()
        self._post: Final = Post(scenario.smsc, self.ends, self.counts)
        self._clockwork: Final = Clockwork(scenario, self._agenda, self._chance, self.ends, self.counts)
        self._clockwork.happened("start", now)

    @property
    def listening(self) -> bool:
        """Whether somebody takes new connections."""
        return self._clockwork.listening

    @property
    def bound(self) -> int:
        """How many sessions are bound."""
        return sum(end.session.state in BOUND for end in self.ends)

    @property
    def deadline(self) -> float:
        """When ``tick`` must be called next; ``inf`` when nothing waits for time."""
        return min(self._agenda.deadline, self._post.deadline, *(end.deadline for end in self.ends))

    def connect(self, now: float) -> End:
        """A client connected."""
        settings = self.scenario.smsc
        timers = Timers(quiet=settings.enquire_link, response=settings.response_timeout)
        end = End(DeafSession(Role.SMSC, timers, now), self._agenda, self.settle)
        self.ends[end] = None
        return end

    def tick(self, now: float) -> None:
        """Time passed."""
        self._agenda.run(now)
        for end in list(self.ends):
            if now >= end.deadline:
                end.session.tick(now)
        self.settle(now)

    def deliver(self, system_id: str, delivery: Delivery, now: float) -> None:
        """Deliver this to a system_id, now or on its next bind: a receipt of one's own making, or a message."""
        self._post.add(system_id, delivery, now)
        self.settle(now)

    def cut(self, now: float, *ends: End) -> None:
        """Cut these connections without a word, all if none is named."""
        for end in ends or list(self.ends):
            end.cut()
        self.settle(now)

    def outbind(self, end: End) -> None:
        """Ask a client that we connected to, ``end``, to bind: SMPP 3.4 section 4.1.7."""
        end.session.outbind(self.scenario.smsc.name, self.scenario.smsc.password)

    def unbind(self, now: float) -> None:
        """Ask every session to leave."""
        for end in list(self.ends):
            end.session.unbind(now)
        self.settle(now)

    def settle(self, now: float) -> None:
        """Decide on all that the sessions tell, and deliver what is due."""
        for end in list(self.ends):
            while told := end.events():
                for event in told:
                    self._happened(end, event, now)
        self._post.pump(now)

    def _happened(self, end: End, event: events.Event, now: float) -> None:
        match event:
            case events.BindRequested(pdu):
                self._bind(end, pdu, now)
            case events.Requested(pdu):
                self._submitted(end, pdu, now)
            case events.Answered(delivery, pdu):
                self._post.answered(end, delivery, pdu, now)
            case events.Unanswered(delivery, _):
                self._post.unanswered(end, delivery, now)
            case events.Closed():
                self.ends.pop(end, None)

    def _bind(self, end: End, pdu: Pdu, now: float) -> None:
        settings, system_id = self.scenario.smsc, pdu.text("system_id")
        already = sum(each.system_id == system_id and each.session.state in BOUND for each in self.ends)
        rule = self._binds.choose(self._clockwork.elapsed(now), pdu, already) or _LET_IN
        status = self.refuse.get(pdu.command, rule.status)
        if settings.system_id and system_id != settings.system_id:
            status = codes.RINVSYSID
        elif settings.password and pdu.text("password") != settings.password:
            status = codes.RINVPASWD
        if rule.answer == "none":
            return
        answer = partial(self._refuse_bind, end, pdu, status) if status else partial(self._let_in, end, pdu, system_id)
        self._after(rule.delay.draw(self._chance), answer, now)

    def _refuse_bind(self, end: End, pdu: Pdu, status: int, _: float) -> None:
        self.counts.binds_refused += 1
        end.session.refuse_bind(pdu, status)

    def _let_in(self, end: End, pdu: Pdu, system_id: str, now: float) -> None:
        if end.over:
            return
        self.counts.binds += 1
        end.session.accept_bind(pdu, self.scenario.smsc.name, now)
        end.system_id = system_id
        self._clockwork.happened("bind", now)
        self._clockwork.bound(end, now)

    def _submitted(self, end: End, pdu: Pdu, now: float) -> None:
        if end.over:
            return  # came together with one that had the connection cut
        counts = self.counts
        counts.submits += 1
        self._clockwork.happened("submit", now)
        elapsed = self._clockwork.elapsed(now)
        if refusal := self._refusal(end, elapsed):
            counts.throttled += 1
            end.session.respond(pdu, refusal)
            return
        submit = Submit(end.system_id, str(self._next_id), pdu, self._how)
        rule = self._submits.choose(elapsed, submit) or _AS_IT_COMES
        delay = rule.delay.draw(self._chance)
        overtaken = self._take(submit, end, delay, now) if rule.takes else False
        if overtaken:
            self._post.pump(now)
        counts.unanswered += rule.takes and rule.answer == "none"
        end.pending += 1
        self._after(delay, partial(self._answer, end, rule, submit), now)

    def _refusal(self, end: End, elapsed: float) -> int:
        """The status of what is beyond the window or the rate; 0 when it may pass."""
        if 0 < self.scenario.smsc.window <= end.pending:
            return codes.RTHROTTLED
        return self._limiter.refusal(elapsed, end.system_id, end)

    def _answer(self, end: End, rule: SubmitRule, submit: Submit, now: float) -> None:
        end.pending -= 1
        if end.over:
            return
        octets = answer_octets(rule, submit.pdu, self.scenario.ids.answer.write(submit.number), self._chance)
        if rule.drip:
            end.drip(octets, rule.drip, now)
        else:
            end.say(octets)
        end.session.ignore()  # answered above, or never
        if rule.then:
            self._clockwork.do(rule.then, end, now)

    def _take(self, submit: Submit, end: End, delay: float, now: float) -> bool:
        """Record it and note its receipts; whether one of them goes before the answer."""
        self._next_id += 1
        if len(self.submits) < self._remember:
            self.submits.append(submit)
        self.counts.taken += 1
        self.counts.destinations[submit.to] += 1
        rule = self._receipts.choose(self._clockwork.elapsed(now), submit)
        if not rule:
            return False
        state = draw_state(rule, self._chance)
        first = 0.0 if rule.before_answer else rule.delay.draw(self._chance)
        begin = now if rule.before_answer else now + delay
        for report in reports_of(rule, self.scenario.ids, submit, state, first, self._utc(begin), end):
            self._post.add(submit.system_id, report.delivery, begin + report.delay)
        return rule.before_answer

    def _after(self, delay: float, act: partial[None], now: float) -> None:
        if delay:
            self._agenda.at(now + delay, act)
        else:
            act(now)

    def _utc(self, now: float) -> datetime:
        return datetime.fromtimestamp(self._epoch + now, UTC)
