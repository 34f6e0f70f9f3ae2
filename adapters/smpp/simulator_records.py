"""What the simulator remembers: every submit that it took, and counts."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from adapters.smpp import codes, script
from adapters.smpp.mo import Writing, alphabet_named, read_message
from adapters.smpp.pdu import Pdu
from adapters.smpp.script import Alphabet
from gateway import alphabets
from gateway.provider import FromPhone

#: How an SMSC reads what it is sent, if nothing else is said of it.
DEFAULT: Final = Writing(default_codings=(0, 1))


def writing(alphabet: Alphabet, *, packed: bool) -> Writing:
    """The same with another alphabet under data_coding 0 and 1."""
    return Writing(packed=packed, default=alphabet_named(alphabet), default_codings=(0, 1))


@dataclass(frozen=True, slots=True)
class Submit:
    """One submit_sm that was taken, answered or not."""

    system_id: str
    message_id: str  # decimal
    pdu: Pdu
    how: Writing = DEFAULT

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
    def part(self) -> tuple[int, int, int]:
        """The reference, the number of the part and how many there are; (0, 1, 1) for a message in one part."""
        said = self._read()
        return said.reference or 0, said.place, said.of

    @property
    def text(self) -> str:
        """The words of this part; data that is no text in hexadecimal."""
        said = self._read()
        return alphabets.read(said.octets, said.alphabet)[0]

    def _read(self) -> FromPhone:
        """What it says, in any of the forms that a message may have."""
        return read_message(self.pdu, "", self.how)

    @property
    def is_flash(self) -> bool:
        """Whether phones show it at once and keep it not."""
        on_screen = self.pdu.tlvs.get(codes.DEST_ADDR_SUBUNIT) == b"\x01"
        return on_screen or script.is_flash(self.pdu.number("data_coding"))


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
    incoming_sent: int = 0  # what telephones wrote, repetitions included
    incoming_acknowledged: int = 0
    incoming_refused: int = 0
    incoming_dropped: int = 0
    queries: int = 0
    cancels: int = 0
    destinations: Counter[str] = field(default_factory=Counter)  # parts taken by number; never printed
