"""The targets: each takes any octets, does with them what we do with a stranger's, and says what must hold.

None may raise but for what it says itself. The first octets of each choose what is tried; the rest is the stranger's.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from typing import Final

from adapters.smpp import codes, events, pdu
from adapters.smpp.door_options import SmppLogin
from adapters.smpp.door_submit import Wrong, read_submission
from adapters.smpp.fields import Value
from adapters.smpp.mo import Writing, read_message
from adapters.smpp.pdu import LIMIT, Pdu, PduReader
from adapters.smpp.receipt import Reading, is_receipt, read_receipt
from adapters.smpp.receipt_text import blank, examine
from adapters.smpp.scenario import Scenario
from adapters.smpp.scenario_file import read_scenario
from adapters.smpp.session import Session
from adapters.smpp.simulator_core import Smsc
from adapters.smpp.states import BINDS_TO, BOUND, Role, State
from adapters.smpp.timers import Timers
from gateway import alphabets
from gateway.yamlfile.problem import ConfigError

TIMERS: Final = Timers(init=5, quiet=30, response=60, leave=2)
BIND: Final[dict[str, Value]] = {"system_id": "demo", "password": "x", "interface_version": 0x34}
NOW: Final = datetime(2026, 11, 23, 8, 30)
_LOGIN: Final = SmppLogin.model_validate({"system_id": "demo", "password": "secret", "action": "INFO"})
_SCENARIO: Final = Scenario.model_validate(
    {
        "receipts": [{"delay": "0s..2s", "intermediate": ["ENROUTE"]}],
        "submits": [{"each": 3, "answer": "none"}, {"each": 4, "drip": "10ms"}, {"delay": "0s..100ms"}],
        "incoming": [{"reply": {}, "text": "STOP"}],
    }
)


class Source:
    """Octets, handed out as choices; nothing but zeros when they are used up."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> bool:
        """Whether there are more."""
        return self._at < len(self._data)

    def number(self) -> int:
        """The next octet."""
        return self.take(1)[0] if self.left else 0

    def take(self, size: int) -> bytes:
        """So many of the next."""
        found = self._data[self._at : self._at + size]
        self._at += len(found)
        return found

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data))


def stream(data: bytes) -> None:
    """A stream is read the same however its octets arrive, and what is kept of it is bounded."""
    source = Source(data)
    sizes = [source.number() + 1 for _ in range(8)]
    whole, whole_reader = source.rest(), PduReader()
    expected = whole_reader.feed(whole)
    reader, found, at, turn = PduReader(), [], 0, 0
    while at < len(whole):
        size = sizes[turn % len(sizes)]
        found += reader.feed(whole[at : at + size])
        assert reader.held <= LIMIT + size
        at, turn = at + size, turn + 1
    assert found == expected
    assert bool(reader.broken) == bool(whole_reader.broken)
    for each in found:
        if not each.fault:
            with suppress(ValueError):  # what a peer writes may exceed what we would
                again = pdu.decode(pdu.encode(each))
                assert again == each or each.is_response  # which may lack its fields


def conversation(data: bytes) -> None:
    """A session in either role and any state survives any octets, any times and any behaviour of its shell.

    Each request of ours ends exactly once; Closed comes once and last; all that we say is SMPP.
    """
    source = Source(data)
    start = source.number()
    role = Role.ESME if start & 1 else Role.SMSC
    session = _session(role, BINDS_TO[sorted(codes.BINDS)[start % 3]] if start & 2 else State.OPEN)
    made, now, told, said = 0, 0.0, list[events.Event](), PduReader()
    while source.left and session.state is not State.CLOSED:
        choice = source.number()
        match choice % 8:
            case 0 | 1 | 2:
                session.receive(source.take(source.number() * 4 + 1), now)
            case 3:
                session.receive(_whole(source), now)
            case 4:
                now += choice
                session.tick(now)
            case 5 if session.state in BOUND:
                made += _request(session, made, now)
            case 6:
                session.unbind(now)
            case _:
                now = max(now, min(session.deadline, now + 1000))
                session.tick(now)
        new = session.events()
        told += new
        for event in new:
            _react(session, event, choice, now)
        _check_said(said, session.outgoing())
        assert session.deadline < inf or _is_over(session)
    session.lost("the end")
    told += session.events()
    _check_said(said, session.outgoing())
    ended = [each.token for each in told if isinstance(each, events.Answered | events.Unanswered)]
    assert sorted(ended) == list(range(made))
    assert [type(each) is events.Closed for each in told] == [False] * (len(told) - 1) + [True]


def _is_over(session: Session) -> bool:
    return session.state is State.CLOSED


def _session(role: Role, state: State) -> Session:
    """A session that was brought to this state."""
    session = Session(role, TIMERS, 0)
    bind = next((command for command, bound in BINDS_TO.items() if bound is state), None)
    if bind is not None and role is Role.ESME:
        session.bind(bind, BIND, 0)
        session.receive(pdu.encode(Pdu(bind | codes.RESPONSE, 0, 1, {"system_id": "s"})), 0)
    elif bind is not None:
        session.receive(pdu.encode(Pdu(bind, 0, 1, BIND)), 0)
        (asked,) = session.events()
        assert isinstance(asked, events.BindRequested)
        session.accept_bind(asked.pdu, "s", 0)
    session.events()
    session.outgoing()
    return session


def _whole(source: Source) -> bytes:
    """A frame that states its length truly: what is inside is the stranger's."""
    commands = sorted(fields_known())
    command = commands[source.number() % len(commands)]
    answers = codes.RESPONSE if source.number() & 1 else 0
    return pdu.frame(command | answers, source.number(), source.number(), source.take(source.number()))


def fields_known() -> frozenset[int]:
    """Every command that there is, and one that there is not."""
    return frozenset(number & ~codes.RESPONSE for number in codes.NAMES) | {0x7777}


def _request(session: Session, token: int, now: float) -> int:
    """Make a request of this side if its kind of bind may; how many were made."""
    command = codes.SUBMIT_SM if session.role is Role.ESME else codes.DELIVER_SM
    unfit = State.BOUND_RX if session.role is Role.ESME else State.BOUND_TX
    if session.state is unfit:
        return 0
    session.request(command, pdu.body_of(command, {"source_addr": "A"}), token, now)
    return 1


def _react(session: Session, event: events.Event, choice: int, now: float) -> None:
    """What a shell does, in one way or another."""
    match event:
        case events.BindRequested(asked) if choice & 0x10:
            if session.state is State.OPEN:
                session.accept_bind(asked, "s", now)
        case events.BindRequested(asked) if session.state is State.OPEN:
            session.refuse_bind(asked, codes.RINVPASWD)
        case events.Requested(asked) if choice & 0x20:
            session.respond(asked, choice & 0xFF)
        case events.Requested():
            session.ignore()


def _check_said(reader: PduReader, octets: bytes) -> None:
    """All that we write is whole and well formed."""
    for each in reader.feed(octets):
        assert not each.fault, each
    assert not reader.broken
    assert reader.held == 0


def simulator(data: bytes) -> None:
    """The simulator survives any client, bound or not, and says nothing but SMPP as long as it is not told to."""
    source = Source(data)
    smsc, now = Smsc(_SCENARIO, 0.0, epoch=1_795_419_000.0), 0.0
    end = smsc.connect(now)
    if source.number() & 1:
        end.receive(pdu.encode(Pdu(codes.BIND_TRANSCEIVER, 0, 1, BIND)), now)
    while source.left and not end.over:
        choice = source.number()
        if choice % 4 == 3:
            end.receive(_whole(source), now)
        elif choice % 4 == 2:
            now = min(smsc.deadline, now + choice)
            smsc.tick(now)
        else:
            end.receive(source.take(source.number()), now)
        end.outgoing()
    end.lost("gone", now)
    assert smsc.ends == []
    smsc.tick(now + 100)


def receipt(data: bytes) -> None:
    """Any text can be read as a receipt's; blanking it keeps its length and changes nothing but into spaces."""
    _, blanked = examine(data, NOW)
    assert blank(data) == blanked
    assert blank(blanked) == blanked
    assert all(now in (before, 0x20, 0) for now, before in zip(blanked, data, strict=True))


def delivery(data: bytes) -> None:
    """Any deliver_sm, data_sm or submit_sm is read, as a receipt, as a telephone's words, as a submission."""
    source = Source(data)
    command = (codes.DELIVER_SM, codes.DATA_SM, codes.SUBMIT_SM)[source.number() % 3]
    by_text = bool(source.number() & 1)
    for found in PduReader().feed(pdu.frame(command, 0, 1, source.rest()[: LIMIT - 16])):
        if is_receipt(found, by_text=by_text):
            said = read_receipt(found, NOW, Reading(by_text=by_text))
            assert all(said.keys)
        words = read_message(found, "link", Writing(packed=by_text))
        assert 1 <= words.place <= words.of
        text, _ = alphabets.read(words.octets, words.alphabet)
        assert "\0" not in text
        with suppress(Wrong):
            read_submission(found, "app", _LOGIN, 0x34, NOW.replace(tzinfo=UTC))


def scenario(data: bytes) -> None:
    """Any file is a scenario or is refused, with a place and a cure."""
    with suppress(ConfigError):
        read_scenario(data.decode("utf-8", "replace"), "day.yaml")


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    each.__name__: each for each in (stream, conversation, simulator, receipt, delivery, scenario)
}
