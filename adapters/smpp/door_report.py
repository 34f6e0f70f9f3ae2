"""Reports as deliver_sm: SMPP 3.4 section 4.6 and appendix B; and the statuses of answers. Pure.

Rules: the text of the message is never repeated in a receipt. ``err`` has three characters: the provider's own
where a provider failed, 9xx where the gateway decided (docs/doors.md has the table).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import orjson

from adapters.smpp import codes, pdu
from adapters.smpp.fields import Value
from gateway.door import Declined, Report
from gateway.states import Status

S = Status

#: The state of a message -> the word of appendix B.
WORDS: Final[Mapping[Status, str]] = {
    **dict.fromkeys((S.HELD, S.SCHEDULED, S.QUEUED, S.SENDING), "ACCEPTD"),
    **dict.fromkeys((S.IN_TRANSIT, S.UNCERTAIN), "ENROUTE"),
    S.DELIVERED: "DELIVRD",
    S.UNDELIVERED: "UNDELIV",
    S.INVALID: "UNDELIV",
    S.EXPIRED: "EXPIRED",
    S.REJECTED: "REJECTD",
    S.IGNORED: "REJECTD",
    S.CANCELLED: "DELETED",
    S.NO_RECEIPT: "UNKNOWN",
}

#: The word -> message_state.
STATES: Final[Mapping[str, int]] = {
    word: number
    for number, word in enumerate(
        ("ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"), 1
    )
}

#: Why the gateway ended a message -> ``err``. Other reasons are the provider's.
ERRORS: Final[Mapping[str, str]] = {
    "opted_out": "901",
    "do_not_sms": "902",
    "no_consent": "903",
    "held_too_long": "911",
    "validity_over": "912",
    "no_receipt": "913",
    "cancelled": "914",
    "pieces_missing": "921",
    "text_too_long": "922",
}
#: Any other reason of the gateway; and a provider's that has no three digits.
OTHER, UNKNOWN = "999", "998"

_THEIR_CODE: Final = re.compile(r"[A-Z_]+ (\w{3})|0x0*?([0-9A-Fa-f]{3})")

#: A problem of intake -> the status that says so. Others are RSUBMITFAIL.
STATUSES: Final[Mapping[str, int]] = {
    "invalid_number": codes.RINVDSTADR,
    "invalid_sender": codes.RINVSRCADR,
    "unknown_action": codes.RINVSERTYP,
    "treatment_not_sms": codes.RINVSERTYP,
    "school_required": codes.RMISSINGTLV,
    "school_forbidden": codes.RINVTLVVAL,
    "unknown_school": codes.RINVTLVVAL,
    "invalid_field": codes.RINVTLVVAL,
    "idempotency_key_reused": codes.RINVTLVVAL,
    "idempotency_in_progress": codes.RTHROTTLED,
    "text_too_long": codes.RINVMSGLEN,
    "empty_text": codes.RINVMSGLEN,
    "text_not_ucs2": codes.RINVDCS,
    "flash_not_allowed": codes.RINVDCS,
    "store_unavailable": codes.RMSGQFUL,
    "draining": codes.RMSGQFUL,
    "internal_error": codes.RSYSERR,
}


_FIELDS: Final[Mapping[str, int]] = {
    "/to": codes.RINVDSTADR,
    "/sender": codes.RINVSRCADR,
    "/action": codes.RINVSERTYP,
    "/text": codes.RINVMSGLEN,
    "/send_at": codes.RINVSCHED,
    "/valid_until": codes.RINVEXPIRY,
}


def status_of(declined: Declined) -> int:
    """The command_status that tells a client what was wrong."""
    if declined.code in ("invalid_time", "invalid_field") and declined.pointer in _FIELDS:
        return _FIELDS[declined.pointer]
    return STATUSES.get(declined.code, codes.RSUBMITFAIL)


def error_of(status: Status, reason: str) -> str:
    """``err`` of a receipt."""
    if status is Status.DELIVERED or not reason:
        return "914" if status is Status.CANCELLED else "000"
    if reason in ERRORS:
        return ERRORS[reason]
    if found := _THEIR_CODE.fullmatch(reason):
        return (found[1] or found[2]).upper()
    return OTHER if status is Status.IGNORED else UNKNOWN


def report_body(report: Report, *, tlvs: bool) -> bytes:
    """The body of the deliver_sm that carries a report; ``tlvs``: optional parameters are understood."""
    *addresses, user_reference = orjson.loads(report.echo)
    source_ton, source_npi, source, dest_ton, dest_npi, dest = addresses
    word = WORDS[report.status]
    values: dict[str, Value] = {
        "source_addr_ton": dest_ton,
        "source_addr_npi": dest_npi,
        "source_addr": _address(dest),
        "dest_addr_ton": source_ton,
        "dest_addr_npi": source_npi,
        "destination_addr": _address(source),
        "esm_class": codes.INTERMEDIATE if report.progress else codes.RECEIPT,
        "short_message": _text(report, word).encode("ascii"),
    }
    parameters = {
        codes.RECEIPTED_MESSAGE_ID: report.id.encode() + b"\0",
        codes.MESSAGE_STATE: bytes((STATES[word],)),
    }
    if user_reference:
        parameters[codes.USER_MESSAGE_REFERENCE] = bytes.fromhex(user_reference)
    return pdu.body_of(codes.DELIVER_SM, values, parameters if tlvs else None)


def _address(said: str) -> str:
    """An address as it can be written; what came may be longer, or stranger, than what may be sent."""
    return said.encode("ascii", "ignore").decode().replace("\0", "")[:20]


def _text(report: Report, word: str) -> str:
    reached = int(word == "DELIVRD")
    return (
        f"id:{report.id} sub:001 dlvrd:{reached:03} submit date:{_minute(report.submitted)} "
        f"done date:{_minute(report.at)} stat:{word} err:{error_of(report.status, report.reason)} text:"
    )


def _minute(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%y%m%d%H%M}"
