"""Who binds at the door, who does not, and what ends a bind; receipts for who was away."""

import asyncio
import logging
import ssl
from pathlib import Path
from typing import Any

import pytest

from adapters.smpp import codes, pdu
from adapters.smpp.door_entrance import FIRST
from adapters.smpp.simulator_options import SimulatorOptions
from adapters.smpp.timers import Timers
from gateway.app import DOORS, OPTIONS
from gateway.config import ConfigError
from gateway.config.loader import load
from gateway.door import Got
from tests.fakes.certificates import Authority
from tests.fakes.esme import PATIENCE, Refused, esme, field_of
from tests.flow.doorside import House, house, with_door

QUIET = SimulatorOptions(receipts=False)


async def refused(port: int, **more: Any) -> int:
    """The status with which a bind is refused."""
    async with esme(port, **more) as client:
        with pytest.raises(Refused) as caught:
            await client.bound()
        await client.until(lambda: client.over)
    return caught.value.status


def counted(here: House, line: str) -> bool:
    return line.encode() in here.gateway.parts.metrics.render()


async def test_a_wrong_password_waits_is_counted_and_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, QUIET) as here:
        began = asyncio.get_running_loop().time()
        with caplog.at_level(logging.DEBUG):
            assert await refused(here.port, password="guess-1") == codes.RINVPASWD
        assert asyncio.get_running_loop().time() - began >= FIRST * 0.9
        assert counted(here, 'door_refusals_total{app="erp",why="wrong password"} 1.0')
    said = "\n".join(str(vars(record)) for record in caplog.records)
    assert "wrong password" in said
    assert "guess-1" not in said


async def test_comings_and_goings_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with house(tmp_path, QUIET) as here, esme(here.port) as client:
            await client.bound()
            await client.unbind()
    said = [(one.getMessage(), vars(one).get("app"), vars(one).get("why")) for one in caplog.records]
    assert ("let in by a door", "erp", None) in said
    assert ("left a door", "erp", "unbound by the other side") in said


async def test_binds_and_what_waits_are_measured(tmp_path: Path) -> None:
    async with house(tmp_path) as here, esme(here.port, bind=codes.BIND_TRANSMITTER) as client:
        await client.bound()
        await client.submit()
        async with asyncio.timeout(PATIENCE):
            while not (counted(here, 'door_binds{app="erp"} 1.0') and counted(here, 'door_outbox{app="erp"} 1.0')):
                await here.gateway.parts.store.probe()
        assert counted(here, 'door_submits_total{app="erp",status="ROK"} 1.0')


async def test_nobody_learns_which_system_ids_there_are(tmp_path: Path) -> None:
    async with house(tmp_path, QUIET) as here:
        assert await refused(here.port, system_id="nobody") == codes.RINVPASWD
        assert counted(here, 'door_refusals_total{app="unknown",why="unknown system_id"} 1.0')


async def test_who_comes_from_elsewhere_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path, QUIET, ips=["192.0.2.0/24"]) as here:
        assert await refused(here.port) == codes.RBINDFAIL


async def test_no_more_binds_than_allowed(tmp_path: Path) -> None:
    async with house(tmp_path, QUIET, max_binds=1) as here, esme(here.port) as client:
        await client.bound()
        assert await refused(here.port) == codes.RALYBND
        await client.unbind()
        async with esme(here.port) as again:
            await again.bound()


async def test_who_does_not_bind_in_time_is_cut(tmp_path: Path) -> None:
    async with house(tmp_path, QUIET, {"bind_timeout": "0.2s"}) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        writer.close()


async def test_no_more_connections_than_allowed(tmp_path: Path) -> None:
    async with house(tmp_path, QUIET, {"max_connections": 1}) as here, esme(here.port) as client:
        await client.bound()
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        writer.close()
        assert (await client.submit()).status == codes.ROK


async def test_a_pdu_that_is_too_long_ends_its_session_with_a_line_that_says_the_limit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, QUIET) as here, esme(here.port) as client:
        await client.bound()
        with caplog.at_level(logging.INFO):
            nobody = asyncio.get_running_loop().create_future()
            nobody.cancel()
            client.link.session.request(codes.SUBMIT_SM, bytes(pdu.LIMIT), nobody, client.link.now)
            client.link.flush()
            await client.until(lambda: client.over)
    (said,) = [vars(record) for record in caplog.records if record.message == "left a door"]
    assert said["why"] == "not SMPP: a PDU says it has 65552 octets; 16 to 65536 are possible"


async def test_what_is_no_smpp_costs_its_own_connection(tmp_path: Path) -> None:
    async with house(tmp_path, QUIET) as here, esme(here.port) as client:
        await client.bound()
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            (nack,) = pdu.PduReader().feed(await reader.read())
        writer.close()
        assert (nack.command, nack.status) == (codes.GENERIC_NACK, codes.RINVCMDLEN)
        assert counted(here, 'door_refusals_total{app="unknown",why="not SMPP"} 1.0')
        assert (await client.submit()).status == codes.ROK


async def test_who_only_receives_may_not_submit(tmp_path: Path) -> None:
    async with house(tmp_path, QUIET) as here, esme(here.port, bind=codes.BIND_RECEIVER) as client:
        await client.bound()
        reply = asyncio.get_running_loop().create_future()
        client.link.session.state = client.link.session.state.BOUND_TRX  # it lies
        client.link.session.request(codes.SUBMIT_SM, pdu.body_of(codes.SUBMIT_SM, {}), reply, client.link.now)
        client.link.flush()
        async with asyncio.timeout(PATIENCE):
            assert (await reply).status == codes.RINVBNDSTS


async def test_the_door_asks_who_is_silent(tmp_path: Path) -> None:
    """The client never asks: that it stays says that it answered."""
    async with house(tmp_path, QUIET, {"enquire_link": "0.05s", "response_timeout": "0.2s"}) as here:
        mute = Timers(quiet=float("inf"))
        async with esme(here.port, timers=mute) as client:
            await client.bound()
            for _ in range(10):
                assert (await client.submit()).status == codes.ROK
                await here.gateway.parts.store.probe()


# ---- who was away ----


async def test_receipts_of_the_time_away_come_with_the_next_bind(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        async with esme(here.port, bind=codes.BIND_TRANSMITTER) as sender:
            await sender.bound()
            ids = [(await sender.submit(destination_addr=f"3361234560{n}")).text("message_id") for n in range(3)]
            await here.simulator.until(lambda: here.simulator.counts.receipts_acknowledged == 3)
            assert sender.delivered == []
            await sender.unbind()
        async with esme(here.port, bind=codes.BIND_RECEIVER) as receiver:
            await receiver.bound()
            await receiver.until(lambda: len(receiver.delivered) == 3)
    assert [field_of(one, "id") for one in receiver.delivered] == ids


async def test_what_is_not_answered_comes_again_on_another_bind(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        async with esme(here.port) as deaf:
            await deaf.bound()
            deaf.take = lambda _: None
            answer = await deaf.submit()
            await deaf.until(lambda: len(deaf.delivered) == 1)
        async with esme(here.port) as again:
            await again.bound()
            await again.until(lambda: len(again.delivered) == 1)
            assert field_of(again.delivered[0], "id") == answer.text("message_id")


async def until_answered(here: House, got: Got) -> None:
    async with asyncio.timeout(PATIENCE):
        while not counted(here, f'door_deliveries_total{{app="erp",result="{got.value}"}} 1.0'):
            await here.gateway.parts.store.probe()


@pytest.mark.parametrize(
    ("status", "got"),
    [
        (codes.ROK, Got.TAKEN),
        (codes.RX_T_APPN, Got.LATER),
        (codes.RSYSERR, Got.LATER),
        (codes.RX_P_APPN, Got.NEVER),
        (codes.RX_R_APPN, Got.NEVER),
    ],
)
async def test_what_an_answer_to_a_receipt_means(tmp_path: Path, status: int, got: Got) -> None:
    async with house(tmp_path) as here, esme(here.port) as client:
        await client.bound()
        client.take = lambda _: status
        await client.submit()
        await until_answered(here, got)


async def test_no_more_receipts_at_once_than_the_window(tmp_path: Path) -> None:
    async with house(tmp_path, window=3) as here, esme(here.port) as client:
        await client.bound()
        client.take = lambda _: None
        for place in range(8):
            assert (await client.submit(destination_addr=f"3361234560{place}")).status == codes.ROK
        await here.simulator.until(lambda: here.simulator.counts.receipts_acknowledged == 8)
        await client.until(lambda: len(client.delivered) == 3)
        for count in (6, 8):
            for one in client.delivered[-3:]:
                client.link.session.respond(one, codes.ROK)
            client.link.flush()
            await client.until(lambda: len(client.delivered) == count)  # noqa: B023
        assert len({field_of(one, "id") for one in client.delivered}) == 8


# ---- the configuration changes ----


async def test_who_is_not_welcome_any_more_is_unbound(tmp_path: Path) -> None:
    async with house(tmp_path, QUIET) as here, esme(here.port) as client:
        await client.bound()
        await here.gateway.reload(load(with_door(tmp_path, here.simulator.port, rate=1), OPTIONS, doors=DOORS))
        statuses = [(await client.submit(destination_addr=f"3361234560{n}")).status for n in range(2)]
        assert statuses == [codes.ROK, codes.RTHROTTLED]
        await here.gateway.reload(load(with_door(tmp_path, here.simulator.port, password="new"), OPTIONS, doors=DOORS))
        await client.until(lambda: client.over)
        async with esme(here.port, password="new") as again:
            await again.bound()


# ---- TLS ----


def files(authority: Authority) -> dict[str, str]:
    """What the door shows."""
    pem = authority.sign("localhost")
    return {"cert_file": str(pem.cert), "key_file": str(pem.key)}


async def test_an_encrypted_door_knows_who_comes(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.create_default_context(cafile=str(authority.ca))
    async with house(tmp_path, door={"tls": files(authority) | {"client_ca_file": str(authority.ca)}}) as here:
        with pytest.raises((ConnectionError, ssl.SSLError, Refused)):
            async with esme(here.port, tls=context) as stranger:
                await stranger.bound()
        ours = authority.sign("erp")
        context.load_cert_chain(ours.cert, ours.key)
        async with esme(here.port, tls=context) as client:
            await client.bound()
            answer = await client.submit()
            await client.until(lambda: len(client.delivered) == 1)
            assert field_of(client.delivered[0], "id") == answer.text("message_id")


async def test_who_speaks_in_clear_at_an_encrypted_door_is_cut(tmp_path: Path) -> None:
    async with house(tmp_path, door={"tls": files(Authority(tmp_path))}) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(pdu.frame(codes.BIND_TRANSCEIVER, 0, 1, pdu.body_of(codes.BIND_TRANSCEIVER, {})))
        async with asyncio.timeout(PATIENCE):
            assert not pdu.PduReader().feed((await reader.read())[:0])
        writer.close()
        assert here.gateway.parts.doors[0].binds == {}


def replaced(old: dict[str, str], new: dict[str, str]) -> None:
    """What the old files hold is now what the new ones do."""
    for name, path in new.items():
        Path(old[name]).write_bytes(Path(path).read_bytes())


async def test_a_certificate_that_was_renewed_is_shown_after_a_reload(tmp_path: Path) -> None:
    old, new = Authority(tmp_path, "old"), Authority(tmp_path, "new")
    tls = files(old)
    async with house(tmp_path, QUIET, {"tls": tls}) as here:
        replaced(tls, files(new))
        file = with_door(tmp_path, here.simulator.port, {"tls": tls})
        await here.gateway.reload(load(file, OPTIONS, doors=DOORS))
        async with esme(here.port, tls=ssl.create_default_context(cafile=str(new.ca))) as client:
            await client.bound()


def test_what_is_wrong_with_the_certificate_is_told_by_the_file(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    missing = {"cert_file": str(tmp_path / "none.pem"), "key_file": str(tmp_path / "empty.pem")}
    for tls, word in ((missing, "cannot be read"), (missing | {"cert_file": missing["key_file"]}, "cannot be used")):
        with pytest.raises(ConfigError, match=word):
            load(with_door(tmp_path, 2775, {"tls": tls}), OPTIONS, doors=DOORS)
