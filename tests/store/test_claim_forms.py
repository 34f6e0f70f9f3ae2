"""What a message says of its form goes with it: flash, and what is for its provider alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.smpp.options import SmppAccount
from gateway.provider import Part, Prepared, Refused, Throttled, Unavailable
from tests.fakes.provider import Ready
from tests.heart import LONG, Heart, opened, settings

KIND = {"kind": {"tag": 0x1402, "type": "int1"}, "lot": {"tag": 0x1403}}


@pytest.fixture
async def heart(tmp_path: Path) -> Any:
    common: dict[str, Any] = {"host": "a.example", "system_id": "a", "price": "0.045", "flash": "data_coding"}
    accounts = [SmppAccount(name="a", **common, message_tlvs=KIND), SmppAccount(name="b", **common)]
    async with opened(tmp_path, settings(accounts=accounts)) as one:
        yield one


async def left_out(heart: Heart, message: int) -> list[str]:
    sql = "SELECT detail FROM event WHERE message = ? AND kind = 'tlvs_left_out' ORDER BY id"
    return [row[0] for row in await heart.rows(sql, message)]


async def test_a_message_says_whether_it_was_cut_for_longer_references(heart: Heart) -> None:
    """Its accounts may be others by now: a part of 153 septets has no room for 16 bits, nor have its neighbours."""
    for text, narrow in (("x" * 306, False), ("x" * 152 + "€" * 9, True), ("ж" * 134, False), ("€" * 90, True)):
        await heart.accept(text=text)
        parts = await heart.send()
        assert len(parts) > 1
        assert {part.narrow for part in parts} == {narrow}


def knowing(*names: str) -> Any:
    """An adapter that knows these names."""

    def prepare(part: Part) -> Prepared | Refused:
        return Ready(replace(part, tlvs={name: value for name, value in (part.tlvs or {}).items() if name in names}))

    return prepare


async def test_they_reach_the_provider(heart: Heart) -> None:
    id_ = await heart.accept(flash=True, tlvs={"kind": 7, "lot": "Rentrée"})
    [part] = await heart.claim(prepare=knowing("kind", "lot"))
    assert (part.flash, part.tlvs) == (True, {"kind": 7, "lot": "Rentrée"})
    assert await left_out(heart, id_) == []
    assert orjson.loads(await heart.one("message", id_, "tlvs")) == {"kind": 7, "lot": "Rentrée"}


async def test_without_any_there_is_none(heart: Heart) -> None:
    id_ = await heart.accept()
    [part] = await heart.claim()
    assert (part.flash, part.tlvs) == (False, None)
    assert await heart.one("message", id_, "tlvs") is None


async def test_an_account_that_does_not_know_them_sends_without_and_says_so_once(heart: Heart) -> None:
    id_ = await heart.accept(tlvs={"kind": 7, "lot": "Rentrée"}, text=LONG)
    parts = await heart.claim(prepare=knowing("kind", "lot"))
    await heart.record(*((part, Unavailable("no link")) for part in parts))
    for _ in range(3):
        again = await heart.claim(account="b", prepare=knowing("kind"))
        await heart.record(*((part, Throttled("0x58")) for part in again), account="b")
    assert await left_out(heart, id_) == ["b: lot"]
    await heart.claim(account="b", prepare=knowing())
    assert await left_out(heart, id_) == ["b: lot", "b: kind, lot"]
    await heart.is_sound()
