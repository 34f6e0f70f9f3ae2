"""The codec: values in, bytes out, and back. Nothing outside this package sees an octet of SMPP.

Rules: a PDU whose frame is sound is always read: what is wrong inside is said in ``fault`` and costs that PDU
only. A frame that cannot be trusted raises ``FrameError`` and costs the session. Unknown optional parameters
are kept raw; unknown commands keep their whole body in ``rest``.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.smpp import codes, fields

HEADER = struct.Struct(">IIII")  # length, command, status, sequence
_TLV = struct.Struct(">HH")  # tag, length

#: Nothing in SMPP 3.4 needs more; what is longer is not SMPP.
LIMIT = 64 * 1024


@dataclass(slots=True)
class Pdu:
    """One PDU. ``fault`` says in English what could not be read, empty when all is well."""

    command: int
    status: int = 0
    sequence: int = 0
    body: Mapping[str, fields.Value] = field(default_factory=dict)
    tlvs: Mapping[int, bytes] = field(default_factory=dict)
    rest: bytes = b""
    fault: str = ""

    def text(self, name: str) -> str:
        """A C-octet string, empty when absent."""
        value = self.body.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """An integer, 0 when absent."""
        value = self.body.get(name, 0)
        return value if isinstance(value, int) else 0

    def octets(self, name: str) -> bytes:
        """An octet string, empty when absent."""
        value = self.body.get(name, b"")
        return value if isinstance(value, bytes) else b""

    @property
    def is_response(self) -> bool:
        """Whether this answers a request."""
        return bool(self.command & codes.RESPONSE)


def frame(command: int, status: int, sequence: int, body: bytes) -> bytes:
    """A whole PDU from a body that is already bytes."""
    return HEADER.pack(16 + len(body), command, status, sequence) + body


def body_of(command: int, values: Mapping[str, fields.Value], tlvs: Mapping[int, bytes] | None = None) -> bytes:
    """The bytes that follow the header. Raises ValueError naming the field that does not fit."""
    body = fields.write(command, values)
    if not tlvs:
        return body
    return body + b"".join([tlv(tag, value) for tag, value in tlvs.items()])


def tlv(tag: int, value: bytes) -> bytes:
    """One optional parameter. Raises ValueError when it is too long."""
    if len(value) > 0xFFFF:
        raise ValueError(f"optional parameter 0x{tag:04X} cannot hold {len(value)} octets")
    return _TLV.pack(tag, len(value)) + value


def encode(pdu: Pdu) -> bytes:
    """A whole PDU; of an unknown command its ``rest``. Raises ValueError naming the field that does not fit."""
    known = pdu.command in fields.BODIES
    body = body_of(pdu.command, pdu.body, pdu.tlvs) if known else pdu.rest
    return frame(pdu.command, pdu.status, pdu.sequence, body)


def decode(data: bytes) -> Pdu:
    """Exactly one PDU. Raises ValueError when its length is not the one it states."""
    length, command, status, sequence = HEADER.unpack_from(data)
    if length != len(data):
        raise ValueError(f"a PDU of {len(data)} octets says it has {length}")
    return _decode(command, status, sequence, data[16:])


def _decode(command: int, status: int, sequence: int, data: bytes) -> Pdu:
    if command not in fields.BODIES:
        return Pdu(command, status, sequence, rest=data)
    try:
        body, end = fields.read(command, data)
    except fields.Malformed as error:
        return Pdu(command, status, sequence, error.partial, fault=str(error))
    if end == len(data):
        return Pdu(command, status, sequence, body)
    tlvs, fault = _read_tlvs(data, end)
    return Pdu(command, status, sequence, body, tlvs, fault=fault)


def _read_tlvs(data: bytes, position: int) -> tuple[dict[int, bytes], str]:
    found: dict[int, bytes] = {}
    while position < len(data):
        if position + 4 > len(data):
            return found, "ends inside an optional parameter"
        tag, length = _TLV.unpack_from(data, position)
        position += 4
        if position + length > len(data):
            return found, f"optional parameter 0x{tag:04X} is longer than the PDU"
        found.setdefault(tag, data[position : position + length])
        position += length
    return found, ""


class PduReader:
    """Cuts a stream into PDUs, however its octets arrive. ``broken`` says why it can read no more."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self.broken = ""

    @property
    def held(self) -> int:
        """Octets kept of a PDU that is not complete: fewer than ``limit`` and what was fed last."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Pdu]:
        """The PDUs that ``data`` completes; those before a broken frame are still given."""
        if self.broken:
            return []
        buffer = self._buffer
        buffer += data
        found: list[Pdu] = []
        start, end = 0, len(buffer)
        while end - start >= 4:
            length = int.from_bytes(buffer[start : start + 4], "big")
            if not 16 <= length <= self._limit:
                self.broken = f"a PDU says it has {length} octets; 16 to {self._limit} are possible"
                start = end
                break
            if end - start < length:
                break
            _, command, status, sequence = HEADER.unpack_from(buffer, start)
            found.append(_decode(command, status, sequence, bytes(buffer[start + 16 : start + length])))
            start += length
        del buffer[:start]
        return found
