"""The simulator without sockets and clients of it: octets go to and fro at once, and time goes when told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any

from adapters.smpp import codes, events, pdu
from adapters.smpp.fields import Value
from adapters.smpp.pdu import Pdu
from adapters.smpp.scenario import Scenario
from adapters.smpp.session import Session
from adapters.smpp.simulator_core import Smsc
from adapters.smpp.simulator_end import End, Line
from adapters.smpp.states import Role, State
from adapters.smpp.timers import Timers

#: Receipts for scenarios in which they are not the point.
AT_ONCE = [{"delay": "0s"}]
NO_RECEIPTS = [{"send": False}]

TIMERS = Timers(quiet=inf, response=60, leave=2)


@dataclass
class Client:
    """An ESME on a connection of its own, and what it was told. It acknowledges what is delivered."""

    session: Session
    end: End
    told: list[events.Event] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)  # every octet that it got
    status: int = codes.ROK  # how it answers deliveries

    def of(self, kind: type[events.Event]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.told if isinstance(event, kind)]

    @property
    def answers(self) -> list[tuple[Any, int, str]]:
        """Token, status and id of each answer."""
        return [(each.token, each.pdu.status, each.pdu.text("message_id")) for each in self.of(events.Answered)]

    @property
    def delivered(self) -> list[Pdu]:
        """What was delivered."""
        return [each.pdu for each in self.of(events.Requested)]


class Rig:
    """An SMSC that does what a scenario says, at a time that begins at 0."""

    def __init__(self, **scenario: Any) -> None:
        self.now = 0.0
        self.smsc = Smsc(Scenario.model_validate(scenario), self.now, epoch=1_795_419_000.0)
        self.clients: list[Client] = []

    def client(self, command: int = codes.BIND_TRANSCEIVER, timers: Timers = TIMERS, **values: Value) -> Client:
        """Connect and ask to bind."""
        client = Client(Session(Role.ESME, timers, self.now), self.smsc.connect(self.now))
        self.clients.append(client)
        client.session.bind(
            command, {"system_id": "demo", "password": "x", "interface_version": 0x34, **values}, self.now
        )
        self.run()
        return client

    def submit(self, client: Client, token: Any = 0, **values: Value) -> None:
        """One submit_sm."""
        said: dict[str, Value] = {"source_addr": "ECOLE", "destination_addr": "33660000000", "registered_delivery": 1}
        body = pdu.body_of(codes.SUBMIT_SM, {**said, "short_message": b"Bonjour", **values})
        client.session.request(codes.SUBMIT_SM, body, token, self.now)
        self.run()

    def run(self) -> None:
        """Carry octets until all are silent."""
        while any(self._carry(client) for client in self.clients):
            pass

    def wait(self, seconds: float) -> None:
        """Let time pass, waking each exactly when it asked."""
        end = self.now + seconds
        while (due := min(self.smsc.deadline, *(each.session.deadline for each in self.clients))) <= end:
            self.now = max(self.now, due)
            self.smsc.tick(self.now)
            for client in self.clients:
                client.session.tick(self.now)
            self.run()
        self.now = end

    def until(self, holds: Callable[[], bool], within: float = 3600.0) -> None:
        """Let time pass in steps until it holds."""
        end = self.now + within
        while not holds():
            assert self.now < end, "it never came"
            self.wait(min(0.01, end - self.now))

    def _carry(self, client: Client) -> bool:
        said = client.session.outgoing()
        if said:
            client.end.receive(said, self.now)
        heard = client.end.outgoing()
        client.heard += heard
        if heard:
            client.session.receive(heard, self.now)
        if client.end.over and client.session.state is not State.CLOSED:
            client.session.lost("cut" if client.end.line is Line.CUT else "hung up")
        new = client.session.events()
        client.told += new
        for event in new:
            if isinstance(event, events.Requested):
                client.session.respond(event.pdu, client.status)
        return bool(said or heard or new)


def statuses(client: Client) -> list[int]:
    """The statuses of its answers."""
    return [status for _, status, _ in client.answers]


def stats(client: Client) -> list[str]:
    """The words of the receipts that it got."""
    return [each.octets("short_message").split(b"stat:")[1][:7].decode() for each in client.delivered]
