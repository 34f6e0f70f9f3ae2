"""A plain request as a relay tells it, and its answer as it is written: HTTP/1.1 without aiohttp."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from aiohttp.http import SERVER_SOFTWARE

_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Plain:
    """What the gateway wants to know of a request's headers, and whence it came; None: not given."""

    authorization: str | None
    request_id: str | None
    key: str | None
    address: str


@lru_cache(maxsize=1024)
def told(fields: bytes) -> Plain:
    """The fields of a frame (``gateway.relay.plain.WANTED``, then the client's address)."""
    authorization, _, request_id, key, address = fields.decode("ascii").split("\n")
    return Plain(authorization or None, request_id or None, key or None, address)


def written(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """The octets of an answer that keeps its connection open."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\n{lines}Content-Length: {len(body)}\r\n{_dated(int(time.time()))}\r\n"
    ).encode() + body


@lru_cache(maxsize=2)
def _dated(second: int) -> str:
    return f"Date: {formatdate(second, usegmt=True)}\r\nServer: {SERVER_SOFTWARE}\r\n"
