"""No octets that a stranger sends raise, hang or fill the memory. The targets are those of ``make fuzz``."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.smpp import codes, events, pdu
from adapters.smpp.pdu import LIMIT, Pdu
from adapters.smpp.pending import Pending, Request
from adapters.smpp.provider import SmppProvider
from adapters.smpp.receipt_text import blank
from adapters.smpp.scenario import Scenario
from adapters.smpp.session import Session
from adapters.smpp.simulator import Simulator
from adapters.smpp.states import Role, State
from gateway.provider import Accepted, Notice, Unknown
from tests.adapters.gateway_side import Gateway, account, prepared
from tests.adapters.pair import TIMERS, Pair
from tests.adapters.test_interop_tshark import conversation
from tests.adapters.test_pdu import pdus
from tests.fuzz import targets

WELL_FORMED = [data for _, data in conversation().wire]


@pytest.mark.parametrize("name", targets.TARGETS)
@settings(max_examples=150)
@given(data=st.binary(max_size=600))
def test_any_octets(name: str, data: bytes) -> None:
    targets.TARGETS[name](data)


def mutated(octets: bytes, chance: random.Random) -> bytes:
    """A valid stream with something wrong in it: an octet, a piece lost, doubled, or moved."""
    changed = bytearray(octets)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) or 1)
        size = chance.choice((1, 1, 4, 16, 40))
        match chance.randrange(5):
            case 0:
                changed[at : at + 1] = bytes((chance.randrange(256),))
            case 1:
                del changed[at : at + size]
            case 2:
                changed[at:at] = changed[at : at + size]
            case 3:
                changed[at : at + size] = chance.randbytes(size)
            case _:
                changed[at : at + 2] = chance.choice((b"\0\0", b"\xff\xff", b"\x7f\xff"))
    return bytes(changed)


@pytest.mark.parametrize("seed", range(60))
def test_a_valid_conversation_gone_wrong(seed: int) -> None:
    """Framed as deliveries to either role, whole or one octet at a time, with everything that follows."""
    chance = random.Random(seed)
    octets = mutated(b"".join(chance.sample(WELL_FORMED, 12)), chance)
    size = chance.choice((0, 1, 16, 63))  # of the pieces: 4 octets a unit, and one
    script = b"".join(
        bytes((0x30, size)) + octets[at : at + size * 4 + 1] for at in range(0, len(octets), size * 4 + 1)
    )
    for start in range(6):
        targets.conversation(bytes((start,)) + script)
    targets.stream(bytes(8) + octets)
    targets.simulator(b"\x01" + b"".join(bytes((4, 255)) + octets[at : at + 255] for at in range(0, len(octets), 255)))


@settings(max_examples=200)
@given(pdus(), st.binary(max_size=80), st.integers(0, 2))
def test_optional_parameters_that_make_no_sense(sample: Pdu, soup: bytes, kind: int) -> None:
    whole = pdu.encode(sample)
    found = pdu.decode(pdu.frame(sample.command, sample.status, sample.sequence, whole[16:] + soup))
    assert found.body == sample.body
    targets.delivery(bytes((kind, 1)) + whole[16:] + soup)


@given(st.text(max_size=120), st.sampled_from(["latin-1", "utf-16-be", "utf-16-le", "utf-8"]), st.binary(max_size=3))
def test_receipts_in_any_writing(words: str, codec: str, end: bytes) -> None:
    text = f"id:12 stat:DELIVRD text:{words}".encode(codec, "replace") + end
    targets.receipt(text)
    assert len(blank(text)) == len(text)


# ---- a bad PDU costs at most its own session ----


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"\0\0\0\0" + bytes(12), "a PDU says it has 0 octets; 16 to 65536 are possible"),
        (b"\0\0\0\x0f" + bytes(12), "a PDU says it has 15 octets; 16 to 65536 are possible"),
        (b"\0\1\0\1" + bytes(12), "a PDU says it has 65537 octets; 16 to 65536 are possible"),
        (b"\xff\xff\xff\xff" + bytes(12), "a PDU says it has 4294967295 octets; 16 to 65536 are possible"),
        (b"GET /", "a PDU says it has 1195725856 octets; 16 to 65536 are possible"),
    ],
)
def test_a_frame_that_cannot_be_is_told_with_the_limit(octets: bytes, says: str) -> None:
    """The message that was in flight is in doubt, once; what is said to the other side is generic_nack."""
    pair = Pair()
    pair.bind()
    pair.submit("in flight")
    pair.esme.receive(octets, pair.now)
    assert pair.esme.events() == [
        events.Unanswered("in flight", f"not SMPP: {says}"),
        events.Closed(f"not SMPP: {says}", events.Ending.BROKEN),
    ]
    (nack,) = pdu.PduReader().feed(pair.esme.outgoing())
    assert (nack.command, nack.status) == (codes.GENERIC_NACK, codes.RINVCMDLEN)


def test_the_largest_pdu_is_read_whole_and_the_next_one_too() -> None:
    reader = pdu.PduReader()
    whole = pdu.frame(codes.DELIVER_SM, 0, 1, bytes(LIMIT - 16))
    found = [
        each
        for part in (whole[:1000], whole[1000:] + pdu.frame(codes.ENQUIRE_LINK, 0, 2, b""))
        for each in reader.feed(part)
    ]
    assert [each.sequence for each in found] == [1, 2]
    assert reader.held == 0


async def test_a_provider_that_speaks_no_smpp_is_told_of_once_and_bound_to_again() -> None:
    scenario = Scenario.model_validate({"submits": [{"times": 1, "answer": "garbage"}], "receipts": [{"send": False}]})
    async with Simulator(scenario=scenario) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 1)
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 2)], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == 2)
    (first, second) = (outcome for _, outcome in gateway.outcomes)
    assert isinstance(first, Unknown)
    assert isinstance(second, Accepted)
    ((notice, said),) = gateway.notices
    assert (notice, said) == (Notice.BROKEN, first.why)
    assert said.startswith("not SMPP: a PDU says it has ")
    assert said.endswith(" octets; 16 to 65536 are possible")


# ---- memory is bounded ----


def test_half_a_header_is_all_that_is_kept_and_not_for_ever() -> None:
    """A peer that drips octets is not alive: it is asked, and cut when it does not answer."""
    pair = Pair()
    pair.bind()
    pair.cut = True  # from now on only the dripping is heard
    for octet in pdu.frame(codes.DELIVER_SM, 0, 1, bytes(40))[:20]:
        pair.esme.receive(bytes((octet,)), pair.now)
        pair.wait(pair.esme_timers.quiet / 2)
    told = pair.take(Role.ESME)
    assert told[-1] == events.Closed("the other side does not answer enquire_link", events.Ending.SILENT)


def test_nobody_who_does_not_bind_stays() -> None:
    session = Session(Role.SMSC, TIMERS, 0)
    for now in range(10):
        session.receive(b"\0\0\0\x1f\0"[now % 5 : now % 5 + 1] if now < 3 else b"", now)
        session.tick(now)
    assert session.state is State.CLOSED


def test_requests_that_are_given_up_on_are_forgotten_in_the_end() -> None:
    """A peer that takes everything and answers nothing: late answers are known to the last ten thousand only."""
    pending = Pending()
    for sequence in range(1, 30_001):
        pending.add(sequence, Request(codes.SUBMIT_SM, sequence, float(sequence)))
        pending.overdue(sequence)
    assert pending.answered(Pdu(codes.SUBMIT_SM_RESP, 0, 20_000)) is None
    found = pending.answered(Pdu(codes.SUBMIT_SM_RESP, 0, 20_001))
    assert found is not None
    assert (found[0].token, found[1]) == (20_001, True)


def floods() -> Iterator[tuple[str, bytes]]:
    """Streams of a mebibyte that ask for much."""
    yield "enquire_link", pdu.frame(codes.ENQUIRE_LINK, 0, 1, b"")
    yield "unknown", pdu.frame(0x7777, 0, 1, b"")
    yield "answers to nothing", pdu.frame(codes.SUBMIT_SM_RESP, 0, 1, b"1\0")
    yield "a bind again", pdu.encode(Pdu(codes.BIND_TRANSCEIVER, 0, 1, {"system_id": "s"}))


@pytest.mark.parametrize(("name", "octets"), list(floods()))
def test_a_flood_leaves_nothing_behind(name: str, octets: bytes) -> None:
    """What is answered is written at once, what is not is forgotten: nothing grows with the flood."""
    pair = Pair()
    pair.bind()
    many = octets * (2**20 // len(octets))
    pair.smsc.receive(many, pair.now)
    told, said = pair.smsc.events(), pair.smsc.outgoing()
    assert len(said) <= 2 * len(many), name
    assert len(told) <= 2**20 // len(octets)
    assert (pair.smsc.events(), pair.smsc.outgoing(), pair.smsc.in_flight) == ([], b"", 0)
