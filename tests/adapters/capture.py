"""A capture file made from what two sessions wrote: raw IPv4 and TCP around the bytes, no network needed."""

import struct
from collections.abc import Iterable
from pathlib import Path

_RAW_IP = 101
_CLIENT, _SERVER = (b"\x7f\0\0\1", 40_000), (b"\x7f\0\0\2", 2775)


def write_capture(path: Path, pieces: Iterable[tuple[bool, bytes]]) -> None:
    """Write a pcap file; a piece is (from the client?, octets), in the order they were written."""
    sent = {True: 1, False: 1}
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, _RAW_IP))
        for second, (from_client, octets) in enumerate(pieces):
            packet = _packet(from_client, sent[from_client], sent[not from_client], octets)
            sent[from_client] += len(octets)
            file.write(struct.pack("<IIII", second, 0, len(packet), len(packet)) + packet)


def _packet(from_client: bool, sequence: int, acknowledged: int, octets: bytes) -> bytes:
    (source, source_port), (target, target_port) = (_CLIENT, _SERVER) if from_client else (_SERVER, _CLIENT)
    push_and_ack, header_words = 0x18, 5 << 4
    tcp = struct.pack(
        ">HHIIBBHHH", source_port, target_port, sequence, acknowledged, header_words, push_and_ack, 0xFFFF, 0, 0
    )
    length = 20 + len(tcp) + len(octets)
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, length, 0, 0x4000, 64, 6, 0, source, target) + tcp + octets
