"""A submit_sm at the door, field by field: what it means, or the status that says what is wrong with it."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from adapters.smpp import codes, pdu
from adapters.smpp.door_options import SmppLogin
from adapters.smpp.door_submit import ACTION, KEY, REFERENCE, SCHOOL, Wrong, read_submission
from adapters.smpp.fields import Value
from gateway.door import GSM7, Content, Submission, Wants, decode
from gateway.model import Priority

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
NUMBERS = {"esm_class", "data_coding", "priority_flag", "registered_delivery", "dest_addr_ton", "protocol_id"}
TLVS = some.dictionaries(
    some.sampled_from(
        [
            *(SCHOOL, ACTION, REFERENCE, KEY, codes.MESSAGE_PAYLOAD, codes.USER_MESSAGE_REFERENCE),
            *(codes.SAR_MSG_REF_NUM, codes.SAR_TOTAL_SEGMENTS, codes.SAR_SEGMENT_SEQNUM, codes.QOS_TIME_TO_LIVE),
        ]
    ),
    some.binary(max_size=20),
)
TO: dict[str, Value] = {"destination_addr": "33612345678", "dest_addr_ton": 1, "dest_addr_npi": 1}


def login(**more: Any) -> SmppLogin:
    return SmppLogin.model_validate({"system_id": "erp", "password": "secret", "action": "INFO", **more})


def read(
    tlvs: Mapping[int, bytes] | None = None,
    version: int = codes.VERSION_34,
    command: int = codes.SUBMIT_SM,
    by: SmppLogin | None = None,
    **fields: Value,
) -> Submission:
    asked = pdu.decode(pdu.frame(command, 0, 1, pdu.body_of(command, {**TO, **fields}, tlvs)))
    return read_submission(asked, "erp", by or login(), version, NOW)


def refused(tlvs: Mapping[int, bytes] | None = None, **more: Any) -> int:
    with pytest.raises(Wrong) as caught:
        read(tlvs, **more)
    return caught.value.status


def test_the_plainest() -> None:
    assert read(short_message=b"Bonjour") == Submission(
        app="erp", to="+33612345678", content=Content(b"Bonjour", GSM7), action="INFO", echo=read().echo
    )


@pytest.mark.parametrize(
    ("ton", "to", "read_as"),
    [
        (1, "33612345678", "+33612345678"),
        (1, "0033612345678", "0033612345678"),
        (1, "+33612345678", "+33612345678"),
        (0, "0612345678", "0612345678"),
        (2, "0612345678", "0612345678"),
        (0, "33612345678", "33612345678"),
    ],
)
def test_the_recipient(ton: int, to: str, read_as: str) -> None:
    assert read(dest_addr_ton=ton, destination_addr=to).to == read_as


# ---- the text ----


@pytest.mark.parametrize(
    ("coding", "octets", "alphabet", "text"),
    [
        (0, b"\x05l\x04ve \x1be", "gsm7", "élève €"),
        (0, b"\xe9l\xe8ve", "latin1", "élève"),
        (0, "élève €".encode(), "utf8", "élève €"),
        (1, b"plain", "gsm7", "plain"),
        (3, b"\xe9l\xe8ve", "gsm7", "élève"),
        (8, "Noël 😀".encode("utf-16-be"), "gsm7", "Noël 😀"),
    ],
)
def test_what_the_octets_say(coding: int, octets: bytes, alphabet: str, text: str) -> None:
    made = read(data_coding=coding, short_message=octets, by=login(default_alphabet=alphabet))
    assert decode([made.content]) == text


@pytest.mark.parametrize(
    ("coding", "charset", "flash"),
    [(0x10, GSM7, True), (0x11, GSM7, False), (0x18, "utf-16-be", True), (0xF0, GSM7, True), (0xF1, GSM7, False)],
)
def test_codings_with_a_class(coding: int, charset: str, flash: bool) -> None:
    made = read(data_coding=coding, short_message=b"ab")
    assert (made.content.charset, made.flash) == (charset, flash)


def test_what_is_only_for_the_display_flashes() -> None:
    assert read({codes.DEST_ADDR_SUBUNIT: b"\1"}).flash
    assert not read({codes.DEST_ADDR_SUBUNIT: b"\3"}).flash


@pytest.mark.parametrize("coding", [2, 4, 5, 0x0D, 0x12, 0x14, 0x20, 0xC8, 0xF2, 0xF5])
def test_other_codings_are_refused(coding: int) -> None:
    assert refused(data_coding=coding, short_message=b"x") == codes.RINVDCS


def test_the_text_as_payload() -> None:
    assert read({codes.MESSAGE_PAYLOAD: b"x" * 900}).content.octets == b"x" * 900


def test_a_text_in_both_places_is_none() -> None:
    assert refused({codes.MESSAGE_PAYLOAD: b"x"}, short_message=b"y") == codes.RINVMSGLEN


# ---- pieces ----


def udh(header: bytes, text: bytes = b"text") -> dict[str, Any]:
    return {"esm_class": codes.UDHI, "short_message": bytes((len(header),)) + header + text}


@pytest.mark.parametrize(
    ("more", "piece"),
    [
        (udh(b"\0\3\x4d\2\1"), (1, 2)),
        (udh(b"\x08\4\1\x4d\3\2"), (2, 3)),
        (udh(b"\0\3\x4d\1\1"), None),
    ],
)
def test_a_header_says_which_piece(more: dict[str, Any], piece: tuple[int, int] | None) -> None:
    made = read(**more)
    assert made.content.octets == b"text"
    assert (made.piece and (made.piece.number, made.piece.of)) == piece


def sar(reference: int = 77, total: int = 2, number: int = 1) -> dict[int, bytes]:
    return {
        codes.SAR_MSG_REF_NUM: reference.to_bytes(2, "big"),
        codes.SAR_TOTAL_SEGMENTS: bytes((total,)),
        codes.SAR_SEGMENT_SEQNUM: bytes((number,)),
    }


def test_parameters_say_which_piece() -> None:
    made = read(sar(number=2), short_message=b"text")
    assert made.piece
    assert (made.piece.number, made.piece.of) == (2, 2)


def test_pieces_belong_together_by_reference_count_and_addresses() -> None:
    def bundle(**more: Any) -> str:
        made = read(**udh(b"\0\3\x4d\2\1"), **more)
        assert made.piece
        return made.piece.bundle

    other = read(**udh(b"\0\3\x4d\2\2", b"other")).piece
    assert other is not None
    assert bundle() == other.bundle
    different = {
        bundle(source_addr="A"),
        bundle(destination_addr="33612345679"),
        *(one.bundle for one in (read(**udh(b"\0\3\x4e\2\1")).piece, read(**udh(b"\0\3\x4d\3\1")).piece) if one),
        *(one.bundle for one in (read(**udh(b"\x08\4\0\x4d\2\1")).piece, read(sar(0x4D)).piece) if one),
    }
    assert len(different) == 6
    assert bundle() not in different
    assert "336" not in bundle()


@pytest.mark.parametrize(
    "more",
    [
        udh(b"\0\3\x4d\2\3"),  # the third of two
        udh(b"\0\3\x4d\2\0"),
        udh(b"\0\3\x4d\0\1"),
        udh(b"\0\4\x4d\2\1"),  # longer than it is
        udh(b"\0\2\x4d\2"),
        udh(b"\x05\4\x0b\x84\x23\xf0"),  # a port: not for people
        udh(b"\x24\1\1"),  # the alphabet of another language
        {"esm_class": codes.UDHI, "short_message": b""},
        {"esm_class": codes.UDHI, "short_message": b"\x05\0\3"},
    ],
)
def test_a_header_that_cannot_be_followed_is_refused(more: dict[str, Any]) -> None:
    assert refused(**more) == codes.RINVESMCLASS


def test_parameters_that_do_not_agree_are_refused() -> None:
    assert refused(sar(total=2, number=3)) == codes.RINVTLVVAL
    assert refused({codes.SAR_MSG_REF_NUM: b"\0\1"}) == codes.RMISSINGTLV


# ---- the rest ----


@pytest.mark.parametrize(
    ("registered", "wants"),
    [
        (0, Wants.NOTHING),
        (1, Wants.SUCCESS | Wants.FAILURE),
        (2, Wants.FAILURE),
        (3, Wants.SUCCESS),
        (0x11, Wants.SUCCESS | Wants.FAILURE | Wants.PROGRESS),
        (0x0C, Wants.NOTHING),
    ],
)
def test_which_reports_are_wanted(registered: int, wants: Wants) -> None:
    assert read(registered_delivery=registered).wants == wants


@pytest.mark.parametrize("esm_class", [0x02, 0x04, 0x08, 0x10, 0x20])
def test_what_is_no_plain_message_is_refused(esm_class: int) -> None:
    assert refused(esm_class=esm_class) == codes.RINVESMCLASS


@pytest.mark.parametrize("esm_class", [0x00, 0x01, 0x03, 0x80])
def test_what_is_a_plain_message(esm_class: int) -> None:
    assert read(esm_class=esm_class, short_message=b"x").piece is None


@pytest.mark.parametrize(("flag", "priority"), [(0, "bulk"), (1, "normal"), (2, "alert"), (3, "alert")])
def test_priorities(flag: int, priority: str) -> None:
    assert read(priority_flag=flag, by=login(priority="bulk")).priority is Priority(priority)


def test_a_priority_that_there_is_not() -> None:
    assert refused(priority_flag=4) == codes.RINVPRTFLG


def test_times() -> None:
    made = read(schedule_delivery_time="261123093000000+", validity_period="000000060000000R")
    assert made.send_at == NOW + timedelta(hours=1)
    assert made.valid_until == NOW + timedelta(hours=6)
    assert refused(schedule_delivery_time="tomorrow") == codes.RINVSCHED
    assert refused(validity_period="2611230930") == codes.RINVEXPIRY


def test_the_service_type_says_the_action() -> None:
    by = login(service_types={"ABS": "ABSENCE"})
    assert read(service_type="ABS", by=by).action == "ABSENCE"
    assert [read(service_type=plain, by=by).action for plain in ("", "CMT", "WAP")] == ["INFO"] * 3
    assert refused(service_type="XYZ", by=by) == codes.RINVSERTYP


def test_vendor_parameters() -> None:
    made = read({SCHOOL: b"0570051W\0", ACTION: b"ABSENCE", REFERENCE: "été-1".encode(), KEY: b"k-1\0"})
    assert (made.school, made.action, made.reference, made.key) == ("0570051W", "ABSENCE", "été-1", "k-1")
    assert read(by=login(school="0570051W")).school == "0570051W"
    assert refused({REFERENCE: b"\xff"}) == codes.RINVTLVVAL


def test_their_own_reference_comes_back() -> None:
    made = read({codes.USER_MESSAGE_REFERENCE: b"\1\2"}, source_addr="ECOLE", source_addr_ton=5)
    assert made.reference == "258"
    assert orjson.loads(made.echo) == [5, 0, "ECOLE", 1, 1, "33612345678", "0102"]


def test_who_speaks_3_3_gets_a_short_id() -> None:
    assert read(version=codes.VERSION_33).short_id
    assert not read().short_id


def test_data_sm() -> None:
    tlvs = {codes.MESSAGE_PAYLOAD: b"Bonjour", codes.QOS_TIME_TO_LIVE: (3600).to_bytes(4, "big")}
    made = read(tlvs, command=codes.DATA_SM, registered_delivery=1, source_addr="ECOLE")
    assert (made.content.octets, made.to, made.sender) == (b"Bonjour", "+33612345678", "ECOLE")
    assert made.valid_until == NOW + timedelta(hours=1)
    assert made.send_at is None


@given(some.dictionaries(some.sampled_from(sorted(NUMBERS)), some.integers(0, 255)), some.binary(max_size=60), TLVS)
def test_whatever_comes_is_read_or_refused(numbers: dict[str, Any], message: bytes, tlvs: dict[int, bytes]) -> None:
    with suppress(Wrong):
        made = read(tlvs, short_message=message, **numbers)
        with suppress(ValueError):
            decode([made.content])
