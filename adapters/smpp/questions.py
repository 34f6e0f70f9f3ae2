"""Asking a provider about a message that it took: query_sm and cancel_sm, SMPP 3.4 sections 4.8 and 4.9.

Rules: a message is named by the id of its acceptance and by its sender, both as they were written then. No question
is asked that the window has no room for, and one that is not answered says nothing of the link.
"""

import asyncio
from datetime import UTC, datetime

from adapters.smpp import codes, pdu
from adapters.smpp.connection import Link
from adapters.smpp.fields import Value
from adapters.smpp.options import SmppAccount
from adapters.smpp.pdu import Pdu
from adapters.smpp.receipt import meaning_of, reading_of, word_of
from adapters.smpp.receipt_dates import read_date
from adapters.smpp.submit import plan
from gateway.provider import Cancelled, CancelOutcome, Receipt, Refused, Sent, Told, Unknown


class Question:
    """The token of a request whose answer somebody waits for."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[Pdu | None] = asyncio.get_running_loop().create_future()

    def answered(self, pdu: Pdu | None) -> None:
        """The answer came; None: it will not."""
        if not self._answer.done():
            self._answer.set_result(pdu)

    async def ask(self, link: Link, command: int, values: dict[str, Value]) -> Pdu | None:
        """Ask on a link, and wait for the answer."""
        link.session.request(command, pdu.body_of(command, values), self, link.now, doubts=False)
        link.flush()
        return await self._answer


class Questions:
    """The questions of one account."""

    def __init__(self, options: SmppAccount) -> None:
        self._options = options
        self._reading = reading_of(options)

    async def query(self, link: Link, sent: Sent) -> Told | None:
        """What became of a message; None when the provider is too busy to be asked."""
        try:
            answer = await Question().ask(link, codes.QUERY_SM, {"message_id": sent.id, **self._source(sent)})
        except ValueError as error:
            return Told(None, f"cannot be asked: {error}")
        if answer is None:
            return Told(None, "no answer")
        if answer.status in (codes.RTHROTTLED, codes.RMSGQFUL):
            return None
        if answer.status != codes.ROK or answer.command == codes.GENERIC_NACK:
            return Told(None, codes.describe(answer.status))
        return Told(self._receipt(answer, sent))

    async def cancel(self, link: Link, sent: Sent) -> CancelOutcome:
        """Take a message back."""
        values = {"message_id": sent.id, **self._source(sent), **self._destination(sent)}
        try:
            answer = await Question().ask(link, codes.CANCEL_SM, values)
        except ValueError as error:
            return Refused(f"cannot be asked: {error}")
        if answer is None:
            return Unknown("no answer")
        if answer.status != codes.ROK or answer.command == codes.GENERIC_NACK:
            return Refused(codes.describe(answer.status))
        return Cancelled()

    def _source(self, sent: Sent) -> dict[str, Value]:
        ton, npi = plan(self._options, sent.sender)
        return {"source_addr_ton": ton, "source_addr_npi": npi, "source_addr": sent.sender.removeprefix("+")}

    def _destination(self, sent: Sent) -> dict[str, Value]:
        ton, npi = self._options.ton_npi.recipient
        return {"dest_addr_ton": ton, "dest_addr_npi": npi, "destination_addr": sent.to.removeprefix("+")}

    def _receipt(self, answer: Pdu, sent: Sent) -> Receipt:
        state, error = word_of(answer.number("message_state")), answer.number("error_code")
        done = read_date(answer.text("final_date"), datetime.now(UTC).replace(tzinfo=None))
        return Receipt(
            id=sent.id,
            keys=(),
            state=state,
            status=meaning_of(state, self._reading),
            error=f"{error:03d}" if error else "",
            sender=sent.sender,
            to=sent.to,
            done=done,
        )
