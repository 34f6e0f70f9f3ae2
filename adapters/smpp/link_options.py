"""How an account's links are made and kept up: what of its options concerns connections, not messages."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from adapters.smpp import codes
from adapters.smpp.tls import Tls, as_options
from gateway.model import AccountSettings, Duration, Settings, meant


def _as_text(value: Any) -> Any:
    """YAML reads 3.4 as a number."""
    return str(value) if isinstance(value, float) else value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than 0")
    return value


_KIND = re.compile(r"[!-~]{0,12}")

Wait = Annotated[Duration, AfterValidator(_positive)]

_BINDS: dict[str, tuple[int, ...]] = {
    "transceiver": (codes.BIND_TRANSCEIVER,),
    "pair": (codes.BIND_TRANSMITTER, codes.BIND_RECEIVER),
    "transmitter": (codes.BIND_TRANSMITTER,),
    "receiver": (codes.BIND_RECEIVER,),
}
_VERSIONS = {"3.3": codes.VERSION_33, "3.4": codes.VERSION_34, "5.0": codes.VERSION_50}


class OutbindOptions(Settings):
    """Where the provider connects to us, to be bound to."""

    listen: str = Field(description="our address, host:port")
    password: SecretStr = Field(SecretStr(""), max_length=16, description="the one it says; empty: any")

    @field_validator("listen")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+):[0-9]{1,5}", value):
            raise ValueError("expected host:port, such as 192.0.2.1:2776 or [::1]:2776")
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


def _as_outbind(value: Any) -> Any:
    """``outbind: "host:port"`` is short for ``outbind: {listen: "host:port"}``."""
    return {"listen": value} if isinstance(value, str) else value


class LinkOptions(AccountSettings):
    """The links of one account."""

    host: str = Field(min_length=1, description="the provider's host name or address")
    port: int = Field(2775, ge=1, le=65535, description="its port")
    system_id: str = Field(min_length=1, max_length=15, pattern=r"^[!-~]+$", description="the login it gave you")
    password: SecretStr = Field(SecretStr(""), max_length=16, description="the password it gave you")
    system_type: str = Field("", max_length=12, pattern=r"^[!-~]*$", description="only if it asks for one")
    bind: Literal["transceiver", "pair", "transmitter", "receiver"] = Field(
        "transceiver", description="one connection both ways; pair: one each way; the others go one way only"
    )
    binds: int = Field(1, ge=1, le=100, description="so many at once (pairs of pair), sharing rate and receipts")
    interface_version: Annotated[Literal["3.3", "3.4", "5.0"], BeforeValidator(_as_text)] = Field(
        "3.4", description="of SMPP, as we say it in the bind"
    )
    optional_parameters: Literal["auto", "always"] = Field(
        "auto", description="auto: only to who says in its answer that it speaks 3.4 or more; always: it does"
    )
    outbind: Annotated[OutbindOptions | None, BeforeValidator(_as_outbind)] = Field(
        None, description='where the provider connects to us to deliver, "host:port"; we do not connect for that'
    )
    enquire_link: Wait = Field(timedelta(seconds=30), description="silence before asking whether it is alive")
    response_timeout: Wait = Field(timedelta(seconds=60), description="after it a submit is uncertain")
    inactivity: Wait | None = Field(None, description="without any message for so long: bind anew; null: never")
    connect_timeout: Wait = Field(timedelta(seconds=10), description="for the connection to be made")
    reconnect_min: Wait = Field(timedelta(seconds=1), description="pause after the first failure")
    reconnect_max: Wait = Field(timedelta(seconds=60), description="longest pause; it doubles up to there")
    tls: Annotated[Tls | None, BeforeValidator(as_options)] = Field(
        None, description="encrypted link: true, or {ca_file, server_name, check_hostname, cert_file, key_file}"
    )

    @property
    def commands(self) -> tuple[int, ...]:
        """The binds to keep up, as SMPP's command ids."""
        return _BINDS[self.bind] * self.binds

    @property
    def version(self) -> int:
        """``interface_version`` as SMPP writes it."""
        return _VERSIONS[self.interface_version]

    @property
    def kind(self) -> str:
        """What ``system_type`` means."""
        return str(meant(self.system_type, self.__dict__))

    @property
    def uses(self) -> Mapping[str, tuple[str, ...]]:
        """``system_type``, where it names an option."""
        before = super().uses
        return {name: (*keys, *["system_type"] * (self.system_type == f"{{{name}}}")) for name, keys in before.items()}

    @property
    def most_in_hand(self) -> int:
        """A window for each link that sends."""
        return self.window * self.binds

    def cautions(self) -> Iterator[tuple[str, str]]:
        """What may be meant and probably is not."""
        yield from super().cautions()
        if self.bind == "transmitter":
            yield "bind", "no receipt comes on a transmitter: every message will end as no_receipt; write pair"
        if self.bind == "receiver":
            yield "bind", "nothing can be sent on a receiver: messages of this account will wait; write pair"
        if self.bind == "transceiver" and self.version < codes.VERSION_34:
            yield "bind", "SMPP 3.3 knows no transceiver: write pair"

    @field_validator("system_type")
    @classmethod
    def _holds_the_option(cls, value: str, info: ValidationInfo) -> str:
        if not _KIND.fullmatch(meant(value, info.data)):
            raise ValueError(f"{value} is more than 12 letters, digits and signs of ASCII")
        return value

    @field_validator("host")
    @classmethod
    def _without_brackets(cls, value: str) -> str:
        return value[1:-1] if value.startswith("[") and value.endswith("]") else value

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

    @model_validator(mode="after")
    def _outbind_fits(self) -> Self:
        if self.outbind and self.bind == "transmitter":
            raise ValueError("outbind brings receipts, which a transmitter does not take: write bind: pair")
        if self.outbind and self.tls:
            raise ValueError("what comes by outbind is not encrypted: remove tls, and let a tunnel end it")
        return self
