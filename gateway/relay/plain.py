"""The plain request: one message, whole, in HTTP/1.1 as every client writes it. Pure.

It is recognised, not judged. Whatever is not surely plain is for the HTTP server proper, which knows the rest of
RFC 9112 and answers what is wrong.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

#: How a plain request begins.
START = b"POST /v1/messages HTTP/1.1\r\n"

#: Octets of headers and of a body, and fields, that are more than plain.
HEAD_MOST, BODY_MOST, FIELDS_MOST = 8_192, 65_536, 64

#: The fields that the gateway wants to know, in the order of ``Head.fields``.
WANTED = (b"authorization", b"content-type", b"x-request-id", b"idempotency-key")

#: Fields that make a request other than plain, whatever they say.
_OTHER = frozenset(
    b"transfer-encoding content-encoding expect upgrade trailer te proxy-connection sec-websocket-key1".split()
)

_JSON = frozenset((b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"))

#: RFC 9110, 5.5 and 5.6.2, without what is obsolete or not ASCII. It has nothing to try twice, whoever wrote the line.
_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e]*)")
_LENGTH = re.compile(rb"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Head:
    """The headers of a plain request. ``fields``: the values of ``WANTED`` in lines; an empty one was not given."""

    length: int
    fields: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A plain request at the beginning of what was read; it ends at ``end``."""

    fields: bytes
    body: bytes
    end: int


class Unfinished:
    """What was read may become a plain request."""


UNFINISHED = Unfinished()


def read(octets: bytes) -> Request | Unfinished | None:
    """The plain request that ``octets`` begin with; None if they do not begin with one."""
    if not octets.startswith(START):
        return UNFINISHED if START.startswith(octets) else None
    end = octets.find(b"\r\n\r\n", len(START) - 2, HEAD_MOST)
    if end < 0:
        return UNFINISHED if len(octets) < HEAD_MOST else None
    head = read_head(octets[len(START) : end])
    if head is None:
        return None
    begin = end + 4
    if len(octets) < begin + head.length:
        return UNFINISHED
    return Request(head.fields, octets[begin : begin + head.length], begin + head.length)


def is_one(octets: bytes) -> bool:
    """Whether these are one plain request and nothing else."""
    found = read(octets)
    return isinstance(found, Request) and found.end == len(octets)


@lru_cache(maxsize=1024)
def read_head(octets: bytes) -> Head | None:
    """The headers, without the request line and the empty one; None if they are not plain."""
    found: dict[bytes, bytes] = {}
    for line in octets.split(b"\r\n"):
        matched = _LINE.fullmatch(line)
        if matched is None:
            return None
        name = matched[1].lower()
        if name in found or name in _OTHER:
            return None
        found[name] = matched[2].strip(b" \t")
    if b"host" not in found or len(found) > FIELDS_MOST:
        return None
    length = found.get(b"content-length", b"")
    if not _LENGTH.fullmatch(length) or not 0 < int(length) <= BODY_MOST:
        return None
    if found.get(b"content-type", b"").lower() not in _JSON:
        return None
    if found.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    if any(name in found and not found[name] for name in WANTED):
        return None  # an empty field is not a missing one: that is for who answers it
    return Head(int(length), b"\n".join(found.get(name, b"") for name in WANTED))
