"""What a bound visitor asks for: submit_sm, data_sm, query_sm, cancel_sm; each answered once, within its limits.

Rules: a submission is answered ROK after it is on the disk, RMSGQFUL when that cannot be now, RTHROTTLED beyond the
window or the rate, with nothing kept. Requests run side by side and may be answered in any order.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from adapters.smpp import codes
from adapters.smpp.connection import Link
from adapters.smpp.door_allowance import Allowance
from adapters.smpp.door_options import SmppLogin
from adapters.smpp.door_report import STATES, WORDS, status_of
from adapters.smpp.door_submit import Wrong, read_submission
from adapters.smpp.fields import Value
from adapters.smpp.pdu import Pdu
from adapters.smpp.states import State
from adapters.smpp.times import write_time
from gateway.door import Reception, Standing, Taken
from gateway.states import FINAL

#: What a door serves; anything else is answered generic_nack with RINVCMDID.
SERVES: Final = frozenset({codes.SUBMIT_SM, codes.DATA_SM, codes.QUERY_SM, codes.CANCEL_SM})

_SUBMISSIONS: Final = frozenset({codes.SUBMIT_SM, codes.DATA_SM})
_RECEIVERS: Final = frozenset({State.BOUND_RX, State.BOUND_TRX})
_FAILED: Final = {codes.QUERY_SM: codes.RQUERYFAIL, codes.CANCEL_SM: codes.RCANCELFAIL}


@dataclass(slots=True, eq=False)
class Visit:
    """A connection; ``login`` is None until it is bound."""

    link: Link
    app: str = ""
    login: SmppLogin | None = None
    judging: bool = False
    asked: int = 0  # requests of theirs that are unanswered

    @property
    def room(self) -> int:
        """How many more deliveries it takes."""
        link = self.link
        if self.login is None or link.session.state not in _RECEIVERS or link.congested:
            return 0
        return max(0, self.login.window - link.session.in_flight)


class Requests:
    """The requests of all visitors of a door. While ``closed``, submissions are put off."""

    def __init__(self, reception: Reception, wall: Callable[[], datetime]) -> None:
        self._reception = reception
        self._wall = wall
        self._allowances: dict[str, Allowance] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.closed = False

    def take(self, visit: Visit, pdu: Pdu) -> None:
        """Carry out a request, or refuse it at once."""
        login = visit.login
        assert login is not None  # the session lets nobody ask before the bind
        if self.closed:
            self._answer(visit, pdu, codes.RMSGQFUL)
        elif visit.asked >= login.window or not self._may(visit.app, login, pdu, visit.link.now):
            self._answer(visit, pdu, codes.RTHROTTLED)
        else:
            visit.asked += 1
            task = asyncio.create_task(self._carry_out(visit, pdu, login))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def renew(self) -> None:
        """The rates may have changed."""
        self._allowances.clear()

    async def idle(self) -> None:
        """Wait until everything taken is answered."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _may(self, app: str, login: SmppLogin, pdu: Pdu, now: float) -> bool:
        if pdu.command not in _SUBMISSIONS:
            return True
        return self._allowances.setdefault(app, Allowance(login.rate)).take(now)

    async def _carry_out(self, visit: Visit, pdu: Pdu, login: SmppLogin) -> None:
        status, values = codes.RSYSERR, dict[str, Value]()
        try:
            if pdu.command in _SUBMISSIONS:
                status, values = await self._submit(visit, pdu, login)
            elif pdu.command == codes.QUERY_SM:
                status, values = await self._query(visit, pdu)
            else:
                status = await self._cancel(visit, pdu)
        except Wrong as wrong:
            status = wrong.status
        except Exception:  # the store: told by whoever asked it
            status = _FAILED.get(pdu.command, codes.RSYSERR)
        finally:
            visit.asked -= 1
            self._answer(visit, pdu, status, values)
            visit.link.flush()

    def _answer(self, visit: Visit, pdu: Pdu, status: int, values: Mapping[str, Value] | None = None) -> None:
        if pdu.command in _SUBMISSIONS:
            self._reception.answered(visit.app, codes.STATUS_NAMES.get(status, "other"))
        visit.link.session.respond(pdu, status, values)

    async def _submit(self, visit: Visit, pdu: Pdu, login: SmppLogin) -> tuple[int, dict[str, Value]]:
        version = visit.link.session.version
        submission = read_submission(pdu, visit.app, login, version, self._wall())
        reply = await self._reception.submit(submission)
        if isinstance(reply, Taken):
            return codes.ROK, {"message_id": reply.id}
        return status_of(reply), {}

    async def _query(self, visit: Visit, pdu: Pdu) -> tuple[int, dict[str, Value]]:
        standing = await self._reception.standing(visit.app, pdu.text("message_id"))
        if standing is None:
            return codes.RINVMSGID, {}
        return codes.ROK, _standing(standing)

    async def _cancel(self, visit: Visit, pdu: Pdu) -> int:
        """By id only: who asks for all messages to a number would end some that it does not know of."""
        if not pdu.text("message_id"):
            return codes.RCANCELFAIL
        done = await self._reception.cancel(visit.app, pdu.text("message_id"))
        if done is None:
            return codes.RINVMSGID
        return codes.ROK if done else codes.RCANCELFAIL


def _standing(standing: Standing) -> dict[str, Value]:
    at = datetime.fromtimestamp(standing.at / 1000, UTC)
    return {
        "message_id": standing.id,
        "final_date": write_time(at) if standing.status in FINAL else "",
        "message_state": STATES[WORDS[standing.status]],
    }
