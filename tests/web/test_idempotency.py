"""The same demand is done once and answered as the first time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

import aiohttp
import pytest

from gateway.caller import Claim, Scope
from gateway.parts import Parts
from gateway.problem import Problem
from gateway.requests import Body
from gateway.store.idempotency import KeyTaken, Remembered, find, forget, remember
from gateway.web.idempotency import canonical, check_key, fingerprint
from gateway.web.route import Call, Reply, Route
from gateway.web.server import serve_http
from tests.web.conftest import MORNING, Gateway

MESSAGE = {"to": "06 60 00 00 00", "action": "INFO", "text": "Bonjour."}
KEY = {"Idempotency-Key": "k-1"}


class Step(Body):
    to: int
    fail: bool = False


@dataclass
class Steps:
    """A small resource that remembers what it was told, and waits when it must."""

    done: list[int] = field(default_factory=list)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, call: Call) -> Reply:
        self.entered.set()
        await self.go.wait()
        if call.body.fail:
            raise Problem("not_found", "Rien.")
        self.done.append(call.body.to)
        return Reply({"done": len(self.done)}, 201)


@pytest.fixture
def steps() -> Steps:
    made = Steps()
    made.go.set()
    return made


@pytest.fixture
async def small(parts: Parts, steps: Steps) -> AsyncIterator[Gateway]:
    route = Route("POST", "/steps", steps.post, frozenset({Scope.SEND}), "", body=Step)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serve_http(parts, "127.0.0.1:0", 1, [route]))
        yield Gateway(parts, port, await stack.enter_async_context(aiohttp.ClientSession()))


async def test_the_second_time_nothing_is_done(small: Gateway, steps: Steps) -> None:
    first = await small.post("/steps", data=b'{"to": 1, "fail": false}', headers=KEY)
    again = await small.post("/steps", data=b'{"fail":false,"to":1}', headers=KEY)
    assert (first.status, again.status) == (201, 201)
    assert (first.raw, "Idempotent-Replayed" in first.headers) == (again.raw, False)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert steps.done == [1]


async def test_another_body(small: Gateway, steps: Steps) -> None:
    await small.post("/steps", {"to": 1}, headers=KEY)
    answer = await small.post("/steps", {"to": 2}, headers=KEY)
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert steps.done == [1]


async def test_another_application_has_its_own_keys(small: Gateway, steps: Steps) -> None:
    await small.post("/steps", {"to": 1}, headers=KEY)
    assert (await small.post("/steps", {"to": 2}, key="vgm_send", headers=KEY)).status == 201
    assert steps.done == [1, 2]


async def test_while_the_first_runs(small: Gateway, steps: Steps) -> None:
    steps.go.clear()
    first = asyncio.create_task(small.post("/steps", {"to": 1}, headers=KEY))
    await asyncio.wait_for(steps.entered.wait(), 5)
    second = await small.post("/steps", {"to": 1}, headers=KEY)
    assert (second.status, second.code, second.headers["Retry-After"]) == (409, "idempotency_in_progress", "1")
    steps.go.set()
    assert (await asyncio.wait_for(first, 5)).status == 201
    assert (await small.post("/steps", {"to": 1}, headers=KEY)).headers["Idempotent-Replayed"] == "true"


async def test_a_refused_demand_may_be_tried_again(small: Gateway, steps: Steps) -> None:
    assert (await small.post("/steps", {"to": 1, "fail": True}, headers=KEY)).status == 404
    assert (await small.post("/steps", {"to": 1}, headers=KEY)).status == 201
    assert steps.done == [1]


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256])
async def test_a_key_that_cannot_be_one(small: Gateway, steps: Steps, key: str) -> None:
    answer = await small.post("/steps", {"to": 1}, headers={"Idempotency-Key": key})
    assert (answer.status, answer.code) == (422, "invalid_idempotency_key")
    assert steps.done == []


def test_the_longest_key() -> None:
    assert check_key("~" * 255) == "~" * 255


async def test_many_keys_at_once(small: Gateway, steps: Steps) -> None:
    asked = [small.post("/steps", {"to": n}, headers={"Idempotency-Key": f"k-{n}"}) for n in range(20)]
    assert {answer.status for answer in await asyncio.gather(*asked)} == {201}
    asked = [small.post("/steps", {"to": n}, headers={"Idempotency-Key": f"k-{n}"}) for n in range(20)]
    assert {answer.headers["Idempotent-Replayed"] for answer in await asyncio.gather(*asked)} == {"true"}
    assert sorted(steps.done) == list(range(20))


async def test_a_message_is_accepted_once(gateway: Gateway) -> None:
    first = await gateway.post("/v1/messages", MESSAGE, headers=KEY)
    again = await gateway.post("/v1/messages", MESSAGE, headers=KEY)
    assert (first.status, again.status, first.raw) == (202, 202, again.raw)
    assert again.headers["Location"] == first.headers["Location"]
    other = await gateway.post("/v1/messages", {**MESSAGE, "text": "Autre."}, headers=KEY)
    assert other.code == "idempotency_key_reused"


async def test_a_dry_run_leaves_the_key_free(gateway: Gateway) -> None:
    batch = {"action": "INFO", "text": "Bonjour.", "recipients": [{"to": "06 60 00 00 00"}]}
    assert (await gateway.post("/v1/batches?dry_run=true", batch, headers=KEY)).status == 200
    first = await gateway.post("/v1/batches", batch, headers=KEY)
    again = await gateway.post("/v1/batches", batch, headers=KEY)
    assert (first.status, again.status, first.raw) == (202, 202, again.raw)
    assert again.headers["Location"] == first.headers["Location"] == f"/v1/batches/{first.json['id']}"


# ---- what a demand means ----


def test_json_is_compared_as_parsed() -> None:
    assert canonical(b' {"b": [1, 2.0], "a": {"d": null, "c": "\\u00e9"}} ') == canonical(
        '{"a":{"c":"é","d":null},"b":[1,2.0]}'.encode()
    )
    assert canonical(b"[1,2]") != canonical(b"[2,1]")
    assert canonical(b"  ") == b""


def test_method_address_and_body_make_the_demand() -> None:
    made = {
        fingerprint("POST", "/a", "application/json", b"{}"),
        fingerprint("POST", "/a?x=1", "application/json", b"{}"),
        fingerprint("PUT", "/a", "application/json", b"{}"),
        fingerprint("POST", "/a", "application/json", b'{"a":1}'),
        fingerprint("POST", "/a", "application/x-ndjson", b"{}\n{}"),
        fingerprint("POST", "/a", "application/json", b"{}", ["0570051W"]),
        fingerprint("POST", "/a", "application/json", b"{}", ["0570051W", "9741046A"]),
    }
    assert len(made) == 7


def form(boundary: str, *fields: tuple[str, str]) -> bytes:
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields
    )
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


def test_a_form_is_compared_by_its_fields() -> None:
    one = fingerprint("POST", "/a", "multipart/form-data; boundary=x", form("x", ("a", "1"), ("b", "2")))
    two = fingerprint("POST", "/a", "multipart/form-data; boundary=yy", form("yy", ("b", "2"), ("a", "1")))
    three = fingerprint("POST", "/a", "multipart/form-data; boundary=x", form("x", ("a", "12"), ("b", "")))
    assert one == two != three


# ---- the store ----

CLAIM = Claim("app", "k", "f" * 64)


async def test_answers_are_kept_and_forgotten(parts: Parts) -> None:
    other = Claim("app", "k2", "0" * 64)
    await parts.store.write(
        partial(remember, rows=[(CLAIM, 202, b'{"a":"\xc3\xa9"}', MORNING), (other, 200, b"{}", 5)])
    )
    assert await parts.store.read(partial(find, app="app", key="k")) == Remembered("f" * 64, 202, b'{"a":"\xc3\xa9"}')
    assert await parts.store.read(partial(find, app="other", key="k")) is None
    assert await parts.store.write(partial(forget, before=MORNING)) == 1
    assert await parts.store.read(partial(find, app="app", key="k2")) is None
    assert await parts.store.read(partial(find, app="app", key="k")) is not None


async def test_a_key_that_another_process_used_undoes_the_work(parts: Parts) -> None:
    await parts.store.write(partial(remember, rows=[(CLAIM, 202, b"{}", MORNING)]))
    with pytest.raises(KeyTaken):
        await parts.store.write(partial(remember, rows=[(CLAIM, 202, b"{}", MORNING)]))


async def test_two_processes_with_the_same_key(parts: Parts) -> None:
    """Both asked before either answered: the second is told to ask again, and then has the first one's answer."""

    async def overtaken(call: Call) -> Reply:
        assert call.claim is not None
        rows = [(call.claim, 202, b'{"id":"one"}', MORNING)]
        await parts.store.write(partial(remember, rows=rows))
        await parts.store.write(partial(remember, rows=rows))
        return Reply({})

    route = Route("POST", "/x", overtaken, frozenset({Scope.SEND}), "", stores_claim=True)
    async with serve_http(parts, "127.0.0.1:0", 1, [route]) as port, aiohttp.ClientSession() as session:
        gateway = Gateway(parts, port, session)
        assert (await gateway.post("/x", headers=KEY)).code == "idempotency_in_progress"
        again = await gateway.post("/x", headers=KEY)
        assert (again.status, again.headers["Location"], again.json) == (202, "/x/one", {"id": "one"})
