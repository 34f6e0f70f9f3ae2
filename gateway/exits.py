"""How a command ends: the exit statuses, in one place. ``docs/operations.md`` repeats them, and a test compares."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of every command."""

    FINE = 0
    NO = 1
    USAGE = 2
    STORE = 3
    NETWORK = 4
    INTERNAL = 70
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """In one line."""
        return _MEANINGS[self]


_MEANINGS = {
    Exit.FINE: "done",
    Exit.NO: "the answer is no: refused, or a difference was found",
    Exit.USAGE: "wrong arguments or configuration",
    Exit.STORE: "the store cannot be opened or written",
    Exit.NETWORK: "an address cannot be reached or listened on",
    Exit.INTERNAL: "a fault of the program itself",
    Exit.INTERRUPTED: "interrupted by Ctrl-C",
}
