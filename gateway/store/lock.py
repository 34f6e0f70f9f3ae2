"""Who sends for an account: one process at a time.

On SQLite it is a lock on a file beside the database: the kernel lets go of it in the instant a process dies, so a
restart after SIGKILL waits for nothing, and two processes started by mistake never both send.
"""

import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.store.engine import database_path


@asynccontextmanager
async def lane_lock(url: str, account: str) -> AsyncIterator[Callable[[], bool]]:
    """Gives a function that tries to take the lane of an account, and says whether it is ours."""
    path = database_path(url)
    file = os.open(path.with_name(f"{path.name}.{account}.lane"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def held() -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield held
    finally:
        os.close(file)
