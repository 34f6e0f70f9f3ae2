"""A scenario: all that the SMSC simulator is told to do. Read from a file, or made of the simulator's options."""

from typing import Literal

from pydantic import Field, field_validator

from adapters.smpp.scenario_rules import (
    AskRule,
    BindRule,
    IncomingRule,
    Limit,
    LinkRule,
    ReceiptRule,
    Reply,
    SubmitRule,
    When,
    unreachable,
)
from adapters.smpp.scenario_values import DECIMAL, HEX, Form, Seconds, Span
from adapters.smpp.script import Alphabet
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.model import Settings


class SmscSettings(Settings):
    """Who the SMSC is, and its timers."""

    system_id: str = Field("", max_length=15, description="the only one let in; any if empty")
    password: str = Field("", max_length=16, description="the only one let in; any if empty")
    name: str = Field("simulator", min_length=1, max_length=15, description="its own system_id")
    enquire_link: Seconds = Field(30.0, gt=0, description="silence before it asks whether the other side is alive")
    response_timeout: Seconds = Field(60.0, gt=0, description="after it a receipt is delivered again")
    receipt_window: int = Field(500, ge=1, description="unanswered receipts of one system_id")
    receipt_retry: Seconds = Field(1.0, description="before a refused receipt comes again")
    default_alphabet: Alphabet = Field("gsm", description="of texts under data_coding 0 and 1")
    packed: bool = Field(False, description="their septets are packed")
    window: int = Field(0, ge=0, description="unanswered submits of one session, beyond which RTHROTTLED; 0: any")


class Ids(Settings):
    """How the id of a message is written, at each place."""

    first: int = Field(0, ge=0, description="number of the first message; 0 takes it from the clock")
    answer: Form = Field(DECIMAL, description="in submit_sm_resp")
    receipt: Form = Field(DECIMAL, description="in a receipt's text")
    parameter: Form | None = Field(None, description="in receipted_message_id; as in the text if not said")


class Scenario(Settings):
    """What is not said goes well."""

    about: str = Field("", description="what it rehearses")
    begins: Literal["start", "bind", "submit"] = Field("start", description="when its time begins")
    seed: int = Field(0, ge=0, description="of everything left to chance")
    smsc: SmscSettings = Field(SmscSettings(), description="who the SMSC is")
    binds: tuple[BindRule, ...] = Field((), description="what becomes of a bind")
    submits: tuple[SubmitRule, ...] = Field((), description="what a message is answered")
    throttle: tuple[Limit, ...] = Field((), description="how many parts a second are taken")
    ids: Ids = Field(Ids(), description="how ids are written")
    receipts: tuple[ReceiptRule, ...] = Field((ReceiptRule(),), description="what is reported of a message")
    links: tuple[LinkRule, ...] = Field((), description="what happens to connections by the clock")
    incoming: tuple[IncomingRule, ...] = Field((), description="what telephones write")
    queries: tuple[AskRule, ...] = Field((), description="what a query_sm is answered")
    cancels: tuple[AskRule, ...] = Field((), description="what a cancel_sm is answered")

    @field_validator("binds", "submits", "receipts", "queries", "cancels")
    @classmethod
    def _is_reachable(cls, rules: tuple[When, ...]) -> tuple[When, ...]:
        place = unreachable(rules)
        if place is not None:
            raise ValueError(f"[{place}] never applies: [{place - 1}] always does; put what is special first")
        return rules

    def under(self, options: SimulatorOptions) -> "Scenario":
        """The same for whom the options let in, under the name, the seed and the first id that they say."""
        said = {key: value for key in ("system_id", "password") if (value := getattr(options, key))}
        if options.name != SimulatorOptions().name:
            said["name"] = options.name
        ids = {"first": options.first_id} if options.first_id else {}
        return self.model_copy(
            update={
                "smsc": self.smsc.model_copy(update=said),
                "ids": self.ids.model_copy(update=ids),
                "seed": options.seed or self.seed,
            }
        )


def of_options(options: SimulatorOptions) -> Scenario:
    """The scenario that the simulator's options describe."""
    latency = Span(options.latency, options.latency)
    submits = []
    if options.cut_every:
        submits.append(SubmitRule(each=options.cut_every, answer="none", then="cut"))
    if options.no_answer_every:
        submits.append(SubmitRule(each=options.no_answer_every, answer="none"))
    if options.no_answer:
        submits.append(SubmitRule(share=options.no_answer, answer="none"))
    submits.append(SubmitRule(delay=latency))
    return Scenario(
        seed=options.seed,
        smsc=_smsc(options),
        submits=tuple(submits),
        throttle=(Limit(rate=options.rate),) if options.rate else (),
        ids=Ids(first=options.first_id, answer=HEX if options.hex_ids else DECIMAL),
        receipts=(_receipts(options),),
        incoming=(_replies(options),) if options.mo_reply else (),
    )


def _smsc(options: SimulatorOptions) -> SmscSettings:
    return SmscSettings(
        system_id=options.system_id,
        password=options.password,
        name=options.name,
        enquire_link=options.enquire_link,
        response_timeout=options.response_timeout,
        receipt_window=options.receipt_window,
        receipt_retry=options.receipt_retry,
        default_alphabet=options.default_alphabet,
        packed=options.packed,
    )


def _replies(options: SimulatorOptions) -> IncomingRule:
    return IncomingRule(text=options.mo_text, reply=Reply(share=options.mo_reply), after=options.receipt_delay)


def _receipts(options: SimulatorOptions) -> ReceiptRule:
    delay = Span(options.receipt_delay, options.receipt_delay)
    states = {"UNDELIV": options.undelivered, "DELIVRD": 1 - options.undelivered}
    parameters = ("id", "state") if options.receipt_tlvs else ()
    return ReceiptRule(send=options.receipts, delay=delay, states=states, parameters=parameters)
