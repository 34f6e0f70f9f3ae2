"""Octets to begin with: valid ones, from which a fuzzer makes others."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from adapters.smpp import codes, pdu
from adapters.smpp.fields import Value
from adapters.smpp.pdu import Pdu
from adapters.smpp.scenario_file import shipped_files

_DATA: Final = Path(__file__).parents[1] / "data"
_BIND: Final[dict[str, Value]] = {"system_id": "demo", "password": "x", "interface_version": 0x34}
_NUMBERS: Final[dict[str, Value]] = {"source_addr": "ECOLE", "destination_addr": "33660000000"}
_MESSAGE: Final[dict[str, Value]] = {**_NUMBERS, "registered_delivery": 1}


def frames() -> Iterator[bytes]:
    """A PDU of each kind."""
    yield pdu.encode(Pdu(codes.BIND_TRANSCEIVER, 0, 1, _BIND))
    yield pdu.encode(Pdu(codes.BIND_TRANSCEIVER | codes.RESPONSE, 0, 1, {"system_id": "smsc"}))
    yield pdu.encode(Pdu(codes.SUBMIT_SM, 0, 2, {**_MESSAGE, "short_message": b"Bonjour"}))
    yield pdu.encode(Pdu(codes.SUBMIT_SM, 0, 3, {**_MESSAGE, "esm_class": 0x40, "short_message": b"\5\0\3\1\2\1Bon"}))
    yield pdu.encode(Pdu(codes.SUBMIT_SM_RESP, 0, 2, {"message_id": "1a"}))
    for words in receipts():
        tlvs = {codes.RECEIPTED_MESSAGE_ID: b"1a\0", codes.MESSAGE_STATE: b"\2", codes.MESSAGE_PAYLOAD: words}
        yield pdu.encode(Pdu(codes.DELIVER_SM, 0, 4, {**_MESSAGE, "esm_class": 4, "short_message": words[:254]}))
        yield pdu.encode(Pdu(codes.DELIVER_SM, 0, 5, {**_MESSAGE, "esm_class": 4}, tlvs))
    for command in (codes.ENQUIRE_LINK, codes.UNBIND, codes.UNBIND_RESP, codes.QUERY_SM, codes.CANCEL_SM):
        yield pdu.encode(Pdu(command, 0, 6))
    yield pdu.frame(codes.GENERIC_NACK, codes.RINVCMDID, 7, b"")


def receipts() -> Iterator[bytes]:
    """Texts of receipts as providers write them."""
    for sample in json.loads((_DATA / "receipts.json").read_text("utf-8")):
        yield sample["text"].encode("latin-1", "replace")


def _bodies() -> Iterator[bytes]:
    for place, frame in enumerate(frames()):
        yield bytes((place % 3, 1)) + frame[16:]


def _conversations() -> Iterator[bytes]:
    for place, frame in enumerate(frames()):
        pieces = (frame[at : at + 41] for at in range(0, len(frame), 41))
        yield bytes((place % 6,)) + b"\5" + b"".join(bytes((0x30, 10)) + piece for piece in pieces) + b"\4\6"


def _clients() -> Iterator[bytes]:
    for frame in frames():
        pieces = (frame[at : at + 255] for at in range(0, len(frame), 255))
        yield b"\1" + b"".join(bytes((0, len(piece))) + piece for piece in pieces)


SEEDS: Final[dict[str, Callable[[], Iterator[bytes]]]] = {
    "stream": lambda: (bytes(range(8)) + frame for frame in frames()),
    "conversation": _conversations,
    "simulator": _clients,
    "receipt": receipts,
    "delivery": _bodies,
    "scenario": lambda: (file.read_bytes() for file in shipped_files()),
}
