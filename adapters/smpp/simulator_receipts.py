"""The receipts that a scenario makes of a message: SMPP 3.4 appendix B, and what providers make of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from adapters.smpp import codes, fields, pdu
from adapters.smpp.scenario import Ids
from adapters.smpp.scenario_rules import ReceiptRule
from adapters.smpp.scenario_values import STATES
from adapters.smpp.simulator_records import Submit
from gateway import gsm

_UNDELIVERED_ERROR: Final = "011"
_LONGEST: Final = 254  # octets of a short message
_ALL, _FAILURES, _SUCCESSES = 1, 2, 3  # registered_delivery; successes alone are SMPP 5.0's


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One deliver_sm or data_sm: its body, the state that it reports (empty when it is no receipt), the session it
    shuns, and whether a telephone wrote it.
    """

    body: bytes
    state: str = ""
    not_on: object = None
    command: int = codes.DELIVER_SM
    incoming: bool = False

    def told(self, *, tlvs: bool) -> tuple[int, bytes]:
        """The command and the body for a client that understands optional parameters, or not: SMPP 3.3 has neither
        these nor data_sm, and a text of 254 octets at most.
        """
        if tlvs:
            return self.command, self.body
        said = pdu.decode(pdu.frame(self.command, codes.ROK, 1, self.body))
        words = said.octets("short_message") or said.tlvs.get(codes.MESSAGE_PAYLOAD, b"")
        names = {each.name for each in fields.BODIES[codes.DELIVER_SM]}
        values = {name: value for name, value in said.body.items() if name in names}
        return codes.DELIVER_SM, pdu.body_of(codes.DELIVER_SM, {**values, "short_message": words[:_LONGEST]})


@dataclass(frozen=True, slots=True)
class Report:
    """A deliver_sm, so many seconds after the message was answered."""

    delay: float
    delivery: Delivery


def receipt_of(submit: Submit, *, undelivered: bool, tlvs: bool) -> Delivery:
    """The receipt of a submit as most providers write it, dated now."""
    state = "UNDELIV" if undelivered else "DELIVRD"
    rule = ReceiptRule(parameters=("id", "state") if tlvs else ())
    return Delivery(receipt_body(rule, Ids(), submit, state, datetime.now(UTC), 0.0, esm_class=codes.RECEIPT), state)


def draw_state(rule: ReceiptRule, chance: Random) -> str:
    """The final state of a message."""
    left = 1.0 if len(rule.states) == 1 and sum(rule.states.values()) >= 1 else chance.random()
    for state, share in rule.states.items():
        left -= share
        if left < 0 or share >= 1:
            return state
    return "DELIVRD"


def reports_of(
    rule: ReceiptRule, ids: Ids, submit: Submit, state: str, delay: float, now: datetime, not_on: object = None
) -> Iterator[Report]:
    """What is delivered of a message whose final state is ``state``, ``delay`` seconds after it was answered.

    ``now``: the time in UTC; ``not_on``: the session that it came on, for receipts that avoid it.
    """
    shunned = not_on if rule.bind == "other" else None
    for place, passing in enumerate(rule.intermediate):
        at = delay + place * rule.every
        body = receipt_body(rule, ids, submit, passing, now, at, esm_class=codes.INTERMEDIATE)
        yield Report(at, Delivery(body, passing, shunned))
    if not rule.send or (rule.asked and not _is_asked(submit, state)):
        return
    first = delay + len(rule.intermediate) * rule.every
    body = receipt_body(rule, ids, submit, state, now, first, esm_class=rule.esm_class)
    for copy in range(rule.copies):
        yield Report(first + copy * rule.every, Delivery(body, state, shunned))


def _is_asked(submit: Submit, state: str) -> bool:
    wanted = submit.pdu.number("registered_delivery") & 3
    return (
        wanted == _ALL or (wanted == _FAILURES and state != "DELIVRD") or (wanted == _SUCCESSES and state == "DELIVRD")
    )


def receipt_body(
    rule: ReceiptRule, ids: Ids, submit: Submit, state: str, now: datetime, after: float, *, esm_class: int
) -> bytes:
    """The body of one receipt, as the rule has it written ``after`` seconds."""
    error = "000" if state == "DELIVRD" else rule.error or _UNDELIVERED_ERROR
    coding, words = _written(rule, _words(rule, ids, submit, state, error, now, after))
    asked = submit.pdu
    parameters = dict(_parameters(rule, ids, submit, state, error))
    if rule.payload:
        parameters[codes.MESSAGE_PAYLOAD], words = words, b""
    words = words[:_LONGEST]
    return pdu.body_of(
        codes.DELIVER_SM,
        {
            "source_addr_ton": asked.number("dest_addr_ton"),
            "source_addr_npi": asked.number("dest_addr_npi"),
            "source_addr": submit.to,
            "dest_addr_ton": asked.number("source_addr_ton"),
            "dest_addr_npi": asked.number("source_addr_npi"),
            "destination_addr": submit.source,
            "esm_class": esm_class,
            "data_coding": coding,
            "short_message": words,
        },
        parameters,
    )


def _words(rule: ReceiptRule, ids: Ids, submit: Submit, state: str, error: str, now: datetime, after: float) -> str:
    there = now.replace(tzinfo=UTC) + timedelta(hours=rule.zone)
    return rule.body.format(
        id=(rule.id or ids.receipt).write(submit.number),
        dlvrd="001" if state == "DELIVRD" else "000",
        submitted=there.strftime(rule.date),
        done=(there + timedelta(seconds=after)).strftime(rule.date),
        state=state,
        error=error,
        text=submit.text[:20],
        to=submit.to,
        sender=submit.source,
    )


def _written(rule: ReceiptRule, words: str) -> tuple[int, bytes]:
    """data_coding and octets."""
    if rule.charset == "ucs2":
        return codes.UCS2, words.encode("utf-16-be", "replace")
    if rule.charset == "gsm":
        return 0, gsm.encode("".join(char if gsm.fits(char) else "?" for char in words))
    return 0, words.encode("latin-1", "replace")


def _parameters(rule: ReceiptRule, ids: Ids, submit: Submit, state: str, error: str) -> Iterator[tuple[int, bytes]]:
    if "id" in rule.parameters:
        form = rule.id or ids.parameter or ids.receipt
        yield codes.RECEIPTED_MESSAGE_ID, form.write(submit.number).encode() + b"\0"
    if "state" in rule.parameters:
        yield codes.MESSAGE_STATE, bytes((STATES[state],))
    if "error" in rule.parameters:
        number = int(error) if error.isdecimal() else int.from_bytes(error.encode()[-2:], "big")
        yield codes.NETWORK_ERROR_CODE, b"\x03" + (number & 0xFFFF).to_bytes(2, "big")
