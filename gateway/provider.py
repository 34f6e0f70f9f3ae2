"""The port to a provider: what an adapter must offer, what it gets, and the closed set of outcomes.

Rules: an adapter names outcomes; it never retries, logs or stores. ``Unavailable`` means that nothing left
this machine; ``Unknown`` that it may have. Whatever else escapes an adapter is ``Unknown``: the lane decides
that, once.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from gateway.alphabets import Alphabet
from gateway.states import Status
from gateway.text import Encoding


@dataclass(frozen=True, slots=True)
class Part:
    """One SMS unit as a provider gets it, or a whole message. ``to`` is E.164 with its plus; times are seconds.

    A part that ``carries`` several is a message handed over in one piece to an account that takes messages whole:
    its content is all of the text, its id that of the first part, and its one outcome is that of each.
    """

    id: int
    to: str
    sender: str
    content: str
    encoding: Encoding
    number: int  # 1..of
    of: int
    reference: int  # of the concatenation, 0..65535; adapters use as many low bits as they need
    validity: int  # seconds left
    service_code: str  # "0" = none
    carries: int = 1  # parts, from ``number`` on
    until: int = 0  # end of validity, in milliseconds since 1970
    starts: int | None = None  # not before, in milliseconds since 1970: the provider is to wait
    flash: bool = False  # shown at once by the phone, and not kept
    tlvs: Mapping[str, int | str] | None = None  # for this provider alone, by the names that its account declares
    narrow: bool = True  # each part of its message leaves room for a 16-bit reference

    @property
    def ids(self) -> range:
        """The ids of the parts that it carries."""
        return range(self.id, self.id + self.carries)


class Cause(StrEnum):
    """What a permanent refusal is about."""

    DESTINATION = "destination"  # this number: the message is invalid
    SENDER = "sender"  # this sender on this account
    CONFIGURATION = "configuration"  # our settings, or a bug: needs a person
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it. ``id`` as it said it, ``key`` the form under which receipts are looked up."""

    id: str
    key: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take it. ``code`` as the provider names it, e.g. ``0x0000000B``."""

    code: str
    cause: Cause = Cause.OTHER


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too fast: nothing was taken; the whole account pauses and slows down.

    ``pause``: the seconds that the provider asks for; 0 leaves them to the throttle.
    """

    code: str
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Nothing was handed over, or it was refused for now: safe to try again.

    ``counts`` says whether this was a try (the provider answered) or none (no link). ``tries`` bounds the
    tries for this cause, ``delay`` is the time in seconds before the next one.
    """

    why: str
    counts: bool = False
    tries: int = 5
    delay: float = 10.0


@dataclass(frozen=True, slots=True)
class Unknown:
    """It left, no answer came: it may or may not have been sent."""

    why: str


@dataclass(frozen=True, slots=True)
class Apart:
    """A message cannot be handed over in one piece now: its parts can, one by one."""


Outcome = Accepted | Refused | Throttled | Unavailable | Unknown


class Form(StrEnum):
    """How the id of a receipt differs from that of the answer to the submit."""

    SAME = "same"  # not at all, but for case and zeros in front
    HEX_TO_DEC = "hex-to-dec"  # hexadecimal in the answer, decimal in the receipt
    DEC_TO_HEX = "dec-to-hex"


@dataclass(frozen=True, slots=True)
class Sent:
    """A part that its provider took, as that knows it. ``id`` is the provider's."""

    id: str
    to: str
    sender: str
    service_code: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of a part when it is asked; ``receipt`` None: nothing, for ``why``."""

    receipt: "Receipt | None"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The provider will not deliver it."""


CancelOutcome = Cancelled | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says later of a part. Times of the provider carry no zone: information, not accounts.

    ``keys`` are its ids as the answer's ``key`` would be, best first; ``converted`` what that would be if the
    provider wrote receipts in another base; ``exact``: only an answer with the very same ``id`` is meant.
    ``raw`` is the body, byte-exact but for the blanked value of ``text:``; ``tlvs`` the same of the optional
    parameters, by number. ``to`` and ``sender`` are those of the message (a receipt travels the other way round).
    """

    id: str
    keys: tuple[str, ...]
    state: str  # the provider's word: DELIVRD, UNDELIV…
    status: Status | None  # what it means for the part; None when it says nothing we know
    error: str = ""
    sender: str = ""
    to: str = ""
    submitted: datetime | None = None  # naive: the provider's own clock
    done: datetime | None = None
    intermediate: bool = False
    raw: bytes = b""
    tlvs: Mapping[int, bytes] = field(default_factory=dict)
    converted: tuple[tuple[Form, str], ...] = ()
    exact: bool = False


class Trouble(StrEnum):
    """Why a link to a provider cannot be made: a closed set, for the metric and the log."""

    UNREACHABLE = "unreachable"  # no connection: name, address, port, firewall
    TLS = "tls"  # a connection, but no encrypted one: certificate refused, expired, for another name
    NO_ANSWER = "no_answer"  # a connection, but our login was not answered
    PASSWORD = "password"
    LOGIN = "login"  # it does not know us
    ALREADY_BOUND = "already_bound"
    TOO_MANY_BINDS = "too_many_binds"
    REFUSED = "refused"  # for another reason
    FAULT = "fault"  # of our own


class Notice(StrEnum):
    """What a provider may say that concerns no message, or do wrong: counted."""

    ALERT = "alert_notification"  # a telephone can be reached again
    NACK = "generic_nack"  # it did not understand something of ours
    UNKNOWN = "unknown_command"  # it asked for something that we do not serve
    MISPLACED = "misplaced"  # it asked for something at the wrong time, or that cannot be read
    NO_PARAMETERS = "no_optional_parameters"  # it does not say that it takes what the account's options ask for
    BROKEN = "broken"  # what it wrote is no protocol: the link was cut


@dataclass(frozen=True, slots=True)
class FromPhone:
    """A message from a telephone, or one part of it, as it came: nothing of it is lost, read or not.

    ``octets`` are the text's in ``alphabet``, ``raw`` what was delivered with its header. ``id`` is the provider's
    own, empty where it gives none; ``link`` names the connection, and ``up`` those of the account that are up: what is
    delivered again was not answered on one that is gone.
    """

    sender: str  # the telephone
    to: str  # our number or short code
    octets: bytes
    alphabet: Alphabet
    link: str
    up: frozenset[str] = frozenset()
    id: str = ""
    reference: int | None = None  # None: a message of one part
    place: int = 1  # 1..of
    of: int = 1
    coding: int = 0  # as the provider says it
    raw: bytes = b""
    tlvs: Mapping[int, bytes] = field(default_factory=dict)


class Prepared(Protocol):
    """A part made ready to leave: built before the claim's commit, so that a crash leaves few doubts.

    ``part`` is as it leaves: of ``tlvs`` it has those that are sent.
    """

    @property
    def part(self) -> Part: ...


class Answer(Protocol):
    """Is told the outcome of a part, exactly once."""

    def __call__(self, part: Part, outcome: Outcome) -> None: ...


class Upstream(Protocol):
    """What the gateway offers to a provider's adapter."""

    def changed(self) -> None:
        """Tell that ``ready``, ``room`` or ``why`` may have changed."""

    async def receipt(self, receipt: Receipt) -> None:
        """Store a receipt; returns when it is committed. Raises when it could not be: do not acknowledge."""

    async def inbound(self, said: FromPhone) -> None:
        """Store what a telephone wrote; returns when it is committed. Raises when it could not be."""

    def late(self, part: Part, outcome: Outcome) -> None:
        """Tell an answer that came after ``Unknown`` had been told of this part."""

    def failed(self, trouble: Trouble, why: str) -> None:
        """Tell that a link could not be made, and ``why`` in plain English; at each try."""

    def lost(self, why: str) -> None:
        """Tell that a link broke that had been up; not when the provider took leave in good order."""

    def congested(self, share: float) -> None:
        """Tell how busy the provider says it is: 0 idle, 0.9 slow down, 1 stop for now."""

    def noticed(self, notice: Notice, detail: str) -> None:
        """Tell something that concerns no message. ``detail``: no number, no text."""


class Provider(Protocol):
    """One account's link to its provider, running while its context is entered; leaving it unbinds."""

    @property
    def ready(self) -> bool:
        """Whether parts can be handed over now."""

    @property
    def room(self) -> int:
        """How many more parts may be in flight now."""

    @property
    def why(self) -> str:
        """Why it is not ready, or not all of its links are up, in plain English words; empty when all is well."""

    @property
    def bound(self) -> int:
        """How many links are up."""

    @property
    def peer(self) -> str:
        """Who answered us, as it says of itself, and what it speaks; empty where nobody has."""

    def running(self, upstream: Upstream) -> AbstractAsyncContextManager[None]:
        """Connect, and stay connected until left."""

    def prepare(self, part: Part) -> Prepared | Refused | Apart:
        """Build what will be sent. Pure. Apart only for a part that carries several."""

    def submit(self, parts: Sequence[Prepared], answer: Answer) -> None:
        """Hand over now, in this turn of the loop; ``answer`` is called once for each, now or later."""


# ---- abilities that some providers have ----


@runtime_checkable
class Inquirer(Protocol):
    """A provider that may be asked what became of a part."""

    @property
    def queries(self) -> bool:
        """Whether this account's may."""

    async def query(self, sent: Sent) -> Told | None:
        """Ask; None when it could not be asked now. Never raises."""


@runtime_checkable
class Revoker(Protocol):
    """A provider that may take back a part that it has not delivered yet."""

    @property
    def cancels(self) -> bool:
        """Whether this account's may."""

    async def cancel(self, sent: Sent) -> CancelOutcome:
        """Ask for it; Unknown when it could not be asked, or did not answer. Never raises."""
