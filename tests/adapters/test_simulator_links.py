"""What a scenario does to connections by the clock."""

import pytest

from adapters.smpp import events
from adapters.smpp.states import State
from adapters.smpp.timers import Timers
from tests.adapters.rig import AT_ONCE, NO_RECEIPTS, Rig


def test_connections_are_cut_by_the_clock() -> None:
    rig = Rig(links=[{"every": "10s", "times": 2, "do": "cut"}])
    for _ in range(3):
        rig.client()
        rig.wait(10)
    assert (rig.smsc.counts.cuts, rig.smsc.bound) == (2, 1)


def test_each_session_is_asked_to_leave_a_day_after_its_bind() -> None:
    rig = Rig(links=[{"since": "bind", "after": "24h", "do": "unbind"}], smsc={"enquire_link": "1d"})
    first = rig.client()
    rig.wait(3600)
    second = rig.client()
    rig.wait(23 * 3600 + 1)
    assert (first.session.state, second.session.state) == (State.CLOSED, State.BOUND_TRX)
    rig.wait(3600)
    assert second.session.state is State.CLOSED


def test_silence_is_not_told_to_anybody() -> None:
    rig = Rig(links=[{"after": "5s", "do": "silence"}], receipts=AT_ONCE)
    client = rig.client(timers=Timers(quiet=10, response=20))
    rig.wait(5)
    rig.submit(client, "lost")
    rig.wait(10)
    assert client.answers == []
    rig.wait(60)
    assert [type(event) for event in client.told[1:]] == [events.Unanswered, events.Closed]
    assert rig.smsc.counts.taken == 0


def test_silence_ends_by_a_cut() -> None:
    rig = Rig(links=[{"after": "5s", "do": "silence", "for": "10s"}])
    client = rig.client()
    rig.wait(16)
    assert client.session.state is State.CLOSED


def test_a_stall_answers_everything_in_the_end() -> None:
    rig = Rig(links=[{"after": "5s", "do": "stall", "for": "20s"}], receipts=AT_ONCE)
    client = rig.client()
    rig.wait(5)
    for token in range(3):
        rig.submit(client, token)
    rig.wait(19)
    assert (client.answers, rig.smsc.counts.submits) == ([], 0)
    rig.wait(2)
    assert (len(client.answers), len(client.delivered)) == (3, 3)


def test_enquire_link_is_not_answered() -> None:
    rig = Rig(links=[{"after": "5s", "do": "deaf", "for": "30s"}], receipts=NO_RECEIPTS)
    client = rig.client(timers=Timers(quiet=10, response=15))
    patient = rig.client(timers=Timers(quiet=40, response=15))
    rig.wait(6)
    rig.submit(client)
    assert len(client.answers) == 1
    rig.wait(60)
    assert (client.session.state, patient.session.state) == (State.CLOSED, State.BOUND_TRX)


def test_nobody_listens_for_a_while() -> None:
    rig = Rig(links=[{"after": "5s", "do": "down", "for": "10s"}])
    client = rig.client()
    rig.wait(6)
    assert (rig.smsc.listening, client.session.state) == (False, State.CLOSED)
    rig.wait(10)
    assert rig.smsc.listening


@pytest.mark.parametrize(("begins", "cut"), [("start", True), ("bind", True), ("submit", False)])
def test_when_the_time_of_a_scenario_begins(begins: str, cut: bool) -> None:
    rig = Rig(begins=begins, links=[{"after": "10s", "do": "cut"}])
    client = rig.client()
    rig.wait(11)
    assert (client.session.state is State.CLOSED) is cut
    if not cut:
        rig.submit(client)
        rig.wait(11)
        assert client.session.state is State.CLOSED
