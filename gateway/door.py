"""The port to a door: what upstream systems hand in and get back, whatever they speak.

Rules: a door says what was submitted, in values, and carries out deliveries; it never judges, stores or logs.
What ``Reception.submit`` answered ``Taken`` is on the disk. A delivery is handed over again until it was answered
``Got.TAKEN`` or ``Got.NEVER``: it may come twice, it is never forgotten.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntFlag
from itertools import groupby
from typing import Any, Protocol

from pydantic import Field

from gateway import gsm
from gateway.model import Code, Duration, Priority, Settings, Uai
from gateway.states import Status

#: The name of GSM 03.38, one septet an octet, among the charsets; all others are Python's.
GSM7 = "gsm7"


class DoorSettings(Settings):
    """What every door has, whatever is spoken there. An adapter adds its own keys in a subclass."""

    name: str = Field("door", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="as metrics and logs name it")
    kind: str = Field(description="what is spoken there: smpp")


class DoorLogin(Settings):
    """How an application comes in by a door. An adapter adds its own keys in a subclass."""

    action: Code = Field(description="action of what does not say its own")
    school: Uai | None = Field(None, description="school of what does not say its own")
    pieces_timeout: Duration = Field(
        timedelta(minutes=5),
        gt=timedelta(0),
        le=timedelta(hours=24),
        description="a long text that is not whole by then has expired",
    )


class Wants(IntFlag):
    """Which reports a submission asks for."""

    NOTHING = 0
    SUCCESS = 1
    FAILURE = 2
    PROGRESS = 4


@dataclass(frozen=True, slots=True)
class Content:
    """A text as it came: its octets, and the charset that they are in (``GSM7`` or one of Python's)."""

    octets: bytes
    charset: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One of several submissions that make one text. ``bundle`` is what they have in common."""

    bundle: str
    number: int  # 1..of
    of: int


@dataclass(frozen=True, slots=True)
class Submission:
    """One thing submitted. ``echo`` is the door's own: it comes back with the reports."""

    app: str
    to: str
    content: Content
    action: str
    school: str | None = None
    sender: str | None = None
    priority: Priority = Priority.NORMAL
    transliterate: bool = True
    flash: bool = False
    send_at: datetime | None = None
    valid_until: datetime | None = None
    reference: str | None = None
    key: str | None = None  # the same key is the same submission, for seven days
    piece: Piece | None = None
    wants: Wants = Wants.NOTHING
    echo: str = ""
    short_id: bool = False  # its id must be eight hexadecimal digits


@dataclass(frozen=True, slots=True)
class Taken:
    """It is on the disk, under this id."""

    id: str


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing was kept. ``code`` is that of the API's problems; ``pointer`` names the field, as ``/send_at``."""

    code: str
    pointer: str = ""


Reply = Taken | Declined


def decode(pieces: Sequence[Content]) -> str:
    """The text of contents one after the other; a character may begin in one and end in the next.

    Raises ValueError when they are not in the charset that they say.
    """
    found = []
    for charset, alike in groupby(pieces, lambda piece: piece.charset):
        octets = b"".join(piece.octets for piece in alike)
        found.append(gsm.decode(octets) if charset == GSM7 else octets.decode(charset))
    return "".join(found)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a submission stands; ``at`` is since when, milliseconds. ``reason`` says why it ended."""

    id: str
    status: Status
    reason: str
    at: int
    echo: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a submission. Instants are milliseconds; ``progress``: it is not over yet.

    ``tries``: how many times it was refused for now.
    """

    delivery: int
    app: str
    id: str
    status: Status
    reason: str
    submitted: int
    at: int
    progress: bool
    tries: int
    echo: str


@dataclass(frozen=True, slots=True)
class PhoneText:
    """What a telephone wrote: its number and ours, in E.164 where they can be read."""

    delivery: int
    app: str
    number: str
    to: str
    text: str
    tries: int


Delivery = Report | PhoneText


class Got(Enum):
    """What an upstream system made of a delivery."""

    TAKEN = "taken"
    LATER = "later"  # it refused it for now
    AGAIN = "again"  # it was cut off: at once, by another way
    NEVER = "never"  # it will not have it


class Answer(Protocol):
    """Is told what became of a delivery, exactly once."""

    def __call__(self, delivery: Delivery, got: Got) -> None: ...


class Reception(Protocol):
    """What the gateway offers to a door."""

    def guests(self) -> Mapping[str, Any]:
        """The logins of the door's kind, by application; those in force now."""

    async def submit(self, submission: Submission) -> Reply:
        """Accept; answered after the commit."""

    async def standing(self, app: str, id: str) -> Standing | None:
        """How a submission of this application stands; None when there is none. Raises when it cannot be asked."""

    async def cancel(self, app: str, id: str) -> bool | None:
        """End it before anything of it leaves; False when it is too late, None when there is none. Raises too."""

    def answered(self, app: str, status: str) -> None:
        """Count an answer to a submission."""

    def turned_away(self, why: str, app: str) -> None:
        """Tell that somebody was not let in, and why, in English; ``app`` may be empty."""

    def came(self, app: str) -> None:
        """Tell that somebody was let in."""

    def left(self, app: str, why: str) -> None:
        """Tell that a visit of an application is over, and why."""

    def changed(self) -> None:
        """Tell that ``binds`` or ``room`` may have changed."""


class Door(Protocol):
    """A way in for upstream systems, open while its context is entered; leaving it ends every visit."""

    @property
    def port(self) -> int:
        """Where it listens."""

    def describe(self) -> Mapping[str, object]:
        """The door for /readyz: name, kind, listen, encrypted, binds; no secrets."""

    @property
    def binds(self) -> Mapping[str, int]:
        """How many visits of each application there are."""

    def running(self, drain: float) -> AbstractAsyncContextManager[None]:
        """Let visitors in until left; leaving gives what is open ``drain`` seconds. Raises OSError: cannot listen."""

    def refresh(self) -> None:
        """``guests`` changed: whoever is not welcome any more goes."""

    def room(self, app: str) -> int:
        """How many more deliveries it can take for an application now; 0 when nobody is there to take them."""

    def deliver(self, deliveries: Sequence[Delivery], answer: Answer) -> None:
        """Hand over now; ``answer`` is called once for each, now or later."""
