"""Whether a message from a telephone asks for no more messages, or for messages again. Pure.

Rules: STOP, ARRET, ARRÊT (START, REPRISE), whatever the case, the accents, the spaces and the signs around; beside
it only what changes nothing: « sms », « pub », politeness, the short code or the name of the sender. A message that
says anything else is an answer for people to read: « arrêt de bus », « stop, elle est guérie » ask for nothing.
"""

import re
import unicodedata
from typing import Final, Literal

Word = Literal["stop", "start"] | None

_WORDS: Final[dict[str, Word]] = {"stop": "stop", "arret": "stop", "start": "start", "reprise": "start"}

#: What may stand beside the word. The sender's own number or name may too, and any short code, as in « STOP au 36111 ».
_BESIDE: Final = frozenset(
    {"sms", "pub", "au", "a", "aux", "les", "des", "merci", "svp", "stp", "s", "il", "vous", "te", "plait", "bonjour"}
)
_short_code = re.compile(r"\d{5}").fullmatch
_tokens = re.compile(r"[^\W_]+").findall

#: More than this is no keyword, whatever it says.
_LONGEST: Final = 80


def asked(text: str, *senders: str) -> Word:
    """What the message asks for, if nothing else is in it. ``senders``: our number and name that it answers."""
    if len(text) > _LONGEST:
        return None
    tokens = _tokens(plain(text))
    if word := _WORDS.get("".join(tokens).removesuffix("sms")):
        return word
    names = {plain(sender).lstrip("+") for sender in senders}
    found = {_WORDS.get(token) for token in tokens if not _is_beside(token, names)}
    return found.pop() if len(found) == 1 else None


def plain(text: str) -> str:
    """Without case and accents: « ＡＲＲÊＴ » is ``arret``."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return bare.casefold()


def _is_beside(token: str, names: set[str]) -> bool:
    return token in _BESIDE or token in names or _short_code(token) is not None
