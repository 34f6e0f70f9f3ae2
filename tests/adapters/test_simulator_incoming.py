"""What the simulator's telephones write, and what it says of messages that are asked after."""

import pytest

from adapters.smpp import codes, events, pdu
from adapters.smpp.mo import Writing, read_message
from gateway import alphabets
from tests.adapters.rig import NO_RECEIPTS, Client, Rig, statuses

# ---- what telephones write ----


def written(rig: Rig, client: Client, wait: float = 60.0) -> list[str]:
    """The texts that a client gets, parts put together as they come."""
    rig.wait(wait)
    how = Writing()
    return [
        alphabets.read(found.octets, found.alphabet)[0]
        for found in (read_message(each, "", how) for each in client.delivered)
    ]


STOP = {"number": "+33612345678", "to": "36111"}


def test_a_telephone_writes_by_the_clock() -> None:
    rig = Rig(begins="bind", incoming=[{**STOP, "text": "STOP", "after": "10s", "every": "5s", "times": 3}])
    client = rig.client()
    assert written(rig, client, 9.9) == []
    assert written(rig, client, 0.2) == ["STOP"]
    assert written(rig, client, 60) == ["STOP"] * 3
    said = client.delivered[0]
    assert (said.text("source_addr"), said.text("destination_addr")) == ("33612345678", "36111")
    assert (said.number("dest_addr_ton"), said.number("esm_class")) == (3, 0)
    assert (rig.smsc.counts.incoming_acknowledged, rig.smsc.counts.receipts_sent) == (3, 0)


def test_a_telephone_replies_to_what_it_got() -> None:
    rig = Rig(receipts=NO_RECEIPTS, incoming=[{"text": "D'accord", "reply": {"to": "*1", "times": 1}, "after": "3s"}])
    client = rig.client()
    for number in ("33600000001", "33600000002", "33600000011"):
        rig.submit(client, destination_addr=number)
    assert written(rig, client) == ["D'accord"]
    (said,) = client.delivered
    assert (said.text("source_addr"), said.text("destination_addr")) == ("33600000001", "ECOLE")


def test_what_is_written_goes_to_the_client_that_is_named() -> None:
    rig = Rig(incoming=[{**STOP, "text": "Oui", "system_id": "second", "after": "1s"}])
    first, second = rig.client(), rig.client(system_id="second")
    rig.wait(2)
    assert (len(first.delivered), len(second.delivered)) == (0, 1)


@pytest.mark.parametrize("charset", ["auto", "latin1", "ucs2"])
@pytest.mark.parametrize("long", ["udh8", "udh16", "sar", "payload"])
@pytest.mark.parametrize("data_sm", [False, True])
def test_long_messages_in_every_form(long: str, charset: str, data_sm: bool) -> None:
    words = "Élève présent à la garderie. " * 12
    rule = {**STOP, "text": words, "long": long, "charset": charset, "data_sm": data_sm}
    rig = Rig(incoming=[rule])
    client = rig.client()
    assert "".join(written(rig, client)) == words
    places = [(found.place, found.of) for found in (read_message(each, "", Writing()) for each in client.delivered)]
    assert places == ([(1, 1)] if long == "payload" else [(place, len(places)) for place in range(1, len(places) + 1)])
    assert {each.command for each in client.delivered} == {codes.DATA_SM if data_sm else codes.DELIVER_SM}


def test_parts_come_out_of_order_and_one_is_missing() -> None:
    rule = {**STOP, "text": "x" * 400, "order": [3, 1, 2, 7], "missing": [2], "between": "5s"}
    rig = Rig(incoming=[rule])
    client = rig.client()
    rig.wait(1)
    assert len(client.delivered) == 1
    rig.wait(60)
    assert [read_message(each, "", Writing()).place for each in client.delivered] == [3, 1]


def test_an_incoming_message_that_is_refused_comes_again() -> None:
    rig = Rig(incoming=[{**STOP, "text": "STOP"}])
    client = rig.client()
    client.status = codes.RX_T_APPN
    rig.wait(2.5)
    client.status = codes.RX_R_APPN
    rig.wait(2)
    counts = rig.smsc.counts
    assert (counts.incoming_sent, counts.incoming_refused, counts.incoming_dropped) == (4, 3, 1)


# ---- query_sm, cancel_sm ----


def ask(rig: Rig, client: Client, command: int, message_id: str) -> None:
    client.session.request(command, pdu.body_of(command, {"message_id": message_id}), command, rig.now)
    rig.run()


def last(client: Client) -> pdu.Pdu:
    found = client.of(events.Answered)[-1].pdu
    assert isinstance(found, pdu.Pdu)
    return found


def test_a_message_is_asked_after() -> None:
    rig = Rig(ids={"first": 255, "answer": "hex"}, receipts=[{"delay": "10s", "states": {"EXPIRED": 1}}])
    client = rig.client()
    rig.submit(client)
    ask(rig, client, codes.QUERY_SM, "ff")
    assert (last(client).number("message_state"), last(client).text("final_date")) == (1, "")
    rig.wait(11)
    ask(rig, client, codes.QUERY_SM, "ff")
    assert (last(client).number("message_state"), last(client).text("final_date")) == (3, "261123073010000+")
    ask(rig, client, codes.QUERY_SM, "fe")
    assert last(client).status == codes.RQUERYFAIL


def test_a_message_is_cancelled_and_reported_no_more() -> None:
    rig = Rig(ids={"first": 1}, receipts=[{"delay": "10s"}])
    client = rig.client()
    rig.submit(client)
    ask(rig, client, codes.CANCEL_SM, "1")
    assert last(client).status == codes.ROK
    rig.wait(60)
    assert client.delivered == []
    ask(rig, client, codes.QUERY_SM, "1")
    assert last(client).number("message_state") == 4
    ask(rig, client, codes.CANCEL_SM, "1")
    assert last(client).status == codes.RCANCELFAIL
    assert (rig.smsc.counts.queries, rig.smsc.counts.cancels) == (1, 2)


@pytest.mark.parametrize("command", [codes.QUERY_SM, codes.CANCEL_SM])
def test_questions_are_answered_as_the_scenario_says(command: int) -> None:
    rules = [
        {"times": 1, "answer": "generic_nack", "status": "RINVCMDID"},
        {"times": 1, "status": "RSYSERR"},
        {"times": 1, "answer": "none"},
        {"delay": "5s"},
    ]
    rig = Rig(queries=rules, cancels=rules, receipts=NO_RECEIPTS)
    client = rig.client()
    for _ in range(4):
        ask(rig, client, command, "1")
    assert [(each.pdu.command, each.pdu.status) for each in client.of(events.Answered)] == [
        (codes.GENERIC_NACK, codes.RINVCMDID),
        (command | codes.RESPONSE, codes.RSYSERR),
    ]
    rig.wait(6)
    unknown = codes.RQUERYFAIL if command == codes.QUERY_SM else codes.RCANCELFAIL
    assert statuses(client) == [codes.RINVCMDID, codes.RSYSERR, unknown]


def test_a_state_that_is_not_true() -> None:
    rig = Rig(queries=[{"state": "DELIVRD"}])
    client = rig.client()
    ask(rig, client, codes.QUERY_SM, "nobody knows")
    assert (last(client).status, last(client).number("message_state")) == (codes.ROK, 2)


def test_a_client_that_listens_is_called() -> None:
    rig = Rig(links=[{"after": "5s", "do": "outbind", "to": "[::1]:2775"}], smsc={"name": "smsc", "password": "secret"})
    rig.smsc.tick(4.9)
    assert rig.smsc.calls() == []
    rig.smsc.tick(5.0)
    assert rig.smsc.calls() == [("::1", 2775)]
    assert rig.smsc.calls() == []
    end = rig.smsc.connect(5.0)
    rig.smsc.outbind(end)
    (asked,) = pdu.PduReader().feed(end.outgoing())
    assert (asked.command, asked.text("system_id"), asked.text("password")) == (codes.OUTBIND, "smsc", "secret")
