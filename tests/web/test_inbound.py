"""``GET /v1/inbound``: pages, filters, masks, and who may see what belongs to no school."""

from dataclasses import replace
from hashlib import sha256
from typing import Any, cast
from urllib.parse import quote

import pytest

from gateway.caller import CONSOLE, Caller, Scope
from gateway.config import Settings
from gateway.problem import Problem
from gateway.web.api.inbound import InboundQuery, list_inbound
from gateway.web.route import Call
from tests.store.rows import MORNING, add_inbound, add_sent
from tests.web.conftest import METZ, REUNION, Gateway

DAY = 86_400_000


async def ids(gateway: Gateway, query: str = "", key: str = "vgm_all") -> list[str]:
    answer = await gateway.get(f"/v1/inbound?{query}", key)
    assert answer.status == 200, answer.raw
    return [one["id"] for one in answer.json["data"]]


async def test_one(gateway: Gateway) -> None:
    message = await add_sent(gateway.parts.store, 7)
    own = await add_inbound(gateway.parts.store, 1, message=7, event_id="ABS-9", action="ABSENCE")
    (one,) = (await gateway.get("/v1/inbound")).json["data"]
    assert one == {
        **{"id": own, "received_at": "2026-11-23T08:30:00.000+01:00", "account": "operateur-a"},
        **{"number": "+33612345678", "to": "36111", "text": "Oui", "encoding": "gsm7", "parts": 1, "missing": []},
        **{"kind": "reply", "school": METZ, "message": message, "event": "ABS-9", "action": "ABSENCE"},
    }


async def test_numbers_are_masked_without_their_scope(gateway: Gateway) -> None:
    await add_inbound(gateway.parts.store, 1)
    (one,) = (await gateway.get("/v1/inbound", "vgm_read")).json["data"]
    assert one["number"] == "+336******78"


async def test_pages_newest_first(gateway: Gateway) -> None:
    made = [await add_inbound(gateway.parts.store, number) for number in range(1, 6)]
    seen, cursor = [], ""
    while True:
        page = (await gateway.get(f"/v1/inbound?limit=2&count=true{cursor}")).json
        assert page["page"]["total"] == 5
        seen += [one["id"] for one in page["data"]]
        if page["page"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['page']['next_cursor']}"
        await add_inbound(gateway.parts.store, 100 + len(seen), kind="stop", school=REUNION)
    assert seen == made[::-1]
    for wrong in ("x", "WyJhIiwxXQ"):
        assert (await gateway.get(f"/v1/inbound?cursor={wrong}")).code == "invalid_cursor"
    assert (await gateway.get(f"/v1/inbound?kind=stop{cursor}")).code == "invalid_cursor"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from=2026-11-23&to=2026-11-23", [1]),
        ("from=2026-11-24", [2]),
        (f"number={quote('06 12 34 56 79')}", [2]),
        ("number=Orange", []),
        ("account=operateur-b", [2]),
        ("kind=stop", [2]),
        ("message={message}", [1]),
        ("message=msg_00000000000000000000000009", []),
        ("message=x", []),
        ("kind=&number=&message=", [2, 1]),
    ],
)
async def test_filters(gateway: Gateway, query: str, found: list[int]) -> None:
    store = gateway.parts.store
    message = await add_sent(store, 7)
    own = {1: await add_inbound(store, 1, message=7)}
    second = {"received_at": MORNING + DAY, "number": "+33612345679", "account": "operateur-b", "kind": "stop"}
    own[2] = await add_inbound(store, 2, **second)
    assert await ids(gateway, query.format(message=message)) == [own[number] for number in found]


@pytest.mark.parametrize("query", ["kind=other", "from=yesterday", "unattached=perhaps", "colour=red", "limit=0"])
async def test_a_wrong_filter_is_told(gateway: Gateway, query: str) -> None:
    assert (await gateway.get(f"/v1/inbound?{query}")).code == "malformed_query"


async def test_each_school_sees_its_own(gateway: Gateway) -> None:
    await add_inbound(gateway.parts.store, 1)
    own = await add_inbound(gateway.parts.store, 2, school=REUNION)
    assert await ids(gateway, key="vgm_other") == [own]
    assert (await gateway.get(f"/v1/inbound?school={METZ}", "vgm_other")).code == "school_forbidden"
    assert (await gateway.get("/v1/inbound", "vgm_two")).code == "school_required"
    assert (await gateway.get("/v1/inbound", "vgm_send")).code == "forbidden_scope"


async def test_what_is_no_school_s_is_for_who_may_see_every_school(gateway: Gateway) -> None:
    own = await add_inbound(gateway.parts.store, 1, school=None, app=None, kind="unattached")
    await add_inbound(gateway.parts.store, 2)
    assert await ids(gateway, "unattached=true", "vgm_two") == [own]
    for key in ("vgm_all", "vgm_admin", "vgm_other"):
        assert (await gateway.get("/v1/inbound?unattached=true", key)).code == "school_forbidden"
    assert own not in await ids(gateway)


async def test_with_one_school_its_keys_are_of_every_school(gateway: Gateway) -> None:
    app = {"name": "seul", "key_sha256": sha256(b"vgm_alone").hexdigest(), "schools": [METZ], "scopes": ["read"]}
    alone = Settings.model_validate({"schools": [{"uai": METZ, "name": "Seule"}], "apps": [app]})
    gateway.parts.registry.replace(alone)
    gateway.parts.settings = alone
    own = await add_inbound(gateway.parts.store, 1, school=None, kind="unattached")
    assert await ids(gateway, "unattached=true", "vgm_alone") == [own]


async def test_who_sees_only_their_own_messages_sees_the_answers_to_them(gateway: Gateway) -> None:
    store = gateway.parts.store
    await add_sent(store, 7, user="cpe")
    await add_sent(store, 8, user="autre")
    own = await add_inbound(store, 1, message=7)
    await add_inbound(store, 2, message=8)
    await add_inbound(store, 3, kind="message")
    person = Caller(CONSOLE, "cpe", frozenset({METZ}), frozenset({Scope.READ}), own_only=True)
    call = Call(gateway.parts, person, {}, InboundQuery(count=True), None, None, cast(Any, None))
    answer: Any = await list_inbound(call)
    assert ([one["id"] for one in answer.body["data"]], answer.body["page"]["total"]) == ([own], 1)
    everything = replace(call, query=InboundQuery(unattached=True))
    with pytest.raises(Problem, match="school_forbidden"):
        await list_inbound(everything)
