"""Which of our messages a telephone answers. Pure.

Rules: the last one sent to it, first among those whose sender is the number it wrote to, then among those of the
account that brought the answer. A number that belongs to schools brings answers to their messages only, and of a
school alone with its number what answers nothing is that school's. What nobody can be told for has no school.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass


def _nobody(_number: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class InboundRules:
    """What is decided elsewhere of messages from telephones. Times are milliseconds."""

    timeout: Callable[[], int] = lambda: 1_800_000  # without its other parts, a message is shown after this
    attach: Callable[[], int] = lambda: 2_592_000_000  # a message sent longer ago is not what is answered
    schools_of: Callable[[str], Sequence[str]] = _nobody  # whose sender a number or short code of ours is
    region: Callable[[], str] = lambda: "FR"  # whose national numbers telephones are named by


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent to the telephone."""

    id: int
    school: str
    app: str
    action: str
    event: str | None
    key: str  # of its answers: its event, or itself
    sender: str
    account: str | None
    sent_at: int


def answered(candidates: Iterable[Sent], to: str, account: str, owners: Collection[str]) -> Sent | None:
    """The message that is answered by one to our number ``to``, which is that of the schools ``owners``."""
    possible = [one for one in candidates if not owners or one.school in owners or one.sender == to]
    return max(possible, key=lambda one: (one.sender == to, one.account == account, one.sent_at, one.id), default=None)


def school_of(sent: Sent | None, owners: Sequence[str]) -> str | None:
    """The school of a message: that of the one it answers, else the only one whose number it was sent to."""
    if sent is not None:
        return sent.school
    return owners[0] if len(owners) == 1 else None
