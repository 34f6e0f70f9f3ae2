"""A deliver_sm that reports on a part, read whole: optional parameters first, then the text.

Rules: esm_class or the parameter receipted_message_id say that it is a receipt. The text alone does only for an
account whose provider is known to send such (``receipts_by_text``): anybody may write one. Where a parameter and the
text disagree, the parameter is right. An intermediate notification never ends a part, whatever its words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from adapters.smpp import codes
from adapters.smpp.ids import receipt_keys
from adapters.smpp.options import IdForm, SmppAccount
from adapters.smpp.pdu import Pdu
from adapters.smpp.receipt_text import Fields, blank, examine, is_receipt_text
from gateway.provider import Receipt
from gateway.states import Status

#: Our word for a phone's acknowledgement that names no state.
ACKNOWLEDGED: Final = "DELIVERY_ACK"

_MEANINGS: Final[dict[Status, tuple[str, ...]]] = {
    Status.DELIVERED: (
        *("DELIVRD", "DELIVERD", "DELIVERED", "DELIVRED", "DELVRD", "DLVRD", "DELIV", "DLV", "DELIVERED_TO_HANDSET"),
        ACKNOWLEDGED,
    ),
    Status.UNDELIVERED: (
        *("UNDELIV", "UNDELIVRD", "UNDELIVERD", "UNDELIVERED", "UNDELIVERABLE", "UNDELIVERABL", "UNDELVRD", "UNDLVRD"),
        *("FAILED", "FAIL", "FAILURE", "DELETED", "CANCELED", "CANCELLED", "SKIPPED", "NOT_DELIVERED"),
    ),
    Status.EXPIRED: ("EXPIRED", "EXPIRD"),
    Status.REJECTED: ("REJECTD", "REJECTED", "REJECT", "DND_REJECTED", "BLOCKED", "BLACKLISTED"),
    Status.IN_TRANSIT: (
        *("ENROUTE", "ACCEPTD", "ACCEPTED", "SCHEDULED", "SCHEDLD", "UNKNOWN", "UNKNOWD"),
        *("BUFFRED", "BUFFERD", "BUFFERED", "ACKED", "SENT", "SUBMITTED", "QUEUED", "PENDING"),
    ),
}
#: The provider's word -> the state of the part. Words that are not here say nothing.
STATUS_OF: Final[dict[str, Status]] = {word: status for status, words in _MEANINGS.items() for word in words}

#: message_state 0..9, in order (0 and 9 are SMPP 5.0's).
_MESSAGE_STATES: Final = (
    *("SCHEDULED", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED"),
    *("UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "SKIPPED"),
)

#: A text without any field: an id, then the number of a state, or its word.
_BARE: Final = re.compile(rb"\s*([0-9A-Za-z_-]{4,64})[ ,;|/:]+([1-9]|[A-Z_]{5,16})\s*")


@dataclass(frozen=True, slots=True)
class Reading:
    """How an account's receipts are read: what the configuration says of them."""

    form: IdForm = "auto"
    by_text: bool = False
    states: Mapping[str, Status] = field(default_factory=dict)  # the provider's own words, in capitals


def reading_of(options: SmppAccount) -> Reading:
    """What an account's options say of its receipts."""
    return Reading(options.message_id, options.receipts_by_text, options.receipt_states)


def is_receipt(pdu: Pdu, *, by_text: bool = False) -> bool:
    """Whether a deliver_sm is a receipt, an intermediate notification, or a phone's acknowledgement that reads so.

    ``by_text``: a text that looks like a receipt is enough. A person's own acknowledgement is an answer of theirs.
    """
    kind = pdu.number("esm_class") & codes.KIND_MASK
    if kind & (codes.RECEIPT | codes.INTERMEDIATE):
        return True
    if codes.RECEIPTED_MESSAGE_ID in pdu.tlvs and not kind & codes.MANUAL_ACK:
        return True
    return bool(by_text or kind) and is_receipt_text(_message(pdu)[1])


def read_receipt(pdu: Pdu, near: datetime, reading: Reading) -> Receipt:
    """What a deliver_sm for which ``is_receipt`` holds says. ``near`` (naive) chooses between readings of a date.

    Nothing is refused: a receipt that says nothing we know has neither id nor status, and is kept all the same.
    """
    header, body = _message(pdu)
    fields, blanked = examine(body, near)
    if fields == Fields():
        fields = _bare(body)
    ids = _ids(pdu, fields)
    keys, converted = receipt_keys(ids, reading.form)
    state = _state(pdu, fields, reading)
    sender, to = _addresses(pdu)
    intermediate = pdu.number("esm_class") & (codes.RECEIPT | codes.INTERMEDIATE) == codes.INTERMEDIATE
    return Receipt(
        id=ids[0] if ids else "",
        keys=keys,
        state=state,
        status=meaning_of(state, reading, intermediate=intermediate),
        error=_error(pdu, fields),
        sender=sender,
        to=to,
        submitted=fields.submit_date,
        done=fields.done_date,
        intermediate=intermediate,
        raw=header + blanked,
        tlvs={tag: _blanked(tag, value) for tag, value in pdu.tlvs.items()},
        converted=converted,
        exact=reading.form == "raw",
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


def _bare(body: bytes) -> Fields:
    """``362d9701 2``: what a text without fields says by its place alone."""
    found = _BARE.fullmatch(body)
    if not found:
        return Fields()
    stat = found[2].decode()
    return Fields(id=found[1].decode(), stat=stat) if stat.isdigit() or stat in STATUS_OF else Fields()


def _ids(pdu: Pdu, fields: Fields) -> tuple[str, ...]:
    """As written, the parameter's first. One with a space may be an id and something else."""
    said = pdu.tlvs.get(codes.RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1").strip()
    written = fields.id or ""
    return tuple(dict.fromkeys(filter(None, (said, written, written.partition(" ")[0]))))


def _state(pdu: Pdu, fields: Fields, reading: Reading) -> str:
    """The word of the state. message_state 0 is SMPP 5.0's, and others put it there for nothing: the text is right."""
    said = (fields.stat or "").upper()
    value = pdu.tlvs.get(codes.MESSAGE_STATE, b"")[-1:]
    number = int(value) if value.isdigit() else int.from_bytes(value, "big")
    if word := word_of(number):
        return word
    if said not in reading.states and said.isdecimal():
        said = word_of(int(said)) or said
    if said or not value:
        acknowledged = pdu.number("esm_class") & codes.KIND_MASK == codes.DELIVERY_ACK
        return said or (ACKNOWLEDGED if acknowledged else "")
    return "" if number else _MESSAGE_STATES[0]


def word_of(number: int) -> str:
    """The word of a message_state; empty for 0 and for numbers that it has not."""
    return _MESSAGE_STATES[number] if 0 < number < len(_MESSAGE_STATES) else ""


def meaning_of(state: str, reading: Reading, *, intermediate: bool = False) -> Status | None:
    """What the word of a state means for a part; None for a word that is not known."""
    meaning = reading.states.get(state) or STATUS_OF.get(state)
    return Status.IN_TRANSIT if intermediate and meaning is not None else meaning


def _error(pdu: Pdu, fields: Fields) -> str:
    """The parameter's code (a type, then two octets; or its digits) unless it says 0 and the text says more."""
    value = pdu.tlvs.get(codes.NETWORK_ERROR_CODE, b"")
    if len(value) < 2:
        return fields.err or ""
    code = value.decode() if value.isalnum() else f"{int.from_bytes(value[-2:], 'big'):03d}"
    return fields.err if fields.err and not code.strip("0") else code


def _addresses(pdu: Pdu) -> tuple[str, str]:
    """The sender and the recipient of the message reported on, which travelled the other way round.

    Some providers keep its direction: then the recipient is the one that looks like a number and is longer.
    """
    to, sender = pdu.text("source_addr"), pdu.text("destination_addr")
    if _is_number(sender) and (not _is_number(to) or len(to) <= 6 < len(sender)):
        to, sender = sender, to
    digits = to.lstrip("+")
    return sender, f"+{digits.removeprefix('00')}" if digits.isdecimal() else to


def _is_number(address: str) -> bool:
    return address.lstrip("+").isdecimal()
