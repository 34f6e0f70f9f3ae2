"""How long each thing of a session may last, as values: the session compares them with the time that it is given."""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Timers:
    """How long the session waits, in seconds. ``inf`` waits for ever."""

    init: float = 30.0  # from connection to bind, for who does not bind by itself
    quiet: float = 30.0  # silence before an enquire_link
    response: float = 60.0  # a request's answer
    leave: float = 2.0  # the answer to our unbind
    linger: float = 1.5  # once asked to leave, for what is in flight
    stall: float = 60.0  # since the last request was given up on, all of them in doubt: we unbind
    inactivity: float = inf  # without any message: we unbind
