"""Files that people save: where they are written, how they are sent, and that the journal knows."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aiohttp import web

from gateway.problem import Problem
from gateway.store.audit import note
from gateway.web.route import Call
from gateway.xlsxout import MEDIA

_CHUNK = 256 * 1024

#: Filters whose value names a person.
_PERSONAL = frozenset({"number", "label"})


def headers(name: str, media: str = "text/csv; charset=utf-8") -> dict[str, str]:
    """Of a file to save under ``name``, which may hold what families said: nobody keeps it on the way."""
    saved = {"Content-Type": media, "Content-Disposition": f'attachment; filename="{name}"'}
    return {**saved, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


async def exported(call: Call, what: str, school: str | None) -> None:
    """Write in the journal that this was exported, with its filters but for what names a person."""
    asked = {name: "…" if name in _PERSONAL else value for name, value in call.request.query.items()}
    entry = call.act("export", what, ", ".join(f"{name}={value}" for name, value in asked.items())[:200], school)
    await call.parts.store.write(lambda conn: note(conn, entry))


async def stream(call: Call, name: str, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    """A text file, sent as it is read. The first piece is made before anything is answered: trouble is a problem."""
    first = await anext(pieces)
    if call.request.method == "HEAD":
        return web.Response(headers=headers(name))
    response = web.StreamResponse(headers=headers(name))
    await response.prepare(call.request)
    with suppress(ConnectionError):  # the reader has gone: nobody is left to be told
        await response.write(first)
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    return response


async def workbook(call: Call, name: str, write: Callable[[Path], Awaitable[None]]) -> web.StreamResponse:
    """A workbook, written to a temporary file, then sent. Raises ``too_many_rows``."""
    with _temporary() as file:
        try:
            await write(file)
        except ValueError as error:
            raise Problem(
                "too_many_rows", "Un classeur a un million de lignes au plus : restreignez la période."
            ) from error
        if call.request.method == "HEAD":
            return web.Response(headers=headers(name, MEDIA))
        response = web.StreamResponse(headers={**headers(name, MEDIA), "Content-Length": str(file.stat().st_size)})
        await response.prepare(call.request)
        with suppress(ConnectionError), file.open("rb") as opened:
            while piece := opened.read(_CHUNK):
                await response.write(piece)
            await response.write_eof()
        return response


@contextmanager
def _temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vaguemestre-") as folder:
        yield Path(folder) / "export.xlsx"
