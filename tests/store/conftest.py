"""What the tests of the store share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.heart import Heart, opened


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    """A fresh store with two schools in it."""
    async with opened(tmp_path) as one:
        yield one
