"""What the simulator knows of the messages that it took, for who asks with query_sm or cancel_sm."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.smpp import codes, pdu
from adapters.smpp.fields import Value
from adapters.smpp.pdu import Pdu
from adapters.smpp.scenario_rules import AskRule
from adapters.smpp.scenario_values import STATES
from adapters.smpp.simulator_receipts import Delivery
from adapters.smpp.simulator_records import Submit

_KEPT: Final = 100_000
_LONGEST: Final = 64  # characters of an id


@dataclass(slots=True)
class Fate:
    """A message that was taken: its final state, and since when (in the session's time)."""

    submit: Submit
    state: str
    since: float
    ended: datetime  # the same in UTC
    reports: Sequence[Delivery] = ()

    def now(self, now: float) -> str:
        """The state that it is in."""
        return self.state if now >= self.since else "ENROUTE"


class Fates:
    """The last messages, by the id of their answer."""

    def __init__(self) -> None:
        self._by_id: dict[tuple[str, str], Fate] = {}

    def note(self, message_id: str, fate: Fate) -> None:
        """One more was taken."""
        self._by_id[fate.submit.system_id, message_id] = fate
        if len(self._by_id) > _KEPT:
            del self._by_id[next(iter(self._by_id))]

    def all(self) -> list[Fate]:
        """Those that are kept, in their order."""
        return list(self._by_id.values())

    def find(self, system_id: str, message_id: str) -> Fate | None:
        """The one that a client means."""
        return self._by_id.get((system_id, message_id))


def query_answer(asked: Pdu, fate: Fate | None, rule: AskRule, now: float) -> bytes:
    """The whole query_sm_resp, or generic_nack."""
    status = rule.status if rule.status is not None else codes.ROK if fate or rule.state else codes.RQUERYFAIL
    if rule.answer == "generic_nack":
        return pdu.frame(codes.GENERIC_NACK, status or codes.RINVCMDID, asked.sequence, b"")
    command = asked.command | codes.RESPONSE
    if status != codes.ROK:
        return pdu.frame(command, status, asked.sequence, b"")
    state = rule.state or (fate.now(now) if fate else "UNKNOWN")
    message_id = asked.text("message_id")
    values: dict[str, Value] = {"message_state": STATES[state]}
    if message_id.isascii() and len(message_id) <= _LONGEST:
        values["message_id"] = message_id
    if fate and now >= fate.since:
        values["final_date"] = f"{fate.ended:%y%m%d%H%M%S}000+"
    return pdu.frame(command, status, asked.sequence, pdu.body_of(command, values))


def cancel_answer(asked: Pdu, fate: Fate | None, rule: AskRule, now: float) -> tuple[bytes, bool]:
    """The whole cancel_sm_resp, or generic_nack; and whether the message is cancelled."""
    possible = fate is not None and now < fate.since
    status = rule.status if rule.status is not None else codes.ROK if possible else codes.RCANCELFAIL
    if rule.answer == "generic_nack":
        return pdu.frame(codes.GENERIC_NACK, status or codes.RINVCMDID, asked.sequence, b""), False
    done = possible and status == codes.ROK
    return pdu.frame(asked.command | codes.RESPONSE, status, asked.sequence, b""), done
