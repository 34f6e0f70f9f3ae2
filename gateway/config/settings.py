"""The settings: what the configuration file may say, with the defaults (contract section 6).

Frozen, unknown keys refused. An account's own keys are added by its adapter, in a subclass of AccountSettings.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, SerializeAsAny, field_validator, model_validator

from gateway.caller import Scope
from gateway.door import DoorLogin, DoorSettings
from gateway.model import (
    AccountSettings,
    Action,
    Address,
    Duration,
    Mode,
    ProviderContact,
    Region,
    School,
    Template,
    Uai,
)
from gateway.model import Settings as Frozen

if TYPE_CHECKING:
    from gateway.sealing import Sealer


class Role(StrEnum):
    """What a process does; the roles share nothing but the store."""

    ALL = "all"
    API = "api"
    DISPATCH = "dispatch"


def _store_url(value: str) -> str:
    scheme, _, path = value.partition("://")
    if scheme.startswith("postgres"):
        raise ValueError("PostgreSQL is not available yet: use sqlite:////path/of/the/file.db")
    if scheme != "sqlite" or not path.startswith("/") or len(path) < 2:
        raise ValueError("expected sqlite:////path/of/the/file.db (four slashes: an absolute path)")
    if path.startswith("/:memory:") or "?" in path:
        raise ValueError("expected a plain file: what is accepted must outlive the process")
    return value


class StoreSettings(Frozen):
    """Where everything is kept."""

    url: Annotated[str, AfterValidator(_store_url)] = Field(
        "sqlite:////var/lib/vaguemestre/gateway.db", description="four slashes: an absolute path"
    )
    encryption_key: SecretStr | None = Field(
        None, description="32 octets in base64: numbers, names and texts are sealed by it; older keys behind it"
    )

    @field_validator("encryption_key")
    @classmethod
    def _keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            from gateway.sealing import read_keys

            read_keys(value.get_secret_value())
        return value

    @cached_property
    def sealer(self) -> "Sealer | None":
        """What seals by the key; None without one."""
        if self.encryption_key is None:
            return None
        from gateway.sealing import Sealer, read_keys

        return Sealer(read_keys(self.encryption_key.get_secret_value()))


class MetricsListen(Frozen):
    """Where each role shows /livez, /readyz and /metrics without a key; one address serves whichever role runs."""

    api: Address | None = Field(None, description="host:port of a process of role api")
    dispatch: Address | None = Field(None, description="host:port of a process of role dispatch")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"api": value, "dispatch": value}
        return value

    def of(self, role: Role) -> str | None:
        """The address for a process of this role; ``all`` takes the one of ``api``, else of ``dispatch``."""
        return self.dispatch if role is Role.DISPATCH else self.api or (self.dispatch if role is Role.ALL else None)


class HttpSettings(Frozen):
    """Where the API listens."""

    listen: Address = Field("127.0.0.1:8080", description="host:port of the API; put TLS in front of it")
    metrics_listen: MetricsListen | None = Field(None, description="host:port, or {api: …, dispatch: …}")
    relays: int | None = Field(
        None, ge=0, le=8, description="processes that read busy connections; null: one if there are two processors"
    )

    @property
    def relays_here(self) -> int:
        """How many relays at most, on this machine."""
        return int(len(os.sched_getaffinity(0)) > 1) if self.relays is None else self.relays


class Defaults(Frozen):
    """What schools and actions do not say."""

    region: Region = Field("FR", description="ISO region of national numbers")
    timezone: str = Field("Europe/Paris", description="IANA zone of days and months")
    sender: str = Field("VAGUEMESTR", description="1-11 letters or digits with a letter")
    max_parts: int = Field(4, ge=1, le=255, description="longer texts are refused, never cut")
    mode: Mode = Field("standard", description="quality class")
    foreign: tuple[Region, ...] = Field((), description="other countries whose mobiles are allowed")
    letter_price: Decimal | None = Field(
        Decimal("1.52"), ge=0, decimal_places=4, description="euros a letter to a family, for comparison; null: none"
    )


class ReceiptSettings(Frozen):
    """How delivery receipts are waited for."""

    wait: Duration = Field(timedelta(hours=72), description="after validity; then the message is no_receipt")


class InboundSettings(Frozen):
    """How messages from telephones are taken."""

    reassembly_timeout: Duration = Field(
        timedelta(minutes=30), ge=timedelta(seconds=1), description="for missing parts; then it is shown without them"
    )
    attach_days: int = Field(30, ge=1, le=365, description="how old a message may be to be the one that is answered")


class RetentionSettings(Frozen):
    """How long texts and numbers are kept; what the accounts need is kept for ever.

    A week at least: the answers to repeated requests, which hold both, are kept so long.
    """

    text_days: int | None = Field(90, ge=7, le=3650, description="then texts are erased; null: never")
    number_days: int | None = Field(365, ge=7, le=3650, description="then numbers and names are erased; null: never")


class App(Frozen):
    """A school application with its first key; more keys by ``vaguemestre apikey``."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="as the audit names it")
    key_sha256: str = Field(pattern=r"^[0-9a-fA-F]{64}$", description="hex SHA-256 of the whole key: 64 digits")
    schools: tuple[Uai, ...] = Field(min_length=1, description="UAIs it may send for")
    scopes: tuple[Scope, ...] = Field(min_length=1, description="what it may do")
    smpp: SerializeAsAny[DoorLogin] | None = Field(None, description="its login at the doors of kind smpp")

    @field_validator("key_sha256")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.lower()


class LogSettings(Frozen):
    """What is written to standard error, never with personal data."""

    format: Literal["json", "console"] = Field("json", description="console: for people at a terminal")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is written")


class ConsoleSettings(Frozen):
    """The console, which people open in a browser."""

    enabled: bool = Field(True, description="false: no page at /console")
    session: Duration = Field(timedelta(hours=12), ge=timedelta(minutes=5), description="then one signs in again")
    idle: Duration = Field(timedelta(hours=1), ge=timedelta(minutes=1), description="without a page for so long, too")


class SecretsSettings(Frozen):
    """What seals secrets in the database."""

    sealing_key: SecretStr | None = Field(
        None, description="any text of 16 characters or more, kept apart from the database"
    )

    @field_validator("sealing_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:
            raise ValueError("expected 16 characters or more, such as `openssl rand -base64 32` prints")
        return value


class StopSettings(Frozen):
    """How long each phase of stopping may last; their sum stays below systemd's TimeoutStopSec."""

    http: Duration = Field(timedelta(seconds=5), description="open requests finish")
    doors: Duration = Field(timedelta(seconds=5), description="open submissions are answered, then unbind")
    lanes: Duration = Field(timedelta(seconds=10), description="answers of providers are waited for, then unbind")


class Settings(Frozen):
    """The whole file."""

    store: StoreSettings = StoreSettings()
    http: HttpSettings = HttpSettings()
    defaults: Defaults = Defaults()
    receipts: ReceiptSettings = ReceiptSettings()
    inbound: InboundSettings = InboundSettings()
    retention: RetentionSettings = RetentionSettings()
    log: LogSettings = LogSettings()
    stop: StopSettings = StopSettings()
    console: ConsoleSettings = ConsoleSettings()
    secrets: SecretsSettings = SecretsSettings()
    schools: tuple[School, ...] = ()
    apps: tuple[App, ...] = ()
    doors: tuple[SerializeAsAny[DoorSettings], ...] = ()
    providers: tuple[ProviderContact, ...] = ()
    accounts: tuple[SerializeAsAny[AccountSettings], ...] = ()
    modes: Mapping[Mode, tuple[str, ...]] = {}
    actions: tuple[Action, ...] = ()
    templates: tuple[Template, ...] = ()
