"""What a scenario makes the simulator do: binds, answers, limits, receipts, connections. No sockets, no real time."""

from typing import Any

import pytest

from adapters.smpp import codes, events, pdu
from adapters.smpp.mo import Writing, read_message
from adapters.smpp.simulator_end import Line
from adapters.smpp.states import State
from adapters.smpp.timers import Timers
from gateway import alphabets
from tests.adapters.rig import Client, Rig

AT_ONCE = [{"delay": "0s"}]
NO_RECEIPTS = [{"send": False}]


def statuses(client: Client) -> list[int]:
    return [status for _, status, _ in client.answers]


def stats(client: Client) -> list[str]:
    return [each.octets("short_message").split(b"stat:")[1][:7].decode() for each in client.delivered]


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


# ---- limits ----


def allowed(rig: Rig, client: Client, count: int) -> int:
    """How many of so many at once are taken."""
    before = rig.smsc.counts.taken
    for _ in range(count):
        rig.submit(client)
    return rig.smsc.counts.taken - before


def test_each_second_by_itself() -> None:
    rig = Rig(receipts=NO_RECEIPTS, throttle=[{"rate": 3, "kind": "second"}])
    client = rig.client()
    rig.wait(0.9)
    assert allowed(rig, client, 5) == 3
    rig.wait(0.2)
    assert allowed(rig, client, 5) == 3
    assert statuses(client).count(codes.RTHROTTLED) == rig.smsc.counts.throttled == 4


def test_a_bucket_refills() -> None:
    rig = Rig(receipts=NO_RECEIPTS, throttle=[{"rate": 2, "burst": 5}])
    client = rig.client()
    assert allowed(rig, client, 9) == 5
    rig.wait(1)
    assert allowed(rig, client, 9) == 2
    rig.wait(100)
    assert allowed(rig, client, 9) == 5


def test_the_limit_changes_and_what_is_refused_may_count() -> None:
    later = {"from": "10s", "until": "20s", "rate": 1, "counts_refused": True, "status": "RMSGQFUL"}
    rig = Rig(receipts=NO_RECEIPTS, throttle=[{"rate": 5}, later])
    client = rig.client()
    assert allowed(rig, client, 9) == 5
    rig.wait(10)
    assert allowed(rig, client, 3) == 1
    assert statuses(client)[-1] == 0x14
    rig.wait(1.5)
    assert allowed(rig, client, 1) == 0
    rig.wait(10)
    assert allowed(rig, client, 9) == 5


def test_each_session_may_have_a_limit_of_its_own() -> None:
    rig = Rig(receipts=NO_RECEIPTS, throttle=[{"rate": 2, "per": "link"}])
    first, second = rig.client(), rig.client()
    assert (allowed(rig, first, 5), allowed(rig, second, 5)) == (2, 2)


def test_a_window() -> None:
    rig = Rig(smsc={"window": 2}, receipts=NO_RECEIPTS, submits=[{"delay": "1s"}])
    client = rig.client()
    for _ in range(3):
        rig.submit(client)
    rig.wait(1)
    rig.submit(client)
    rig.wait(1)
    assert statuses(client) == [codes.RTHROTTLED, codes.ROK, codes.ROK, codes.ROK]


# ---- ids ----


@pytest.mark.parametrize(
    ("form", "id"),
    [
        ("decimal", "255"),
        ("decimal:10", "0000000255"),
        ("hex", "ff"),
        ("HEX:8", "000000FF"),
        ("digits20", "10000000000000000255"),
        ("uuid", "2c7b9a70-0b5a-5d73-9ae8-fd1b1ff7eabb"),
    ],
)
def test_forms_of_ids(form: str, id: str) -> None:
    rig = Rig(ids={"first": 255, "answer": form, "receipt": form, "parameter": "hex"}, receipts=AT_ONCE)
    client = rig.client()
    rig.submit(client)
    rig.wait(1)
    said = client.answers[0][2]
    assert said == id or form == "uuid"
    (receipt,) = client.delivered
    assert receipt.octets("short_message").startswith(f"id:{said} ".encode())
    assert receipt.tlvs[codes.RECEIPTED_MESSAGE_ID] == b"ff\0"


# ---- receipts ----


def receipts(rule: dict[str, Any], wait: float = 60.0, **submit: Any) -> Client:
    """What is reported of one message."""
    rig = Rig(ids={"first": 1}, receipts=[{"delay": "0s", **rule}])
    client = rig.client()
    rig.submit(client, **submit)
    rig.wait(wait)
    return client


def test_a_receipt_before_the_answer() -> None:
    rig = Rig(receipts=[{"before_answer": True}])
    client = rig.client()
    rig.submit(client)
    assert [type(event) for event in client.told] == [events.Bound, events.Requested, events.Answered]


def test_notifications_first_and_copies_after() -> None:
    client = receipts({"intermediate": ["ACCEPTD", "ENROUTE"], "copies": 2, "every": "5s"})
    assert stats(client) == ["ACCEPTD", "ENROUTE", "DELIVRD", "DELIVRD"]
    assert [each.number("esm_class") for each in client.delivered] == [0x20, 0x20, 4, 4]


def test_a_receipt_is_lost() -> None:
    assert receipts({"send": False}).delivered == []


def test_a_receipt_comes_days_late_and_tells_so() -> None:
    client = receipts({"delay": "3d", "zone": 1, "date": "%Y%m%d%H%M"}, 259_199)
    assert client.delivered == []
    client = receipts({"delay": "3d", "zone": 1, "date": "%Y%m%d%H%M"}, 259_201)
    assert b"submit date:202611230830 done date:202611260830 " in client.delivered[0].octets("short_message")


def test_states_by_share() -> None:
    rig = Rig(receipts=[{"states": {"UNDELIV": 0.3, "EXPIRED": 0.2}, "delay": "0s", "error": "4A6"}])
    client = rig.client()
    for _ in range(300):
        rig.submit(client)
    rig.wait(1)
    found = stats(client)
    assert 50 <= found.count("UNDELIV") <= 130
    assert 30 <= found.count("EXPIRED") <= 100
    assert found.count("DELIVRD") == 300 - found.count("UNDELIV") - found.count("EXPIRED")
    assert {b"err:000" in each.octets("short_message") for each in client.delivered} == {True, False}


@pytest.mark.parametrize(
    ("rule", "coding", "message"),
    [
        ({"body": "{id} {state}"}, 0, b"1 DELIVRD"),
        ({"body": "{id} {error} {to} {sender} {dlvrd} {{}}"}, 0, b"1 000 33660000000 ECOLE 001 {}"),
        ({"body": "{id} é", "charset": "ucs2"}, 8, b"\0001\0 \0\xe9"),
        ({"body": "é_ê", "charset": "gsm"}, 0, b"\x05\x11?"),
        ({"body": ""}, 0, b""),
    ],
)
def test_texts_of_receipts(rule: dict[str, Any], coding: int, message: bytes) -> None:
    (receipt,) = receipts(rule).delivered
    assert (receipt.number("data_coding"), receipt.octets("short_message")) == (coding, message)


def test_the_text_in_message_payload_and_no_parameters() -> None:
    (receipt,) = receipts({"payload": True, "body": "{id}" * 300, "parameters": [], "esm_class": 0}).delivered
    assert (receipt.octets("short_message"), receipt.number("esm_class")) == (b"", 0)
    assert receipt.tlvs == {codes.MESSAGE_PAYLOAD: b"1" * 300}


@pytest.mark.parametrize(("error", "octets"), [("", b"\x03\x00\x0b"), ("4A6", b"\x03A6")])
def test_the_parameter_of_errors(error: str, octets: bytes) -> None:
    (receipt,) = receipts({"parameters": ["error"], "states": {"REJECTD": 1}, "error": error}).delivered
    assert receipt.tlvs == {codes.NETWORK_ERROR_CODE: octets}


@pytest.mark.parametrize(("asked", "expected"), [(0, 0), (1, 1), (2, 0), (3, 1)])
def test_what_was_asked(asked: int, expected: int) -> None:
    assert len(receipts({}, registered_delivery=asked).delivered) == expected
    assert len(receipts({"asked": False}, registered_delivery=asked).delivered) == 1


def test_a_receipt_comes_on_another_bind() -> None:
    rig = Rig(receipts=[{"bind": "other"}])
    first, second = rig.client(), rig.client()
    rig.submit(first)
    rig.submit(second)
    rig.wait(1)
    assert (len(first.delivered), len(second.delivered)) == (1, 1)
    assert rig.smsc.counts.receipts_acknowledged == 2


def test_a_receipt_goes_to_a_receiver_only() -> None:
    rig = Rig(receipts=AT_ONCE)
    transmitter = rig.client(codes.BIND_TRANSMITTER)
    rig.submit(transmitter)
    rig.wait(1)
    assert rig.smsc.counts.receipts_sent == 0
    assert len(rig.client(codes.BIND_RECEIVER).delivered) == 1


def test_a_refused_receipt_comes_again_and_one_refused_for_good_does_not() -> None:
    rig = Rig(receipts=AT_ONCE, smsc={"receipt_retry": "2s"})
    client = rig.client()
    client.status = codes.RX_T_APPN
    rig.submit(client)
    rig.wait(5)
    client.status = codes.RX_P_APPN
    rig.wait(5)
    counts = rig.smsc.counts
    assert (counts.receipts_sent, counts.receipts_refused, counts.receipts_dropped) == (4, 3, 1)


# ---- connections ----


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


# ---- what telephones write ----


def written(rig: Rig, client: Client, wait: float = 60.0) -> list[str]:
    """The texts that a client gets, parts put together as they come."""
    rig.wait(wait)
    how = Writing()
    return [
        alphabets.read(found.octets, found.alphabet)[0]
        for found in (read_message(each, "", how) for each in client.delivered)
    ]


STOP = {"number": "+33612345678", "to": "36111"}


def test_a_telephone_writes_by_the_clock() -> None:
    rig = Rig(begins="bind", incoming=[{**STOP, "text": "STOP", "after": "10s", "every": "5s", "times": 3}])
    client = rig.client()
    assert written(rig, client, 9.9) == []
    assert written(rig, client, 0.2) == ["STOP"]
    assert written(rig, client, 60) == ["STOP"] * 3
    said = client.delivered[0]
    assert (said.text("source_addr"), said.text("destination_addr")) == ("33612345678", "36111")
    assert (said.number("dest_addr_ton"), said.number("esm_class")) == (3, 0)
    assert (rig.smsc.counts.incoming_acknowledged, rig.smsc.counts.receipts_sent) == (3, 0)


def test_a_telephone_replies_to_what_it_got() -> None:
    rig = Rig(receipts=NO_RECEIPTS, incoming=[{"text": "D'accord", "reply": {"to": "*1", "times": 1}, "after": "3s"}])
    client = rig.client()
    for number in ("33600000001", "33600000002", "33600000011"):
        rig.submit(client, destination_addr=number)
    assert written(rig, client) == ["D'accord"]
    (said,) = client.delivered
    assert (said.text("source_addr"), said.text("destination_addr")) == ("33600000001", "ECOLE")


def test_what_is_written_goes_to_the_client_that_is_named() -> None:
    rig = Rig(incoming=[{**STOP, "text": "Oui", "system_id": "second", "after": "1s"}])
    first, second = rig.client(), rig.client(system_id="second")
    rig.wait(2)
    assert (len(first.delivered), len(second.delivered)) == (0, 1)


@pytest.mark.parametrize("charset", ["auto", "latin1", "ucs2"])
@pytest.mark.parametrize("long", ["udh8", "udh16", "sar", "payload"])
@pytest.mark.parametrize("data_sm", [False, True])
def test_long_messages_in_every_form(long: str, charset: str, data_sm: bool) -> None:
    words = "Élève présent à la garderie. " * 12
    rule = {**STOP, "text": words, "long": long, "charset": charset, "data_sm": data_sm}
    rig = Rig(incoming=[rule])
    client = rig.client()
    assert "".join(written(rig, client)) == words
    places = [(found.place, found.of) for found in (read_message(each, "", Writing()) for each in client.delivered)]
    assert places == ([(1, 1)] if long == "payload" else [(place, len(places)) for place in range(1, len(places) + 1)])
    assert {each.command for each in client.delivered} == {codes.DATA_SM if data_sm else codes.DELIVER_SM}


def test_parts_come_out_of_order_and_one_is_missing() -> None:
    rule = {**STOP, "text": "x" * 400, "order": [3, 1, 2, 7], "missing": [2], "between": "5s"}
    rig = Rig(incoming=[rule])
    client = rig.client()
    rig.wait(1)
    assert len(client.delivered) == 1
    rig.wait(60)
    assert [read_message(each, "", Writing()).place for each in client.delivered] == [3, 1]


def test_an_incoming_message_that_is_refused_comes_again() -> None:
    rig = Rig(incoming=[{**STOP, "text": "STOP"}])
    client = rig.client()
    client.status = codes.RX_T_APPN
    rig.wait(2.5)
    client.status = codes.RX_R_APPN
    rig.wait(2)
    counts = rig.smsc.counts
    assert (counts.incoming_sent, counts.incoming_refused, counts.incoming_dropped) == (4, 3, 1)


# ---- query_sm, cancel_sm ----


def ask(rig: Rig, client: Client, command: int, message_id: str) -> None:
    client.session.request(command, pdu.body_of(command, {"message_id": message_id}), command, rig.now)
    rig.run()


def last(client: Client) -> pdu.Pdu:
    found = client.of(events.Answered)[-1].pdu
    assert isinstance(found, pdu.Pdu)
    return found


def test_a_message_is_asked_after() -> None:
    rig = Rig(ids={"first": 255, "answer": "hex"}, receipts=[{"delay": "10s", "states": {"EXPIRED": 1}}])
    client = rig.client()
    rig.submit(client)
    ask(rig, client, codes.QUERY_SM, "ff")
    assert (last(client).number("message_state"), last(client).text("final_date")) == (1, "")
    rig.wait(11)
    ask(rig, client, codes.QUERY_SM, "ff")
    assert (last(client).number("message_state"), last(client).text("final_date")) == (3, "261123073010000+")
    ask(rig, client, codes.QUERY_SM, "fe")
    assert last(client).status == codes.RQUERYFAIL


def test_a_message_is_cancelled_and_reported_no_more() -> None:
    rig = Rig(ids={"first": 1}, receipts=[{"delay": "10s"}])
    client = rig.client()
    rig.submit(client)
    ask(rig, client, codes.CANCEL_SM, "1")
    assert last(client).status == codes.ROK
    rig.wait(60)
    assert client.delivered == []
    ask(rig, client, codes.QUERY_SM, "1")
    assert last(client).number("message_state") == 4
    ask(rig, client, codes.CANCEL_SM, "1")
    assert last(client).status == codes.RCANCELFAIL
    assert (rig.smsc.counts.queries, rig.smsc.counts.cancels) == (1, 2)


@pytest.mark.parametrize("command", [codes.QUERY_SM, codes.CANCEL_SM])
def test_questions_are_answered_as_the_scenario_says(command: int) -> None:
    rules = [
        {"times": 1, "answer": "generic_nack", "status": "RINVCMDID"},
        {"times": 1, "status": "RSYSERR"},
        {"times": 1, "answer": "none"},
        {"delay": "5s"},
    ]
    rig = Rig(queries=rules, cancels=rules, receipts=NO_RECEIPTS)
    client = rig.client()
    for _ in range(4):
        ask(rig, client, command, "1")
    assert [(each.pdu.command, each.pdu.status) for each in client.of(events.Answered)] == [
        (codes.GENERIC_NACK, codes.RINVCMDID),
        (command | codes.RESPONSE, codes.RSYSERR),
    ]
    rig.wait(6)
    unknown = codes.RQUERYFAIL if command == codes.QUERY_SM else codes.RCANCELFAIL
    assert statuses(client) == [codes.RINVCMDID, codes.RSYSERR, unknown]


def test_a_state_that_is_not_true() -> None:
    rig = Rig(queries=[{"state": "DELIVRD"}])
    client = rig.client()
    ask(rig, client, codes.QUERY_SM, "nobody knows")
    assert (last(client).status, last(client).number("message_state")) == (codes.ROK, 2)


def test_a_client_that_listens_is_called() -> None:
    rig = Rig(links=[{"after": "5s", "do": "outbind", "to": "[::1]:2775"}], smsc={"name": "smsc", "password": "secret"})
    rig.smsc.tick(4.9)
    assert rig.smsc.calls() == []
    rig.smsc.tick(5.0)
    assert rig.smsc.calls() == [("::1", 2775)]
    assert rig.smsc.calls() == []
    end = rig.smsc.connect(5.0)
    rig.smsc.outbind(end)
    (asked,) = pdu.PduReader().feed(end.outgoing())
    assert (asked.command, asked.text("system_id"), asked.text("password")) == (codes.OUTBIND, "smsc", "secret")
