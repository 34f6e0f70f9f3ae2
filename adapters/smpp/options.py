"""The options of an account whose provider speaks SMPP, as the configuration file holds them."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from adapters.smpp.link_options import LinkOptions
from adapters.smpp.message_options import MessageOptions
from gateway.states import Status

#: What a word of a receipt may be said to mean.
ReceiptState = Literal[Status.DELIVERED, Status.UNDELIVERED, Status.EXPIRED, Status.REJECTED, Status.IN_TRANSIT]
IdForm = Literal["auto", "raw", "hex-to-dec", "dec-to-hex"]


class SmppAccount(LinkOptions, MessageOptions):
    """One contract with one provider over SMPP: its links, its messages, and what comes from it."""

    words: ClassVar[Mapping[str, str]] = {"key_id": "system_id", "service_code": "service_type"}

    adapter: Literal["smpp"] = Field("smpp", description="speaks SMPP 3.4")
    message_id: IdForm = Field("auto", description="how the id of a receipt differs from that of the answer")
    receipts_by_text: bool = Field(False, description="a text that reads like a receipt is one, without any mark")
    receipt_states: dict[str, ReceiptState] = Field({}, description="words of its receipts that we do not know")
    inbound_id: int | None = Field(
        None, ge=0, le=0xFFFF, description="optional parameter that names each message from a telephone"
    )

    operations: tuple[Literal["query_sm", "cancel_sm"], ...] = Field(
        (), description="what it takes besides submit_sm: query_sm and cancel_sm, for late and for cancelled messages"
    )

    def cautions(self) -> Iterator[tuple[str, str]]:
        """What may be meant and probably is not."""
        yield from super().cautions()
        if self.interface_version == "3.3" and self.optional_parameters == "auto" and self.asks_for_optional:
            why = "SMPP 3.3 has no optional parameters: sar and payload go as udh8, flash and tlvs not; write 3.4"
            yield "interface_version", why

    @field_validator("receipt_states")
    @classmethod
    def _in_capitals(cls, value: dict[str, Status]) -> dict[str, Status]:
        return {word.strip().upper(): meaning for word, meaning in value.items()}
