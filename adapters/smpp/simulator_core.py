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

import time
from functools import partial
from typing import Final

from adapters.smpp import codes, events
from adapters.smpp.pdu import Pdu
from adapters.smpp.scenario import Scenario
from adapters.smpp.scenario_rules import BindRule
from adapters.smpp.simulator_choice import Chooser
from adapters.smpp.simulator_desk import SERVES, Desk
from adapters.smpp.simulator_end import DeafSession, End
from adapters.smpp.simulator_fates import Fate
from adapters.smpp.simulator_misfortunes import Misfortunes
from adapters.smpp.simulator_post import Post
from adapters.smpp.simulator_receipts import Delivery
from adapters.smpp.simulator_records import Counts, Submit
from adapters.smpp.simulator_works import Works
from adapters.smpp.states import BOUND, Role
from adapters.smpp.timers import Timers

_LET_IN: Final = BindRule()


class Smsc:
    """An SMSC that does what its scenario says.

    ``epoch``: the time in UTC at ``now``; ``remember``: submits kept; ``speed``: how many times faster than the clock
    on the wall ``now`` goes.
    """

    def __init__(
        self,
        scenario: Scenario,
        now: float,
        epoch: float | None = None,
        remember: int = 200_000,
        speed: float = 1.0,
    ) -> None:
        self._works: Final = Works(scenario, (time.time() if epoch is None else epoch) - now / speed, speed)
        self._post: Final = Post(scenario.smsc, self._works.ends, self._works.counts)
        self._misfortunes: Final = Misfortunes(self._works)
        self._desk: Final = Desk(self._works, self._post, self._misfortunes, now, remember)
        self._binds: Final = Chooser(scenario.binds, self._works.chance)
        self.refuse: Final[dict[int, int]] = {}  # kind of bind -> the status that it gets, whatever the scenario says
        self._works.happened("start", now)

    @property
    def counts(self) -> Counts:
        """What happened so far."""
        return self._works.counts

    @property
    def submits(self) -> list[Submit]:
        """What was taken, as many as are remembered."""
        return self._desk.submits

    @property
    def fates(self) -> list[Fate]:
        """What became of the last messages that it took, in their order."""
        return self._desk.fates

    @property
    def ends(self) -> list[End]:
        """The connections there are, in the order in which they came."""
        return list(self._works.ends)

    @property
    def listening(self) -> bool:
        """Whether somebody takes new connections."""
        return self._misfortunes.listening

    @property
    def bound(self) -> int:
        """How many sessions are bound."""
        return sum(end.session.state in BOUND for end in self._works.ends)

    @property
    def deadline(self) -> float:
        """When ``tick`` must be called next; ``inf`` when nothing waits for time."""
        return min(self._works.agenda.deadline, self._post.deadline, *(end.deadline for end in self._works.ends))

    @property
    def quiet(self) -> bool:
        """Whether nobody owes anybody an answer."""
        return not any(end.pending or end.session.asks for end in self._works.ends)

    def connect(self, now: float) -> End:
        """A client connected."""
        settings = self._works.scenario.smsc
        timers = Timers(quiet=settings.enquire_link, response=settings.response_timeout)
        end = End(DeafSession(Role.SMSC, timers, now, serves=SERVES), self._works.agenda, self.settle)
        self._works.ends[end] = None
        return end

    def calls(self) -> list[tuple[str, int]]:
        """Hosts and ports to connect to now: hand what ``connect`` gives for each to ``outbind``."""
        calls, self._misfortunes.calls = self._misfortunes.calls, []
        return calls

    def outbind(self, end: End) -> None:
        """Ask a client that we connected to, ``end``, to bind: SMPP 3.4 section 4.1.7."""
        settings = self._works.scenario.smsc
        end.session.outbind(settings.name, settings.password)

    def tick(self, now: float) -> None:
        """Time passed."""
        self._works.agenda.run(now)
        for end in self.ends:
            if now >= end.deadline:
                end.session.tick(now)
        self.settle(now)

    def deliver(self, system_id: str, delivery: Delivery, now: float) -> None:
        """Deliver this to a system_id, now or on its next bind: a receipt of one's own making, or a message."""
        self._post.add(system_id, delivery, now)
        self.settle(now)

    def cut(self, now: float, *ends: End) -> None:
        """Cut these connections without a word, all if none is named."""
        for end in ends or self.ends:
            end.cut()
        self.settle(now)

    def unbind(self, now: float) -> None:
        """Ask every session to leave."""
        for end in self.ends:
            end.session.unbind(now)
        self.settle(now)

    def settle(self, now: float) -> None:
        """Decide on all that the sessions tell, and deliver what is due."""
        for end in self.ends:
            while told := end.events():
                for event in told:
                    self._happened(end, event, now)
        self._post.pump(now)

    def _happened(self, end: End, event: events.Event, now: float) -> None:
        match event:
            case events.Requested(pdu):
                self._desk.asked(end, pdu, now)
            case events.Answered(token, pdu):
                self._post.answered(token, pdu, now)
            case events.Unanswered(token, _):
                self._post.unanswered(token, now)
            case events.BindRequested(pdu):
                self._bind(end, pdu, now)
            case events.Closed():
                self._works.ends.pop(end, None)

    def _bind(self, end: End, pdu: Pdu, now: float) -> None:
        works, system_id = self._works, pdu.text("system_id")
        already = sum(each.system_id == system_id and each.session.state in BOUND for each in works.ends)
        rule = self._binds.choose(works.elapsed(now), pdu, already) or _LET_IN
        if rule.answer == "none":
            return
        status = self._known(pdu) or self.refuse.get(pdu.command, rule.status)
        answer = partial(self._refuse_bind, end, pdu, status) if status else partial(self._let_in, end, pdu, system_id)
        works.after(rule.delay.draw(works.chance), answer, now)

    def _known(self, pdu: Pdu) -> int:
        """The status of a client that is none of ours; 0 for one that is."""
        settings = self._works.scenario.smsc
        if settings.system_id and pdu.text("system_id") != settings.system_id:
            return codes.RINVSYSID
        return codes.RINVPASWD if settings.password and pdu.text("password") != settings.password else codes.ROK

    def _refuse_bind(self, end: End, pdu: Pdu, status: int, _: float) -> None:
        if not end.over:
            self.counts.binds_refused += 1
            end.session.refuse_bind(pdu, status)

    def _let_in(self, end: End, pdu: Pdu, system_id: str, now: float) -> None:
        if end.over:
            return
        self.counts.binds += 1
        end.session.accept_bind(pdu, self._works.scenario.smsc.name, now)
        end.system_id = system_id
        self._works.happened("bind", now)
        self._misfortunes.bound(end, now)
