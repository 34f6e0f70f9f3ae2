"""The desk of the simulator: what clients ask of messages, and what they are told."""

from functools import partial
from typing import Final

from adapters.smpp import codes
from adapters.smpp.pdu import Pdu
from adapters.smpp.scenario_rules import AskRule, SubmitRule
from adapters.smpp.simulator_answers import answer_octets
from adapters.smpp.simulator_choice import Chooser, Limiter
from adapters.smpp.simulator_end import End
from adapters.smpp.simulator_fates import Fate, Fates, cancel_answer, query_answer
from adapters.smpp.simulator_incoming import Telephones
from adapters.smpp.simulator_misfortunes import Misfortunes
from adapters.smpp.simulator_post import Post
from adapters.smpp.simulator_receipts import draw_state, reports_of
from adapters.smpp.simulator_records import Submit, writing
from adapters.smpp.simulator_works import Works

_AS_IT_COMES: Final = SubmitRule()
_THE_TRUTH: Final = AskRule()

_LONGEST: Final = 20  # characters of an address

#: What the desk serves.
SERVES: Final = frozenset({codes.SUBMIT_SM, codes.QUERY_SM, codes.CANCEL_SM})


def _unwritable(pdu: Pdu) -> int:
    """The status of a message whose addresses no receipt could repeat; 0 when they are well."""
    for name, status in (("source_addr", codes.RINVSRCADR), ("destination_addr", codes.RINVDSTADR)):
        address = pdu.text(name)
        if not address.isascii() or len(address) > _LONGEST:
            return status
    return codes.ROK


class Desk:
    """Decides on each request by the scenario. ``remember``: submits kept."""

    def __init__(self, works: Works, post: Post, misfortunes: Misfortunes, now: float, remember: int) -> None:
        scenario, chance = works.scenario, works.chance
        self.submits: Final[list[Submit]] = []
        self._works: Final = works
        self._post: Final = post
        self._misfortunes: Final = misfortunes
        self._telephones: Final = Telephones(works, post)
        self._remember: Final = remember
        self._next_id = scenario.ids.first or int(works.utc(now).timestamp() * 1000)
        self._how: Final = writing(scenario.smsc.default_alphabet, packed=scenario.smsc.packed)
        self._limiter: Final = Limiter(scenario.throttle)
        self._submits: Final = Chooser(scenario.submits, chance)
        self._receipts: Final = Chooser(scenario.receipts, chance)
        self._queries: Final = Chooser(scenario.queries, chance)
        self._cancels: Final = Chooser(scenario.cancels, chance)
        self._fates: Final = Fates()

    @property
    def fates(self) -> list[Fate]:
        """What became of the last messages, in their order."""
        return self._fates.all()

    def asked(self, end: End, pdu: Pdu, now: float) -> None:
        """A client made a request."""
        if end.over:
            return  # came together with one that had the connection cut
        match pdu.command:
            case codes.QUERY_SM:
                self._query(end, pdu, now)
            case codes.CANCEL_SM:
                self._cancel(end, pdu, now)
            case _:
                self._submit(end, pdu, now)

    # ---- submit_sm ----

    def _submit(self, end: End, pdu: Pdu, now: float) -> None:
        works = self._works
        works.counts.submits += 1
        works.happened("submit", now)
        elapsed = works.elapsed(now)
        if refusal := self._refusal(end, elapsed):
            works.counts.throttled += 1
            end.session.respond(pdu, refusal)
            return
        if unwritable := _unwritable(pdu):
            end.session.respond(pdu, unwritable)
            return
        submit = Submit(end.system_id, str(self._next_id), pdu, self._how)
        rule = self._submits.choose(elapsed, submit) or _AS_IT_COMES
        delay = rule.delay.draw(works.chance)
        if rule.takes:
            self._take(submit, end, delay, now)
            works.counts.unanswered += rule.answer == "none"
        end.pending += 1
        works.after(delay, partial(self._answer, end, rule, submit), now)

    def _refusal(self, end: End, elapsed: float) -> int:
        """The status of what is beyond the window or the rate; 0 when it may pass."""
        if 0 < self._works.scenario.smsc.window <= end.pending:
            return codes.RTHROTTLED
        return self._limiter.refusal(elapsed, end.system_id, end)

    def _take(self, submit: Submit, end: End, delay: float, now: float) -> None:
        """Record it, note its receipts and who replies. A receipt that overtakes the answer goes at once."""
        works = self._works
        self._next_id += 1
        if len(self.submits) < self._remember:
            self.submits.append(submit)
        works.counts.taken += 1
        works.counts.destinations[submit.to] += 1
        self._telephones.answer(submit, works.elapsed(now), now + delay)
        rule = self._receipts.choose(works.elapsed(now), submit)
        if not rule:
            return
        state = draw_state(rule, works.chance)
        begin, first = (now, 0.0) if rule.before_answer else (now + delay, rule.delay.draw(works.chance))
        ids = works.scenario.ids
        reports = list(reports_of(rule, ids, submit, state, first, works.utc(begin), end))
        for report in reports:
            self._post.add(submit.system_id, report.delivery, begin + report.delay)
        ended = begin + first
        fate = Fate(submit, state, ended, works.utc(ended), [report.delivery for report in reports])
        self._fates.note(ids.answer.write(submit.number), fate)
        if rule.before_answer:
            self._post.pump(now)

    def _answer(self, end: End, rule: SubmitRule, submit: Submit, now: float) -> None:
        end.pending -= 1
        if end.over:
            return
        message_id = self._works.scenario.ids.answer.write(submit.number)
        tlvs = end.session.takes_tlvs
        octets = answer_octets(rule, submit.pdu, message_id, self._works.chance, tlvs=tlvs)
        if rule.drip:
            end.drip(octets, rule.drip, now)
        else:
            end.say(octets)
        end.session.ignore()  # answered above, or never
        if rule.then:
            self._misfortunes.do(rule.then, end, now)

    # ---- query_sm, cancel_sm ----

    def _query(self, end: End, pdu: Pdu, now: float) -> None:
        works = self._works
        works.counts.queries += 1
        rule = self._queries.choose(works.elapsed(now), end.system_id) or _THE_TRUTH

        def answer(then: float) -> None:
            fate = self._fates.find(end.system_id, pdu.text("message_id"))
            self._told(end, rule, query_answer(pdu, fate, rule, then))

        works.after(rule.delay.draw(works.chance), answer, now)

    def _cancel(self, end: End, pdu: Pdu, now: float) -> None:
        works = self._works
        works.counts.cancels += 1
        rule = self._cancels.choose(works.elapsed(now), end.system_id) or _THE_TRUTH

        def answer(then: float) -> None:
            fate = self._fates.find(end.system_id, pdu.text("message_id"))
            octets, done = cancel_answer(pdu, fate, rule, then)
            if fate and done:
                self._post.withdraw(end.system_id, fate.reports)
                fate.state, fate.since, fate.ended = "DELETED", then, works.utc(then)
            self._told(end, rule, octets)

        works.after(rule.delay.draw(works.chance), answer, now)

    def _told(self, end: End, rule: AskRule, octets: bytes) -> None:
        if end.over:
            return
        if rule.answer != "none":
            end.say(octets)
        end.session.ignore()
