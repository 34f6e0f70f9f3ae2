"""Encrypted links: what is asked of the other side's certificate, and what we show of our own.

Rules: TLS 1.2 at least, the provider's certificate signed by an authority that is trusted and made for the host,
unless the account says otherwise. The files are read anew for each connection to a provider: one renewed counts from
the next one on; those of a door, when the configuration is read again.
"""

import ssl
from abc import abstractmethod
from pathlib import Path
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from gateway.model import Settings


class _Files(Settings):
    """Files that encryption needs: read once when the configuration is, to say what is wrong with them."""

    @field_validator("*")
    @classmethod
    def _can_be_read(cls, value: Any) -> Any:
        if isinstance(value, Path):
            try:
                value.open("rb").close()
            except OSError as error:
                raise ValueError(f"{value} cannot be read: {error.strerror}") from error
        return value

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        try:
            self.context()
        except ssl.SSLError as error:
            raise ValueError(unusable(error)) from error
        return self

    @abstractmethod
    def context(self) -> ssl.SSLContext:
        """What a connection is made with, from the files as they are now. Raises OSError."""


class Tls(_Files):
    """The options of an encrypted link to a provider."""

    ca_file: Path | None = Field(None, description="authorities to trust, in PEM, instead of the system's")
    server_name: str | None = Field(None, min_length=1, description="the name in its certificate, if not the host")
    check_hostname: bool = Field(True, description="false: any name will do, if the authority is trusted")
    cert_file: Path | None = Field(None, description="our own certificate, in PEM, if the provider asks for one")
    key_file: Path | None = Field(None, description="its private key, in PEM, without a password")

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.key_file and not self.cert_file:
            raise ValueError("key_file goes with cert_file: give both")
        return self

    def context(self) -> ssl.SSLContext:
        """What a connection is made with."""
        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = self.check_hostname
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file, password=_no_password)
        return context


class DoorTls(_Files):
    """How a door is encrypted."""

    cert_file: Path = Field(description="our certificate, with those above it, in PEM")
    key_file: Path = Field(description="its private key, in PEM, without a password")
    client_ca_file: Path | None = Field(None, description="only who has a certificate of this authority comes in")

    def context(self) -> ssl.SSLContext:
        """What visitors are met with."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.renew(context)
        if self.client_ca_file:
            context.load_verify_locations(self.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def renew(self, context: ssl.SSLContext) -> None:
        """Show the certificate that the files hold now. Raises OSError; then the old one is shown."""
        context.load_cert_chain(self.cert_file, self.key_file, password=_no_password)


def as_options(value: Any) -> Any:
    """``tls: true`` is all by default, ``tls: false`` none at all."""
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


def _no_password() -> str:
    """Asked by OpenSSL for a key that has one: else it would ask at the terminal."""
    return ""


def unusable(error: OSError) -> str:
    """Why the files are of no use."""
    if isinstance(error, ssl.SSLError):
        words = (error.reason or "").replace("_", " ").lower() or "not in PEM form"
        return f"the certificate files cannot be used: {words}"
    return f"the certificate files cannot be read: {error.strerror}"
