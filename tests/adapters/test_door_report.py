"""Reports as deliver_sm, and the statuses of answers: what upstream systems read."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.door_report import ERRORS, STATES, STATUSES, WORDS, error_of, report_body, status_of
from adapters.smpp.receipt import Reading, read_receipt
from gateway import french
from gateway.door import Declined, Report
from gateway.problem import CATALOGUE
from gateway.states import FINAL, Status

ID = "msg_01J0000000000000000000000A"
AT = 1_795_419_000_000  # 23 November 2026, 07:30 in UTC
REPORT = Report(
    delivery=1,
    app="erp",
    id=ID,
    status=Status.DELIVERED,
    reason="",
    submitted=AT,
    at=AT + 60_000,
    progress=False,
    tries=0,
    echo='[5,0,"ECOLE",1,1,"33612345678",""]',
)


def delivered(report: Report = REPORT, *, tlvs: bool = True) -> pdu.Pdu:
    return pdu.decode(pdu.frame(codes.DELIVER_SM, 0, 1, report_body(report, tlvs=tlvs)))


def test_a_receipt_to_the_letter() -> None:
    made = delivered()
    assert made.octets("short_message").decode() == (
        f"id:{ID} sub:001 dlvrd:001 submit date:2611230730 done date:2611230731 stat:DELIVRD err:000 text:"
    )
    assert made.number("esm_class") == codes.RECEIPT
    assert (made.text("source_addr"), made.number("source_addr_ton")) == ("33612345678", 1)
    assert (made.text("destination_addr"), made.number("dest_addr_ton")) == ("ECOLE", 5)
    assert made.tlvs == {codes.RECEIPTED_MESSAGE_ID: f"{ID}\0".encode(), codes.MESSAGE_STATE: b"\2"}


def test_who_knows_no_parameters_gets_none() -> None:
    assert delivered(tlvs=False).tlvs == {}


def test_their_own_reference_comes_back() -> None:
    made = delivered(replace(REPORT, echo='[5,0,"ECOLE",1,1,"33612345678","0102"]'))
    assert made.tlvs[codes.USER_MESSAGE_REFERENCE] == b"\1\2"


def test_progress_is_no_receipt() -> None:
    made = delivered(replace(REPORT, status=Status.IN_TRANSIT, progress=True))
    assert made.number("esm_class") == codes.INTERMEDIATE
    assert b"stat:ENROUTE" in made.octets("short_message")


def test_addresses_that_cannot_be_written_do_not_stop_a_receipt() -> None:
    made = delivered(replace(REPORT, echo='[5,0,"\\u00c9COLE",1,1,"+33 6 12 34 56 78 et plus encore",""]'))
    assert made.text("destination_addr") == "COLE"
    assert made.text("source_addr") == "+33 6 12 34 56 78 et"


@pytest.mark.parametrize("status", Status)
def test_our_own_reader_understands_every_state(status: Status) -> None:
    said = read_receipt(delivered(replace(REPORT, status=status)), datetime.now(UTC).replace(tzinfo=None), Reading())
    assert said.id == ID
    assert said.state == WORDS[status]
    final = said.status is not None and said.status is not Status.IN_TRANSIT
    assert final == (status in FINAL - {Status.NO_RECEIPT})


def test_every_state_has_its_word_and_number() -> None:
    assert set(WORDS) == set(Status)
    assert set(WORDS.values()) <= set(STATES)
    assert {word for status, word in WORDS.items() if status in FINAL}.isdisjoint({"ENROUTE", "ACCEPTD"})


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (Status.DELIVERED, "", "000"),
        (Status.UNDELIVERED, "UNDELIV 011", "011"),
        (Status.UNDELIVERED, "UNDELIV 21B", "21B"),
        (Status.REJECTED, "0x00000045", "045"),
        (Status.INVALID, "0x0000000B", "00B"),
        (Status.REJECTED, "0x00000400", "400"),
        (Status.REJECTED, "no link", "998"),
        (Status.IGNORED, "opted_out", "901"),
        (Status.IGNORED, "already_connected", "999"),
        (Status.EXPIRED, "validity_over", "912"),
        (Status.CANCELLED, "", "914"),
        (Status.NO_RECEIPT, "no_receipt", "913"),
        (Status.EXPIRED, "pieces_missing", "921"),
    ],
)
def test_errors(status: Status, reason: str, error: str) -> None:
    assert error_of(status, reason) == error


def test_the_reasons_are_reasons_of_the_gateway() -> None:
    known = set(french._REASONS) | set(french._ENDINGS) | set(CATALOGUE) | {"cancelled", "pieces_missing"}
    assert set(ERRORS) <= known


def test_statuses_are_for_problems() -> None:
    assert set(STATUSES) <= set(CATALOGUE)


@pytest.mark.parametrize(
    ("declined", "status"),
    [
        (Declined("invalid_number", "/to"), codes.RINVDSTADR),
        (Declined("invalid_time", "/send_at"), codes.RINVSCHED),
        (Declined("invalid_time", "/valid_until"), codes.RINVEXPIRY),
        (Declined("invalid_field", "/valid_until"), codes.RINVEXPIRY),
        (Declined("invalid_field", "/action"), codes.RINVSERTYP),
        (Declined("invalid_field", "/reference"), codes.RINVTLVVAL),
        (Declined("store_unavailable"), codes.RMSGQFUL),
        (Declined("no_provider"), codes.RSUBMITFAIL),
    ],
)
def test_answers(declined: Declined, status: int) -> None:
    assert status_of(declined) == status
