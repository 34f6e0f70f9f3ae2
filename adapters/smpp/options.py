"""The options of an account whose provider speaks SMPP 3.4, as the configuration file holds them."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from adapters.smpp.message_options import MessageOptions
from gateway.model import Duration
from gateway.states import Status

#: What a word of a receipt may be said to mean.
ReceiptState = Literal[Status.DELIVERED, Status.UNDELIVERED, Status.EXPIRED, Status.REJECTED, Status.IN_TRANSIT]
IdForm = Literal["auto", "raw", "hex-to-dec", "dec-to-hex"]


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than 0")
    return value


Wait = Annotated[Duration, AfterValidator(_positive)]

#: What the format of the file knows and the gateway does not do yet: key -> (what is built, the cure).
_BUILT: dict[str, tuple[tuple[Any, ...], str]] = {
    "bind": (("transceiver",), "only transceiver is available yet: ask the provider for a transceiver bind"),
    "binds": ((1,), "only one bind is available yet: write binds: 1"),
    "tls": ((False,), "TLS is not available yet: write tls: false and use a tunnel such as stunnel"),
}


class SmppAccount(MessageOptions):
    """One contract with one provider over SMPP 3.4."""

    adapter: Literal["smpp"] = Field("smpp", description="speaks SMPP 3.4")
    host: str = Field(min_length=1, description="the provider's host name or address")
    port: int = Field(2775, ge=1, le=65535, description="its port")
    system_id: str = Field(min_length=1, max_length=15, pattern=r"^[!-~]+$", description="the login it gave you")
    password: SecretStr = Field(SecretStr(""), max_length=16, description="the password it gave you")
    system_type: str = Field("", max_length=12, pattern=r"^[!-~]*$", description="only if it asks for one")
    bind: Literal["transceiver", "pair", "transmitter", "receiver"] = Field(
        "transceiver", description="one connection both ways; the others are not available yet"
    )
    binds: int = Field(1, ge=1, description="connections at once; only 1 is available yet")
    enquire_link: Wait = Field(timedelta(seconds=30), description="silence before asking whether it is alive")
    response_timeout: Wait = Field(timedelta(seconds=60), description="after it a submit is uncertain")
    connect_timeout: Wait = Field(timedelta(seconds=10), description="for the connection to be made")
    reconnect_min: Wait = Field(timedelta(seconds=1), description="pause after the first failure")
    reconnect_max: Wait = Field(timedelta(seconds=60), description="longest pause; it doubles up to there")
    message_id: IdForm = Field("auto", description="how the id of a receipt differs from that of the answer")
    receipts_by_text: bool = Field(False, description="a text that reads like a receipt is one, without any mark")
    receipt_states: dict[str, ReceiptState] = Field({}, description="words of its receipts that we do not know")
    inbound_id: int | None = Field(
        None, ge=0, le=0xFFFF, description="optional parameter that names each message from a telephone"
    )
    tls: bool = Field(False, description="encrypted link; not available yet")

    @field_validator("bind", "binds", "tls")
    @classmethod
    def _is_built(cls, value: Any, info: ValidationInfo) -> Any:
        built, cure = _BUILT[info.field_name or ""]
        if value not in built:
            raise ValueError(cure)
        return value

    @field_validator("receipt_states")
    @classmethod
    def _in_capitals(cls, value: dict[str, Status]) -> dict[str, Status]:
        return {word.strip().upper(): meaning for word, meaning in value.items()}

    @field_validator("password")
    @classmethod
    def _fits(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if not secret.isascii() or "\0" in secret:
            raise ValueError("an SMPP password is at most 16 ASCII characters")
        return value

    @field_validator("reconnect_max")
    @classmethod
    def _after_min(cls, value: timedelta, info: ValidationInfo) -> timedelta:
        if value < info.data.get("reconnect_min", value):
            raise ValueError("must not be shorter than reconnect_min")
        return value
