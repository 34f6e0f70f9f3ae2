"""The simulator's outbox: nothing that is due may wait for a timer that nobody set."""

import asyncio

from adapters.smpp.simulator_receipts import Delivery, Outbox


async def test_what_becomes_due_while_it_is_looked_at_is_rung_for() -> None:
    """The pump looked an instant too early, and the clock went on before the timer was set."""
    rung = asyncio.Event()
    outbox = Outbox(10, rung.set)
    outbox.add(Delivery(b""), 0.0)
    assert outbox.due(asyncio.get_running_loop().time() - 1.0) == []
    async with asyncio.timeout(5):
        await rung.wait()
    assert len(outbox.due(asyncio.get_running_loop().time())) == 1
    outbox.stop()
