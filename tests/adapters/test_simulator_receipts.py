"""What the simulator reports of a message, and how."""

from typing import Any

import pytest

from adapters.smpp import codes, events, pdu
from tests.adapters.rig import AT_ONCE, Client, Rig, stats


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


@pytest.mark.parametrize(("version", "understands"), [(0, False), (0x33, False), (0x34, True), (0x50, True)])
def test_who_speaks_3_3_is_sent_no_optional_parameter(version: int, understands: bool) -> None:
    rig = Rig(
        submits=[{"congestion": 99}],
        receipts=[{"each": 2, "payload": True, "delay": "0s"}, {"delay": "0s"}],
        incoming=[
            {"number": "+33612345678", "to": "36111", "text": "Oui", "long": long, "data_sm": data, "every": "1s"}
            | {"times": 1}
            for long, data in (("payload", False), ("udh8", True))
        ],
    )
    client = rig.client(interface_version=version)
    for token in range(2):
        rig.submit(client, token)
    rig.wait(3)
    answers = [event.pdu for event in client.of(events.Answered)]
    assert len(answers) == 2
    assert len(client.delivered) == 4
    for each in (*answers, *client.delivered):
        assert bool(each.tlvs) is understands
    bound = pdu.decode(bytes(client.heard[: int.from_bytes(client.heard[:4], "big")]))
    assert bool(bound.tlvs) is understands
    words = [each.octets("short_message") for each in client.delivered]
    assert [b"stat:DELIVRD" in each for each in words].count(True) == (1 if understands else 2)
    assert words.count(b"Oui") == (0 if understands else 2)
    assert {each.command for each in client.delivered} == {
        codes.DELIVER_SM,
        *((codes.DATA_SM,) if understands else ()),
    }
