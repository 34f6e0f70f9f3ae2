"""Two sessions wired to each other: bytes from one go to the other, and time goes when told to."""

from dataclasses import dataclass, field
from typing import Any

from adapters.smpp import codes, events, pdu
from adapters.smpp.session import Session
from adapters.smpp.states import Role
from adapters.smpp.timers import Timers

TIMERS = Timers(init=5, quiet=30, response=60, leave=2)
BIND: dict[str, int | str | bytes] = {"system_id": "demo", "password": "x", "interface_version": 0x34}


@dataclass
class Pair:
    """An ESME and an SMSC, and what each was told since the last ``take``."""

    esme_timers: Timers = TIMERS
    smsc_timers: Timers = TIMERS
    now: float = 1000.0
    cut: bool = False  # the wire carries nothing any more
    wire: list[tuple[Role, bytes]] = field(default_factory=list)
    told: dict[Role, list[events.Event]] = field(default_factory=lambda: {Role.ESME: [], Role.SMSC: []})

    def __post_init__(self) -> None:
        self.esme = Session(Role.ESME, self.esme_timers, self.now)
        self.smsc = Session(Role.SMSC, self.smsc_timers, self.now)

    def run(self) -> None:
        """Carry bytes until both are silent."""
        moved = True
        while moved:
            moved = False
            for mine, other in ((self.esme, self.smsc), (self.smsc, self.esme)):
                self.told[mine.role] += mine.events()
                data = mine.outgoing()
                if data:
                    self.wire.append((mine.role, data))
                    moved = True
                    if not self.cut:
                        other.receive(data, self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass, waking each session exactly when it asked."""
        end = self.now + seconds
        while (due := min(self.esme.deadline, self.smsc.deadline)) <= end:
            self.now = max(self.now, due)
            self.esme.tick(self.now)
            self.smsc.tick(self.now)
            self.run()
        self.now = end

    def take(self, role: Role) -> list[events.Event]:
        """What one side was told since the last time."""
        told, self.told[role] = self.told[role], []
        return told

    def bind(self, command: int = codes.BIND_TRANSCEIVER) -> None:
        """Bind, and forget that it was told."""
        self.esme.bind(command, BIND, self.now)
        self.run()
        (asked,) = self.take(Role.SMSC)
        assert isinstance(asked, events.BindRequested)
        self.smsc.accept_bind(asked.pdu, "smsc", self.now)
        self.run()
        assert self.take(Role.ESME) == [events.Bound("smsc", codes.VERSION_34)]

    def submit(self, token: Any) -> pdu.Pdu:
        """A submit_sm on its way; what the SMSC was asked."""
        self.esme.request(codes.SUBMIT_SM, pdu.body_of(codes.SUBMIT_SM, {"source_addr": "A"}), token, self.now)
        self.run()
        asked = self.take(Role.SMSC)[-1]
        assert isinstance(asked, events.Requested)
        return asked.pdu
