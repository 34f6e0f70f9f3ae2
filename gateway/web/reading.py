"""Files that people upload are read beside the event loop, one after the other: none keeps others from sending."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_reader = ThreadPoolExecutor(1, "reading")


async def aside(work: Callable[[], T]) -> T:
    """What ``work`` gives, or raises."""
    return await asyncio.get_running_loop().run_in_executor(_reader, work)
