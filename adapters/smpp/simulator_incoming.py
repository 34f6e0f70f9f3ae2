"""What telephones write, as deliver_sm or data_sm: cut, numbered and, if the scenario says so, out of order."""

import struct
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Final

from adapters.smpp import codes, pdu
from adapters.smpp.fields import Value
from adapters.smpp.scenario_rules import IncomingRule, Reply
from adapters.smpp.simulator_choice import Chooser
from adapters.smpp.simulator_post import ANYBODY, Post
from adapters.smpp.simulator_receipts import Delivery
from adapters.smpp.simulator_records import Submit
from adapters.smpp.simulator_works import Works
from gateway import text
from gateway.text import Encoding

_LATIN1: Final = 3  # data_coding
_SHORTEST: Final = 6  # digits: a number that is no longer is a short code
_LATIN1_ALONE, _LATIN1_PART = 140, 134  # octets


def incoming(rule: IncomingRule, number: str, to: str, reference: int) -> Iterator[Delivery]:
    """What is delivered of one message, in the order in which it comes; ``reference`` tells it from others."""
    parts, coding = _parts(rule)
    many = len(parts)
    places = [place for place in rule.order or range(1, many + 1) if place <= many and place not in rule.missing]
    for place in places:
        octets, fields, tlvs = _piece(rule.long, parts[place - 1], reference, place, many)
        fields |= {"data_coding": coding, **_addresses(number, to)}
        if rule.data_sm or rule.long == "payload":
            tlvs[codes.MESSAGE_PAYLOAD] = octets
        else:
            fields["short_message"] = octets
        command = codes.DATA_SM if rule.data_sm else codes.DELIVER_SM
        yield Delivery(pdu.body_of(command, fields, tlvs), command=command, incoming=True)


def _parts(rule: IncomingRule) -> tuple[list[bytes], int]:
    """The octets of each part, and their data_coding."""
    if rule.charset == "latin1":
        octets = rule.text.encode("latin-1", "replace")
        size = max(1, len(octets)) if len(octets) <= _LATIN1_ALONE or rule.long == "payload" else _LATIN1_PART
        return [octets[at : at + size] for at in range(0, len(octets), size)], _LATIN1
    encoding = "ucs2" if rule.charset == "ucs2" else "auto"
    composed = text.compose(rule.text, encoding=encoding, transliterate=False, narrow=rule.long == "udh16")
    coding = codes.UCS2 if composed.encoding is Encoding.UCS2 else 0
    parts = (composed.text,) if rule.long == "payload" else composed.parts
    return [text.encode(part, composed.encoding) for part in parts], coding


def _piece(
    form: str, octets: bytes, reference: int, place: int, many: int
) -> tuple[bytes, dict[str, Value], dict[int, bytes]]:
    """How one part is carried: its octets with their header, the fields and the parameters of its own."""
    if many == 1:
        return octets, {}, {}
    if form == "sar":
        numbers = (struct.pack(">H", reference & 0xFFFF), bytes((many,)), bytes((place,)))
        tags = (codes.SAR_MSG_REF_NUM, codes.SAR_TOTAL_SEGMENTS, codes.SAR_SEGMENT_SEQNUM)
        return octets, {}, dict(zip(tags, numbers, strict=True))
    wide = form == "udh16"
    header = b"\x06\x08\x04" + struct.pack(">H", reference & 0xFFFF) if wide else bytes((5, 0, 3, reference & 0xFF))
    return header + bytes((many, place)) + octets, {"esm_class": codes.UDHI}, {}


def _addresses(number: str, to: str) -> dict[str, Value]:
    digits = to.isdecimal()
    short = digits and len(to) <= _SHORTEST
    return {
        "source_addr_ton": 1,
        "source_addr_npi": 1,
        "source_addr": number.removeprefix("+"),
        "dest_addr_ton": 3 if short else 1 if digits else 5,
        "dest_addr_npi": 1 if digits else 0,
        "destination_addr": to.removeprefix("+"),
    }


class Telephones:
    """Who writes: by the clock, and in reply to what was sent to them."""

    def __init__(self, works: Works, post: Post) -> None:
        self._post: Final = post
        self._references: Final = count(1)
        self._replies: Final[list[tuple[IncomingRule, Chooser[Reply]]]] = []
        for rule in works.scenario.incoming:
            if rule.reply:
                self._replies.append((rule, Chooser((rule.reply,), works.chance)))
            else:
                works.plan(rule, partial(self._write, rule, rule.number, rule.to, rule.system_id or ANYBODY))

    def answer(self, submit: Submit, elapsed: float, when: float) -> None:
        """A message was taken, ``elapsed`` seconds after the beginning, and answered at ``when``."""
        for rule, chooser in self._replies:
            if chooser.choose(elapsed, submit):
                self._write(rule, submit.to, submit.source, submit.system_id, when + rule.after)

    def _write(self, rule: IncomingRule, number: str, to: str, system_id: str, when: float) -> None:
        for place, delivery in enumerate(incoming(rule, number, to, next(self._references))):
            self._post.add(system_id, delivery, when + place * rule.between)
