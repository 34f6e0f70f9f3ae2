"""Receipts of nobody: who may see what, the nearest parts, and a person's decision."""

from typing import Any

import pytest

from gateway.objections import Why
from gateway.states import Status
from tests.store.rows import MORNING, add_answered, add_parked, add_receipt
from tests.web.conftest import METZ, REUNION, Gateway

UNMATCHED = "/v1/receipts/unmatched"
DAY = 86_400_000


async def listed(gateway: Gateway, query: str = "", key: str = "vgm_all") -> list[dict[str, Any]]:
    answer = await gateway.get(f"{UNMATCHED}{query}", key)
    assert answer.status == 200
    data: list[dict[str, Any]] = answer.json["data"]
    return data


async def test_what_a_receipt_said_and_nothing_of_those_that_have_their_part(gateway: Gateway) -> None:
    store = gateway.parts.store
    await add_receipt(store, 257)
    number = await add_parked(
        store, provider_id="0077", error="011", state="UNDELIV", status="undelivered", done="2026"
    )
    (one,) = await listed(gateway)
    assert one == {
        **{"id": f"rec_{number}", "account": "operateur-a", "received_at": "2026-11-23T08:30:00.000+01:00"},
        **{"provider_id": "0077", "state": "UNDELIV", "status": "undelivered", "error": "011"},
        **{"number": "+336******78", "sender": None, "submitted": None, "done": "2026"},
        **{"intermediate": False, "waits": False, "candidates": []},
    }


async def test_newest_first_filtered_and_by_pages(gateway: Gateway) -> None:
    store = gateway.parts.store
    ids = [
        f"rec_{await add_parked(store, provider_id=str(place), received_at=MORNING + place * DAY, account=account)}"
        for place, account in enumerate(("operateur-a", "operateur-b", "operateur-a"))
    ]
    assert [one["id"] for one in await listed(gateway)] == ids[::-1]
    assert [one["id"] for one in await listed(gateway, "?account=operateur-a")] == [ids[2], ids[0]]
    assert [one["id"] for one in await listed(gateway, "?from=2026-11-24&to=2026-11-24")] == [ids[1]]
    first = (await gateway.get(f"{UNMATCHED}?limit=2&count=true")).json
    assert (first["page"]["total"], [one["id"] for one in first["data"]]) == (3, [ids[2], ids[1]])
    cursor = first["page"]["next_cursor"]
    rest = (await gateway.get(f"{UNMATCHED}?limit=2&cursor={cursor}")).json
    assert ([one["id"] for one in rest["data"]], rest["page"]["next_cursor"]) == ([ids[0]], None)
    assert (await gateway.get(f"{UNMATCHED}?account=operateur-a&cursor={cursor}")).code == "invalid_cursor"
    assert (await gateway.get(f"{UNMATCHED}?cursor=x")).code == "invalid_cursor"


@pytest.mark.parametrize(
    ("receipt", "part", "why"),
    [
        ({"provider_id": "16", "number": "+33699999999"}, "16", Why.OTHER_NUMBER),
        ({"provider_id": "16", "account": "operateur-b"}, "16", Why.OTHER_ACCOUNT),
        ({"provider_id": "16", "received_at": MORNING - DAY}, "16", Why.LEFT_LATER),
        ({"provider_id": "16", "form": "exact"}, "0016", Why.OTHER_ID),
        ({"provider_id": "16", "waits": True}, "16", Why.SEVERAL),
        ({"provider_id": "10", "form": "hex-to-dec"}, "10", Why.SEVERAL),
        ({"provider_id": "10", "form": "hex-to-dec", "number": ""}, "10", Why.OTHER_FORM),
        ({"provider_id": "1234567"}, "123456", Why.CLOSE),
        ({"provider_id": "1234567"}, "1233567", Why.CLOSE),
        ({"provider_id": "1234567"}, "9999999", Why.OTHER_ID),
        ({"provider_id": "1234567"}, None, Why.NO_ID),
        ({"provider_id": "1234567", "number": "+0612345678"}, "9999999", Why.OTHER_ID),
        ({"provider_id": "1234567", "number": "+33699999999"}, "9999999", None),
    ],
)
async def test_the_nearest_part_and_what_speaks_against_it(
    gateway: Gateway, receipt: dict[str, Any], part: str | None, why: Why | None
) -> None:
    public = await add_answered(gateway.parts.store, 1, part)
    await add_parked(gateway.parts.store, **receipt)
    (one,) = await listed(gateway)
    if why is None:
        assert one["candidates"] == []
        return
    (candidate,) = one["candidates"]
    assert candidate == {
        **{"message": public, "part": 1, "school": METZ, "account": "operateur-a", "provider_id": part},
        **{"status": "in_transit", "sent_at": "2026-11-23T08:29:00.000+01:00", "why": why},
        **{"why_label": candidate["why_label"]},
    }


async def test_the_likeliest_first_and_three_at_most(gateway: Gateway) -> None:
    store = gateway.parts.store
    for place, id_ in enumerate(("55", "1235", "77", "88"), 1):
        await add_answered(store, place, id_)
    await add_answered(store, 5, "1234", number="+33699999999")
    await add_parked(store, provider_id="1234")
    (one,) = await listed(gateway)
    assert [candidate["why"] for candidate in one["candidates"]] == ["other_number", "close", "other_id"]


async def test_only_messages_of_the_callers_schools(gateway: Gateway) -> None:
    store = gateway.parts.store
    await add_answered(store, 1, "55", school=REUNION)
    await add_parked(store, provider_id="1234")
    for key, schools in (("vgm_all", []), ("vgm_other", [REUNION]), ("vgm_two", [REUNION])):
        (one,) = await listed(gateway, key=key)
        assert [candidate["school"] for candidate in one["candidates"]] == schools
        assert one["number"] == "+336******78"
        assert one["sender"] == ("LYCCURIE" if schools else None)


async def test_a_whole_number_only_to_who_may_see_it_and_sent_to_it(gateway: Gateway) -> None:
    store = gateway.parts.store
    await add_parked(store, provider_id="1234")
    assert (await listed(gateway))[0]["number"] == "+336******78"
    await add_answered(store, 1, "55")
    assert (await listed(gateway))[0]["number"] == "+33612345678"
    assert (await listed(gateway, key="vgm_read"))[0]["number"] == "+336******78"


async def test_it_takes_the_right_to_read(gateway: Gateway) -> None:
    assert (await gateway.get(UNMATCHED, "vgm_send")).code == "forbidden_scope"
    assert (await gateway.get(UNMATCHED, None)).code == "unauthorized"


# ---- by hand ----


async def test_a_person_says_which_part_it_is_of(gateway: Gateway) -> None:
    store = gateway.parts.store
    public = await add_answered(store, 1, None)
    number = await add_parked(store, provider_id="1234")
    answer = await gateway.post(f"/v1/receipts/rec_{number}/match", {"message": public}, "vgm_admin")
    assert (answer.status, answer.json) == (200, {"id": f"rec_{number}", "message": public, "part": 1})
    assert await listed(gateway) == []
    report = (await gateway.get(f"/v1/messages/{public}/report")).json
    assert report["message"]["status"] == Status.DELIVERED
    (by_hand,) = [step["actor"] for step in report["steps"] if step["kind"] == "matched_by_hand"]
    assert by_hand.startswith("exploitant/")
    assert report["parts"][0]["provider_id"] == "1234"
    (act,) = (await gateway.get("/v1/audit?act=receipt_matched", "vgm_admin")).json["data"]
    assert (act["subject"], act["detail"], act["school"]) == (public, f"rec_{number}", METZ)


async def test_only_what_is_free_and_ones_own_is_matched(gateway: Gateway) -> None:
    store = gateway.parts.store
    ours, theirs = await add_answered(store, 1, "55"), await add_answered(store, 2, "66", school=REUNION)
    taken, free = await add_receipt(store, 257), await add_parked(store, provider_id="1234")
    for path, body in (
        (f"rec_{taken}", {"message": ours}),
        (f"rec_{free}", {"message": theirs}),
        (f"rec_{free}", {"message": ours, "part": 2}),
        (f"rec_{free}", {"message": "msg_x"}),
        ("rec_0", {"message": ours}),
        ("rec_x", {"message": ours}),
        (f"rec_{10**30}", {"message": ours}),
        (str(free), {"message": ours}),
    ):
        answer = await gateway.post(f"/v1/receipts/{path}/match", body, "vgm_admin")
        assert answer.code == "not_found", path
    assert len(await listed(gateway)) == 1
    assert (await gateway.get("/v1/audit?act=receipt_matched", "vgm_admin")).json["data"] == []
    answer = await gateway.post(f"/v1/receipts/rec_{free}/match", {"message": ours}, "vgm_all")
    assert answer.code == "forbidden_scope"
