"""Keywords in texts (``#LOGIN``) and their values, merged for one recipient (contract section 4).

Rules of this file: a keyword is ``#``, a capital, then capitals, digits or ``_``, as long as they go; ``##`` is
a plain ``#``; any other ``#`` is itself. Values are put in as they are: a ``#`` inside a value means nothing.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

#: What is shown in the place of a sensitive value.
HIDDEN = "•••"

_KEYWORD = re.compile("##|#([A-Z][A-Z0-9_]*)")


class Merged(NamedTuple):
    """A text with its values in place.

    ``shown`` has ``•••`` where ``text`` has a sensitive value; ``protected`` are those places in ``text`` (start
    and end, in code points), ``names`` their keywords; ``missing`` are the keywords without a value, which stay
    in the text as they were.
    """

    text: str
    shown: str
    protected: tuple[tuple[int, int], ...] = ()
    missing: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def keywords(template: str) -> tuple[str, ...]:
    """The keywords of a template, each once, in order of appearance."""
    return tuple(dict.fromkeys(key for key in _KEYWORD.findall(template) if key))


def merge(template: str, variables: Mapping[str, str], sensitive: Collection[str] = ()) -> Merged:
    """Put the values in the place of the keywords."""
    if "#" not in template:
        return Merged(template, template)
    pieces = list(_filled(template, variables, sensitive))
    ends = accumulate(len(piece) for piece, _ in pieces)
    return Merged(
        text="".join(piece for piece, _ in pieces),
        shown="".join(HIDDEN if name else piece for piece, name in pieces),
        protected=tuple((end - len(piece), end) for (piece, name), end in zip(pieces, ends, strict=True) if name),
        missing=tuple(key for key in keywords(template) if key not in variables),
        names=tuple(name for _, name in pieces if name),
    )


def merged_length(template: str, variables: Mapping[str, str]) -> int:
    """How many code points ``merge`` would give, without making the text."""
    return sum(len(piece) for piece, _ in _filled(template, variables, ()))


def _filled(
    template: str, variables: Mapping[str, str], sensitive: Collection[str]
) -> Iterator[tuple[str, str | None]]:
    """Each stretch of the text, with its keyword where it is a sensitive value."""
    end = 0
    for found in _KEYWORD.finditer(template):
        yield template[end : found.start()], None
        key, end = found[1], found.end()
        if key is None:
            yield "#", None
        else:
            yield variables.get(key, found[0]), key if key in sensitive and key in variables else None
    yield template[end:], None
