"""Values that every part of the gateway speaks of: school, action, template, price, mode, priority.

The settings of schools, actions and templates are pydantic models because one reader serves the configuration
file and the API. They are frozen: who holds one may keep it.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = 3650 * 86400


def parse_duration(value: Any) -> timedelta:
    """``30s``, ``10m``, ``48h``, ``7d``, or a number of seconds; ten years at most. Raises ValueError with the cure."""
    if isinstance(value, timedelta):
        return value
    seconds = -1.0
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value
    elif isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        seconds = float(found[1]) * _SECONDS[found[2]]
    if not 0 <= seconds <= _LONGEST:  # also false for what is not a number
        raise ValueError("expected a duration such as 30s, 10m, 48h or 7d, ten years at most")
    return timedelta(seconds=seconds)


def format_duration(value: timedelta) -> str:
    """The shortest of the forms that ``parse_duration`` reads."""
    seconds = value.total_seconds()
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


def split_address(address: str) -> tuple[str, int]:
    """``127.0.0.1:8080``, ``[::1]:8080`` or ``:8080`` (every interface) as host and port. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535 or (":" in bare and bare == host):
        raise ValueError("expected host:port, such as 127.0.0.1:8080")
    return bare, int(port)


def _address(value: str) -> str:
    split_address(value)
    return value


Address = Annotated[str, AfterValidator(_address)]


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}], "examples": ["30s", "10m", "48h", "7d"]}),
]
Uai = Annotated[str, Field(pattern=r"^[0-9]{7}[A-Z]$")]
Code = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,39}$")]
Region = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Mode = Literal["economique", "standard", "premium"]
#: By what the portal knows of them, some of a batch's recipients are chosen.
Condition = Literal["never_connected", "credentials_unchanged"]

_MINUTE = timedelta(minutes=1)

MODES: tuple[Mode, ...] = ("economique", "standard", "premium")


class Priority(StrEnum):
    """What leaves first."""

    ALERT = "alert"
    NORMAL = "normal"
    BULK = "bulk"

    @property
    def rank(self) -> int:
        """0 leaves before 1, 1 before 2."""
        return _RANKS[self]


_RANKS = {Priority.ALERT: 0, Priority.NORMAL: 1, Priority.BULK: 2}
PRIORITY_OF_RANK = {rank: priority for priority, rank in _RANKS.items()}


class Kind(StrEnum):
    """Who a recipient is to the school."""

    RESPONSABLE = "responsable"
    ELEVE = "eleve"
    ADULTE = "adulte"
    PREINSCRIT = "preinscrit"
    AUTRE = "autre"


class Settings(BaseModel):
    """Base of all settings: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class School(Settings):
    """An establishment: its UAI, where its national numbers and its months are."""

    uai: Uai = Field(description="the school's UAI, e.g. 0570051W")
    name: str = Field(min_length=1, description="as people know it")
    sender: str | None = Field(None, description="default sender: 1-11 letters or digits with a letter")
    region: Region | None = Field(None, description="ISO region of its national numbers; default defaults.region")
    timezone: str | None = Field(None, description="IANA zone of its days and months; default defaults.timezone")
    foreign: tuple[Region, ...] | None = Field(None, description="other countries whose mobiles are allowed")


class Action(Settings):
    """Why a message is sent: the grouping key of the accounts, and how it is sent."""

    code: Code = Field(description="its key, e.g. ABSENCE")
    short_label: str = Field(min_length=1, max_length=40, description="libellé court, shown in the synthesis")
    long_label: str = Field(min_length=1, max_length=120, description="libellé long, shown in the recap")
    treatment: Literal["sms", "email", "letter", "none"] = Field("sms", description="only sms is built")
    template: Code | None = Field(None, description="the template offered first")
    sender: str | None = Field(None, description="instead of the school's")
    provider_service_code: str = Field("0", max_length=6, description="code fournisseur de service; 0 = none")
    response_delay_days: int = Field(0, ge=0, le=365, description="délai de réponse du responsable; 0 = none")
    release: Literal["auto", "manual"] = Field("auto", description="manual: waits as « À diffuser »")
    hold_max: Duration = Field(
        timedelta(hours=48), ge=timedelta(seconds=60), description="held longer than this: expired"
    )
    validity: Duration = Field(
        timedelta(hours=24), ge=timedelta(seconds=60), description="from release or send_at; later it is worthless"
    )
    mode: Mode | None = Field(None, description="quality class; default defaults.mode")
    max_parts: int | None = Field(None, ge=1, le=255, description="longer texts are refused, never cut")
    consent: Literal["unless_refused", "required"] = Field("unless_refused", description="what unknown consent does")
    uncertain: Literal["wait", "resend"] | None = Field(None, description="default wait; resend for alerts")
    uncertain_wait: Duration = Field(timedelta(seconds=60), description="before an uncertain part is sent again")


class Template(Settings):
    """A predefined message, with #KEY variables. ``school`` None: for every school.

    ``sensitive``: keywords whose values are confidential in every message of it. ``requires``: the conditions by which
    recipients may be chosen who get it; without any, none is offered.
    """

    code: Code
    label: str = Field(min_length=1, max_length=120)
    text: str = Field(min_length=1, max_length=10_000)
    school: Uai | None = None
    sensitive: tuple[str, ...] = ()
    requires: tuple[Condition, ...] = ()


class Price(Settings):
    """From a day on, what a part costs before tax, for a mode (None: any) and a destination prefix."""

    from_: date = Field(date(2000, 1, 1), alias="from", description="first day, in the school's zone")
    mode: Mode | None = Field(None, description="only for this mode")
    to: str = Field("*", pattern=r"^(\*|\+[0-9]+\*?)$", description="prefix such as +262, or *")
    ht: Decimal = Field(ge=0, max_digits=12, decimal_places=6, description="euros a part, before tax")


class ProviderContact(Settings):
    """A company that carries SMS, and how to reach it."""

    name: str = Field(min_length=1, max_length=120, description="as the accounts name it")
    email: str | None = Field(None, pattern=r"^[^@\s]+@[^@\s]+$", description="contact courriel")
    telephone: str | None = Field(None, min_length=1, max_length=40, description="as people dial it")
    www: str | None = Field(None, pattern=r"^https?://[^\s]+$", description="its site")


#: How a key of an account names an option of the provider's papers.
OPTIONS = ("{option1}", "{option2}")

#: Endings that a receipt tells, other than delivery.
Billed = Literal["undelivered", "expired", "rejected"]


def meant(value: Any, options: Mapping[str, Any]) -> Any:
    """The value itself, or what stands in the option of the account that it names: ``{option1}``, ``{option2}``."""
    return options.get(value[1:-1], "") if value in OPTIONS else value


class AccountSettings(Settings):
    """What every account has, whoever the provider is. An adapter adds its own keys in a subclass."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="as the modes name it")
    adapter: str = Field(description="which adapter speaks to this provider: smpp")
    option1: str = Field("", max_length=200, description="what its papers call option 1; other keys name it {option1}")
    option2: str = Field("", max_length=200, description="what its papers call option 2; other keys name it {option2}")
    provider: str | None = Field(None, description="whose contract it is: one of `providers`, for its contacts")
    rate: float = Field(20, gt=0, description="parts per second, fractions allowed, shared by all binds")
    window: int = Field(10, ge=1, le=10_000, description="unanswered submits at most, a bind")
    senders: tuple[str, ...] = Field((), description="short codes that may be the sender")
    failover_after: Duration = Field(
        timedelta(seconds=30), description="unable to send for this long: the next account of the mode takes over"
    )
    price: Decimal | None = Field(
        None, ge=0, decimal_places=6, description="euros a part before tax, always and everywhere"
    )
    prices: tuple[Price, ...] = Field((), description="price list with dates, instead of price")
    vat: Decimal = Field(Decimal(20), ge=0, le=100, description="per cent, computed once a month")
    bills: tuple[Billed, ...] = Field(
        ("undelivered", "expired", "rejected"), description="what is billed though it was not delivered"
    )

    #: What the API calls some keys, whoever the provider is -> this adapter's key.
    words: ClassVar[Mapping[str, str]] = {}

    @property
    def most_in_hand(self) -> int:
        """Parts without an outcome at most, over all links."""
        return self.window

    @property
    def uses(self) -> Mapping[str, tuple[str, ...]]:
        """The keys that name ``option1`` and ``option2``, which hand them to the provider; none: they are only kept."""
        return {"option1": (), "option2": ()}

    def cautions(self) -> Iterator[tuple[str, str]]:
        """What may be written and probably is not meant: keys, each with a sentence that names the cure."""
        yield from ()

    @property
    def narrow(self) -> bool:
        """Whether long messages go with the 16-bit reference, which leaves 152 and 66 units a part."""
        return False

    @property
    def lacks(self) -> str:
        """The characters of GSM 03.38 that cannot be written for it; texts that hold one go as UCS-2."""
        return ""

    @property
    def flashes(self) -> bool:
        """Whether it takes messages that phones show at once."""
        return False

    @property
    def takes(self) -> Mapping[str, str]:
        """What a message may say to its provider alone, by name; what each value must be, in French."""
        return {}

    def may_say(self, name: str, value: int | str) -> bool:
        """Whether a value of ``takes`` is one that it can hand over."""
        del name, value
        return False

    @property
    def ahead(self) -> int:
        """Milliseconds before its ``send_at`` that a message may be handed over, for the provider to wait; 0: none."""
        return 0

    @property
    def whole(self) -> bool:
        """Whether a long message is handed over in one piece, which the provider cuts itself."""
        return False

    def continues(self, other: "AccountSettings") -> bool:
        """Whether the rest of a message that ``other`` began may go by this account, so that phones join the parts."""
        return not self.whole and not other.whole and self.narrow == other.narrow
