"""One link of an account, kept up: connected, bound, watched until it ends, and made again.

Rules: a bind that is refused waits longer than a connection that fails; a provider that takes leave in good order is
bound to again at once. After a link that ended with messages unanswered one message goes first, and the window opens
when it is answered: a provider in trouble leaves few in doubt.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from adapters.smpp import events
from adapters.smpp.backoff import Backoff
from adapters.smpp.connection import Link
from adapters.smpp.events import Ending
from adapters.smpp.fields import Value
from adapters.smpp.inbox import Inbox
from adapters.smpp.questions import Question
from adapters.smpp.reach import Reach
from adapters.smpp.states import BINDS_TO, BOUND, SENDERS, State
from adapters.smpp.troubles import Failure, NoLink, cut_short, refusal
from gateway.provider import Notice, Trouble, Upstream
from gateway.timer import CLOCK, Timer, limit, sleep

#: Seconds that leaving may take: receipts being stored, then the answer to our unbind.
LEAVE_RECEIPTS: Final = 3.0
LEAVE_UNBIND: Final = 2.0


class Keeper:
    """Keeps one bind of kind ``command`` up while ``run`` is awaited.

    ``hear`` gets every event but those of the bind itself; ``bind`` makes what is said in it.
    """

    def __init__(
        self,
        command: int,
        bind: Callable[[], dict[str, Value]],
        window: int,
        pace: Backoff,
        reach: Reach,
        upstream: Upstream,
        inbox: Callable[[], Inbox],
        hear: Callable[["Keeper", Link, events.Event], None],
        timer: Timer = CLOCK,
    ) -> None:
        self.link: Link | None = None
        self.why = reach.doing
        self.inbox = inbox()
        self.peer = ""  # who let us in last
        self._command, self._bind, self._window = command, bind, window
        self._pace, self._reach = pace, reach
        self._upstream, self._new_inbox, self._hear, self._timer = upstream, inbox, hear, timer
        self._opening = window  # of the window; 1 until a first answer, when the last link left something unanswered
        self._in_doubt = False  # something was not answered, and nothing was since
        self._bound_at: float | None = None
        self._failure: Failure | None = None
        self._ending = Ending.LOST

    @property
    def sends(self) -> bool:
        """Whether messages can be handed over on this kind of link."""
        return BINDS_TO[self._command] in SENDERS

    @property
    def is_bound(self) -> bool:
        """Whether the link is up."""
        return self.link is not None and self.link.session.state in BOUND

    @property
    def ready(self) -> bool:
        """Whether messages can be handed over now, but for the window."""
        return self.sends and self.link is not None and self.is_bound and self.link.session.doubtful < self._opening

    @property
    def takes_optional(self) -> bool:
        """Whether the provider says that it takes optional parameters, or is not there to be asked."""
        return self.link is None or not self.is_bound or self.link.session.takes_tlvs

    @property
    def room(self) -> int:
        """The window less what is in flight; 0 when it is not ready, or when the socket takes no more."""
        if not self.ready or self.link is None or self.link.congested:
            return 0
        return max(0, self._opening - self.link.session.in_flight)

    async def run(self) -> None:
        """Until cancelled; then what is being stored is stored, and the provider is told that we leave."""
        while True:
            try:
                pause = await self._once()
            except Exception as error:  # a link that nobody keeps would be down until the next restart
                self._fail(Failure(Trouble.FAULT, f"a fault of our own: {type(error).__name__}"))
                pause = self._pace.next(refused=True)
            self._upstream.changed()
            await sleep(self._timer, pause)

    async def _once(self) -> float:
        """From connecting to the end of the link, whatever ends it; how long to wait before the next."""
        self._bound_at, self._failure, self._ending = None, None, Ending.LOST
        self.inbox = self._new_inbox()
        try:
            self.link = await self._reach.link(self._happened, self._upstream.changed)
        except NoLink as error:
            self._fail(error.failure)
            return self._pace.next(refused=False)
        try:
            self._say_bind(self.link)
            await self.link.over.wait()
            return self._pause(self.link)
        finally:
            await self._leave(self.link)
            self.link = None

    def _say_bind(self, link: Link) -> None:
        if link.session.state is State.OPEN:
            link.session.bind(self._command, self._bind(), link.now)
            link.flush()

    def _pause(self, link: Link) -> float:
        if self._failure:
            return self._pace.next(refused=self._failure.refused)
        if self._in_doubt and self._ending is Ending.LEFT:
            return self._pace.stalled()
        if self._ending in (Ending.LEFT, Ending.DISMISSED) and self._bound_at is not None:
            return self._pace.parted(link.now - self._bound_at)
        return self._pace.next(refused=False)

    # ---- what happens on the link ----

    def _happened(self, link: Link, event: events.Event) -> None:
        match event:
            case events.Bound(peer, version):
                self.peer = _introduced(peer, version)
                self._bound_at, self.why = link.now, ""
                self._opening = 1 if self._in_doubt else self._window
                self._pace.reset()
                self._hear(self, link, event)
            case events.BindRefused(status):
                self._fail(refusal(status))
            case events.Closed(why, ending):
                self._closed(link, why, ending)
            case _:
                self._note(event)
                self._hear(self, link, event)

    def _note(self, event: events.Event) -> None:
        """Whether this provider answers what is handed to it."""
        match event:
            case events.Answered() | events.LateAnswer():
                self._in_doubt, self._opening = False, self._window
                self._pace.answered()
                self.why = ""
            case events.Unanswered(token) if not isinstance(token, Question):
                self._in_doubt = True
                self.why = "it answers no message: waiting for it"

    def _closed(self, link: Link, why: str, ending: Ending) -> None:
        self._ending = ending
        if ending is Ending.BROKEN:
            self._upstream.noticed(Notice.BROKEN, why)
        if self._bound_at is not None:
            self._parted(why, ending)
        elif ending is not Ending.LEFT and not self._failure:
            silent = ending is Ending.SILENT
            self._fail(cut_short(why, silent=silent, fault=link.tls_fault, encrypted=link.encrypted))

    def _parted(self, why: str, ending: Ending) -> None:
        """A link ended that had been up."""
        if ending is not Ending.LEFT or not self._in_doubt:
            self.why = why
        if ending not in (Ending.LEFT, Ending.DISMISSED):
            self._upstream.lost(why)

    def _fail(self, failure: Failure) -> None:
        self._failure, self.why = failure, failure.why
        self._upstream.failed(failure.trouble, failure.why)

    # ---- leaving ----

    async def _leave(self, link: Link) -> None:
        """Store what is being stored, unbind, hang up. Harmless when the link is already gone."""
        inbox = self.inbox
        if link.over.is_set():
            inbox.cancel()
            return
        with suppress(TimeoutError):
            async with limit(self._timer, LEAVE_RECEIPTS):
                await inbox.idle()
        inbox.cancel()
        link.session.unbind(link.now)
        link.flush()
        with suppress(TimeoutError):
            async with limit(self._timer, LEAVE_UNBIND + 1):
                await link.over.wait()
        link.abort("left")


def _introduced(peer: str, version: int) -> str:
    """``"SMSC1", SMPP 3.4``: the versions are 0x33, 0x34, 0x50."""
    return f'"{peer}", ' + (
        f"SMPP {version >> 4}.{version & 15}" if version else "SMPP of a version that it does not say"
    )
