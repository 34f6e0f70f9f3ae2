"""Release, cancel and resend over HTTP: by ids, by filter, by batch."""

from typing import Any

import pytest

from tests.store.rows import MORNING, add_batch, add_message, ulid
from tests.web.conftest import REUNION, Answer, Gateway


def posted(number: int) -> str:
    return f"msg_{ulid(number)}"


async def states(gateway: Gateway) -> list[str]:
    answer = await gateway.get("/v1/messages?sort=created")
    return [row["status"] for row in answer.json["data"]]


async def fill(gateway: Gateway, *wanted: str, **said: Any) -> None:
    for number, status in enumerate(wanted, 1):
        await add_message(gateway.parts.store, number, status=status, **said)


async def do(gateway: Gateway, deed: str, body: Any, key: str = "vgm_all") -> Answer:
    return await gateway.post(f"/v1/messages/{deed}", body, key)


@pytest.mark.row("S4 143")
async def test_the_chosen_are_released_and_the_others_told(gateway: Gateway) -> None:
    await fill(gateway, "held", "held", "delivered", "held")
    ids = [posted(1), posted(2), posted(3)]
    answer = await do(gateway, "release", {"ids": ids})
    assert answer.json == {"done": 2, "skipped": [{"id": posted(3), "status": "delivered", "code": "not_held"}]}
    assert await states(gateway) == ["queued", "queued", "delivered", "held"]


async def test_repeating_is_harmless(gateway: Gateway) -> None:
    await fill(gateway, "held")
    for done in (1, 0, 0):
        answer = await do(gateway, "release", {"ids": [posted(1), posted(1)]})
        assert (answer.status, answer.json["done"]) == (200, done)
    assert answer.json["skipped"] == [{"id": posted(1), "status": "queued", "code": "already_released"}]
    assert await states(gateway) == ["queued"]


async def test_a_filter_moves_what_was_seen(gateway: Gateway) -> None:
    await fill(gateway, "held", "held", "queued")
    answer = await do(gateway, "release", {"filter": {"status": "held"}, "expected_count": 2})
    assert answer.json == {"done": 2, "skipped": []}
    assert await states(gateway) == ["queued"] * 3


async def test_a_filter_without_a_state_means_those_that_can_be_moved(gateway: Gateway) -> None:
    await fill(gateway, "held", "delivered")
    assert (await do(gateway, "release", {"filter": {}, "expected_count": 1})).json["done"] == 1


async def test_a_selection_that_changed_is_refused_whole(gateway: Gateway) -> None:
    await fill(gateway, "held", "held")
    answer = await do(gateway, "release", {"filter": {"action": "ABSENCE"}, "expected_count": 1})
    assert (answer.status, answer.code) == (409, "selection_changed")
    assert answer.pointers == ["/expected_count"]
    assert "2" in answer.json["detail"]
    assert await states(gateway) == ["held", "held"]


BAD: list[tuple[Any, str]] = [
    ({}, ""),
    ({"ids": [], "filter": {}, "expected_count": 0}, ""),
    ({"filter": {}}, ""),
    ({"ids": [], "expected_count": 0}, ""),
    ({"filter": {"status": "gone"}, "expected_count": 0}, "/filter/status"),
    ({"filter": {"color": "red"}, "expected_count": 0}, "/filter/color"),
    ({"filter": {}, "expected_count": -1}, "/expected_count"),
    ({"ids": "msg_1"}, "/ids"),
    ({"ids": [7]}, "/ids/0"),
]


@pytest.mark.parametrize(("body", "pointer"), BAD)
async def test_a_wrong_choice_is_named(gateway: Gateway, body: Any, pointer: str) -> None:
    answer = await do(gateway, "release", body)
    assert (answer.status, answer.code) == (422, "invalid_field")
    assert answer.pointers == [pointer]


@pytest.mark.parametrize("deed", ["release", "cancel", "resend"])
async def test_an_id_of_another_school_is_not_found_and_nothing_moves(gateway: Gateway, deed: str) -> None:
    await fill(gateway, "held")
    await add_message(gateway.parts.store, 2, school=REUNION)
    answer = await do(gateway, deed, {"ids": [posted(1), posted(2), posted(9), "bat_x"]})
    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.pointers == ["/ids/1", "/ids/2", "/ids/3"]
    assert await states(gateway) == ["held"]


async def test_an_application_cancels_its_own_only(gateway: Gateway) -> None:
    await fill(gateway, "held")
    await add_message(gateway.parts.store, 2, app="autre")
    answer = await do(gateway, "cancel", {"ids": [posted(1), posted(2)]}, "vgm_send")
    assert (answer.status, answer.code) == (403, "forbidden_scope")
    assert answer.pointers == ["/ids/1"]
    assert (await do(gateway, "cancel", {"filter": {}, "expected_count": 1}, "vgm_send")).json["done"] == 1
    assert await states(gateway) == ["cancelled", "held"]
    assert (await do(gateway, "cancel", {"ids": [posted(2)]})).json["done"] == 1


@pytest.mark.parametrize("deed", ["release", "resend"])
async def test_release_and_resend_need_their_scope(gateway: Gateway, deed: str) -> None:
    assert (await do(gateway, deed, {"ids": []}, "vgm_send")).code == "forbidden_scope"


@pytest.mark.row("S4 144")
async def test_what_has_left_is_not_cancelled(gateway: Gateway) -> None:
    await fill(gateway, "queued", "in_transit", "cancelled", "uncertain")
    answer = await do(gateway, "cancel", {"ids": [posted(number) for number in range(1, 5)]})
    assert answer.json["done"] == 1
    codes = [skipped["code"] for skipped in answer.json["skipped"]]
    assert codes == ["already_submitted", "already_cancelled", "already_submitted"]


async def test_the_uncertain_are_sent_again_and_audited(gateway: Gateway) -> None:
    await fill(gateway, "uncertain", "in_transit", created_at=MORNING - 1)
    answer = await do(gateway, "resend", {"ids": [posted(1), posted(2)]})
    assert answer.json == {
        "done": 1,
        "skipped": [{"id": posted(2), "status": "in_transit", "code": "not_uncertain"}],
    }
    report = (await gateway.get(f"/v1/messages/{posted(1)}/report")).json
    assert report["message"]["possibly_double"] is True
    assert [(step["kind"], step["actor"]) for step in report["steps"]][-1] == ("resent", "direction/config")


async def test_a_batch_is_released_and_cancelled_whole(gateway: Gateway) -> None:
    batch = await add_batch(gateway.parts.store, 1)
    await fill(gateway, "held", "held", batch=1)
    await add_message(gateway.parts.store, 3)
    assert (await gateway.post(f"/v1/batches/{batch}/release")).json == {"done": 2, "skipped": []}
    assert (await gateway.post(f"/v1/batches/{batch}/release")).json == {"done": 0, "skipped": []}
    assert (await gateway.post(f"/v1/batches/{batch}/cancel")).json == {"done": 2, "skipped": []}
    assert await states(gateway) == ["cancelled", "cancelled", "held"]
    assert (await gateway.post(f"/v1/batches/{batch}/release", None, "vgm_other")).code == "not_found"


async def test_ten_thousand_ids_are_taken(gateway: Gateway) -> None:
    await fill(gateway, "held")
    assert (await do(gateway, "release", {"ids": [posted(1)] * 10_000})).json["done"] == 1
    assert (await do(gateway, "release", {"ids": [posted(1)] * 10_001})).pointers == ["/ids"]
