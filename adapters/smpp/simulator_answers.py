"""The octets of an answer, well formed or not, as a rule has it."""

import struct
from random import Random
from typing import Final

from adapters.smpp import codes, pdu
from adapters.smpp.pdu import Pdu
from adapters.smpp.scenario_rules import SubmitRule

_CONGESTION: Final = 0x0428  # congestion_state, SMPP 5.0
_ELSEWHERE: Final = 0x40000000  # a sequence that no request has
_GARBAGE: Final = 40  # octets


def answer_octets(rule: SubmitRule, asked: Pdu, message_id: str, chance: Random, *, tlvs: bool) -> bytes:
    """What is written for a submit_sm; empty when it is not answered. ``tlvs``: optional parameters are understood."""
    match rule.answer:
        case "none":
            return b""
        case "garbage":
            return b"\xff" + chance.randbytes(_GARBAGE - 1)  # a length that is none
        case "generic_nack":
            return pdu.frame(codes.GENERIC_NACK, rule.status, asked.sequence, b"")
        case "wrong_sequence":
            return _answer(rule, asked, asked.sequence ^ _ELSEWHERE, message_id, tlvs=tlvs)
    whole = _answer(rule, asked, asked.sequence, message_id, tlvs=tlvs)
    if rule.answer == "twice":
        return whole + whole
    return whole[: len(whole) // 2] if rule.answer == "half" else whole


def _answer(rule: SubmitRule, asked: Pdu, sequence: int, message_id: str, *, tlvs: bool) -> bytes:
    command = asked.command | codes.RESPONSE
    body = pdu.body_of(command, {"message_id": message_id}) if rule.status == codes.ROK else b""
    if rule.congestion is not None and tlvs:
        body = (body or b"\0") + struct.pack(">HHB", _CONGESTION, 1, rule.congestion)
    return pdu.frame(command, rule.status, sequence, body)
