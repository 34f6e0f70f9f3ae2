"""A submit_sm or data_sm as a submission: SMPP 3.4 sections 4.4, 4.7 and 5.2, and our vendor parameters. Pure.

Rules: what would be lost or misread is refused with the status that names it, never guessed: other alphabets,
other user data headers than those of concatenation, other kinds of esm_class.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import orjson

from adapters.smpp import codes
from adapters.smpp.door_options import SmppLogin
from adapters.smpp.pdu import Pdu
from adapters.smpp.times import read_time
from gateway.door import GSM7, Content, Piece, Submission, Wants
from gateway.model import Priority

#: Vendor parameters: C-octet strings in UTF-8.
SCHOOL, ACTION, REFERENCE, KEY = 0x1400, 0x1401, 0x1402, 0x1403

#: data_coding -> charset, and whether the phone is to show it at once; 0 is the login's default alphabet.
_CODINGS: Final[Mapping[int, tuple[str, bool]]] = {
    1: ("ascii", False),
    3: ("latin-1", False),
    codes.UCS2: ("utf-16-be", False),
    **{0x10: (GSM7, True), 0x11: (GSM7, False), 0x18: ("utf-16-be", True), 0x19: ("utf-16-be", False)},
    **{0xF0: (GSM7, True), 0xF1: (GSM7, False)},
}
_DEFAULT: Final[Mapping[str, str]] = {"gsm7": GSM7, "latin1": "latin-1", "utf8": "utf-8"}
_DISPLAY: Final = b"\1"  # of dest_addr_subunit
_MODE, _TYPE, _TRANSACTION = 0x03, 0x3C, 0x02  # of esm_class
_WANTS: Final = (Wants.NOTHING, Wants.SUCCESS | Wants.FAILURE, Wants.FAILURE, Wants.SUCCESS)
_PROGRESS: Final = 0x10  # of registered_delivery
_PRIORITIES: Final = (None, Priority.NORMAL, Priority.ALERT, Priority.ALERT)
_LONGEST: Final = 366 * 86_400  # seconds
#: service_types that the specification gives to everybody: they say nothing of why a message is sent.
_PLAIN: Final = frozenset({"", "CMT", "CPT", "VMN", "VMA", "WAP", "USSD", "CBS", "GUTS"})


class Wrong(ValueError):
    """It cannot be taken: the command_status that says why."""

    def __init__(self, status: int) -> None:
        super().__init__(codes.describe(status))
        self.status = status


def read_submission(pdu: Pdu, app: str, login: SmppLogin, version: int, now: datetime) -> Submission:
    """What it submits. Raises Wrong."""
    esm_class = pdu.number("esm_class")
    if esm_class & _TYPE or esm_class & _MODE == _TRANSACTION:
        raise Wrong(codes.RINVESMCLASS)
    octets, concatenation = _message(pdu)
    school, reference = _own(pdu, SCHOOL), _own(pdu, REFERENCE)
    flag = pdu.number("priority_flag")
    if flag >= len(_PRIORITIES):
        raise Wrong(codes.RINVPRTFLG)
    charset, flash = _coding(pdu.number("data_coding"), login)
    registered = pdu.number("registered_delivery")
    user_reference = pdu.tlvs.get(codes.USER_MESSAGE_REFERENCE, b"")
    return Submission(
        app=app,
        to=_recipient(pdu),
        content=Content(octets, charset),
        action=_action(pdu, login),
        school=school or login.school,
        sender=pdu.text("source_addr") or None,
        priority=_PRIORITIES[flag] or login.priority,
        transliterate=login.transliterate,
        flash=flash or pdu.tlvs.get(codes.DEST_ADDR_SUBUNIT) == _DISPLAY,
        send_at=_time(pdu, "schedule_delivery_time", now, codes.RINVSCHED),
        valid_until=_time(pdu, "validity_period", now, codes.RINVEXPIRY) or _lifetime(pdu, now),
        reference=reference or (str(int.from_bytes(user_reference, "big")) if user_reference else None),
        key=_own(pdu, KEY) or None,
        piece=_piece(pdu, concatenation),
        wants=_WANTS[registered & 3] | (Wants.PROGRESS if registered & _PROGRESS else Wants.NOTHING),
        echo=_echo(pdu, user_reference),
        short_id=version < codes.VERSION_34,
    )


# ---- the text ----


@dataclass(frozen=True, slots=True)
class _Concatenation:
    """Which part of which message, as a user data header or the parameters say it."""

    way: str
    reference: int
    total: int
    number: int


def _message(pdu: Pdu) -> tuple[bytes, _Concatenation | None]:
    """The octets of the text, and which part of a text they are. Raises Wrong."""
    octets = pdu.octets("short_message")
    payload = pdu.tlvs.get(codes.MESSAGE_PAYLOAD)
    if payload is not None:
        if octets:
            raise Wrong(codes.RINVMSGLEN)
        octets = payload
    if not pdu.number("esm_class") & codes.UDHI:
        return octets, _sar(pdu)
    if not octets or len(octets) <= octets[0]:
        raise Wrong(codes.RINVESMCLASS)
    header, octets = octets[1 : 1 + octets[0]], octets[1 + octets[0] :]
    return octets, _in_header(header)


def _in_header(header: bytes) -> _Concatenation | None:
    """The concatenation that a user data header tells; anything else in it makes another message of the text."""
    found = None
    while header:
        if len(header) < 2 or len(header) < 2 + header[1]:
            raise Wrong(codes.RINVESMCLASS)
        element, value, header = header[0], header[2 : 2 + header[1]], header[2 + header[1] :]
        match element, len(value):
            case 0x00, 3:
                found = _Concatenation("udh8", value[0], value[1], value[2])
            case 0x08, 4:
                found = _Concatenation("udh16", int.from_bytes(value[:2], "big"), value[2], value[3])
            case _:
                raise Wrong(codes.RINVESMCLASS)
    return found


def _sar(pdu: Pdu) -> _Concatenation | None:
    values = [pdu.tlvs.get(tag) for tag in (codes.SAR_MSG_REF_NUM, codes.SAR_TOTAL_SEGMENTS, codes.SAR_SEGMENT_SEQNUM)]
    if all(value is None for value in values):
        return None
    reference, total, number = (int.from_bytes(value or b"", "big") for value in values)
    if any(value is None for value in values):
        raise Wrong(codes.RMISSINGTLV)
    return _Concatenation("sar", reference, total, number)


def _piece(pdu: Pdu, said: _Concatenation | None) -> Piece | None:
    if said is None or said.total == 1:
        return None
    if not 1 <= said.number <= said.total <= 255:
        raise Wrong(codes.RINVTLVVAL if said.way == "sar" else codes.RINVESMCLASS)
    common = (said.way, said.reference, said.total, pdu.text("source_addr"), _recipient(pdu))
    return Piece(sha256(orjson.dumps(common)).hexdigest()[:32], said.number, said.total)


def _coding(coding: int, login: SmppLogin) -> tuple[str, bool]:
    if coding == 0:
        return _DEFAULT[login.default_alphabet], False
    if coding not in _CODINGS:
        raise Wrong(codes.RINVDCS)
    return _CODINGS[coding]


# ---- the rest ----


def _recipient(pdu: Pdu) -> str:
    to = pdu.text("destination_addr").strip()
    international = pdu.number("dest_addr_ton") == 1 and to[:1].isdecimal() and not to.startswith("00")
    return f"+{to}" if international else to


def _action(pdu: Pdu, login: SmppLogin) -> str:
    if own := _own(pdu, ACTION):
        return own
    service_type = pdu.text("service_type")
    action = login.service_types.get(service_type)
    if action is None and service_type not in _PLAIN:
        raise Wrong(codes.RINVSERTYP)
    return action or login.action


def _time(pdu: Pdu, name: str, now: datetime, status: int) -> datetime | None:
    try:
        return read_time(pdu.text(name), now)
    except ValueError as error:
        raise Wrong(status) from error


def _lifetime(pdu: Pdu, now: datetime) -> datetime | None:
    """The validity of a data_sm, which is a parameter in seconds."""
    seconds = int.from_bytes(pdu.tlvs.get(codes.QOS_TIME_TO_LIVE, b""), "big")
    return now + timedelta(seconds=min(seconds, _LONGEST)) if seconds else None


def _own(pdu: Pdu, tag: int) -> str:
    """A vendor parameter, empty when it is not there."""
    try:
        return pdu.tlvs.get(tag, b"").rstrip(b"\0").decode()
    except UnicodeDecodeError as error:
        raise Wrong(codes.RINVTLVVAL) from error


_ADDRESSES: Final = (
    *("source_addr_ton", "source_addr_npi", "source_addr"),
    *("dest_addr_ton", "dest_addr_npi", "destination_addr"),
)


def _echo(pdu: Pdu, user_reference: bytes) -> str:
    """What a report must say as the submission did: its addresses and the upstream system's own reference."""
    values = [pdu.body.get(name, 0) for name in _ADDRESSES]
    return orjson.dumps([*values, user_reference.hex()]).decode()
