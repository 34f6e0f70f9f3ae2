"""The bodies that outsiders send: one pydantic model each, unknown fields refused (contract section 3).

These models only say whether a body is well formed; what becomes of it is decided in ``intake``.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)

from gateway.model import Code, Condition, Kind, Mode, Priority, Uai
from gateway.periods import FIRST_YEAR, LAST_YEAR

Short = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=40_000)]
Variables = dict[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=64)], str]
Metadata = dict[Short, Annotated[str, StringConstraints(max_length=1_000)]]

#: What the provider's own fields are given, by the names that its account declares.
Tlvs = dict[
    Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)],
    Annotated[int, Field(strict=True)] | Annotated[str, StringConstraints(max_length=500, strict=True)],
]


def _words_only(value: Any) -> Any:
    """RFC 3339 alone: a bare number would be read as seconds or as milliseconds, by its size."""
    if isinstance(value, int | float):
        raise ValueError("expected a time in words")
    return value


def _in_our_time(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError("expected a year of our time")
    return value


#: An instant with its offset, in a year that every zone can show.
Instant = Annotated[AwareDatetime, BeforeValidator(_words_only), AfterValidator(_in_our_time)]


class Body(BaseModel):
    """Base of every body."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


class RecipientInfo(Body):
    """Who the message is for, as the school knows them."""

    label: Short = ""
    kind: Kind = Kind.AUTRE
    consent: StrictBool | None = None
    do_not_sms: StrictBool = False


class Subject(Body):
    """The pupil whom the message is about."""

    id: Short | None = None
    name: Short | None = None
    division: Short | None = None
    kind: Short | None = None


class Event(Body):
    """What happened: an absence, a late arrival. ``from``/``to`` are instants with an offset."""

    id: Short | None = None
    type: Short | None = None
    label: Short | None = None
    motif: Short | None = None
    from_: Instant | None = Field(None, alias="from")
    to: Instant | None = None


class Origin(Body):
    """Who sent it, from where, in the school application."""

    user: Short | None = None
    workstation: Short | None = None


class Override(Body):
    """Lifts ``do_not_sms`` once, with a reason that is audited."""

    reason: Annotated[str, StringConstraints(min_length=3, max_length=500)]


class MessageFields(Body):
    """What a message may say; also the ``defaults`` of a batch."""

    action: Code | None = None
    text: Text | None = None
    template: Code | None = None
    variables: Variables = Field(default_factory=dict)
    sensitive: tuple[Short, ...] = ()
    recipient: RecipientInfo = RecipientInfo()
    subject: Subject | None = None
    event: Event | None = None
    origin: Origin = Origin()
    school: Uai | None = None
    mode: Mode | None = None
    sender: Short | None = None
    priority: Priority = Priority.NORMAL
    encoding: Literal["auto", "gsm7", "ucs2"] = "auto"
    transliterate: StrictBool = True
    flash: StrictBool = False
    tlvs: Tlvs = Field(default_factory=dict, max_length=20)
    hold: StrictBool | None = None
    send_at: Instant | None = None
    valid_until: Instant | None = None
    override: Override | None = None
    reference: Short | None = None
    metadata: Metadata | None = None
    callback_url: Annotated[str, StringConstraints(max_length=2_000)] | None = None


class MessageIn(MessageFields):
    """``POST /v1/messages``."""

    to: Annotated[str, StringConstraints(max_length=64)]
    action: Code


class Contact(Body):
    """One of the numbers of a family."""

    rank: Literal["responsable_1", "conjoint", "responsable_2", "eleve"]
    to: Annotated[str, StringConstraints(max_length=64)] = ""
    label: Short = ""
    consent: StrictBool | None = None
    do_not_sms: StrictBool = False


def _family(value: Any) -> Any:
    """Said before any is looked at: a list without end would have an error without end."""
    if isinstance(value, list | tuple) and len(value) > _FAMILY:
        raise ValueError(f"Une famille a {_FAMILY} contacts au plus.")
    return value


_FAMILY = 20


class Flags(Body):
    """What the portal knows of the person's account."""

    never_connected: StrictBool | None = None
    credentials_changed: StrictBool | None = None


class Audience(Body):
    """Which contacts of each family besides ``responsable_1``."""

    conjoint: StrictBool = False
    responsable_2: StrictBool = False
    eleve: StrictBool = False


class RecipientIn(Body):
    """One recipient of a batch: ``to``, or ``contacts``."""

    to: Annotated[str, StringConstraints(max_length=64)] | None = None
    contacts: Annotated[tuple[Contact, ...] | None, BeforeValidator(_family)] = None
    label: Short = ""
    kind: Kind | None = None
    variables: Variables = Field(default_factory=dict)
    consent: StrictBool | None = None
    do_not_sms: StrictBool = False
    flags: Flags = Flags()
    subject: Subject | None = None
    event: Event | None = None
    reference: Short | None = None


class BatchRequest(Body):
    """A batch without its recipients: the part ``request`` of a CSV upload, the first line of NDJSON."""

    action: Code
    text: Text | None = None
    template: Code | None = None
    defaults: MessageFields = MessageFields()
    dedupe: Literal["text", "number", "none"] = "text"
    condition: Condition | None = None
    audience: Audience = Audience()
    school: Uai | None = None
    selection: dict[str, Any] | None = None


class BatchIn(BatchRequest):
    """``POST /v1/batches``: at most 10,000 recipients."""

    recipients: tuple[RecipientIn, ...] = Field(min_length=1, max_length=10_000)


class PreviewIn(MessageFields):
    """``POST /v1/preview`` of one message: ``to`` may be missing."""

    to: Annotated[str, StringConstraints(max_length=64)] | None = None
    action: Code
