"""A deliver_sm that reports on a part, read whole: optional parameters first, then the text.

Rules: esm_class or the parameter receipted_message_id say that it is a receipt; the text alone never does, for
anybody may write such a text. Where a parameter and the text disagree, the parameter is right.
"""

from datetime import datetime
from typing import Final

from adapters.smpp import codes
from adapters.smpp.ids import candidate_keys
from adapters.smpp.options import IdForm
from adapters.smpp.pdu import Pdu
from adapters.smpp.receipt_text import Fields, blank, examine
from gateway.provider import Receipt
from gateway.states import Status

_MEANINGS: Final[dict[Status, tuple[str, ...]]] = {
    Status.DELIVERED: ("DELIVRD", "DELIVERD", "DELIVERED"),
    Status.UNDELIVERED: ("UNDELIV", "UNDELIVRD", "UNDELIVERED", "UNDELIVERABLE", "FAILED", "DELETED", "SKIPPED"),
    Status.EXPIRED: ("EXPIRED",),
    Status.REJECTED: ("REJECTD", "REJECTED", "DND_REJECTED"),
    Status.IN_TRANSIT: (
        *("ENROUTE", "ACCEPTD", "ACCEPTED", "SCHEDULED", "UNKNOWN"),
        *("BUFFRED", "BUFFERD", "BUFFERED", "ACKED"),
    ),
}
#: The provider's word -> the state of the part. Words that are not here say nothing.
STATUS_OF: Final[dict[str, Status]] = {word: status for status, words in _MEANINGS.items() for word in words}

#: message_state 0..9, in order (0 and 9 are SMPP 5.0's).
_MESSAGE_STATES: Final = (
    *("SCHEDULED", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED"),
    *("UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "SKIPPED"),
)


def is_receipt(pdu: Pdu) -> bool:
    """Whether a deliver_sm is a receipt or an intermediate notification."""
    kind = pdu.number("esm_class") & codes.KIND_MASK
    return kind in (codes.RECEIPT, codes.INTERMEDIATE) or (kind == 0 and codes.RECEIPTED_MESSAGE_ID in pdu.tlvs)


def read_receipt(pdu: Pdu, near: datetime, form: IdForm) -> Receipt:
    """What a deliver_sm for which ``is_receipt`` holds says. ``near`` (naive) chooses between readings of a date.

    Nothing is refused: a receipt that says nothing we know has neither id nor status, and is kept all the same.
    """
    header, body = _message(pdu)
    fields, blanked = examine(body, near)
    ids = tuple(each for each in (_receipted_id(pdu), fields.id) if each)
    state = _state(pdu) or (fields.stat or "").upper()
    sender, to = _addresses(pdu)
    return Receipt(
        id=ids[0] if ids else "",
        keys=candidate_keys(ids, form),
        state=state,
        status=STATUS_OF.get(state),
        error=_error(pdu, fields),
        sender=sender,
        to=to,
        submitted=fields.submit_date,
        done=fields.done_date,
        intermediate=pdu.number("esm_class") & codes.KIND_MASK == codes.INTERMEDIATE,
        raw=header + blanked,
        tlvs={tag: _blanked(tag, value) for tag, value in pdu.tlvs.items()},
    )


def _message(pdu: Pdu) -> tuple[bytes, bytes]:
    """The user data header, if any, and the text, wherever it was put."""
    whole = pdu.octets("short_message") or pdu.tlvs.get(codes.MESSAGE_PAYLOAD, b"")
    if pdu.number("esm_class") & codes.UDHI and whole:
        cut = 1 + whole[0]
        return whole[:cut], whole[cut:]
    return b"", whole


def _blanked(tag: int, value: bytes) -> bytes:
    return blank(value) if tag == codes.MESSAGE_PAYLOAD else value


def _receipted_id(pdu: Pdu) -> str:
    return pdu.tlvs.get(codes.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0").decode("latin-1").strip()


def _state(pdu: Pdu) -> str:
    value = pdu.tlvs.get(codes.MESSAGE_STATE, b"")[-1:]
    number = int(value) if value.isdigit() else int.from_bytes(value, "big")
    return _MESSAGE_STATES[number] if value and number < len(_MESSAGE_STATES) else ""


def _error(pdu: Pdu, fields: Fields) -> str:
    """The parameter's code (a type, then two octets; or three digits) unless it says 0 and the text says more."""
    value = pdu.tlvs.get(codes.NETWORK_ERROR_CODE, b"")
    if len(value) != 3:
        return fields.err or ""
    code = value.decode() if value.isdigit() else f"{int.from_bytes(value[1:], 'big'):03d}"
    return fields.err if fields.err and not code.strip("0") else code


def _addresses(pdu: Pdu) -> tuple[str, str]:
    """The sender and the recipient of the message reported on, which travelled the other way round.

    Some providers keep its direction: then the recipient is the one that looks like a number and is longer.
    """
    to, sender = pdu.text("source_addr"), pdu.text("destination_addr")
    if not to.lstrip("+").isdecimal() and sender.lstrip("+").isdecimal():
        to, sender = sender, to
    digits = to.lstrip("+")
    return sender, f"+{digits.removeprefix('00')}" if digits.isdecimal() else to
