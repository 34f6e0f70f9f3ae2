"""Plain requests are recognised at any cut; what a relay takes for one, a whole HTTP parser reads alike."""

import asyncio
from typing import Any

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import HttpRequestParser
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.relay.frames import Frames, frame
from gateway.relay.plain import BODY_MOST, FIELDS_MOST, HEAD_MOST, START, UNFINISHED, WANTED, Request, is_one, read

BODY = b'{"to":"0612345678"}'
HEAD = (
    b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer vgm_x\r\nContent-Type: application/json\r\n"
    b"X-Request-Id:\t7 \r\nAccept: */*\r\nContent-Length: 19\r\n"
)
PLAIN = HEAD + b"\r\n" + BODY
FIELDS = b"Bearer vgm_x\napplication/json\n7\n"


def test_a_plain_request() -> None:
    assert read(PLAIN) == Request(FIELDS, BODY, len(PLAIN))
    assert is_one(PLAIN)


@given(st.integers(0, len(PLAIN) - 1))
def test_a_piece_of_one_may_become_one(cut: int) -> None:
    assert read(PLAIN[:cut]) is UNFINISHED
    assert not is_one(PLAIN[:cut])


@given(st.binary(max_size=30))
def test_what_follows_is_not_touched(more: bytes) -> None:
    assert read(PLAIN + more) == Request(FIELDS, BODY, len(PLAIN))
    assert is_one(PLAIN + more) is (more == b"")


NOT_PLAIN = {
    "another method": PLAIN.replace(b"POST", b"PUT"),
    "another address": PLAIN.replace(b"/v1/messages", b"/v1/batches"),
    "a query": PLAIN.replace(b"/v1/messages", b"/v1/messages?x=1"),
    "another version": PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "in pieces": HEAD.replace(b"Content-Length: 19", b"Transfer-Encoding: chunked") + b"\r\n0\r\n\r\n",
    "both lengths": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + BODY,
    "two lengths": HEAD + b"Content-Length: 19\r\n\r\n" + BODY,
    "no length": PLAIN.replace(b"Content-Length: 19\r\n", b""),
    "a length in words": PLAIN.replace(b"19", b"+19"),
    "a negative length": PLAIN.replace(b"19", b"-1"),
    "no body": PLAIN.replace(b"19", b"0"),
    "a large body": PLAIN.replace(b"19", str(BODY_MOST + 1).encode()),
    "another type": PLAIN.replace(b"application/json", b"text/csv"),
    "packed": HEAD + b"Content-Encoding: gzip\r\n\r\n" + BODY,
    "the last one": HEAD + b"Connection: close\r\n\r\n" + BODY,
    "an upgrade": HEAD + b"Upgrade: h2c\r\n\r\n" + BODY,
    "waiting for leave": HEAD + b"Expect: 100-continue\r\n\r\n",
    "two keys": HEAD + b"Authorization: Bearer vgm_y\r\n\r\n" + BODY,
    "an empty key": PLAIN.replace(b"Bearer vgm_x", b""),
    "a folded field": HEAD + b"X: a\r\n b\r\n\r\n" + BODY,
    "a name with a blank": HEAD + b"X : a\r\n\r\n" + BODY,
    "not ASCII": HEAD + b"X: \xc3\xa9\r\n\r\n" + BODY,
    "a bare line feed": PLAIN.replace(b"Accept: */*\r\n", b"Accept: */*\n"),
    "no name": HEAD + b": a\r\n\r\n" + BODY,
    "no host": PLAIN.replace(b"Host: x\r\n", b""),
    "two hosts": HEAD + b"host: y\r\n\r\n" + BODY,
    "a web socket of old": HEAD + b"Sec-WebSocket-Key1: x\r\n\r\n" + BODY,
    "many fields": HEAD + b"".join(b"x%d:\r\n" % each for each in range(FIELDS_MOST)) + b"\r\n" + BODY,
    "nothing but blanks": START + b"X:" + b" " * 7_000 + b"\x80\r\n\r\n",
    "a long head": HEAD + b"X: " + b"a" * HEAD_MOST,
    "not HTTP": b"\x16\x03\x01\x02\x00",
}


@pytest.mark.parametrize("octets", NOT_PLAIN.values(), ids=NOT_PLAIN.keys())
def test_what_is_not_plain(octets: bytes) -> None:
    assert read(octets) is None
    assert not is_one(octets)


class _Whole:
    """What aiohttp reads of octets that should be one request, when another one follows."""

    def __init__(self, octets: bytes) -> None:
        loop = asyncio.new_event_loop()
        parser: Any = HttpRequestParser(BaseProtocol(loop), loop, 2**16, max_field_size=8190)
        (self.message, body), *others = parser.feed_data(octets + PLAIN)[0]
        ((following, its_body),) = others
        assert (following.path, its_body.read_nowait()) == ("/v1/messages", BODY)
        self.body = body.read_nowait() if body.is_eof() else None
        loop.close()


def is_read_alike(octets: bytes) -> bool:
    """Whether these begin with a plain request; a whole parser must then read the same."""
    found = read(octets)
    if not isinstance(found, Request):
        return False
    whole = _Whole(octets[: found.end])
    assert found.body == whole.body
    assert (whole.message.method, whole.message.path, whole.message.version) == ("POST", "/v1/messages", (1, 1))
    assert (whole.message.should_close, whole.message.upgrade, whole.message.compression) == (False, False, None)
    values = [whole.message.headers.getall(name.decode(), [""]) for name in WANTED]
    assert [[value.decode()] for value in found.fields.split(b"\n")] == values
    return True


NAMES = [b"Accept", b"X-Forwarded-For", b"idempotency-key", b"Cookie", b"CONNECTION", b"X-Request-ID", b"te", b"Host"]
LINES = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(NAMES), st.binary(min_size=1, max_size=3)),
        st.sampled_from([b": ", b":", b":\t", b" : "]),
        st.one_of(st.sampled_from([b"keep-alive", b"close", b"", b"a,b", b"x y"]), st.binary(max_size=6)),
    ),
    max_size=4,
)


@given(LINES, st.binary(min_size=1, max_size=40))
@example([(b"CONNECTION", b": ", b"keep-alive")], b"{}")
@example([(b"x%d" % each, b":", b"") for each in range(60)], b"{}")
def test_whatever_is_taken_for_plain_is_read_alike_by_a_whole_parser(
    lines: list[tuple[bytes, bytes, bytes]], body: bytes
) -> None:
    head = b"".join(name + colon + value + b"\r\n" for name, colon, value in lines)
    is_read_alike(HEAD.replace(b"Content-Length: 19", b"Content-Length: %d" % len(body)) + head + b"\r\n" + body)


PIECES = (
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b"\0",
    b"0",
    b"_",
    b"\x80",
    b"",
    b"Content-Length: 5\r\n",
    b"chunked",
)


@given(
    st.lists(
        st.tuples(st.integers(0, len(PLAIN)), st.integers(0, 3), st.sampled_from(PIECES) | st.binary(max_size=2)),
        min_size=1,
        max_size=3,
    )
)
def test_a_plain_request_that_was_spoilt_is_read_alike_or_not_at_all(spoilt: list[tuple[int, int, bytes]]) -> None:
    octets = PLAIN
    for place, gone, put in spoilt:
        octets = octets[:place] + put + octets[place + gone :]
    is_read_alike(octets)


def test_most_of_what_is_read_alike_is_taken() -> None:
    assert is_read_alike(PLAIN)
    assert is_read_alike(PLAIN.replace(b": */*", b":"))
    assert is_read_alike(PLAIN.replace(b"19", b"000019"))


# ---- frames ----


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=9), st.binary(max_size=9))), st.data())
def test_frames_come_whole_however_the_stream_is_cut(told: list[tuple[int, bytes, bytes]], data: st.DataObject) -> None:
    stream, frames = b"".join(frame(*one) for one in told), Frames()
    heard: list[tuple[int, bytes, bytes]] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        heard += frames.feed(stream[:cut])
        stream = stream[cut:]
    assert heard == told
