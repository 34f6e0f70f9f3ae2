"""Encrypted links: what is trusted, what is refused, and why; certificates are made by the test."""

import asyncio
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.smpp.provider import SmppProvider
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.provider import Accepted, Trouble
from tests.adapters.gateway_side import Gateway, account, prepared
from tests.fakes.certificates import Authority, Pem

QUICK = SimulatorOptions(receipt_delay=0.0, first_id=1000)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def bound(smsc: Simulator, **tls: Any) -> Gateway:
    """A message over an encrypted link."""
    gateway, provider = Gateway(), SmppProvider(account(smsc.port, tls=tls))
    async with provider.running(gateway):
        await gateway.until(lambda: provider.ready)
        provider.submit([prepared(provider, 1)], gateway.answer)
        await gateway.until(lambda: bool(gateway.outcomes and gateway.receipts))
    assert gateway.outcomes == [(1, Accepted("1000", "1000"))]
    return gateway


async def refused(server: Pem, client_ca: Path | None = None, **tls: Any) -> tuple[Trouble, str]:
    """Why no link was made; the first reason."""
    async with Simulator(QUICK, tls=server.server(client_ca)) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, tls=tls))
        async with provider.running(gateway):
            await gateway.until(lambda: bool(gateway.failures))
            assert (provider.ready, provider.why) == (False, gateway.failures[-1][1])
        assert smsc.counts.binds == 0
    trouble, why = gateway.failures[0]
    return trouble, why.replace(f"127.0.0.1:{smsc.port}", "SMSC")


async def test_a_certificate_that_is_trusted(authority: Authority) -> None:
    async with Simulator(QUICK, tls=authority.sign("127.0.0.1").server()) as smsc:
        gateway = await bound(smsc, ca_file=authority.ca)
    assert (gateway.failures, gateway.losses) == ([], [])


async def test_a_certificate_for_a_name_that_is_told(authority: Authority) -> None:
    async with Simulator(QUICK, tls=authority.sign("smpp.example").server()) as smsc:
        await bound(smsc, ca_file=authority.ca, server_name="smpp.example")


async def test_any_name_will_do_when_told(authority: Authority) -> None:
    async with Simulator(QUICK, tls=authority.sign("smpp.example").server()) as smsc:
        await bound(smsc, ca_file=authority.ca, check_hostname=False)


async def test_our_own_certificate_is_shown(authority: Authority, tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")
    mine = ours.sign("gateway.example")
    async with Simulator(QUICK, tls=authority.sign("127.0.0.1").server(ours.ca)) as smsc:
        await bound(smsc, ca_file=authority.ca, cert_file=mine.cert, key_file=mine.key)


async def test_a_certificate_for_another_name(authority: Authority) -> None:
    assert await refused(authority.sign("smpp.example"), ca_file=authority.ca) == (
        Trouble.TLS,
        "certificate of SMSC refused: it is for another name than the host: see `server_name`",
    )


async def test_a_certificate_that_expired(authority: Authority) -> None:
    assert await refused(authority.sign("127.0.0.1", expired=True), ca_file=authority.ca) == (
        Trouble.TLS,
        "certificate of SMSC refused: it has expired",
    )


async def test_an_authority_that_is_not_trusted(authority: Authority) -> None:
    assert await refused(authority.sign("127.0.0.1")) == (
        Trouble.TLS,
        "certificate of SMSC refused: it is signed by an authority that is not trusted: see `ca_file`",
    )


async def test_a_provider_that_wants_our_certificate(authority: Authority) -> None:
    """In TLS 1.3 it says so after the handshake."""
    context = authority.sign("127.0.0.1").server(authority.ca)
    with socket.create_server(("127.0.0.1", 0)) as server:
        refusing = threading.Thread(target=_refuse, args=(server, context))
        refusing.start()
        options = account(server.getsockname()[1], tls={"ca_file": authority.ca}, reconnect_min=10, reconnect_max=10)
        gateway, provider = Gateway(), SmppProvider(options)
        async with provider.running(gateway):
            await gateway.until(lambda: bool(gateway.failures))
        refusing.join()
    trouble, why = gateway.failures[0]
    assert trouble is Trouble.TLS
    assert "certificate required" in why


def _refuse(server: socket.socket, context: ssl.SSLContext) -> None:
    """Says why before it hangs up, which asyncio's servers do not, and reads to the end, so that it is heard."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    shaking = context.wrap_bio(incoming, outgoing, server_side=True)
    connection, _ = server.accept()
    with connection:
        refused = False
        while not refused:
            try:
                shaking.do_handshake()
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(65536))
            except ssl.SSLError:
                refused = True
        connection.sendall(outgoing.read())
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


async def test_a_provider_that_hangs_up_is_asked_about_certificates(authority: Authority) -> None:
    trouble, why = await refused(authority.sign("127.0.0.1"), authority.ca, ca_file=authority.ca)
    assert trouble is Trouble.NO_ANSWER
    assert "does it ask for a certificate of ours?" in why


async def test_a_provider_that_speaks_in_clear(authority: Authority) -> None:
    async with await asyncio.start_server(_clear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        gateway, provider = Gateway(), SmppProvider(account(port, tls={"ca_file": authority.ca}))
        async with provider.running(gateway):
            await gateway.until(lambda: bool(gateway.failures))
    trouble, why = gateway.failures[0]
    assert trouble is Trouble.TLS
    assert "does it speak TLS on this port?" in why


async def _clear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"\0\0\0\x10\x80\0\0\0\0\0\0\3\0\0\0\0")
    await writer.drain()
    await reader.read()
    writer.close()


async def test_old_versions_are_refused(authority: Authority) -> None:
    old = authority.sign("127.0.0.1").server()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with Simulator(QUICK, tls=old) as smsc:
        await bound(smsc, ca_file=authority.ca)  # 1.2 will do
    tls = account(1, tls={"ca_file": authority.ca}).tls
    assert tls
    assert tls.context().minimum_version is ssl.TLSVersion.TLSv1_2


async def test_a_renewed_authority_counts_from_the_next_connection_on(authority: Authority, tmp_path: Path) -> None:
    """Without a restart: SIGHUP, or nothing at all."""
    file = tmp_path / "trusted.pem"
    file.write_bytes(Authority(tmp_path, "old").ca.read_bytes())
    async with Simulator(QUICK, tls=authority.sign("127.0.0.1").server()) as smsc:
        gateway, provider = Gateway(), SmppProvider(account(smsc.port, tls={"ca_file": file}))
        async with provider.running(gateway):
            await gateway.until(lambda: bool(gateway.failures))
            file.write_bytes(authority.ca.read_bytes())
            await gateway.until(lambda: provider.ready)


async def test_files_that_are_gone_are_said_and_looked_for_again(authority: Authority, tmp_path: Path) -> None:
    file = tmp_path / "trusted.pem"
    file.write_bytes(authority.ca.read_bytes())
    options = account(1, tls={"ca_file": file})
    file.unlink()
    gateway, provider = Gateway(), SmppProvider(options)
    async with provider.running(gateway):
        await gateway.until(lambda: bool(gateway.failures))
    assert gateway.failures[0] == (
        Trouble.TLS,
        "the certificate files cannot be read: No such file or directory",
    )


# ---- options ----


def test_true_is_all_by_default_and_false_is_nothing() -> None:
    tls = account(1, tls=True).tls
    assert tls
    assert (tls.check_hostname, tls.context().verify_mode) == (True, ssl.CERT_REQUIRED)
    assert account(1, tls=False).tls is None


def refusal(**tls: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        account(1, tls=tls)
    (error,) = raised.value.errors()
    return error["msg"]


def test_files_that_cannot_be_used_are_refused_with_the_file(authority: Authority, tmp_path: Path) -> None:
    mine, other = authority.sign("a.example"), authority.sign("b.example")
    (tmp_path / "words.pem").write_text("no certificate")
    assert "none.pem cannot be read: No such file" in refusal(ca_file=tmp_path / "none.pem")
    assert "cannot be used: no certificate" in refusal(ca_file=tmp_path / "words.pem")
    assert "cannot be used: not in PEM form" in refusal(cert_file=tmp_path / "words.pem")
    assert "cannot be used: key values mismatch" in refusal(cert_file=mine.cert, key_file=other.key)
    assert "key_file goes with cert_file" in refusal(key_file=mine.key)
