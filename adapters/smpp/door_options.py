"""What the configuration says of a door where SMPP is spoken, and of an application that comes in by it."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, SecretStr, StringConstraints

from adapters.smpp.link_options import Wait
from adapters.smpp.tls import DoorTls
from gateway.door import DoorLogin, DoorSettings
from gateway.model import Address, Code, Priority


def _network(value: Any) -> IPv4Network | IPv6Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    try:
        return ip_network(value)
    except (TypeError, ValueError):
        raise ValueError("expected an address or a network such as 192.0.2.7 or 192.0.2.0/24") from None


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network), PlainSerializer(str, return_type=str)]
ServiceType = Annotated[str, StringConstraints(min_length=1, max_length=5, pattern=r"^[!-~]+$")]

#: This machine: whoever comes from elsewhere must be listed.
_HERE: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def _password(value: SecretStr) -> SecretStr:
    secret = value.get_secret_value()
    if not 1 <= len(secret) <= 16 or not secret.isascii() or not secret.isprintable():
        raise ValueError("an SMPP password is 1 to 16 ASCII characters; many systems take 8 at most")
    return value


class SmppDoorSettings(DoorSettings):
    """A door where SMPP 3.3, 3.4 or 5.0 is spoken."""

    kind: Literal["smpp"] = Field("smpp", description="SMPP: the gateway is the SMSC")
    listen: Address = Field("127.0.0.1:2775", description="host:port")
    tls: DoorTls | None = Field(None, description="encrypted; null: in clear, for a network that is trusted")
    system_id: str = Field(
        "vaguemestre", min_length=1, max_length=15, pattern=r"^[!-~]+$", description="as the gateway calls itself"
    )
    bind_timeout: Wait = Field(timedelta(seconds=10), description="a connection that has not bound by then is closed")
    enquire_link: Wait = Field(timedelta(seconds=60), description="silence before asking whether it is alive")
    response_timeout: Wait = Field(timedelta(seconds=60), description="a receipt without an answer goes again")
    max_connections: int = Field(200, ge=1, le=10_000, description="at once, bound or not; more are cut")


class SmppLogin(DoorLogin):
    """An application that comes in by SMPP."""

    system_id: str = Field(min_length=1, max_length=15, pattern=r"^[!-~]+$", description="its login")
    password: Annotated[SecretStr, AfterValidator(_password)] = Field(description="its password, 16 characters at most")
    ips: tuple[Network, ...] = Field(_HERE, description="addresses and networks it may come from")
    max_binds: int = Field(4, ge=1, le=100, description="binds at once")
    window: int = Field(20, ge=1, le=1_000, description="unanswered requests at most on a bind, each way")
    rate: float = Field(50, gt=0, description="submissions per second, over all its binds")
    service_types: Mapping[ServiceType, Code] = Field({}, description="service_type -> action")
    priority: Priority = Field(Priority.NORMAL, description="of what comes with priority_flag 0")
    default_alphabet: Literal["gsm7", "latin1", "utf8"] = Field("gsm7", description="what data_coding 0 means")
    transliterate: bool = Field(True, description="replace what GSM-7 lacks if the whole text fits then")
