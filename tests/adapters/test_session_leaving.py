"""How a session is left: asked to by the other side, stalled, on an outbind, with peers of other versions."""

from math import inf

import pytest

from adapters.smpp import codes, events, pdu
from adapters.smpp.events import Ending, Oddity
from adapters.smpp.pdu import Pdu
from adapters.smpp.session import Session
from adapters.smpp.states import Role, State
from adapters.smpp.timers import Timers
from tests.adapters.pair import BIND, TIMERS, Pair


@pytest.fixture
def pair() -> Pair:
    made = Pair()
    made.bind()
    return made


def written(session: Session) -> list[tuple[int, int, int]]:
    return [(each.command, each.status, each.sequence) for each in pdu.PduReader().feed(session.outgoing())]


UNBIND = pdu.frame(codes.UNBIND, 0, 9, b"")
FAREWELL = [(codes.UNBIND_RESP, codes.ROK, 9)]


def test_asked_to_leave_it_waits_for_the_answers_in_flight(pair: Pair) -> None:
    """The daily unbind leaves nothing in doubt when the answers still come."""
    made = [pair.submit(token) for token in "ab"]
    pair.esme.receive(UNBIND, pair.now)
    assert (pair.esme.state, written(pair.esme)) == (State.DISMISSED, [])
    for asked in made:
        pair.esme.receive(pdu.encode(Pdu(codes.SUBMIT_SM_RESP, 0, asked.sequence, {"message_id": "1"})), pair.now)
    told = pair.esme.events()
    assert [type(event) for event in told] == [events.Answered, events.Answered, events.Closed]
    assert told[-1] == events.Closed("unbound by the other side", Ending.DISMISSED)
    assert written(pair.esme) == FAREWELL


def test_asked_to_leave_it_answers_what_it_was_asked_first(pair: Pair) -> None:
    pair.smsc.request(codes.DELIVER_SM, pdu.body_of(codes.DELIVER_SM, {}), "receipt", pair.now)
    pair.run()
    (asked,) = pair.take(Role.ESME)
    assert isinstance(asked, events.Requested)
    pair.esme.receive(UNBIND, pair.now)
    assert written(pair.esme) == []
    pair.esme.respond(asked.pdu, codes.ROK)
    assert [command for command, _, _ in written(pair.esme)] == [codes.DELIVER_SM_RESP, codes.UNBIND_RESP]


def test_asked_to_leave_it_does_not_wait_for_ever(pair: Pair) -> None:
    pair.submit("a")
    pair.esme.receive(UNBIND, pair.now)
    assert pair.esme.deadline == pair.now + TIMERS.linger
    pair.esme.tick(pair.now + TIMERS.linger)
    assert written(pair.esme) == FAREWELL
    assert pair.esme.events() == [
        events.Unanswered("a", "unbound by the other side"),
        events.Closed("unbound by the other side", Ending.DISMISSED),
    ]


def test_a_peer_that_hangs_up_after_its_unbind_took_leave(pair: Pair) -> None:
    pair.submit("a")
    pair.esme.receive(UNBIND, pair.now)
    pair.esme.lost("connection closed by the other side")
    assert pair.esme.events()[-1] == events.Closed("connection closed by the other side", Ending.DISMISSED)


def test_what_will_not_be_answered_is_not_waited_for(pair: Pair) -> None:
    pair.submit("a")
    pair.esme.unbind(pair.now)
    pair.smsc.ignore()
    pair.run()
    assert pair.take(Role.SMSC)[-1] == events.Closed("unbound by the other side", Ending.DISMISSED)


def test_both_may_leave_at_once(pair: Pair) -> None:
    pair.esme.unbind(pair.now)
    pair.smsc.unbind(pair.now)
    pair.run()
    assert pair.take(Role.ESME) == pair.take(Role.SMSC) == [events.Closed("unbound", Ending.LEFT)]


# ---- a peer that answers nothing ----


def test_what_was_given_up_on_keeps_its_place_in_the_window(pair: Pair) -> None:
    """A peer that stalls leaves no more in doubt than one window: its links answer, its submits do not."""
    made = [pair.submit(token) for token in "ab"]
    pair.wait(60)
    assert [type(event) for event in pair.take(Role.ESME)] == [events.Unanswered, events.Unanswered]
    assert (pair.esme.in_flight, pair.esme.doubtful) == (2, 2)
    pair.smsc.respond(made[0], codes.ROK, {"message_id": "1"})
    pair.run()
    assert pair.esme.in_flight == 1
    assert isinstance(pair.take(Role.ESME)[0], events.LateAnswer)


def test_an_answer_to_a_later_one_shows_that_one_was_passed_over(pair: Pair) -> None:
    pair.submit("lost")
    pair.wait(60)
    later = pair.submit("later")
    pair.smsc.respond(later, codes.ROK)
    pair.run()
    assert (pair.esme.in_flight, pair.esme.doubtful) == (0, 0)


def test_a_stalled_peer_is_left_when_no_late_answer_comes() -> None:
    pair = Pair(esme_timers=Timers(quiet=30, response=60, stall=40))
    pair.bind()
    pair.submit("a")
    pair.wait(99)
    assert pair.esme.state is State.BOUND_TRX
    pair.smsc.ignore()
    pair.wait(1)
    assert pair.take(Role.ESME)[-1] == events.Closed("unbound", Ending.LEFT)


def test_nothing_in_doubt_waits_for_nothing(pair: Pair) -> None:
    asked = pair.submit("a")
    pair.smsc.respond(asked, codes.ROK)
    pair.run()
    pair.wait(600)
    assert pair.esme.state is State.BOUND_TRX


# ---- the race of a late answer and a cut ----


@pytest.mark.parametrize("cut_first", [True, False])
def test_a_late_answer_and_a_cut_tell_the_end_once(pair: Pair, cut_first: bool) -> None:
    asked = pair.submit("a")
    pair.wait(60)
    answer = pdu.encode(Pdu(codes.SUBMIT_SM_RESP, 0, asked.sequence, {"message_id": "1"}))
    if cut_first:
        pair.esme.lost("cut")
        pair.esme.receive(answer, pair.now)
    else:
        pair.esme.receive(answer, pair.now)
        pair.esme.lost("cut")
    told = [*pair.take(Role.ESME), *pair.esme.events()]
    assert [type(event) for event in told if isinstance(event, events.Unanswered | events.Answered)] == [
        events.Unanswered
    ]
    assert sum(isinstance(event, events.LateAnswer) for event in told) == (not cut_first)


# ---- outbind ----


def test_an_outbind_is_told_and_answered_by_a_bind() -> None:
    pair = Pair()
    pair.smsc.outbind("smsc", "secret")
    pair.run()
    (asked,) = pair.take(Role.ESME)
    assert isinstance(asked, events.OutbindRequested)
    assert (asked.pdu.text("system_id"), asked.pdu.text("password")) == ("smsc", "secret")
    pair.bind(codes.BIND_RECEIVER)
    assert pair.esme.state is State.BOUND_RX


def test_who_connects_and_sends_no_outbind_is_left() -> None:
    session = Session(Role.ESME, TIMERS, 0)
    assert session.deadline == TIMERS.init
    session.tick(TIMERS.init)
    assert session.events() == [events.Closed("no bind in time", Ending.SILENT)]


# ---- versions ----


@pytest.mark.parametrize(
    ("ours", "theirs", "takes"),
    [
        (0x34, b"\x34", True),
        (0x34, b"\x50", True),
        (0x50, b"\x34", True),
        (0x34, b"\x33", False),
        (0x33, b"\x34", False),
        (0x34, b"", False),
        (0x34, None, False),
    ],
)
def test_optional_parameters_go_to_those_who_said_that_they_know_them(
    ours: int, theirs: bytes | None, takes: bool
) -> None:
    session = Session(Role.ESME, TIMERS, 0)
    session.bind(codes.BIND_TRANSCEIVER, BIND | {"interface_version": ours}, 0)
    assert pdu.decode(session.outgoing()).number("interface_version") == ours
    tlvs = {} if theirs is None else {codes.SC_INTERFACE_VERSION: theirs}
    session.receive(pdu.encode(Pdu(codes.BIND_TRANSCEIVER | codes.RESPONSE, 0, 1, {"system_id": "s"}, tlvs)), 0)
    assert session.events() == [events.Bound("s", theirs[0] if theirs else 0)]
    assert session.takes_tlvs is takes


@pytest.mark.parametrize(("said", "told"), [(0x33, {}), (0x34, {0x0210: b"\x34"}), (0x50, {0x0210: b"\x34"})])
def test_an_old_client_gets_no_optional_parameter(said: int, told: dict[int, bytes]) -> None:
    session = Session(Role.SMSC, TIMERS, 0)
    session.receive(pdu.encode(Pdu(codes.BIND_TRANSMITTER, 0, 1, BIND | {"interface_version": said})), 0)
    (asked,) = session.events()
    assert isinstance(asked, events.BindRequested)
    session.accept_bind(asked.pdu, "s", 0)
    assert pdu.decode(session.outgoing()).tlvs == told
    assert session.takes_tlvs is bool(told)


# ---- other operations ----


def test_what_a_side_serves_is_handed_over() -> None:
    served = frozenset({codes.SUBMIT_SM, codes.QUERY_SM})
    pair = Pair()
    pair.smsc = Session(Role.SMSC, TIMERS, pair.now, serves=served)
    pair.bind()
    pair.esme.request(codes.QUERY_SM, pdu.body_of(codes.QUERY_SM, {"message_id": "7"}), "question", pair.now)
    pair.run()
    (asked,) = pair.take(Role.SMSC)
    assert isinstance(asked, events.Requested)
    pair.smsc.respond(asked.pdu, codes.ROK, {"message_id": "7", "message_state": 2, "final_date": "", "error_code": 0})
    pair.run()
    (answer,) = pair.take(Role.ESME)
    assert isinstance(answer, events.Answered)
    assert (answer.token, answer.pdu.number("message_state")) == ("question", 2)


def test_what_is_not_served_is_not_understood(pair: Pair) -> None:
    pair.esme.request(codes.CANCEL_SM, pdu.body_of(codes.CANCEL_SM, {"message_id": "7"}), "cancel", pair.now)
    pair.run()
    (answer,) = pair.take(Role.ESME)
    assert isinstance(answer, events.Answered)
    assert (answer.pdu.command, answer.pdu.status) == (codes.GENERIC_NACK, codes.RINVCMDID)


def test_a_generic_nack_to_nothing_is_told(pair: Pair) -> None:
    pair.esme.receive(pdu.frame(codes.GENERIC_NACK, codes.RINVCMDLEN, 77, b""), pair.now)
    (told,) = pair.esme.events()
    assert isinstance(told, events.Odd)
    assert (told.what, told.pdu.status) == (Oddity.NACK, codes.RINVCMDLEN)
    assert pair.esme.outgoing() == b""


def test_data_sm_carries_a_message_too(pair: Pair) -> None:
    tlvs = {codes.MESSAGE_PAYLOAD: b"STOP", 0x1402: b"vendor\0"}
    body = pdu.body_of(codes.DATA_SM, {"source_addr": "33660000000"}, tlvs)
    pair.esme.receive(pdu.frame(codes.DATA_SM, 0, 8, body), pair.now)
    (told,) = pair.esme.events()
    assert isinstance(told, events.Requested)
    assert told.pdu.tlvs == tlvs
    pair.esme.respond(told.pdu, codes.ROK)
    assert written(pair.esme) == [(codes.DATA_SM | codes.RESPONSE, codes.ROK, 8)]


def test_data_sm_with_a_broken_parameter_is_taken_too(pair: Pair) -> None:
    body = pdu.body_of(codes.DATA_SM, {"source_addr": "33660000000"}) + b"\x04\x24\x00\x05S"
    pair.esme.receive(pdu.frame(codes.DATA_SM, 0, 8, body), pair.now)
    assert isinstance(pair.esme.events()[0], events.Requested)


def test_a_closed_session_waits_for_nothing(pair: Pair) -> None:
    pair.submit("a")
    pair.wait(60)
    pair.esme.lost("cut")
    assert (pair.esme.deadline, pair.esme.in_flight) == (inf, 0)
