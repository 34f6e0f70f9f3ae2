"""The options of an SMPP account that say how its provider wants messages written."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo, field_validator

from adapters.smpp import parameters
from adapters.smpp.parameters import Declared, Fixed, number
from adapters.smpp.script import LACKS, Alphabet
from gateway.model import AccountSettings, Duration, Settings

LongMessages = Literal["udh8", "udh16", "sar", "payload"]

_PLAN = re.compile(r"([0-9]{1,3})/([0-9]{1,3})")


def _plan(value: Any) -> Any:
    """``5/0``: type of number, numbering plan."""
    found = _PLAN.fullmatch(value) if isinstance(value, str) else None
    if found is None or max(pair := (int(found[1]), int(found[2]))) > 255:
        raise ValueError("expected type of number/numbering plan, such as 5/0")
    return pair


Octet = Annotated[int, BeforeValidator(number), Field(ge=0, le=255)]
Plan = Annotated[
    tuple[int, int], BeforeValidator(_plan), PlainSerializer(lambda pair: f"{pair[0]}/{pair[1]}", return_type=str)
]
Ahead = Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(hours=24))]
TlvName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Word = Annotated[str, Field(max_length=5, pattern=r"^[!-~]*$")]


class DataCoding(Settings):
    """The data_coding of each kind of text."""

    gsm7: Octet = Field(0, description="texts counted in septets, in `default_alphabet`")
    ucs2: Octet = Field(8, description="the others")
    flash_gsm7: Octet = Field(0x10, description="the first, shown at once: class 0")
    flash_ucs2: Octet = Field(0x18, description="the others, shown at once")


class TonNpi(Settings):
    """Type of number and numbering plan, as ``5/0``, of senders by their kind and of recipients."""

    alphanumeric: Plan = Field((5, 0), description="a sender with letters")
    short_code: Plan = Field((3, 1), description="a sender of at most six digits")
    international: Plan = Field((1, 1), description="a sender that is a whole number")
    recipient: Plan = Field((1, 1), description="whom it is for")


class MessageOptions(AccountSettings):
    """How messages are written for an account."""

    long_messages: LongMessages = Field(
        "udh8", description="how a long message is written: in parts that say so, or whole (payload)"
    )
    default_alphabet: Alphabet = Field("gsm", description="in which texts counted in septets are written")
    packed: bool = Field(False, description="eight septets in seven octets, as they go over the air")
    data_coding: DataCoding = Field(DataCoding(), description="what the provider calls the two alphabets")
    flash: Literal["refused", "data_coding", "dest_addr_subunit"] = Field(
        "refused", description="how a message that phones show at once is written, if it may be"
    )
    ton_npi: TonNpi = Field(TonNpi(), description="what the provider calls senders and recipients")
    service_type: Word = Field("", description="of messages whose action has no provider_service_code")
    validity: Literal["relative", "absolute", "none"] = Field("relative", description="how its end is written")
    schedule: Literal["gateway", "provider"] = Field(
        "gateway", description="who waits for a message's send_at; the provider only for its last minutes"
    )
    schedule_ahead: Ahead = Field(timedelta(minutes=10), description="how long before, with schedule: provider")
    registered_delivery: Octet = Field(1, description="1: a receipt of every end; 0x11: of the way too")
    protocol_id: Octet = Field(0, description="only if the provider asks for one")
    priority_flag: Annotated[int, Field(ge=0, le=3)] = Field(0, description="only if the provider asks for one")

    tlvs: tuple[Fixed, ...] = Field((), description="optional parameters that all its messages have")
    message_tlvs: dict[TlvName, Declared] = Field({}, description="those that a message may have, by name")

    @property
    def narrow(self) -> bool:
        """Whether long messages go with the 16-bit reference, which leaves 152 and 66 units a part."""
        return self.long_messages == "udh16"

    @property
    def lacks(self) -> str:
        """The characters of GSM 03.38 that its alphabet has not; texts that hold one go as UCS-2."""
        return LACKS[self.default_alphabet]

    def cautions(self) -> Iterator[tuple[str, str]]:
        """What may be meant and costs something."""
        yield from super().cautions()
        if self.registered_delivery & 0b11 in (0, 2):
            yield "registered_delivery", "no receipt of what is delivered: it will end as no_receipt; write 1"
        if self.default_alphabet == "latin1":
            yield "default_alphabet", "Latin-1 has no €: in its modes a text with one costs the price of UCS-2"
        if self.default_alphabet == "ascii":
            yield "default_alphabet", "ASCII has no accents: in its modes é becomes e, and ß costs the price of UCS-2"

    @property
    def written(self) -> tuple[Fixed, ...]:
        """``tlvs`` with what their values mean."""
        return tuple(filter(None, (one.filled(self.__dict__) for one in self.tlvs)))

    @property
    def uses(self) -> Mapping[str, tuple[str, ...]]:
        """The optional parameters that hold an option, after what else does."""
        before = super().uses
        holding = {
            name: [f"tlvs 0x{one.tag:04X}" for one in self.tlvs if one.value == f"{{{name}}}"] for name in before
        }
        return {name: (*keys, *holding[name]) for name, keys in before.items()}

    @property
    def asks_for_optional(self) -> bool:
        """Whether any of this is written in optional parameters."""
        told = self.long_messages in ("sar", "payload") or self.flash == "dest_addr_subunit"
        return told or bool(self.written or self.message_tlvs)

    @property
    def flashes(self) -> bool:
        """Whether it takes messages that phones show at once."""
        return self.flash != "refused"

    @property
    def takes(self) -> Mapping[str, str]:
        """What a message may say to its provider alone, and what each value must be, in French."""
        return {name: parameters.FRENCH[one.type] for name, one in self.message_tlvs.items()}

    def may_say(self, name: str, value: int | str) -> bool:
        """Whether a value of ``takes`` can be written."""
        try:
            parameters.octets(self.message_tlvs[name].type, value)
        except ValueError:
            return False
        return True

    @property
    def ahead(self) -> int:
        """Milliseconds before its ``send_at`` that a message may be handed over, for the provider to wait."""
        return int(self.schedule_ahead.total_seconds() * 1000) if self.schedule == "provider" else 0

    @property
    def whole(self) -> bool:
        """Whether a long message is one submit_sm, which the provider cuts itself."""
        return self.long_messages == "payload"

    def continues(self, other: AccountSettings) -> bool:
        """Only with the same user data header: what a provider makes of the other forms is its own affair."""
        return isinstance(other, MessageOptions) and self.long_messages == other.long_messages in ("udh8", "udh16")

    @field_validator("packed")
    @classmethod
    def _septets(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("default_alphabet", "gsm") != "gsm":
            raise ValueError("only the septets of default_alphabet: gsm can be packed: write packed: false")
        return value

    @field_validator("flash")
    @classmethod
    def _of_septets(cls, value: str, info: ValidationInfo) -> str:
        if value == "data_coding" and info.data.get("default_alphabet", "gsm") != "gsm":
            raise ValueError("a data_coding with a class means the GSM alphabet: write dest_addr_subunit")
        return value

    @field_validator("tlvs")
    @classmethod
    def _once(cls, value: tuple[Fixed, ...]) -> tuple[Fixed, ...]:
        tags = [one.tag for one in value]
        if twice := {tag for tag in tags if tags.count(tag) > 1}:
            raise ValueError(f"0x{min(twice):04X} is given twice: keep one")
        return value

    @field_validator("tlvs")
    @classmethod
    def _hold_the_options(cls, value: tuple[Fixed, ...], info: ValidationInfo) -> tuple[Fixed, ...]:
        for one in value:
            try:
                one.filled(info.data)
            except ValueError as error:
                raise ValueError(f"0x{one.tag:04X} cannot hold what {one.value} is: {error}") from error
        return value

    @field_validator("data_coding")
    @classmethod
    def _told_apart(cls, value: DataCoding) -> DataCoding:
        if value.gsm7 == value.ucs2:
            raise ValueError(f"gsm7 and ucs2 are both {value.gsm7}: the provider could not tell them apart")
        return value
