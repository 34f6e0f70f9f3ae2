"""What a scenario makes of binds and of messages. No sockets, no real time."""

from typing import Any

import pytest

from adapters.smpp import codes, events, pdu
from adapters.smpp.simulator_end import Line
from adapters.smpp.states import State
from tests.adapters.rig import NO_RECEIPTS, Rig, stats, statuses

# ---- binds ----


def test_what_is_not_said_goes_well() -> None:
    rig = Rig(ids={"first": 7})
    client = rig.client()
    rig.submit(client, "a")
    rig.wait(1)
    assert client.of(events.Bound) != []
    assert client.answers == [("a", codes.ROK, "7")]
    assert stats(client) == ["DELIVRD"]
    assert (rig.smsc.counts.taken, rig.smsc.counts.receipts_acknowledged) == (1, 1)


def test_the_first_binds_are_refused() -> None:
    rig = Rig(binds=[{"times": 2, "status": "RALYBND"}])
    refused = [rig.client().of(events.BindRefused) for _ in range(3)]
    assert refused == [[events.BindRefused(codes.RALYBND)], [events.BindRefused(codes.RALYBND)], []]
    assert (rig.smsc.bound, rig.smsc.counts.binds_refused) == (1, 2)


def test_one_bind_too_many() -> None:
    rig = Rig(binds=[{"already": 1, "status": "0x400"}])
    rig.client()
    assert rig.client().of(events.BindRefused) == [events.BindRefused(0x400)]
    assert rig.client(system_id="other").of(events.BindRefused) == []


def test_a_bind_hangs_until_the_connection_is_given_up() -> None:
    rig = Rig(binds=[{"answer": "none", "times": 1}])
    client = rig.client()
    rig.wait(29)
    assert client.told == []
    rig.wait(2)
    assert isinstance(client.told[-1], events.Closed)
    assert rig.client().of(events.Bound) != []


def test_a_bind_is_answered_late() -> None:
    rig = Rig(binds=[{"delay": "5s", "kind": "transceiver"}])
    client = rig.client()
    assert rig.client(codes.BIND_RECEIVER).of(events.Bound) != []
    rig.wait(4.9)
    assert client.told == []
    rig.wait(0.2)
    assert client.of(events.Bound) != []


def test_only_those_named_are_let_in() -> None:
    rig = Rig(smsc={"system_id": "demo", "password": "x"})
    assert rig.client(system_id="other").of(events.BindRefused) == [events.BindRefused(codes.RINVSYSID)]
    assert rig.client(password="y").of(events.BindRefused) == [events.BindRefused(codes.RINVPASWD)]
    assert rig.client().of(events.Bound) != []


# ---- answers ----


def test_statuses_by_number_count_and_time() -> None:
    rig = Rig(
        submits=[
            {"to": "33600*", "status": "RINVDSTADR"},
            {"from": "10s", "until": "20s", "status": 8},
            {"skip": 1, "each": 2, "times": 2, "status": "0x45"},
        ]
    )
    client = rig.client()
    rig.submit(client, to := "first", destination_addr="33600123456")
    for _ in range(7):
        rig.submit(client)
    rig.wait(10)
    rig.submit(client)
    rig.wait(10)
    rig.submit(client)
    assert to == client.answers[0][0]
    assert statuses(client) == [0x0B, 0, 0, 0x45, 0, 0x45, 0, 0, 8, 0]
    assert rig.smsc.counts.taken == 6


def test_a_share_of_all_by_the_seed() -> None:
    found = []
    for seed in (1, 1, 2):
        rig = Rig(seed=seed, submits=[{"share": 0.3, "status": 8}])
        client = rig.client()
        for _ in range(200):
            rig.submit(client)
        found.append(statuses(client))
    assert found[0] == found[1] != found[2]
    assert 30 <= found[0].count(8) <= 90


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({"sender": "ECOLE"}, True),
        ({"sender": ["36*", "OTHER"]}, False),
        ({"text": "Bon*"}, True),
        ({"system_id": "d?mo"}, True),
        ({"system_id": "x*"}, False),
        ({"coding": [3, 4]}, False),
        ({"not_coding": [0, 8]}, False),
        ({"not_coding": 8}, True),
        ({"tlvs": "message_payload"}, False),
    ],
)
def test_which_messages_are_meant(rule: dict[str, Any], fits: bool) -> None:
    rig = Rig(submits=[{**rule, "status": "RSYSERR"}])
    client = rig.client()
    rig.submit(client)
    assert statuses(client) == [codes.RSYSERR if fits else codes.ROK]


def test_a_message_by_its_optional_parameters() -> None:
    rig = Rig(submits=[{"tlvs": ["sar_msg_ref_num", "0x0424"], "status": "0xC1"}])
    client = rig.client()
    body = pdu.body_of(codes.SUBMIT_SM, {"destination_addr": "33600000000"}, {codes.MESSAGE_PAYLOAD: b"x"})
    client.session.request(codes.SUBMIT_SM, body, 0, rig.now)
    rig.run()
    assert statuses(client) == [0xC1]


def test_no_answer_but_taken() -> None:
    rig = Rig(submits=[{"answer": "none"}])
    client = rig.client()
    rig.submit(client, "a")
    rig.wait(61)
    assert client.of(events.Unanswered) == [events.Unanswered("a", "no answer in time")]
    assert (rig.smsc.counts.taken, rig.smsc.counts.unanswered, stats(client)) == (1, 1, ["DELIVRD"])


def test_a_refusal_that_is_carried_out_all_the_same() -> None:
    rig = Rig(submits=[{"status": "RSYSERR", "taken": True, "times": 1}, {"taken": False}])
    client = rig.client()
    rig.submit(client)
    rig.submit(client)
    rig.wait(1)
    assert (statuses(client), len(client.delivered)) == ([codes.RSYSERR, codes.ROK], 1)


def test_the_answer_comes_late_and_out_of_order() -> None:
    rig = Rig(submits=[{"times": 1, "delay": "2s"}, {"delay": "100ms..200ms"}])
    client = rig.client()
    rig.submit(client, "first")
    rig.submit(client, "second")
    rig.wait(0.09)
    assert client.answers == []
    rig.wait(3)
    assert [token for token, _, _ in client.answers] == ["second", "first"]


def test_answered_twice_and_with_another_sequence() -> None:
    rig = Rig(receipts=NO_RECEIPTS, submits=[{"times": 1, "answer": "twice"}, {"times": 1, "answer": "wrong_sequence"}])
    client = rig.client()
    for token in "abc":
        rig.submit(client, token)
    assert [token for token, _, _ in client.answers] == ["a", "c"]
    found = [each.command for each in pdu.PduReader().feed(bytes(client.heard))]
    assert found.count(codes.SUBMIT_SM_RESP) == 4
    assert client.session.state is State.BOUND_TRX


def test_generic_nack_does_not_take() -> None:
    rig = Rig(submits=[{"answer": "generic_nack", "status": "RINVCMDID"}])
    client = rig.client()
    rig.submit(client)
    assert (statuses(client), rig.smsc.counts.taken) == ([codes.RINVCMDID], 0)


def test_garbage_ends_the_session_of_a_client_that_minds() -> None:
    rig = Rig(submits=[{"answer": "garbage"}])
    client = rig.client()
    rig.submit(client, "a")
    assert client.session.state is State.CLOSED
    assert len(client.of(events.Unanswered)) == rig.smsc.counts.taken == 1


def test_half_an_answer_then_the_connection_is_cut() -> None:
    rig = Rig(submits=[{"answer": "half", "then": "cut"}])
    client = rig.client()
    rig.submit(client, "a")
    assert client.end.line is Line.CUT
    assert (len(client.of(events.Unanswered)), client.answers) == (1, [])


def test_octets_drip_and_what_follows_waits_behind_them() -> None:
    rig = Rig(receipts=NO_RECEIPTS, submits=[{"drip": "1s", "times": 1}])
    client = rig.client()
    rig.submit(client, "slow")
    rig.submit(client, "quick")
    rig.wait(10)
    assert client.answers == []
    rig.wait(60)
    assert [token for token, _, _ in client.answers] == ["slow", "quick"]


def test_two_answers_drip_one_after_the_other() -> None:
    rig = Rig(receipts=NO_RECEIPTS, submits=[{"drip": "10ms"}])
    client = rig.client()
    rig.submit(client, 1)
    rig.submit(client, 2)
    rig.wait(2)
    assert [token for token, _, _ in client.answers] == [1, 2]


def test_congestion_is_told() -> None:
    rig = Rig(submits=[{"congestion": 95}])
    client = rig.client()
    rig.submit(client)
    assert client.of(events.Answered)[0].pdu.tlvs == {0x0428: b"\x5f"}


@pytest.mark.parametrize(("then", "state"), [("unbind", State.CLOSED), ("silence", State.BOUND_TRX)])
def test_what_happens_after_an_answer(then: str, state: State) -> None:
    rig = Rig(receipts=NO_RECEIPTS, submits=[{"then": then}])
    client = rig.client()
    rig.submit(client, "a")
    assert len(client.answers) == (then == "unbind")
    rig.wait(3)
    assert client.session.state is state


@pytest.mark.parametrize(
    ("written", "status"), [(b"\xc9COLE\0", codes.RINVSRCADR), (b"ECOLE\0\1\1" + b"3" * 30 + b"\0", codes.RINVDSTADR)]
)
def test_an_address_that_no_receipt_could_repeat_is_refused(written: bytes, status: int) -> None:
    rig = Rig()
    client = rig.client()
    body = b"\0\5\0" + written + bytes(20)
    client.session.request(codes.SUBMIT_SM, body, 0, rig.now)
    rig.run()
    assert (statuses(client), rig.smsc.counts.taken) == ([status], 0)
