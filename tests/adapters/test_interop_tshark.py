"""What our sessions write, read by tshark's SMPP dissector."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from adapters.smpp import codes, events, pdu
from adapters.smpp.message_options import LongMessages, MessageOptions
from adapters.smpp.pdu import Pdu
from adapters.smpp.scenario import Ids
from adapters.smpp.scenario_rules import IncomingRule, ReceiptRule
from adapters.smpp.simulator_incoming import incoming
from adapters.smpp.simulator_receipts import receipt_body
from adapters.smpp.simulator_records import Submit
from adapters.smpp.states import Role
from adapters.smpp.submit import PreparedSubmit, SubmitBuilder
from gateway.provider import Part
from gateway.text import Composed, Encoding, compose
from tests.adapters.capture import write_capture
from tests.adapters.gateway_side import PART
from tests.adapters.pair import BIND, Pair
from tests.adapters.peers import require

#: Everything that an account may want otherwise.
OPTIONS: list[dict[str, Any]] = [
    {"default_alphabet": "latin1", "data_coding": {"gsm7": 3}},
    {"packed": True},
    {"packed": True, "long_messages": "udh16"},
    {"validity": "absolute", "service_type": "CMT", "registered_delivery": 0x11, "protocol_id": 64},
    {"flash": "data_coding", "message_tlvs": {"x": {"tag": 0x1402, "type": "int1"}}},
    {"flash": "dest_addr_subunit", "tlvs": [{"tag": 0x1401, "value": "EDU"}], "long_messages": "sar"},
    {"validity": "none", "priority_flag": 3, "ton_npi": {"recipient": "2/8"}},
]

LONG = "Noël : « ça » 😀 où êtes-vous ? " * 8


def builder(**options: Any) -> SubmitBuilder:
    return SubmitBuilder(MessageOptions(name="a", adapter="smpp", **options))


def bodies() -> list[bytes]:
    """The submits: one part, a short code, UCS-2, and long ones in every form."""
    parts = [PART, replace(PART, sender="36111", content="[3 €]", service_code="ABC")]
    parts.append(replace(PART, content="Noël 😀 ê", encoding=Encoding.UCS2))
    built = [(builder(), part) for part in parts]
    for form in get_args(LongMessages):
        for text in (LONG, "Bonjour, " * 40):
            composed = compose(text, transliterate=False, narrow=form == "udh16")
            pieces = [whole(composed)] if form == "payload" else several(composed.parts, composed.encoding)
            built += [(builder(long_messages=form), part) for part in pieces]
    for options in OPTIONS:
        pieces = several(("Déjà vu ", "[3]"), Encoding.GSM7)
        flash = [replace(part, flash=True, tlvs={"x": 7}) for part in pieces] if "flash" in options else []
        built += [(builder(**options), part) for part in (*pieces, *flash)]
    made = [builder.build(part) for builder, part in built]
    later = replace(PART, starts=PART.until + 3_600_000)
    made += [builder(validity=validity).build(later) for validity in ("relative", "absolute", "none")]
    assert not [each for each in made if not isinstance(each, PreparedSubmit)]
    return [each.body for each in made if isinstance(each, PreparedSubmit)]


def several(contents: tuple[str, ...], encoding: Encoding) -> list[Part]:
    long = replace(PART, reference=0xABCD, of=len(contents), encoding=encoding)
    return [replace(long, number=number, content=content) for number, content in enumerate(contents, 1)]


def whole(composed: Composed) -> Part:
    parts = len(composed.parts)
    return replace(PART, of=parts, carries=parts, encoding=composed.encoding, content=composed.text)


def receipt(submit: Submit) -> bytes:
    """A receipt of each form that the simulator knows."""
    rules = (
        ReceiptRule(),
        ReceiptRule(parameters=()),
        ReceiptRule(charset="ucs2", payload=True),
        ReceiptRule(body="", parameters=("id", "state", "error")),
    )
    state = "UNDELIV" if submit.number % 2 else "DELIVRD"
    rule = rules[submit.number % len(rules)]
    return receipt_body(rule, Ids(), submit, state, datetime.now(UTC), 1.0, esm_class=codes.RECEIPT)


def conversation() -> Pair:
    """Everything that our two sides say to each other."""
    pair = Pair()
    pair.bind()
    for number, body in enumerate(bodies()):
        pair.esme.request(codes.SUBMIT_SM, body, number, pair.now)
        pair.run()
        (asked,) = pair.take(Role.SMSC)
        assert isinstance(asked, events.Requested)
        pair.smsc.respond(asked.pdu, codes.ROK, {"message_id": str(number)})
        pair.smsc.request(codes.DELIVER_SM, receipt(Submit("demo", str(number), asked.pdu)), number, pair.now)
        pair.run()
        told = [event for event in pair.take(Role.ESME) if isinstance(event, events.Requested)]
        pair.esme.respond(told[0].pdu, codes.RX_T_APPN if number == 1 else codes.ROK)
        pair.run()
        pair.take(Role.SMSC)
    for form in get_args(IncomingRule.model_fields["long"].annotation):
        for data_sm in (False, True):
            rule = IncomingRule(text=LONG, number="33612345678", to="36111", long=form, data_sm=data_sm)
            for delivery in incoming(rule, rule.number, rule.to, 0xABCD):
                pair.smsc.request(delivery.command, delivery.body, 0, pair.now)
            pair.run()
            told = [event for event in pair.take(Role.ESME) if isinstance(event, events.Requested)]
            for each in told:
                pair.esme.respond(each.pdu, codes.ROK)
            pair.run()
    for status in (codes.RTHROTTLED, codes.RSYSERR):
        pair.smsc.respond(pair.submit("late"), status)
        pair.run()
    pair.wait(31)
    pair.esme.receive(pdu.frame(0x111, 0, 9, b""), pair.now)  # of SMPP 5.0
    pair.esme.receive(pdu.encode(Pdu(codes.BIND_RECEIVER, 0, 10, BIND)), pair.now)
    pair.esme.unbind(pair.now)
    pair.run()
    return pair


def tshark(capture: Path, *arguments: str) -> list[str]:
    command = [require("tshark"), "-r", str(capture), "-d", "tcp.port==2775,smpp", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


def test_no_pdu_is_malformed(tmp_path: Path) -> None:
    pair, capture = conversation(), tmp_path / "smpp.pcap"
    write_capture(capture, [(role is Role.ESME, data) for role, data in pair.wire])
    assert tshark(capture, "-Y", "_ws.malformed || _ws.expert.severity == error") == []
    seen = tshark(capture, "-Y", "smpp", "-T", "fields", "-e", "smpp.command_id")
    readers = {role: pdu.PduReader() for role in Role}
    written = [each.command for role, data in pair.wire for each in readers[role].feed(data)]
    assert [int(each, 16) for line in seen for each in line.split(",")] == written
    assert {codes.GENERIC_NACK, codes.ENQUIRE_LINK, codes.UNBIND_RESP, codes.DELIVER_SM_RESP} <= set(written)


def test_a_malformed_pdu_would_be_seen(tmp_path: Path) -> None:
    """The test above means something: the dissector notices a PDU cut short."""
    capture = tmp_path / "bad.pcap"
    body = bodies()[0]
    write_capture(capture, [(True, pdu.frame(codes.SUBMIT_SM, 0, 1, body[:-3]))])
    assert tshark(capture, "-Y", "_ws.malformed") != []
