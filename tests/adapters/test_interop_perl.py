"""Against Debian's libnet-smpp-perl: its server for our provider, its client for our simulator."""

from adapters.smpp.provider import SmppProvider
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway import text
from gateway.provider import Accepted
from gateway.states import Status
from gateway.text import Encoding, compose
from tests.adapters.gateway_side import Gateway, account, prepared
from tests.adapters.peers import script

LONG = "L'élève Zoë n'a pas été vue ce matin : merci d'appeler le collège. " * 4


async def test_their_server_reads_what_our_provider_writes() -> None:
    composed = compose(LONG)
    total = 1 + len(composed.parts)
    async with script("smsc.pl") as smsc:
        (listening,) = await smsc.hear("listening")
        gateway = Gateway()
        provider = SmppProvider(account(listening["port"], password="secret", enquire_link=0.2))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            several = {"encoding": composed.encoding, "reference": 77, "of": len(composed.parts)}
            made = [
                prepared(provider, at, content=content, number=at, **several)
                for at, content in enumerate(composed.parts, 1)
            ]
            noel = prepared(provider, 100, content="Noël 😀", encoding=Encoding.UCS2, sender="36111")
            provider.submit([noel, *made], gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == len(gateway.receipts) == total)
            await smsc.hear("deliver_sm_resp", total)
            await smsc.hear("enquire_link_resp")
            await smsc.hear("enquire_link")
        assert await smsc.ended() == 0
    (bind,) = await smsc.hear("bind")
    assert (bind["system_id"], bind["password"], bind["interface_version"]) == ("demo", "secret", 0x34)
    first, *others = await smsc.hear("submit_sm", total)
    assert (first["source_addr"], first["source_addr_ton"], first["data_coding"]) == ("36111", 3, 8)
    assert bytes.fromhex(first["message"]).decode("utf-16-be") == "Noël 😀"
    octets = [bytes.fromhex(each["message"]) for each in others]
    assert [each[:6] for each in octets] == [bytes((5, 0, 3, 77, len(others), at)) for at in range(1, len(others) + 1)]
    assert "".join(text.decode(each[6:], composed.encoding) for each in octets) == "".join(composed.parts)
    assert {each["esm_class"] for each in others} == {0x40}
    assert {outcome for _, outcome in gateway.outcomes} == {
        Accepted(f"{id:010}", str(id)) for id in range(1, total + 1)
    }
    assert {each.status for each in gateway.receipts} == {Status.DELIVERED}
    assert {each["status"] for each in await smsc.hear("deliver_sm_resp", total)} == {0}
    assert [each["event"] for each in smsc.said if each["event"] == "strange"] == []


async def test_their_client_reads_what_our_simulator_writes() -> None:
    options = SimulatorOptions(system_id="perl", password="secret", receipt_delay=0.01)
    async with Simulator(options) as smsc, script("esme.pl", str(smsc.port)) as esme:
        (left,) = await esme.hear("unbind_resp")
        assert await esme.ended() == 0
    (bound,) = await esme.hear("bound")
    assert (bound["status"], bound["system_id"], left["status"]) == (0, "simulator", 0)
    answers = [each["id"] for each in await esme.hear("submit_sm_resp")]
    receipts = await esme.hear("deliver_sm")
    assert sorted(each["id"] for each in receipts) == sorted(answers)
    assert {(each["state"], each["esm_class"]) for each in receipts} == {(2, 4)}
    assert [each.text for each in smsc.submits] == ["Où est l'élève ?", "[3 €]", "De Perl"]
    assert smsc.counts.receipts_acknowledged == 3
