"""What the simulator remembers: every submit that it took, and counts."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from adapters.smpp import codes
from adapters.smpp.pdu import Pdu
from gateway import text
from gateway.text import Encoding

_ALPHABETS: Final = {0: Encoding.GSM7, codes.UCS2: Encoding.UCS2}  # by data_coding
_CONCATENATIONS: Final = ((b"\x05\x00\x03", 6), (b"\x06\x08\x04", 7))  # how the header begins, its length
_SEGMENT_ORDER: Final = (codes.SAR_MSG_REF_NUM, codes.SAR_TOTAL_SEGMENTS, codes.SAR_SEGMENT_SEQNUM)
_SEGMENT: Final = set(_SEGMENT_ORDER)


@dataclass(frozen=True, slots=True)
class Submit:
    """One submit_sm that was taken, answered or not."""

    system_id: str
    message_id: str  # decimal
    pdu: Pdu

    @property
    def number(self) -> int:
        """Which message it is; its ids are forms of this."""
        return int(self.message_id)

    @property
    def source(self) -> str:
        """The sender."""
        return self.pdu.text("source_addr")

    @property
    def to(self) -> str:
        """The recipient, digits as they came."""
        return self.pdu.text("destination_addr")

    @property
    def message(self) -> bytes:
        """What was sent: the short message, or the payload when there is none."""
        return self.pdu.octets("short_message") or self.pdu.tlvs.get(codes.MESSAGE_PAYLOAD, b"")

    @property
    def header(self) -> bytes:
        """The user data header, empty for a message in one part."""
        if not self.pdu.number("esm_class") & codes.UDHI:
            return b""
        message = self.message
        return message[: 1 + message[0]] if message else b""

    @property
    def part(self) -> tuple[int, int, int]:
        """The reference, the number of the part and how many there are; (0, 1, 1) for a message in one part."""
        tlvs, header = self.pdu.tlvs, self.header
        if tlvs.keys() >= _SEGMENT:
            reference, total, number = (int.from_bytes(tlvs[tag], "big") for tag in _SEGMENT_ORDER)
            return reference, number, total
        if (header[:3], len(header)) not in _CONCATENATIONS:
            return 0, 1, 1
        return int.from_bytes(header[3:-2], "big"), header[-1], header[-2]

    @property
    def text(self) -> str:
        """The words of this part; in Latin-1 when they are not in the alphabet that was said."""
        octets = self.message[len(self.header) :]
        encoding = _ALPHABETS.get(self.pdu.number("data_coding"))
        if encoding is None:
            return octets.decode("latin-1")
        try:
            return text.decode(octets, encoding)
        except ValueError:
            return octets.decode("latin-1")


@dataclass(slots=True)
class Counts:
    """What happened so far."""

    binds: int = 0
    binds_refused: int = 0
    submits: int = 0  # every submit_sm that arrived
    taken: int = 0  # of these, taken: answered ROK, not answered, or cut
    throttled: int = 0
    unanswered: int = 0  # taken without an answer, cut ones included
    cuts: int = 0
    receipts_sent: int = 0  # repetitions included
    receipts_acknowledged: int = 0
    receipts_refused: int = 0  # temporarily: delivered again
    receipts_dropped: int = 0  # refused for good
    delivered: int = 0  # receipts acknowledged that say DELIVRD
    undelivered: int = 0
    destinations: Counter[str] = field(default_factory=Counter)  # parts taken by number; never printed
