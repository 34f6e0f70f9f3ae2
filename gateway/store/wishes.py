"""What people want is noted and done at once: who opted out gets nothing more, not even what was waiting.

Rules: STOP from a telephone is an opt-out from the sender that it answers, at the school of that message. START lifts
what STOP made, of the same sender and school; what the school has noted otherwise is the school's to lift.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import moves, people
from gateway.store.desk import Rules
from gateway.store.people import MO_STOP, Wish


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose telephone asked, which school's messages of which sender it answered, by which message of its own."""

    school: str
    number: str
    sender: str
    actor: str


async def obey(
    conn: AsyncConnection, school: str, wishes: Sequence[Wish], actor: str, now: int, rules: Rules
) -> Sequence[bool]:
    """Note wishes, and stop what waits for who opted out; says of each wish whether it changed anything."""
    changed = await people.apply(conn, school, wishes, actor, now)
    out = [wish for wish, is_new in zip(wishes, changed, strict=True) if is_new and wish.opted_out]
    for sender in {wish.sender for wish in out}:
        numbers = [wish.number for wish in out if wish.sender == sender]
        await moves.stop(conn, school, numbers, people.sender_key(sender) or None, now, actor, rules)
    return changed


async def ask(conn: AsyncConnection, word: str, asker: Asker, now: int, rules: Rules) -> None:
    """Do what a telephone asks for: ``stop`` or ``start``."""
    if word == "start" and not await _stopped(conn, asker):
        return
    wish = Wish(asker.number, None, word == "stop", MO_STOP, asker.sender)
    await obey(conn, asker.school, [wish], asker.actor, now, rules)


async def _stopped(conn: AsyncConnection, asker: Asker) -> bool:
    known = (await people.people(conn, asker.school, [asker.number]))[asker.number]
    key = people.sender_key(asker.sender)
    return any((one.sender, one.source) == (key, MO_STOP) for one in known.opt_outs)
