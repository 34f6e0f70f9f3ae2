"""What a service tells systemd: ready, reloading, stopping, alive (sd_notify(3), by hand: one datagram each).

Without systemd every call does nothing. A datagram that cannot be sent is dropped: telling systemd must never
stop the gateway.
"""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Speaks to the service manager at ``address`` (``$NOTIFY_SOCKET``); None: nobody listens."""

    def __init__(self, address: str | None, watchdog: float | None = None) -> None:
        self._address = f"\0{address[1:]}" if address and address.startswith("@") else address
        #: seconds between two ``alive``, half of what systemd allows; None: no watchdog
        self.watchdog = watchdog

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Notifier":
        """As systemd set it up for this process."""
        mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        usec = environ.get("WATCHDOG_USEC", "")
        watchdog = int(usec) / 2_000_000 if mine and usec.isascii() and usec.isdigit() and int(usec) else None
        return cls(environ.get("NOTIFY_SOCKET") or None, watchdog)

    def ready(self, status: str = "") -> None:
        """Started, or reloaded."""
        self._tell("READY=1", status)

    def reloading(self) -> None:
        """A reload began; ``ready`` ends it."""
        self._tell("RELOADING=1", more=f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str = "") -> None:
        """Stopping began."""
        self._tell("STOPPING=1", status)

    def alive(self) -> None:
        """The watchdog's heartbeat: call it every ``watchdog`` seconds from what must not hang."""
        self._tell("WATCHDOG=1")

    def status(self, status: str) -> None:
        """One line for ``systemctl status``, without personal data."""
        self._tell("", status)

    def _tell(self, state: str, status: str = "", more: str = "") -> None:
        if self._address is None:
            return
        lines = [state, f"STATUS={' '.join(status.split())}" if status else "", more]
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end:
            end.setblocking(False)
            end.sendto("\n".join(line for line in lines if line).encode(), self._address)
