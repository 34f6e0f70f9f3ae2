"""What stands for a character that GSM 03.38 lacks, so that a French text need not cost the price of Unicode.

Rules of this file: only what a reader would take for the same word. A character is looked up in the table,
then without its accents, then in its compatible form; what still does not fit has no replacement.
"""

import unicodedata
from functools import lru_cache
from typing import Final

from gateway.gsm import fits

TABLE: Final[dict[str, str]] = {
    **dict(zip("çêëâîïôûÿ", "ceeaiiouy", strict=True)),
    **dict(zip("ÀÂÈÊËÎÏÔÙÛŸ", "AAEEEIIOUUY", strict=True)),
    **{"œ": "oe", "Œ": "OE"},
    **dict.fromkeys("«»“”„″", '"'),
    **dict.fromkeys("‹›’‘‚‛ʼ´`′", "'"),
    **dict.fromkeys("–—‐‑−―•", "-"),
    **{"…": "...", "·": ".", "°": "o", "º": "o", "ª": "a", "¹": "1", "²": "2", "³": "3"},
    **{"½": "1/2", "¼": "1/4", "¾": "3/4", "×": "x", "÷": "/", "±": "+/-", "µ": "u"},
    **{"™": "TM", "©": "(c)", "®": "(r)", "→": "->", "←": "<-", "⇒": "=>", "✓": "OK", "≤": "<=", "≥": ">="},
    # Spaces of all widths, then line ends.
    **dict.fromkeys("\t\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u3000", " "),
    **dict.fromkeys("\u0085\u2028\u2029", "\n"),
    # Marks without width: zero-width space and joiners, soft hyphen, direction marks, variation selectors.
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff", ""),
}


@lru_cache(maxsize=1024)
def replacement(char: str) -> str | None:
    """What stands for a character outside GSM 03.38; None when nothing does."""
    if char in TABLE:
        return TABLE[char]
    base, marks = (form := unicodedata.normalize("NFD", char))[0], form[1:]
    if marks and base.isalpha() and all(map(unicodedata.combining, marks)) and (plain := _spelled(base)) is not None:
        return plain
    return _spelled(unicodedata.normalize("NFKC", char))


def _spelled(form: str) -> str | None:
    letters = [char if fits(char) else TABLE.get(char) for char in form]
    return None if None in letters else "".join(filter(None, letters))
