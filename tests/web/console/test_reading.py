"""A file that takes long to be read keeps nobody from posting, nor from composing a message."""

import asyncio
from threading import Event

import orjson
import pytest

from gateway.web.reading import aside
from tests.web.conftest import Gateway
from tests.web.console.conftest import Browser, browsing

DEADLINE = 20.0


async def _compose(browser: Browser) -> None:
    form = {"action": "INFO", "recipients": "0612345678;Mme ABAD", "text": "Bonjour"}
    page = await browser.send("/console/envoi/compte", form)
    assert "1 destinataire" in orjson.loads(page.html)["counter"]


async def test_large_bodies_wait_for_no_file(people: Gateway) -> None:
    ended = Event()
    async with asyncio.timeout(DEADLINE), browsing(people) as browser:
        await browser.sign_in("adjoint")
        await browser.open("/console/envoi")
        reading = asyncio.create_task(aside(lambda: ended.wait(DEADLINE), file=True))
        try:
            listed = [{"to": f"06{place:08}", "label": "x" * 100} for place in range(3_000)]
            body = {"action": "INFO", "text": "Bonjour", "recipients": listed}
            assert (await people.post("/v1/batches?dry_run=true", body)).status == 200
            await _compose(browser)
            assert not reading.done()
        finally:
            ended.set()
        assert await reading


async def test_what_it_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0, file=False)
