"""Receipts: the collected shapes, and what may never happen to one."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smpp import codes
from adapters.smpp.fields import Value
from adapters.smpp.pdu import Pdu
from adapters.smpp.receipt import STATUS_OF, Reading, is_receipt, read_receipt
from adapters.smpp.receipt_dates import read_date
from adapters.smpp.receipt_text import Fields, blank, read_text
from gateway import gsm
from gateway.states import Status

NEAR = datetime(2026, 11, 22, 9, 0)
VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "receipts.json").read_text())
IDS = [vector["text"][:40] for vector in VECTORS]
PLAIN = b"id:12 sub:001 dlvrd:001 submit date:2611220830 done date:2611220831 stat:DELIVRD err:000 text:Bonjour"


def said(fields: Fields) -> dict[str, str | None]:
    return {
        "id": fields.id,
        "stat": fields.stat,
        "err": fields.err,
        "sub": fields.sub,
        "dlvrd": fields.dlvrd,
        "submit_date": fields.submit_date.isoformat() if fields.submit_date else None,
        "done_date": fields.done_date.isoformat() if fields.done_date else None,
    }


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
@pytest.mark.parametrize("near", ["submit", "now"])
def test_the_collected_shapes(vector: dict[str, Any], near: str) -> None:
    sent = vector["expect"]["submit_date"]
    when = datetime.fromisoformat(sent) if sent and near == "submit" else NEAR
    assert said(read_text(vector["text"].encode("latin-1"), when)) == vector["expect"]


@pytest.mark.parametrize("vector", [each for each in VECTORS if each["expect"]["stat"]], ids=lambda v: v["text"][:40])
@pytest.mark.parametrize("charset", ["utf-16-be", "utf-16-le"])
def test_the_same_in_ucs2(vector: dict[str, Any], charset: str) -> None:
    body = vector["text"].encode(charset)
    assert said(read_text(body, NEAR)) == vector["expect"]
    assert blank(body).decode(charset) == blank(vector["text"].encode("latin-1")).decode("latin-1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stat:UNDELIV id:7 err:011 done date:2611220831", {"id": "7", "stat": "UNDELIV", "err": "011"}),
        ("text:Bonjour id:7 stat:DELIVRD err:000", {"id": "7", "stat": "DELIVRD", "err": "000"}),
        ("id:7 stat:DELIVRD text:stat:UNDELIV id:8 err:9", {"id": "7", "stat": "DELIVRD", "err": None}),
        ("id:7 text:le stat: bon", {"id": "7", "stat": None}),
        ("id:7 stat:DELIVRDerr:000 text:x", {"id": "7", "stat": "DELIVRD", "err": "000"}),
        ("ID:7 STAT:DELIVRD ERR:000 TEXT:x", {"id": "7", "stat": "DELIVRD", "err": "000"}),
        ("id: 7 stat: DELIVRD err: 000", {"id": "7", "stat": "DELIVRD", "err": "000"}),
        ("id:7, stat:DELIVRD; err:000", {"id": "7", "stat": "DELIVRD", "err": "000"}),
        ("id:null sub:null stat:DELIVRD err:null", {"id": None, "sub": None, "stat": "DELIVRD", "err": None}),
        ("msgid:9 id:7 stat:DELIVRD", {"id": "7"}),
        ("id:7 submit date:0000000000 done date: stat:EXPIRED", {"submit_date": None, "done_date": None}),
        ("id:7 submit_date:2611220830 stat:EXPIRED", {"submit_date": "2026-11-22T08:30:00"}),
        ("id:7 stat:delivrd err:000", {"id": "7", "stat": "delivrd"}),
        ("id:7\r\nsub:001\r\nstat:DELIVRD\r\nerr:000\r\ntext:x", {"id": "7", "sub": "001", "stat": "DELIVRD"}),
        ("id:7\0stat:DELIVRD\0err:000\0", {"id": "7", "stat": "DELIVRD", "err": "000"}),
        ("id:7 submit\ndate:2611220830 stat:DELIVRD", {"submit_date": "2026-11-22T08:30:00"}),
        ("id=7&stat=DELIVRD&err=000&submit+date=2611220830", {"id": "7", "err": "000", "stat": "DELIVRD"}),
        ('{"id":"7","stat":"DELIVRD","err":"000","submit date":"2611220830"}', {"id": "7", "err": "000"}),
        ('{"message_id": "7", "status": "DELIVERED", "error": 0}', {"id": "7", "stat": "DELIVERED", "err": "0"}),
        ('id:"7 8" stat:DELIVRD', {"id": "7 8"}),
        ("id:'7' stat:DELIVRD", {"id": "7"}),
        ("id:20261122 083015 42 sub:001 stat:DELIVRD", {"id": "20261122 083015 42"}),
        ("id:7 IMSI:2080 stat:DELIVRD", {"id": "7"}),
        ("message id:7 final status:DELIVRD", {"id": "7", "stat": "DELIVRD"}),
        ("stat:DELIVRD id:7 Bonjour Madame", {"id": "7"}),
        ("id:ns:12345 stat:DELIVRD", {"id": "ns:12345"}),
        ("id:12345-9876 stat:DELIVRD", {"id": "12345-9876"}),
        ("id:0x1A2B3C4D stat:DELIVRD", {"id": "0x1A2B3C4D"}),
        ("msgid:9 stat:DELIVRD", {"id": "9"}),
        ("33612345678CLG^id:1054BC63 sub:0 stat:DELIVRD err: text:", {"id": "1054BC63", "err": None}),
        ("id:7sub:001dlvrd:001submit date:2611220830done date:2611220831stat:DELIVRDErr:000Text:x", {"err": "000"}),
        (
            "id:7 submitDate:2611220830 doneDate:2611220831 stat:DLV",
            {"stat": "DLV", "done_date": "2026-11-22T08:31:00"},
        ),
        (
            "id: xxx sub:000 submit date: 2611220830 stat: DELIVRD err: 0",
            {"id": "xxx", "submit_date": "2026-11-22T08:30:00"},
        ),
        ("id:7 submit date:261122 done date:20261122 stat:DELIVRD", {"submit_date": "2026-11-22T00:00:00"}),
        ("id:7 stat:UNDELIV err:E_NETWORK text:", {"err": "E_NETWORK"}),
        ("id:7 stat:UNDELIV error code:0x0000000B", {"err": "0x0000000B"}),
        ("id:7 submit\x11date:2611220830 stat:DELIVRD", {"submit_date": "2026-11-22T08:30:00"}),
        ("\ufeffid:7 stat:DELIVRD".encode("utf-16-be").decode("latin-1"), {"id": "7", "stat": "DELIVRD"}),
    ],
)
def test_shapes_of_our_own(text: str, expected: dict[str, str | None]) -> None:
    found = said(read_text(text.encode("latin-1"), NEAR))
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2611220830", "2026-11-22T08:30:00"),
        ("261122083015", "2026-11-22T08:30:15"),
        ("202611220830", "2026-11-22T08:30:00"),
        ("20261122083015", "2026-11-22T08:30:15"),
        ("261122083015004+", "2026-11-22T08:30:15"),
        ("2026-11-22 08:30:15", "2026-11-22T08:30:15"),
        ("26/11/22 08:30", "2026-11-22T08:30:00"),
        ("22/11/26 08:30", "2026-11-22T08:30:00"),
        ("22/11/2026 08:30:15", "2026-11-22T08:30:15"),
        ("2026-11-22T08:30:15+01:00", "2026-11-22T08:30:15"),
        ("2026-11-22T08:30:15-05:00", "2026-11-22T08:30:15"),
        ("2026-11-22T08:30:15.123Z", "2026-11-22T08:30:15"),
        ("2026-11-22", "2026-11-22T00:00:00"),
        ("20261122", "2026-11-22T00:00:00"),
        ("261122", "2026-11-22T00:00:00"),
        ("261122083015032-", "2026-11-22T08:30:15"),
        ("20261122T083015Z", "2026-11-22T08:30:15"),
        ("261122 0830", "2026-11-22T08:30:00"),
        ("26112208301", None),
        ("1795336200", "2026-11-22T08:30:00"),
        ("1795336200000", "2026-11-22T08:30:00"),
        ("000000000000", None),
        ("0000000000", None),
        ("261322083015", None),
        ("", None),
        ("hier", None),
        ("22", None),
    ],
)
def test_dates(written: str, expected: str | None) -> None:
    found = read_date(written, NEAR)
    assert (found.isoformat() if found else None) == expected


def test_twelve_digits_are_read_as_the_nearest_date() -> None:
    assert read_date("200101010030", datetime(2020, 1, 1)) == datetime(2020, 1, 1, 1, 0, 30)
    assert read_date("200101010030", datetime(2001, 1, 1)) == datetime(2001, 1, 1, 0, 30)


def test_ten_digits_of_the_calendar_are_not_seconds() -> None:
    assert read_date("1709260755", datetime(2017, 9, 26)) == datetime(2017, 9, 26, 7, 55)
    assert read_date("1709260755", datetime(2024, 3, 1)) == datetime(2024, 3, 1, 2, 39, 15)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (PLAIN, PLAIN.replace(b"Bonjour", b"       ")),
        (b"id:1 stat:DELIVRD Text:Mme REITER", b"id:1 stat:DELIVRD Text:          "),
        (b"id:1 stat:DELIVRD err:000 Hello Mme", b"id:1 stat:DELIVRD err:000          "),
        (b"id:1 stat:DELIVRD err:000 IMSI:2 MSC:3", b"id:1 stat:DELIVRD err:000 IMSI:2 MSC:3"),
        (b"id:1 stat:DELIVRD err:000 msg:Hello", b"id:1 stat:DELIVRD err:000          "),
        (b"stat:DELIVRD id:1 Hello Mme REITER", b"stat:DELIVRD id:1                 "),
        (b"text:Hello id:1 stat:DELIVRD", b"text:      id:1 stat:DELIVRD"),
        (b"id:1 stat:DELIVRD text:\xff\x00\xfe", b"id:1 stat:DELIVRD text:   "),
        (b"id:1 text:a text:b", b"id:1 text:        "),
        (b"ACK/", b"ACK/"),
        (b"", b""),
    ],
)
def test_the_words_of_the_message_are_blanked(body: bytes, expected: bytes) -> None:
    assert blank(body) == expected.ljust(len(body))


def test_half_a_character_at_the_end_is_blanked_with_the_words_only() -> None:
    wide = "id:1 stat:DELIVRD text:Mme".encode("utf-16-be") + b"R"
    assert blank(wide) == "id:1 stat:DELIVRD text:   ".encode("utf-16-be") + b" "
    wide = "text:Mme id:1 stat:DELIVRD".encode("utf-16-be") + b"R"
    assert blank(wide) == "text:    id:1 stat:DELIVRD".encode("utf-16-be") + b"R"


@pytest.mark.parametrize("vector", [one for one in VECTORS if one["expect"]["id"] and one["expect"]["stat"]], ids=str)
def test_the_same_in_packed_septets(vector: dict[str, Any]) -> None:
    octets = vector["text"].encode("latin-1")
    body = gsm.pack(octets)
    assert said(read_text(body, NEAR)) == vector["expect"]
    blanked = blank(body)
    assert len(blanked) == len(body)
    assert gsm.unpack(blanked)[: len(octets)] == blank(octets)


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", PLAIN, b"id:1 stat:DELIVRD text:", PLAIN.decode().encode("utf-16-be")]),
)
def test_any_octets_keep_their_length_and_their_beginning(noise: bytes, head: bytes) -> None:
    body = head + noise
    read_text(body, NEAR)
    blanked = blank(body)
    assert len(blanked) == len(body)
    assert blank(blanked) == blanked


def receipt_pdu(body: bytes, tlvs: dict[int, bytes] | None = None, **fields: int | str) -> Pdu:
    values: dict[str, Value] = {"source_addr": "33660000000", "destination_addr": "CLGPASTEUR", "esm_class": 4}
    return Pdu(codes.DELIVER_SM, 0, 1, {**values, "short_message": body, **fields}, tlvs or {})


def test_a_plain_receipt() -> None:
    found = read_receipt(receipt_pdu(PLAIN), NEAR, Reading())
    assert (found.id, found.state, found.status, found.error) == ("12", "DELIVRD", Status.DELIVERED, "000")
    assert (found.to, found.sender) == ("+33660000000", "CLGPASTEUR")
    assert (found.submitted, found.done) == (datetime(2026, 11, 22, 8, 30), datetime(2026, 11, 22, 8, 31))
    assert found.raw == PLAIN.replace(b"Bonjour", b"       ")
    assert not found.intermediate


def test_parameters_are_right() -> None:
    tlvs = {
        codes.RECEIPTED_MESSAGE_ID: b"1d305b4c\0",
        codes.MESSAGE_STATE: b"\x05",
        codes.NETWORK_ERROR_CODE: b"\x03\x00\x0b",
        0x1401: b"vendor",
    }
    found = read_receipt(receipt_pdu(b"id:0489708364 stat:DELIVRD err:001", tlvs), NEAR, Reading())
    assert (found.id, found.state, found.status, found.error) == ("1d305b4c", "UNDELIV", Status.UNDELIVERED, "011")
    assert found.keys[:2] == ("1d305b4c", "489708364")
    assert found.tlvs == tlvs


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"404", "404"),
        (b"0404", "0404"),
        (b"4A6", "4A6"),
        (b"\x03\x01\x90", "400"),
        (b"\x01\x90", "400"),
        (b"\x03\0\0", "21b"),
        (b"\x03", "21b"),
        (b"", "21b"),
    ],
)
def test_shapes_of_the_error_code(value: bytes, expected: str) -> None:
    found = read_receipt(receipt_pdu(b"id:1 err:21b", {codes.NETWORK_ERROR_CODE: value}), NEAR, Reading())
    assert found.error == expected


@pytest.mark.parametrize(
    ("body", "id_", "status"),
    [
        (b"362d9701 2", "362d9701", Status.DELIVERED),
        (b"362d9701 5", "362d9701", Status.UNDELIVERED),
        (b"362d9701,EXPIRED", "362d9701", Status.EXPIRED),
        (b"362d9701 BONJOUR", "", None),
        (b"Rendez-vous 2", "Rendez-vous", Status.DELIVERED),  # of an id that nobody has
        (b"ACK/", "", None),
        (b"", "", None),
    ],
)
def test_a_text_without_fields_may_say_it_by_place(body: bytes, id_: str, status: Status | None) -> None:
    found = read_receipt(receipt_pdu(body), NEAR, Reading())
    assert (found.id, found.status) == (id_, status)


@pytest.mark.parametrize("body", [b"362d9701 2", b"ACK/", b""])
def test_parameters_alone_are_enough(body: bytes) -> None:
    tlvs = {codes.RECEIPTED_MESSAGE_ID: b"362d9701", codes.MESSAGE_STATE: b"2"}
    found = read_receipt(receipt_pdu(body, tlvs), NEAR, Reading())
    assert (found.id, found.status, found.raw) == ("362d9701", Status.DELIVERED, body)


def test_the_text_may_be_in_the_payload_which_is_blanked_too() -> None:
    found = read_receipt(receipt_pdu(b"", {codes.MESSAGE_PAYLOAD: PLAIN}), NEAR, Reading())
    blanked = PLAIN.replace(b"Bonjour", b"       ")
    assert (found.id, found.raw, found.tlvs) == ("12", blanked, {codes.MESSAGE_PAYLOAD: blanked})


def test_a_user_data_header_is_kept_and_not_read() -> None:
    header = b"\x05\x00\x03\x01\x01\x01"
    found = read_receipt(receipt_pdu(header + PLAIN, esm_class=0x44), NEAR, Reading())
    assert (found.id, found.raw[:6]) == ("12", header)


def test_a_receipt_that_says_nothing_is_kept() -> None:
    found = read_receipt(receipt_pdu(b"ACK/"), NEAR, Reading())
    assert (found.id, found.keys, found.state, found.status) == ("", (), "", None)


@pytest.mark.parametrize(
    ("esm_class", "tlvs", "expected"),
    [
        (0x04, {}, True),
        (0x44, {}, True),
        (0x20, {}, True),
        (0x00, {codes.RECEIPTED_MESSAGE_ID: b"1"}, True),
        (0x00, {}, False),
        (0x08, {}, False),
        (0x03, {}, False),  # store and forward
        (0x24, {}, True),
        (0x08, {codes.RECEIPTED_MESSAGE_ID: b"1"}, True),  # the phone's own acknowledgement
        (0x10, {codes.RECEIPTED_MESSAGE_ID: b"1"}, False),  # the person's, which is an answer
    ],
)
def test_a_text_alone_makes_no_receipt(esm_class: int, tlvs: dict[int, bytes], expected: bool) -> None:
    assert is_receipt(receipt_pdu(b"Bonjour, id: 12", tlvs, esm_class=esm_class)) is expected


@pytest.mark.parametrize(
    ("body", "esm_class", "expected"),
    [
        (PLAIN, 0x00, True),
        (PLAIN.decode().encode("utf-16-be"), 0x00, True),
        (b"id:7 stat:DELIVRD", 0x00, True),
        (b"stat:DELIVRD done date:2611220831", 0x00, True),
        (b"Mon id: 12", 0x00, False),
        (b"stat: bonne", 0x00, False),
        (b"ACK/", 0x00, False),
        (PLAIN, 0x08, True),
        (PLAIN, 0x10, True),
        (b"OUI", 0x10, False),
    ],
)
def test_an_account_may_be_known_for_receipts_without_a_mark(body: bytes, esm_class: int, expected: bool) -> None:
    pdu = receipt_pdu(body, esm_class=esm_class)
    assert is_receipt(pdu, by_text=True) is expected
    assert is_receipt(pdu) is (expected and esm_class > 0)


@pytest.mark.parametrize(
    ("state", "status"),
    [("ENROUTE", Status.IN_TRANSIT), ("UNDELIV", Status.IN_TRANSIT), ("DELIVRD", Status.IN_TRANSIT), ("BADSTAT", None)],
)
def test_an_intermediate_notification_ends_nothing(state: str, status: Status | None) -> None:
    found = read_receipt(receipt_pdu(f"id:1 stat:{state}".encode(), esm_class=0x20), NEAR, Reading())
    assert (found.intermediate, found.state, found.status) == (True, state, status)
    assert not read_receipt(receipt_pdu(b"id:1 stat:UNDELIV", esm_class=0x24), NEAR, Reading()).intermediate


def test_a_phone_that_acknowledges_has_the_message() -> None:
    found = read_receipt(receipt_pdu(b"", {codes.RECEIPTED_MESSAGE_ID: b"12"}, esm_class=0x08), NEAR, Reading())
    assert (found.id, found.state, found.status) == ("12", "DELIVERY_ACK", Status.DELIVERED)
    found = read_receipt(receipt_pdu(b"id:12 stat:UNDELIV", esm_class=0x08), NEAR, Reading())
    assert found.status is Status.UNDELIVERED


@pytest.mark.parametrize(
    ("source", "destination", "to", "sender"),
    [
        ("33660000000", "36111", "+33660000000", "36111"),
        ("+33660000000", "ECOLE", "+33660000000", "ECOLE"),
        ("0033660000000", "ECOLE", "+33660000000", "ECOLE"),
        ("ECOLE", "33660000000", "+33660000000", "ECOLE"),
        ("36111", "33660000000", "+33660000000", "36111"),
        ("", "", "", ""),
    ],
)
def test_who_sent_and_who_got(source: str, destination: str, to: str, sender: str) -> None:
    found = read_receipt(receipt_pdu(PLAIN, source_addr=source, destination_addr=destination), NEAR, Reading())
    assert (found.to, found.sender) == (to, sender)


@pytest.mark.parametrize(
    ("tlv", "text", "state", "status"),
    [
        (b"\0", b"id:1 stat:DELIVRD", "DELIVRD", Status.DELIVERED),  # nought: SMPP 3.4 has no such state
        (b"\0", b"id:1 stat:BUFFRED", "BUFFRED", Status.IN_TRANSIT),
        (b"\x0a", b"id:1 stat:DELIVRD", "DELIVRD", Status.DELIVERED),
        (b"\x09", b"id:1 stat:UNKNOWN", "SKIPPED", Status.UNDELIVERED),
        (b"\x02", b"id:1 stat:UNDELIV", "DELIVRD", Status.DELIVERED),
        (b"2", b"id:1", "DELIVRD", Status.DELIVERED),
        (b"", b"id:1 stat:2", "DELIVRD", Status.DELIVERED),
        (b"", b"id:1 stat:0", "0", None),
        (b"", b"id:1 stat:delivrd", "DELIVRD", Status.DELIVERED),
        (b"", b"id:1 stat:BADSTAT", "BADSTAT", None),
    ],
)
def test_which_state_is_right(tlv: bytes, text: bytes, state: str, status: Status | None) -> None:
    found = read_receipt(receipt_pdu(text, {codes.MESSAGE_STATE: tlv} if tlv else {}), NEAR, Reading())
    assert (found.state, found.status) == (state, status)


def test_an_account_may_say_what_its_words_mean() -> None:
    own = Reading(states={"BADSTAT": Status.UNDELIVERED, "0": Status.DELIVERED, "ACCEPTD": Status.DELIVERED})
    for word, meaning in own.states.items():
        assert read_receipt(receipt_pdu(f"id:1 stat:{word.lower()}".encode()), NEAR, own).status is meaning


@pytest.mark.parametrize(
    ("number", "status"),
    list(
        enumerate(
            [
                Status.IN_TRANSIT,
                Status.IN_TRANSIT,
                Status.DELIVERED,
                Status.EXPIRED,
                Status.UNDELIVERED,
                Status.UNDELIVERED,
                Status.IN_TRANSIT,
                Status.IN_TRANSIT,
                Status.REJECTED,
                Status.UNDELIVERED,
                None,
            ]
        )
    ),
)
def test_message_state(number: int, status: Status | None) -> None:
    assert read_receipt(receipt_pdu(b"", {codes.MESSAGE_STATE: bytes((number,))}), NEAR, Reading()).status is status


def test_every_word_of_the_contract_has_its_meaning() -> None:
    assert STATUS_OF["DELIVRD"] is Status.DELIVERED
    assert {STATUS_OF[word] for word in ("UNDELIV", "FAILED", "DELETED")} == {Status.UNDELIVERED}
    assert STATUS_OF["EXPIRED"] is Status.EXPIRED
    assert {STATUS_OF[word] for word in ("REJECTD", "DND_REJECTED")} == {Status.REJECTED}
    waiting = ("ENROUTE", "ACCEPTD", "SCHEDULED", "UNKNOWN", "BUFFRED", "BUFFERD", "ACKED")
    assert {STATUS_OF[word] for word in waiting} == {Status.IN_TRANSIT}
