"""Concatenation references: a phone joins parts by them, so no two long messages to it share one for a long time."""

import asyncio
from collections import defaultdict
from pathlib import Path
from random import Random

from gateway.provider import Unknown
from gateway.store import moves
from gateway.store.bulk import fetch
from tests.heart import LONG, MINUTE, REUNION, Heart, opened

NUMBERS = ["06 12 34 56 78", "06 12 34 56 79", "06 12 34 56 80"]
WRAP = 256  # of the shorter references


async def references(heart: Heart) -> dict[str, list[int]]:
    """Those of the long messages to each number, in the order of acceptance."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, reference in await heart.rows("SELECT number, concat FROM message WHERE parts > 1 ORDER BY id"):
        found[number].append(reference)
    return found


def differ(given: list[int]) -> None:
    """Of any so many in a row, no two are alike in eight bits."""
    for start in range(len(given)):
        window = [one % WRAP for one in given[start : start + WRAP]]
        assert len(set(window)) == len(window)


async def test_no_two_near_ones_to_a_phone_are_alike_over_restarts_schools_and_senders(tmp_path: Path) -> None:
    chance = Random(7)
    for _ in range(3):
        async with opened(tmp_path) as heart:
            for _ in range(40):
                text = LONG if chance.random() < 0.8 else "Bonjour"
                sender = chance.choice(["COLLEGE", "LYCEE"])
                to = chance.choice(NUMBERS)
                if chance.random() < 0.3:
                    await heart.accept(to, text, sender=sender, school=REUNION)
                else:
                    await asyncio.gather(*(heart.accept(to, text, sender=sender) for _ in range(chance.randint(1, 4))))
    async with opened(tmp_path) as heart:
        found = await references(heart)
    assert len(found) == len(NUMBERS)
    assert min(map(len, found.values())) > 40
    for given in found.values():
        differ(given)
        assert given == list(range(1, len(given) + 1))


async def test_they_go_round_only_when_all_are_used(tmp_path: Path) -> None:
    async with opened(tmp_path) as heart:
        await heart.accept(text=LONG)
        await heart.store.write(lambda conn: fetch(conn, "UPDATE message SET concat = ?", (0xFFFF - 3,)))
        for _ in range(8):
            await heart.accept(text=LONG)
        given = (await references(heart))["+33612345678"]
    differ(given)
    assert given == [0xFFFC, 0xFFFD, 0xFFFE, 0xFFFF, 0, 1, 2, 3, 4]


async def test_every_part_has_it_and_what_is_sent_once_more_keeps_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as heart:
        first = await heart.accept(text=LONG, action="WAIT")
        parts = await heart.claim()
        await heart.record(*((part, Unknown("cut")) for part in parts))
        second = await heart.accept(text=LONG)
        other = await heart.claim()
        heart.now += MINUTE
        await heart.act(moves.resend, first)
        again = await heart.claim()
        assert [part.id >> 8 for part in (*parts, *other, *again)] == [first] * 3 + [second] * 3 + [first] * 3
        assert {part.reference for part in parts} == {part.reference for part in again} == {1}
        assert {part.reference for part in other} == {2}
