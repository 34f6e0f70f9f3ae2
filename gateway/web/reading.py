"""Files and large bodies are read beside the event loop: none keeps others from sending.

Files, which take longest and most memory, are read one after the other; so are bodies, which wait for no file.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_files, _bodies = ThreadPoolExecutor(1, "files"), ThreadPoolExecutor(1, "bodies")


async def aside(work: Callable[[], T], *, file: bool) -> T:
    """What ``work`` gives, or raises. ``file``: it reads a file that somebody uploaded."""
    return await asyncio.get_running_loop().run_in_executor(_files if file else _bodies, work)
