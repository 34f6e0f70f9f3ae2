"""The rules of a scenario: when each applies, and what it makes the SMSC do.

Of a list of rules, the first that applies is the one that counts; where none does, all goes well. Times run from the
moment that the scenario ``begins``.
"""

from datetime import UTC, datetime
from math import inf
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from adapters.smpp import codes
from adapters.smpp.pdu import Pdu
from adapters.smpp.scenario_values import (
    NO_TIME,
    Codings,
    Delay,
    Form,
    Patterns,
    Seconds,
    Share,
    Span,
    StateWord,
    Status,
    Tags,
)
from adapters.smpp.simulator_records import Submit
from gateway.model import Settings

RECEIPT_TEXT = (
    "id:{id} sub:001 dlvrd:{dlvrd} submit date:{submitted} done date:{done} stat:{state} err:{error} text:{text}"
)
_WORDS = ("id", "dlvrd", "submitted", "done", "state", "error", "text", "to", "sender")
_KINDS = {
    "transmitter": codes.BIND_TRANSMITTER,
    "receiver": codes.BIND_RECEIVER,
    "transceiver": codes.BIND_TRANSCEIVER,
}


class Rule(Settings):
    """Base of all rules. ``from`` and ``for`` are words of Python: there they end in ``_``."""

    model_config = ConfigDict(populate_by_name=True)


class When(Rule):
    """When a rule applies: all that is said must hold."""

    from_: Seconds = Field(0.0, alias="from", description="not before this time")
    until: Seconds = Field(inf, description="not from this time on")
    skip: int = Field(0, ge=0, description="so many that fit are passed over first")
    each: int = Field(1, ge=1, description="of those that fit, every so many")
    share: Share = Field(1.0, description="of those that fit, this share at random, 0 to 1")
    times: int | None = Field(None, ge=1, description="no more often than this")
    system_id: Patterns | None = Field(None, description="only those who bind with it")

    @model_validator(mode="after")
    def _is_a_time(self) -> Self:
        if self.until <= self.from_:
            raise ValueError("until must be later than from")
        return self


class BindRule(When):
    """What becomes of a bind."""

    kind: Literal["transmitter", "receiver", "transceiver"] | None = Field(None, description="only binds of this kind")
    already: int = Field(0, ge=0, description="only when the system_id has so many sessions bound already")
    status: Status = Field(codes.ROK, description="what it is answered")
    answer: Literal["once", "none"] = Field("once", description="none: it hangs")
    delay: Delay = Field(NO_TIME, description="before the answer")

    def applies_to(self, pdu: Pdu, already: int) -> bool:
        """Whether this bind, beside so many of the same system_id, is meant."""
        if self.system_id and not self.system_id.fit(pdu.text("system_id")):
            return False
        return already >= self.already and self.kind in (None, *(k for k, c in _KINDS.items() if c == pdu.command))


class SubmitWhen(When):
    """When a rule about messages applies."""

    to: Patterns | None = Field(None, description="only to these numbers")
    sender: Patterns | None = Field(None, description="only from these senders")
    text: Patterns | None = Field(None, description="only with such a text")
    coding: Codings | None = Field(None, description="only with one of these data_coding")
    not_coding: Codings | None = Field(None, description="only with none of these data_coding")
    tlvs: Tags = Field((), description="only with one of these optional parameters")

    def applies_to(self, submit: Submit) -> bool:
        """Whether this message is meant."""
        coding = submit.pdu.number("data_coding")
        return (
            (self.to is None or self.to.fit(submit.to))
            and (self.sender is None or self.sender.fit(submit.source))
            and (self.system_id is None or self.system_id.fit(submit.system_id))
            and (self.coding is None or coding in self.coding)
            and (self.not_coding is None or coding not in self.not_coding)
            and (not self.tlvs or any(tag in submit.pdu.tlvs for tag in self.tlvs))
            and (self.text is None or self.text.fit(submit.text))
        )


class SubmitRule(SubmitWhen):
    """What a submit_sm is answered."""

    status: Status = Field(codes.ROK, description="command_status")
    taken: bool | None = Field(None, description="whether it is carried out; if not said, as the status says")
    delay: Delay = Field(NO_TIME, description="before the answer")
    answer: Literal["once", "none", "twice", "wrong_sequence", "generic_nack", "garbage", "half"] = Field(
        "once", description="how"
    )
    drip: Seconds = Field(0.0, description="between two octets of the answer")
    congestion: int | None = Field(None, ge=0, le=100, description="congestion_state in the answer")
    then: Literal["cut", "unbind", "silence"] | None = Field(None, description="what happens to the connection after")

    @property
    def takes(self) -> bool:
        """Whether the message is carried out."""
        return self.status == codes.ROK and self.answer != "generic_nack" if self.taken is None else self.taken


class Limit(Rule):
    """How many parts a second are taken; the last whose time it is holds."""

    from_: Seconds = Field(0.0, alias="from", description="not before this time")
    until: Seconds = Field(inf, description="not from this time on")
    rate: float = Field(gt=0, description="parts a second")
    kind: Literal["bucket", "second"] = Field("bucket", description="a bucket that refills, or each second by itself")
    burst: float | None = Field(None, ge=1, description="what the bucket holds; one second's worth if not said")
    per: Literal["system_id", "link"] = Field("system_id", description="what it is counted by")
    counts_refused: bool = Field(False, description="whether what is refused counts too")
    status: Status = Field(codes.RTHROTTLED, description="what is answered beyond")


def _template(value: str) -> str:
    try:
        value.format(**dict.fromkeys(_WORDS, ""))
    except (KeyError, IndexError, ValueError):
        words = ", ".join(f"{{{word}}}" for word in _WORDS)
        raise ValueError(f"a receipt's text knows {words}; a brace by itself is doubled") from None
    return value


def _date_form(value: str) -> str:
    try:
        datetime(2026, 11, 23, tzinfo=UTC).strftime(value)
    except ValueError:
        raise ValueError('expected the form of a date, such as "%y%m%d%H%M"') from None
    return value


class ReceiptRule(SubmitWhen):
    """What is reported of a message that was taken."""

    send: bool = Field(True, description="false: the receipt is lost")
    asked: bool = Field(True, description="only as registered_delivery asks")
    delay: Delay = Field(Span(0.5, 0.5), description="from the answer to the receipt")
    before_answer: bool = Field(False, description="it overtakes the answer")
    states: dict[StateWord, Share] = Field({"DELIVRD": 1.0}, min_length=1, description="each final state and its share")
    error: str = Field("", pattern=r"^\w{0,8}$", description="err: of what is not delivered; 011 if not said")
    intermediate: tuple[StateWord, ...] = Field((), description="notifications sent first")
    copies: int = Field(1, ge=1, le=100, description="so many times")
    every: Seconds = Field(1.0, description="between notifications, and between copies")
    id: Form | None = Field(None, description="how it writes its id; as `ids` has it if not said")
    body: Annotated[str, AfterValidator(_template)] = Field(RECEIPT_TEXT, description="its text; empty for none")
    parameters: tuple[Literal["id", "state", "error"], ...] = Field(("id", "state"), description="optional parameters")
    charset: Literal["latin1", "gsm", "ucs2"] = Field("latin1", description="how its text is written")
    payload: bool = Field(False, description="the text goes in message_payload")
    esm_class: int = Field(codes.RECEIPT, ge=0, le=255, description="4 says that it is a receipt")
    bind: Literal["any", "other"] = Field("any", description="other: not on the session that the message came on")
    date: Annotated[str, AfterValidator(_date_form)] = Field(
        "%y%m%d%H%M%S", min_length=1, description="how dates are written"
    )
    zone: int = Field(0, ge=-12, le=14, description="hours that the SMSC's clock is ahead of UTC")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if sum(self.states.values()) > 1.0000001:
            raise ValueError("the shares of states add up to more than 1")
        return self


class Timed(Rule):
    """When something happens by the clock."""

    after: Seconds = Field(0.0, description="time of the first; that of ``every`` if not said")
    every: Seconds = Field(0.0, description="time between two; if not said, it happens once")
    times: int | None = Field(None, ge=1, description="no more often than this")


class LinkRule(Timed):
    """What happens to connections by the clock."""

    since: Literal["begin", "bind"] = Field("begin", description="bind: each session counts from its own bind")
    do: Literal["cut", "unbind", "silence", "stall", "deaf", "down", "outbind"] = Field(
        description="cut, unbind, silence (nothing is heard or said), stall (all is answered later), "
        "deaf (enquire_link is not answered), down (nobody listens), outbind (a client that listens is asked to bind)"
    )
    for_: Seconds = Field(0.0, alias="for", description="how long, for those that last")
    share: Share = Field(1.0, description="of the connections, this share at random")
    to: str = Field("", pattern=r"^$|^[^:]+:[0-9]{1,5}$|^\[[^]]+\]:[0-9]{1,5}$", description="host:port, for outbind")

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.do in ("stall", "down") and not self.for_:
            raise ValueError(f"{self.do} needs `for`: how long it lasts")
        if self.do in ("down", "outbind") and self.since == "bind":
            raise ValueError(f"{self.do} concerns the whole SMSC: it cannot count from a bind")
        if (self.do == "outbind") != bool(self.to):
            raise ValueError("outbind, and nothing else, needs `to`: the host:port of a client that listens")
        return self


class Reply(SubmitWhen):
    """Which messages a telephone answers."""


class IncomingRule(Timed):
    """What telephones write: by the clock, or in reply to a message."""

    text: str = Field(min_length=1, description="what is written")
    reply: Reply | None = Field(None, description="in reply to messages that fit; ``after`` counts from each")
    number: str = Field("", pattern=r"^\+?[0-9]{0,15}$", description="from whom; not for replies")
    to: str = Field("", max_length=20, description="to which sender; not for replies")
    system_id: str = Field("", max_length=15, description="to which client; who bound last if not said")
    charset: Literal["auto", "latin1", "ucs2"] = Field(
        "auto", description="how it is written; auto: GSM 03.38 if it fits"
    )
    long: Literal["udh8", "udh16", "sar", "payload"] = Field("udh8", description="how parts say that they are parts")
    order: tuple[Annotated[int, Field(ge=1)], ...] = Field((), description="in which order parts come, as in [2, 1]")
    missing: tuple[Annotated[int, Field(ge=1)], ...] = Field((), description="parts that never come")
    between: Seconds = Field(0.0, description="between two parts")
    data_sm: bool = Field(False, description="it comes as data_sm")

    @model_validator(mode="after")
    def _is_from_somebody(self) -> Self:
        if self.reply and (self.number or self.to or self.every or self.times or self.system_id):
            raise ValueError("a reply comes once, from who was written to: no number, to, system_id, every, times")
        if not self.reply and not (self.number.strip("+") and self.to):
            raise ValueError("say who writes (number) and to which sender (to), or what it replies to (reply)")
        return self


class AskRule(When):
    """What a query_sm or a cancel_sm is answered; what is not said is the truth."""

    status: Status | None = Field(None, description="what it is answered")
    answer: Literal["once", "none", "generic_nack"] = Field("once", description="how")
    delay: Delay = Field(NO_TIME, description="before the answer")
    state: StateWord | None = Field(None, description="what a query_sm is told, whatever is true")

    def applies_to(self, system_id: str) -> bool:
        """Whether one who bound so is meant."""
        return self.system_id is None or self.system_id.fit(system_id)


#: What makes a rule apply to some only.
_CONDITIONS = {*When.model_fields, *SubmitWhen.model_fields, "kind", "already"}


def unreachable(rules: tuple[When, ...]) -> int | None:
    """The place of a rule that never applies, because the one before it always does; None if there is none."""
    for place, rule in enumerate(rules[:-1]):
        if not rule.model_fields_set & _CONDITIONS:
            return place + 1
    return None
