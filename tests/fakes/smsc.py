"""An SMSC that answers each submit as a test says: bytes for bytes, without a session."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from adapters.smpp import codes, pdu


def status_answer(status: int, *, command: int = codes.SUBMIT_SM_RESP, body: bytes = b"") -> Callable[[pdu.Pdu], bytes]:
    """Answers every submit with this status and body."""
    return lambda asked: pdu.frame(command, status, asked.sequence, body)


class ScriptedSmsc:
    """Lets anybody bind if ``bind_answer``; ``answer`` makes what is written back for each submit_sm.

    ``said``: the optional parameters of the answer to a bind.
    """

    def __init__(self, answer: Callable[[pdu.Pdu], bytes | None], said: bytes = b"") -> None:
        self.answer = answer
        self.said = said
        self.bind_answer = answer(pdu.Pdu(codes.SUBMIT_SM)) is not None
        self.binds = 0
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        frames = pdu.PduReader()
        while data := await reader.read(65536):
            for asked in frames.feed(data):
                writer.write(self._answer_to(asked) or b"")
        writer.close()

    def _answer_to(self, asked: pdu.Pdu) -> bytes | None:
        if asked.command in codes.BINDS and self.bind_answer:
            self.binds += 1
            return pdu.frame(asked.command | codes.RESPONSE, 0, asked.sequence, b"fake\0" + self.said)
        if asked.command == codes.SUBMIT_SM:
            return self.answer(asked)
        if asked.command == codes.UNBIND:
            return pdu.frame(codes.UNBIND_RESP, 0, asked.sequence, b"")
        return None
