"""What escapes an adapter has one meaning, decided once: a part that it cannot build is refused, one that it was
handed and failed on may have left."""

import logging
from collections.abc import Sequence

from gateway.provider import Answer, Apart, Cause, Part, Prepared, Provider, Refused, Unknown

log = logging.getLogger(__name__)


class Guard:
    """The two calls of an adapter that a lane makes for every part."""

    def __init__(self, account: str, provider: Provider) -> None:
        self._account = account
        self._provider = provider

    def prepare(self, part: Part) -> Prepared | Refused | Apart:
        """What the adapter makes of a part; one that it fails on is refused, and does not stop its neighbours."""
        try:
            return self._provider.prepare(part)
        except Exception as error:
            log.exception("the adapter cannot build a part", extra={"account": self._account})
            return Refused(type(error).__name__, Cause.CONFIGURATION)

    def submit(self, prepared: Sequence[Prepared], answer: Answer) -> None:
        """Hand over; if that fails, every part of it is unknown. ``answer`` takes one word a part."""
        try:
            self._provider.submit(prepared, answer)
        except Exception as error:
            log.exception("the adapter failed", extra={"account": self._account})
            for ready in prepared:
                answer(ready.part, Unknown(type(error).__name__))
