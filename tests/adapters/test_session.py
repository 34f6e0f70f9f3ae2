"""The session in bytes and seconds: two of them wired to each other, no socket, no waiting."""

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smpp import codes, events, fields, pdu
from adapters.smpp.events import Ending, Oddity
from adapters.smpp.pdu import Pdu
from adapters.smpp.session import Session, WrongState
from adapters.smpp.states import BINDS_TO, BOUND, RECEIVES, REQUESTS, SENDS, SERVES, UNANSWERED, Role, State
from adapters.smpp.timers import Timers
from tests.adapters.pair import BIND, TIMERS, Pair


@pytest.fixture
def pair() -> Pair:
    made = Pair()
    made.bind()
    return made


def session_in(role: Role, state: State) -> Session:
    """A session brought to a state as a peer would bring it."""
    session = Session(role, TIMERS, 0)
    bind = next((command for command, bound in BINDS_TO.items() if bound is state), codes.BIND_TRANSCEIVER)
    if state not in (State.OPEN, State.CLOSED):
        if role is Role.ESME:
            session.bind(bind, BIND, 0)
            session.receive(pdu.encode(Pdu(bind | codes.RESPONSE, 0, 1, {"system_id": "s"})), 0)
        else:
            session.receive(pdu.encode(Pdu(bind, 0, 1, BIND)), 0)
            (wanted,) = session.events()
            assert isinstance(wanted, events.BindRequested)
            session.accept_bind(wanted.pdu, "s", 0)
    if state is State.UNBINDING:
        session.unbind(0)
    if state is State.DISMISSED:
        waits = codes.SUBMIT_SM if role is Role.ESME else codes.DELIVER_SM
        session.request(waits, pdu.body_of(waits, {}), "waits", 0)
        session.receive(asked(codes.UNBIND), 0)
    if state is State.CLOSED:
        session.lost("gone")
    session.outgoing()
    session.events()
    assert session.state is state
    return session


#: What the standard knows, and something that SMPP 5.0 adds.
BROADCAST_SM = 0x111
COMMANDS = sorted({*REQUESTS, BROADCAST_SM})
#: What is put off, not refused for ever, when it crosses our unbind.
CROSSED = {codes.SUBMIT_SM, codes.SUBMIT_MULTI, codes.DATA_SM, codes.DELIVER_SM}


def asked(command: int, sequence: int = 7) -> bytes:
    """A request with all its fields empty."""
    body = pdu.body_of(command, {}) if command in fields.BODIES else b"anything"
    return pdu.frame(command, 0, sequence, body)


def expected(role: Role, state: State, command: int) -> list[tuple[int, int, int]]:
    """How the standard answers a request in a state: command, status, sequence."""
    if command not in REQUESTS:
        return [(codes.GENERIC_NACK, codes.RINVCMDID, 7)]
    if command in UNANSWERED:
        return []
    answer = command | codes.RESPONSE
    if command not in RECEIVES[role][state]:
        again = command in codes.BINDS and state in BOUND
        if state is State.UNBINDING and command in CROSSED:
            return [(answer, codes.RSYSERR if role is Role.SMSC else codes.RX_T_APPN, 7)]
        return [(answer, codes.RALYBND if again else codes.RINVBNDSTS, 7)]
    if command in (codes.ENQUIRE_LINK, codes.UNBIND):
        return [(answer, codes.ROK, 7)]
    served = command in SERVES[role] or command in codes.BINDS
    return [] if served else [(codes.GENERIC_NACK, codes.RINVCMDID, 7)]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_request_in_every_state(role: Role, state: State, command: int) -> None:
    session = session_in(role, state)
    session.receive(asked(command), 1)
    told, answers = session.events(), pdu.PduReader().feed(session.outgoing())
    if state is State.CLOSED:
        assert (told, answers) == ([], [])
        return
    assert [(answer.command, answer.status, answer.sequence) for answer in answers] == expected(role, state, command)
    kinds = {
        **dict.fromkeys(SERVES[role], events.Requested),
        **dict.fromkeys(codes.BINDS, events.BindRequested),
        codes.OUTBIND: events.OutbindRequested,
    }
    handed = [kinds[command]] if command in kinds and command in RECEIVES[role][state] else []
    assert [type(event) for event in told if not isinstance(event, events.Closed | events.Odd)] == handed


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", State)
def test_what_may_not_be_sent_is_our_mistake(role: Role, state: State) -> None:
    session = session_in(role, state)
    before = session.in_flight
    for command in (codes.SUBMIT_SM, codes.DELIVER_SM):
        if command not in SENDS[role][state]:
            with pytest.raises(WrongState):
                session.request(command, pdu.body_of(command, {}), "token", 1)
    assert session.in_flight == before


def test_bind_tells_the_credentials_and_the_version(pair: Pair) -> None:
    assert (pair.esme.state, pair.smsc.state) == (State.BOUND_TRX, State.BOUND_TRX)
    answer = pdu.decode(pair.wire[-1][1])
    assert answer.tlvs == {codes.SC_INTERFACE_VERSION: b"\x34"}


def test_a_refused_bind_closes_both() -> None:
    pair = Pair()
    pair.esme.bind(codes.BIND_TRANSCEIVER, BIND, pair.now)
    pair.run()
    (asked,) = pair.take(Role.SMSC)
    assert isinstance(asked, events.BindRequested)
    pair.smsc.refuse_bind(asked.pdu, codes.RINVPASWD)
    pair.run()
    why = "bind refused: RINVPASWD 0x0000000E"
    assert pair.take(Role.ESME) == [events.BindRefused(codes.RINVPASWD), events.Closed(why, Ending.REFUSED)]
    assert pair.take(Role.SMSC) == [events.Closed(why, Ending.REFUSED)]


def test_a_bind_answered_by_generic_nack_is_refused() -> None:
    session = Session(Role.ESME, TIMERS, 0)
    session.bind(codes.BIND_TRANSCEIVER, BIND, 0)
    session.receive(pdu.encode(Pdu(codes.GENERIC_NACK, codes.RINVCMDID, 1)), 1)
    assert session.events()[0] == events.BindRefused(codes.RINVCMDID)


def test_answers_come_in_any_order(pair: Pair) -> None:
    made = [pair.submit(token) for token in "abc"]
    assert pair.esme.in_flight == 3
    for each in reversed(made):
        pair.smsc.respond(each, codes.ROK, {"message_id": str(each.sequence)})
    pair.run()
    told = pair.take(Role.ESME)
    assert [(event.token, event.pdu.text("message_id")) for event in told if isinstance(event, events.Answered)] == [
        ("c", str(made[2].sequence)),
        ("b", str(made[1].sequence)),
        ("a", str(made[0].sequence)),
    ]
    assert pair.esme.in_flight == 0


def test_a_second_answer_is_ignored(pair: Pair) -> None:
    asked = pair.submit("a")
    pair.smsc.respond(asked, codes.ROK, {"message_id": "1"})
    pair.smsc.respond(asked, codes.RSYSERR)
    pair.run()
    assert len(pair.take(Role.ESME)) == 1


def test_an_answer_of_another_kind_is_ignored(pair: Pair) -> None:
    asked = pair.submit("a")
    pair.esme.receive(pdu.encode(Pdu(codes.ENQUIRE_LINK_RESP, 0, asked.sequence)), pair.now)
    pair.run()
    assert pair.take(Role.ESME) == []
    assert pair.esme.in_flight == 1


def test_generic_nack_answers_the_submit(pair: Pair) -> None:
    asked = pair.submit("a")
    pair.esme.receive(pdu.encode(Pdu(codes.GENERIC_NACK, codes.RINVCMDID, asked.sequence)), pair.now)
    pair.run()
    (told,) = pair.take(Role.ESME)
    assert isinstance(told, events.Answered)
    assert (told.token, told.pdu.command, told.pdu.status) == ("a", codes.GENERIC_NACK, codes.RINVCMDID)


def test_no_answer_in_time_then_a_late_one(pair: Pair) -> None:
    asked = pair.submit("a")
    pair.wait(59)
    assert pair.take(Role.ESME) == []
    pair.wait(1)
    assert pair.take(Role.ESME) == [events.Unanswered("a", "no answer in time")]
    assert (pair.esme.in_flight, pair.esme.doubtful) == (1, 1)
    pair.smsc.respond(asked, codes.ROK, {"message_id": "5"})
    pair.run()
    (late,) = pair.take(Role.ESME)
    assert isinstance(late, events.LateAnswer)
    assert (late.token, late.pdu.text("message_id")) == ("a", "5")
    assert pair.esme.in_flight == 0


def test_late_answers_are_recognised_for_a_bounded_number(pair: Pair) -> None:
    for token in range(10_001):
        pair.esme.request(codes.SUBMIT_SM, pdu.body_of(codes.SUBMIT_SM, {}), token, pair.now)
    pair.cut = True
    pair.run()
    pair.esme.tick(pair.now + 61)
    for sequence in (2, 3):  # 1 was the bind, 2 the oldest submit
        pair.esme.receive(pdu.encode(Pdu(codes.SUBMIT_SM_RESP, 0, sequence)), pair.now + 61)
    late = [event for event in pair.esme.events() if isinstance(event, events.LateAnswer)]
    assert [event.token for event in late] == [1]


def test_each_has_its_own_deadline(pair: Pair) -> None:
    pair.submit("a")
    pair.wait(10)
    pair.submit("b")
    pair.wait(50)
    assert pair.take(Role.ESME) == [events.Unanswered("a", "no answer in time")]
    pair.wait(10)
    assert pair.take(Role.ESME) == [events.Unanswered("b", "no answer in time")]


@given(st.lists(st.sampled_from(["submit", "answer", "wait", "lose"]), max_size=30))
def test_every_submit_ends_exactly_once(steps: list[str]) -> None:
    pair = Pair()
    pair.bind()
    asked: list[Pdu] = []
    made = 0
    for step in steps:
        if step == "submit" and pair.esme.state in BOUND:
            asked.append(pair.submit(made))
            made += 1
        elif step == "answer" and asked:
            pair.smsc.respond(asked.pop(), codes.ROK, {"message_id": "1"})
        elif step == "wait":
            pair.wait(25)
        elif step == "lose":
            pair.esme.lost("cut")
        pair.run()
    pair.esme.lost("end")
    pair.run()
    told = pair.take(Role.ESME)
    ended = [event.token for event in told if isinstance(event, events.Answered | events.Unanswered)]
    assert sorted(ended) == list(range(made))
    assert [type(event) for event in told].count(events.Closed) == 1
    assert isinstance(told[-1], events.Closed)


def test_a_quiet_link_is_asked_and_answers(pair: Pair) -> None:
    pair.wire.clear()
    pair.wait(95)
    asked = [role for role, data in pair.wire if pdu.decode(data[:16]).command == codes.ENQUIRE_LINK]
    assert asked
    assert pair.esme.state is State.BOUND_TRX
    assert pair.take(Role.ESME) == []


def test_a_dead_link_is_given_up_with_everything_on_it(pair: Pair) -> None:
    pair.cut = True
    pair.esme.request(codes.SUBMIT_SM, pdu.body_of(codes.SUBMIT_SM, {}), "a", pair.now)
    pair.run()
    pair.wait(60)
    assert pair.take(Role.ESME) == [events.Unanswered("a", "no answer in time")]
    pair.wait(30)
    assert pair.take(Role.ESME) == [events.Closed("the other side does not answer enquire_link", Ending.SILENT)]
    assert pair.esme.deadline == inf


def test_an_unanswered_bind_closes() -> None:
    session = Session(Role.ESME, TIMERS, 0)
    session.bind(codes.BIND_TRANSCEIVER, BIND, 0)
    assert session.deadline == 60
    session.tick(60)
    assert session.events() == [events.Closed("no answer to our bind", Ending.SILENT)]


def test_nobody_may_stay_without_binding() -> None:
    session = Session(Role.SMSC, TIMERS, 0)
    assert session.deadline == 5
    session.receive(pdu.encode(Pdu(codes.ENQUIRE_LINK, 0, 1)), 4)
    session.tick(5)
    assert session.events() == [events.Closed("no bind in time", Ending.SILENT)]


def test_without_messages_we_leave() -> None:
    pair = Pair(esme_timers=Timers(quiet=30, response=60, inactivity=100))
    pair.bind()
    pair.wait(99)
    assert pair.esme.state is State.BOUND_TRX
    pair.wait(1)
    assert pair.take(Role.ESME) == [events.Closed("unbound", Ending.LEFT)]


@pytest.mark.parametrize("leaver", Role)
def test_either_side_may_leave(pair: Pair, leaver: Role) -> None:
    session = {Role.ESME: pair.esme, Role.SMSC: pair.smsc}[leaver]
    session.unbind(pair.now)
    session.unbind(pair.now)
    pair.run()
    other = Role.SMSC if leaver is Role.ESME else Role.ESME
    assert pair.take(leaver) == [events.Closed("unbound", Ending.LEFT)]
    assert pair.take(other) == [events.Closed("unbound by the other side", Ending.DISMISSED)]


def test_answers_still_come_while_leaving(pair: Pair) -> None:
    asked = pair.submit("a")
    pair.smsc.respond(asked, codes.ROK, {"message_id": "1"})
    pair.esme.unbind(pair.now)
    pair.run()
    told = pair.take(Role.ESME)
    assert [type(event) for event in told] == [events.Answered, events.Closed]


def test_leaving_does_not_wait_for_ever(pair: Pair) -> None:
    pair.cut = True
    pair.esme.unbind(pair.now)
    pair.wait(2)
    assert pair.take(Role.ESME) == [events.Closed("no answer to our unbind", Ending.LEFT)]


def test_an_unknown_command_is_refused_and_the_session_lives(pair: Pair) -> None:
    pair.esme.receive(asked(BROADCAST_SM, 8), pair.now)
    (answer,) = pdu.PduReader().feed(pair.esme.outgoing())
    assert (answer.command, answer.status, answer.sequence) == (codes.GENERIC_NACK, codes.RINVCMDID, 8)
    (told,) = pair.esme.events()
    assert isinstance(told, events.Odd)
    assert (told.what, told.pdu.rest) == (Oddity.UNKNOWN, b"anything")
    assert pair.esme.state is State.BOUND_TRX


@pytest.mark.parametrize(
    ("command", "what"), [(codes.OUTBIND, Oddity.MISPLACED), (codes.ALERT_NOTIFICATION, Oddity.ALERT)]
)
def test_what_has_no_answer_gets_none(pair: Pair, command: int, what: Oddity) -> None:
    pair.esme.receive(asked(command), pair.now)
    assert pair.esme.outgoing() == b""
    assert [event.what for event in pair.esme.events() if isinstance(event, events.Odd)] == [what]


def test_a_malformed_message_is_refused_alone(pair: Pair) -> None:
    pair.esme.receive(pdu.frame(codes.DELIVER_SM, 0, 8, b"\0\1"), pair.now)
    (answer,) = pdu.PduReader().feed(pair.esme.outgoing())
    assert (answer.command, answer.status) == (codes.DELIVER_SM_RESP, codes.RINVMSGLEN)
    assert pair.esme.state is State.BOUND_TRX


def test_a_receipt_with_a_broken_parameter_is_taken(pair: Pair) -> None:
    body = pdu.body_of(codes.DELIVER_SM, {"short_message": b"id:1 stat:DELIVRD"}) + b"\x04\x27\x00\x05\x02"
    pair.esme.receive(pdu.frame(codes.DELIVER_SM, 0, 8, body), pair.now)
    (told,) = pair.esme.events()
    assert isinstance(told, events.Requested)


def test_what_is_not_smpp_costs_the_session(pair: Pair) -> None:
    pair.submit("a")
    pair.esme.receive(b"GET / HTTP/1.1\r\n\r\n", pair.now)
    pair.run()
    told = pair.take(Role.ESME)
    assert [type(event) for event in told] == [events.Unanswered, events.Closed]
    assert pair.esme.outgoing() == b""


def test_after_closing_nothing_is_said(pair: Pair) -> None:
    asked = pair.submit("a")
    pair.smsc.lost("cut")
    pair.smsc.respond(asked, codes.ROK)
    pair.smsc.receive(pdu.encode(Pdu(codes.ENQUIRE_LINK, 0, 1)), pair.now)
    pair.smsc.tick(pair.now + 1000)
    assert pair.smsc.outgoing() == b""
    assert [type(event) for event in pair.smsc.events()] == [events.Closed]


def test_sequence_numbers_wrap_past_those_in_use() -> None:
    session = Session(Role.ESME, TIMERS, 0, last_sequence=0x7FFFFFFD)
    session.bind(codes.BIND_TRANSCEIVER, BIND, 0)
    session.receive(pdu.encode(Pdu(codes.BIND_TRANSCEIVER | codes.RESPONSE, 0, 0x7FFFFFFE)), 0)
    session.outgoing()
    for token in range(3):
        session.request(codes.SUBMIT_SM, pdu.body_of(codes.SUBMIT_SM, {}), token, 0)
    assert [each.sequence for each in pdu.PduReader().feed(session.outgoing())] == [0x7FFFFFFF, 1, 2]


def test_tokens_may_be_anything(pair: Pair) -> None:
    token: dict[str, Any] = {"not": ["hashable"]}
    asked = pair.submit(token)
    pair.smsc.respond(asked, codes.ROK)
    pair.run()
    (told,) = pair.take(Role.ESME)
    assert isinstance(told, events.Answered)
    assert told.token is token
