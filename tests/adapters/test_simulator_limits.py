"""How many messages the simulator takes, and what ids they get."""

import pytest

from adapters.smpp import codes
from tests.adapters.rig import AT_ONCE, NO_RECEIPTS, Client, Rig, statuses

# ---- limits ----


def allowed(rig: Rig, client: Client, count: int) -> int:
    """How many of so many at once are taken."""
    before = rig.smsc.counts.taken
    for _ in range(count):
        rig.submit(client)
    return rig.smsc.counts.taken - before


def test_each_second_by_itself() -> None:
    rig = Rig(receipts=NO_RECEIPTS, throttle=[{"rate": 3, "kind": "second"}])
    client = rig.client()
    rig.wait(0.9)
    assert allowed(rig, client, 5) == 3
    rig.wait(0.2)
    assert allowed(rig, client, 5) == 3
    assert statuses(client).count(codes.RTHROTTLED) == rig.smsc.counts.throttled == 4


def test_a_bucket_refills() -> None:
    rig = Rig(receipts=NO_RECEIPTS, throttle=[{"rate": 2, "burst": 5}])
    client = rig.client()
    assert allowed(rig, client, 9) == 5
    rig.wait(1)
    assert allowed(rig, client, 9) == 2
    rig.wait(100)
    assert allowed(rig, client, 9) == 5


def test_the_limit_changes_and_what_is_refused_may_count() -> None:
    later = {"from": "10s", "until": "20s", "rate": 1, "counts_refused": True, "status": "RMSGQFUL"}
    rig = Rig(receipts=NO_RECEIPTS, throttle=[{"rate": 5}, later])
    client = rig.client()
    assert allowed(rig, client, 9) == 5
    rig.wait(10)
    assert allowed(rig, client, 3) == 1
    assert statuses(client)[-1] == 0x14
    rig.wait(1.5)
    assert allowed(rig, client, 1) == 0
    rig.wait(10)
    assert allowed(rig, client, 9) == 5


def test_each_session_may_have_a_limit_of_its_own() -> None:
    rig = Rig(receipts=NO_RECEIPTS, throttle=[{"rate": 2, "per": "link"}])
    first, second = rig.client(), rig.client()
    assert (allowed(rig, first, 5), allowed(rig, second, 5)) == (2, 2)


def test_a_window() -> None:
    rig = Rig(smsc={"window": 2}, receipts=NO_RECEIPTS, submits=[{"delay": "1s"}])
    client = rig.client()
    for _ in range(3):
        rig.submit(client)
    rig.wait(1)
    rig.submit(client)
    rig.wait(1)
    assert statuses(client) == [codes.RTHROTTLED, codes.ROK, codes.ROK, codes.ROK]


# ---- ids ----


@pytest.mark.parametrize(
    ("form", "id"),
    [
        ("decimal", "255"),
        ("decimal:10", "0000000255"),
        ("hex", "ff"),
        ("HEX:8", "000000FF"),
        ("digits20", "10000000000000000255"),
        ("uuid", "2c7b9a70-0b5a-5d73-9ae8-fd1b1ff7eabb"),
    ],
)
def test_forms_of_ids(form: str, id: str) -> None:
    rig = Rig(ids={"first": 255, "answer": form, "receipt": form, "parameter": "hex"}, receipts=AT_ONCE)
    client = rig.client()
    rig.submit(client)
    rig.wait(1)
    said = client.answers[0][2]
    assert said == id or form == "uuid"
    (receipt,) = client.delivered
    assert receipt.octets("short_message").startswith(f"id:{said} ".encode())
    assert receipt.tlvs[codes.RECEIPTED_MESSAGE_ID] == b"ff\0"
