"""What the gateway and a relay say to each other: frames of octets on a stream. Pure.

A frame: its length, a number, the length of its first piece; both pieces. A request is (the relay's number of the
connection, its fields, its body); an answer is (that number, nothing, the answer as it is written).
"""

import struct
from collections.abc import Iterator

_HEADER = struct.Struct("!IIH")


def frame(number: int, first: bytes, second: bytes) -> bytes:
    """The octets of one frame."""
    return _HEADER.pack(len(first) + len(second), number, len(first)) + first + second


class Frames:
    """Cuts a stream into frames."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, octets: bytes) -> Iterator[tuple[int, bytes, bytes]]:
        """The frames that are whole now: number, first piece, second piece."""
        octets = self._rest + octets if self._rest else octets
        at, size = 0, len(octets)
        while size - at >= _HEADER.size:
            length, number, first = _HEADER.unpack_from(octets, at)
            begin = at + _HEADER.size
            end = begin + length
            if end > size:
                break
            yield number, octets[begin : begin + first], octets[begin + first : end]
            at = end
        self._rest = octets[at:]
