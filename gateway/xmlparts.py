"""XML of strangers, element by element: nothing is built up, and what no honest file has is refused. Pure.

Rules: no document type, so no entities; elements lie in one another a few deep; a tag fits in memory many times over.
"""

from collections.abc import Iterator
from typing import IO, Protocol
from xml.parsers import expat

#: Elements of a file, how deep they may lie, octets of a tag, characters of a text that is kept.
MOST_ELEMENTS, DEEPEST, LONGEST_TAG, LONGEST_TEXT = 5_000_000, 100, 1024 * 1024, 100_000

_CHUNK = 64 * 1024


class Unreadable(ValueError):
    """A file that cannot be read; its message says why, in French, to go on a sentence."""


class Handler(Protocol):
    """What reads a file. Names are without their namespace."""

    def begin(self, name: str, said: dict[str, str]) -> None:
        """An element begins; ``said``: its attributes."""

    def end(self, name: str, text: str) -> None:
        """An element ends; ``text``: what stands in it since the last tag."""


def walk(file: IO[bytes], handler: Handler) -> Iterator[None]:
    """Tell a handler what a file holds, a piece at a time; goes on when asked. Raises Unreadable."""
    parser = expat.ParserCreate(namespace_separator=" ")
    reader = _Reader(handler)
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.buffer_text = True
    fed = 0
    try:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - max(parser.CurrentByteIndex, reader.at) > LONGEST_TAG:
                raise Unreadable("une de ses balises n'en finit pas")
            reader.at = parser.CurrentByteIndex
            yield
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError) as error:
        raise Unreadable("il est abîmé") from error
    yield


def _refuse(*_declared: object) -> None:
    raise Unreadable("il déclare un type de document, ce qu'un classeur ne fait pas")


class _Reader:
    """Counts, and hands on."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._elements = self._deep = self._length = 0
        self._texts: list[str] = []
        self.at = 0  # octets read and told

    def begin(self, name: str, said: dict[str, str]) -> None:
        self._elements += 1
        self._deep += 1
        if self._elements > MOST_ELEMENTS or self._deep > DEEPEST:
            raise Unreadable("il a trop d'éléments")
        self._forget()
        if any(" " in key for key in said):
            said = {key.rpartition(" ")[2]: value for key, value in said.items()}
        self._handler.begin(name.rpartition(" ")[2], said)

    def text(self, piece: str) -> None:
        self._length += len(piece)
        if self._length > LONGEST_TEXT:
            raise Unreadable("une de ses cellules est trop longue")
        self._texts.append(piece)

    def end(self, name: str) -> None:
        self._deep -= 1
        self._handler.end(name.rpartition(" ")[2], "".join(self._texts))
        self._forget()

    def _forget(self) -> None:
        if self._texts:
            self._texts.clear()
            self._length = 0
