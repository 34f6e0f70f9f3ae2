"""Against the npm package smpp: its server for our provider, its client for our simulator."""

from pathlib import Path
from typing import Any

import pytest

from adapters.smpp import codes
from adapters.smpp.options import SmppAccount
from adapters.smpp.provider import SmppProvider
from adapters.smpp.scenario import Scenario
from adapters.smpp.simulator import Simulator
from gateway.provider import Accepted
from gateway.states import Status
from gateway.text import Encoding, compose
from tests.adapters.gateway_side import Gateway, account, prepared
from tests.adapters.peers import script
from tests.fakes.certificates import Authority

NAMED: dict[str, Any] = {"name": "a", "host": "a.example", "system_id": "a"}
LONG = "L'élève Zoë n'a pas été vue ce matin : merci d'appeler le collège. " * 4


async def test_their_server_reads_what_our_provider_writes() -> None:
    async with script("smsc.js") as smsc:
        (listening,) = await smsc.hear("listening")
        gateway = Gateway()
        provider = SmppProvider(account(listening["port"], password="secret", enquire_link=0.2))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit(
                [
                    prepared(provider, 1, content="Où êtes-vous ? 3 €".replace("ê", "e"), sender="36111"),
                    prepared(provider, 2, content="Noël 😀 « ça »", encoding=Encoding.UCS2),
                ],
                gateway.answer,
            )
            parts = compose(LONG).parts
            encoding = compose(LONG).encoding
            provider.submit(
                [
                    prepared(provider, 10 + at, content=text, encoding=encoding, reference=77, number=at, of=len(parts))
                    for at, text in enumerate(parts, 1)
                ],
                gateway.answer,
            )
            total = 2 + len(parts)
            await gateway.until(lambda: len(gateway.outcomes) == len(gateway.receipts) == total)
            acknowledged = await smsc.hear("deliver_sm_resp", total)
            await smsc.hear("enquire_link_resp")
            await smsc.hear("enquire_link")
        await smsc.hear("unbind")
    (bind,) = await smsc.hear("bind")
    assert (bind["system_id"], bind["password"], bind["version"]) == ("demo", "secret", 0x34)
    submits = await smsc.hear("submit_sm", total)
    assert [submits[0][key] for key in ("source", "source_ton", "to")] == ["36111", 3, "33660000000"]
    assert submits[0]["message"] == "Où etes-vous ? 3 €"
    assert (submits[1]["message"], submits[1]["data_coding"]) == ("Noël 😀 « ça »", 8)
    assert len(parts) > 1
    assert "".join(each["message"] for each in submits[2:]) == "".join(parts)
    assert [each["udh"] for each in submits[2:]] == [
        [f"00034d{len(parts):02x}{at:02x}"] for at in range(1, len(parts) + 1)
    ]
    assert {each["registered"] for each in submits} == {1}
    assert {outcome for _, outcome in gateway.outcomes} == {Accepted(str(id), str(id)) for id in range(1, total + 1)}
    assert {each.status for each in gateway.receipts} == {Status.DELIVERED}
    assert {each["status"] for each in acknowledged} == {0}
    assert not [each for each in smsc.said if each["event"] == "error"]


FORMS: list[dict[str, Any]] = [
    {"long_messages": "udh16"},
    {"long_messages": "sar", "default_alphabet": "latin1", "data_coding": {"gsm7": 3}},
    {"long_messages": "payload", "flash": "dest_addr_subunit", "validity": "absolute"},
    {"long_messages": "payload", "flash": "data_coding", "tlvs": [{"tag": 0x1401, "value": "EDU"}]},
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["long_messages"])
async def test_their_server_reads_every_form(form: dict[str, Any]) -> None:
    """It says no version, and takes optional parameters all the same."""
    composed = compose(LONG, lacks=SmppAccount(**NAMED, **form).lacks)
    flash = {"flash": True} if "flash" in form else {}
    parts: list[dict[str, Any]] = [
        {"content": text, "number": number, "of": len(composed.parts)} for number, text in enumerate(composed.parts, 1)
    ]
    if form["long_messages"] == "payload":
        parts = [{"content": composed.text, "of": len(composed.parts), "carries": len(composed.parts)}]
    until = 1_795_419_000_000  # 23 November 2026, 07:30 UTC; six hours after the part was claimed
    async with script("smsc.js") as smsc:
        (listening,) = await smsc.hear("listening")
        gateway, provider = Gateway(), SmppProvider(account(listening["port"], optional_parameters="always", **form))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            more = {"encoding": composed.encoding, "reference": 7, "until": until, "starts": until - 3_600_000, **flash}
            made = [prepared(provider, 10 + at, **part, **more) for at, part in enumerate(parts)]
            provider.submit(made, gateway.answer)
            await gateway.until(lambda: len(gateway.outcomes) == len(gateway.receipts) == len(parts))
        submits = await smsc.hear("submit_sm", len(parts))
    said = [each.get("payload") or each["message"] for each in submits]
    assert "".join(said) == composed.text
    for number, each in enumerate(submits, 1):
        sar = [7, len(parts), number] if form["long_messages"] == "sar" else [None] * 3
        assert [*each.get("sar", []), None, None, None][:3] == sar
        assert bool(each["udh"]) == (form["long_messages"] == "udh16")
        assert (each.get("subunit") == 1) == (form.get("flash") == "dest_addr_subunit")
        assert (each["data_coding"] == 0x10) == (form.get("flash") == "data_coding")
        assert each["fault"] == 0
    assert not [each for each in smsc.said if each["event"] == "error"]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_their_client_reads_what_our_simulator_writes(encrypted: bool, tmp_path: Path) -> None:
    """Receipts, what a telephone writes, query_sm and cancel_sm, in clear and over TLS."""
    authority = Authority(tmp_path)
    tls = authority.sign("localhost").server() if encrypted else None
    arguments = [str(authority.ca)] if encrypted else []
    scenario = Scenario.model_validate(
        {
            "smsc": {"system_id": "node", "password": "secret"},
            "receipts": [{"delay": "10ms"}],
            "incoming": [{"reply": {"times": 1}, "text": "Merci, à 17 h [ok]", "after": "10ms"}],
        }
    )
    async with Simulator(scenario=scenario, tls=tls) as smsc, script("esme.js", str(smsc.port), *arguments) as esme:
        (left,) = await esme.hear("unbind_resp")
    said = {each["event"]: each for each in esme.said}
    assert (said["bound"]["status"], said["bound"]["system_id"], said["bound"]["version"]) == (0, "simulator", 0x34)
    assert (said["enquire_link_resp"]["status"], left["status"]) == (0, 0)
    assert (said["query"]["command"], said["query"]["status"]) == ("query_sm_resp", codes.RQUERYFAIL)
    answers = [each["id"] for each in esme.said if each["event"] == "submit_sm_resp"]
    receipts = [each for each in esme.said if each["event"] == "deliver_sm"]
    assert sorted(each["id"] for each in receipts) == sorted(answers)
    assert {(each["state"], each["esm_class"]) for each in receipts} == {(2, 4)}
    assert (said["queried"]["status"], said["queried"]["state"], said["queried"]["id"]) == (0, 2, receipts[0]["id"])
    assert said["cancelled"]["status"] == codes.RCANCELFAIL  # it is delivered
    assert (said["incoming"]["message"], said["incoming"]["source"]) == ("Merci, à 17 h [ok]", "33660000000")
    assert [each.text for each in smsc.submits[:3]] == ["Bonjour, où êtes-vous ?", "Coût : 3 € [reçu]", "Noël 😀"]
    assert [each.part for each in smsc.submits[3:]] == [(77, 1, 2), (77, 2, 2)]
    assert "".join(each.text for each in smsc.submits[3:]) == LONG.replace("ë", "e")
    assert "error" not in said
    assert (smsc.counts.receipts_acknowledged, smsc.counts.incoming_acknowledged) == (5, 1)


async def test_their_server_over_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pem = authority.sign("127.0.0.1")
    async with script("smsc.js", str(pem.cert), str(pem.key)) as smsc:
        (listening,) = await smsc.hear("listening")
        gateway, provider = Gateway(), SmppProvider(account(listening["port"], tls={"ca_file": authority.ca}))
        async with provider.running(gateway):
            await gateway.until(lambda: provider.ready)
            provider.submit([prepared(provider, 1)], gateway.answer)
            await gateway.until(lambda: bool(gateway.outcomes and gateway.receipts))
    assert gateway.outcomes == [(1, Accepted("1", "1"))]
    assert gateway.receipts[0].status is Status.DELIVERED
