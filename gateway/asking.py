"""Asking providers about messages that they took: what became of late ones, and whether they take some back.

Rules: only providers that have the operation, through an account whose lane runs in this process and is up. A late
part is asked about once, after its validity and before it would be called without receipt.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Final

from gateway.parts import Parts
from gateway.provider import CancelOutcome, Inquirer, Revoker
from gateway.store import asked
from gateway.store.asked import Answered, Asked
from gateway.store.moves import Move

#: Milliseconds after its validity before a part is asked about: its receipt may be on its way.
LATE: Final = 60_000
#: Parts asked about at once, and in one transaction.
LOT: Final = 20
#: Seconds that a person waits for providers to take messages back.
PATIENCE: Final = 10.0


async def ask_of_late(parts: Parts) -> int:
    """Ask what became of parts whose receipt is overdue; how many were asked about."""
    able = {
        name: lane.provider
        for name, lane in parts.lanes.items()
        if isinstance(lane.provider, Inquirer) and lane.provider.queries and lane.provider.ready
    }
    if not able:
        return 0
    names, now = list(able), parts.clock()
    found = await parts.store.read(lambda conn: asked.to_query(conn, names, now, LATE, parts.rules, LOT))
    told = await asyncio.gather(*(able[one.account].query(one.sent) for one in found))
    answers = [Answered(one, said) for one, said in zip(found, told, strict=True) if said]
    if answers:
        await parts.store.write(lambda conn: asked.queried(conn, answers, parts.clock(), parts.rules))
    return len(answers)


async def take_back(parts: Parts, moves: Sequence[Move], actor: str) -> list[Move]:
    """Have providers take back what could not be cancelled because it had left; the moves, as they are then."""
    able = {
        name: lane.provider
        for name, lane in parts.lanes.items()
        if isinstance(lane.provider, Revoker) and lane.provider.cancels
    }
    left = [move.id for move in moves if move.code == "already_submitted"]
    if not able or not left:
        return list(moves)
    found = [one for one in await parts.store.read(lambda conn: asked.to_cancel(conn, left)) if one.account in able]
    answers: list[tuple[Asked, CancelOutcome]] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(_ask_each(able, list(lot), answers) for _, lot in _by_account(found)))
    if not answers:
        return list(moves)
    done = await parts.store.write(lambda conn: asked.cancelled(conn, answers, parts.clock(), actor, parts.rules))
    became = {move.id: move for move in done}
    return [became.get(move.id, move) for move in moves]


def _by_account(found: Sequence[Asked]) -> list[tuple[str, list[Asked]]]:
    ordered = sorted(found, key=lambda one: one.account)
    return [(account, list(lot)) for account, lot in groupby(ordered, key=lambda one: one.account)]


async def _ask_each(
    able: Mapping[str, Revoker], lot: Sequence[Asked], answers: list[tuple[Asked, CancelOutcome]]
) -> None:
    """One after the other: what is asked takes its place in the account's window."""
    for one in lot:
        answers.append((one, await able[one.account].cancel(one.sent)))
