"""The values that a scenario is written in: durations, statuses, shares, patterns, forms of ids.

Each has one short way to be written in YAML, and a complaint that says it.
"""

import re
from dataclasses import dataclass
from fnmatch import translate
from random import Random
from typing import Annotated, Any, Final
from uuid import NAMESPACE_OID, uuid5

from pydantic import BeforeValidator, Field, PlainValidator

from adapters.smpp import codes
from gateway.model import parse_duration

#: Words of a receipt and their message_state, SMPP 3.4 section 5.2.28 (0 and 9 are SMPP 5.0's).
STATES: Final = {
    word: number
    for number, word in enumerate(
        ("SCHEDULED", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "SKIPPED")
    )
}
_STATUSES: Final = {name: number for number, name in codes.STATUS_NAMES.items()}
_ID_FORM: Final = re.compile(r"(decimal|hex|HEX|digits20)(?::([1-9]|[12][0-9]))?|uuid|UUID")
_TAGS: Final = {"sar_msg_ref_num": 0x020C, "message_payload": codes.MESSAGE_PAYLOAD}


def _seconds(value: Any) -> float:
    try:
        if isinstance(value, str) and value.endswith("ms"):
            return parse_duration(value[:-2] + "s").total_seconds() / 1000
        return parse_duration(value).total_seconds()
    except ValueError:
        raise ValueError("expected a duration such as 50ms, 2s, 10m, 6h or 3d") from None


Seconds = Annotated[float, BeforeValidator(_seconds)]


@dataclass(frozen=True, slots=True)
class Span:
    """A duration in seconds, or any between two."""

    low: float
    high: float

    def draw(self, chance: Random) -> float:
        """One of them."""
        return self.low if self.low == self.high else chance.uniform(self.low, self.high)


def _span(value: Any) -> Span:
    if isinstance(value, Span):
        return value
    low, dots, high = value.partition("..") if isinstance(value, str) else (value, "", "")
    span = Span(_seconds(low), _seconds(high if dots else low))
    if span.high < span.low:
        raise ValueError("the first duration must not be longer than the second")
    return span


Delay = Annotated[Span, PlainValidator(_span)]


def _status(value: Any) -> int:
    if isinstance(value, str):
        name = value.strip().removeprefix("ESME_")
        if name in _STATUSES:
            return _STATUSES[name]
        if re.fullmatch(r"0x[0-9A-Fa-f]{1,8}", name):
            return int(name, 16)
    elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0xFFFFFFFF:
        return value
    raise ValueError("expected a command_status: a name such as RTHROTTLED, or a number such as 0x58")


Status = Annotated[int, BeforeValidator(_status)]
Share = Annotated[float, Field(ge=0, le=1)]


def _state(value: Any) -> str:
    if isinstance(value, str) and value in STATES:
        return value
    raise ValueError(f"expected one of {', '.join(STATES)}")


StateWord = Annotated[str, BeforeValidator(_state)]


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _tag(value: Any) -> int:
    if isinstance(value, str) and value in _TAGS:
        return _TAGS[value]
    if isinstance(value, str) and re.fullmatch(r"0x[0-9A-Fa-f]{1,4}", value):
        return int(value, 16)
    raise ValueError(f"expected one of {', '.join(_TAGS)}, or a tag such as 0x0424")


Tags = Annotated[tuple[Annotated[int, BeforeValidator(_tag)], ...], BeforeValidator(_several)]
Codings = Annotated[tuple[Annotated[int, Field(ge=0, le=255)], ...], BeforeValidator(_several)]


@dataclass(frozen=True, slots=True)
class Globs:
    """Patterns with ``*`` and ``?``, of which one must fit the whole of a text."""

    patterns: tuple[re.Pattern[str], ...]

    def fit(self, text: str) -> bool:
        """Whether one does."""
        return any(pattern.match(text) for pattern in self.patterns)


def _globs(value: Any) -> Globs:
    if isinstance(value, Globs):
        return value
    words = _several(value)
    if not words or not all(isinstance(word, str) and word for word in words):
        raise ValueError('expected a pattern such as "336*", or a list of them; put numbers in quotes')
    return Globs(tuple(re.compile(translate(word)) for word in words))


Patterns = Annotated[Globs, PlainValidator(_globs)]


@dataclass(frozen=True, slots=True)
class IdForm:
    """How a message's number is written as its id: ``decimal``, ``hex:8`` (padded with zeros), ``uuid``…"""

    base: str
    width: int

    def write(self, number: int) -> str:
        """The id of a message."""
        match self.base:
            case "hex":
                return f"{number:0{self.width}x}"
            case "HEX":
                return f"{number:0{self.width}X}"
            case "uuid":
                return str(uuid5(NAMESPACE_OID, str(number)))
            case "UUID":
                return str(uuid5(NAMESPACE_OID, str(number))).upper()
            case "digits20":
                return str(10**19 + number)
        return f"{number:0{self.width}d}"


def _id_form(value: Any) -> IdForm:
    if isinstance(value, IdForm):
        return value
    found = _ID_FORM.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("expected decimal, hex, HEX (each also padded, as in decimal:10), digits20, uuid or UUID")
    return IdForm(found[1] or found[0], int(found[2] or 0))


Form = Annotated[IdForm, PlainValidator(_id_form)]
DECIMAL: Final = IdForm("decimal", 0)
HEX: Final = IdForm("hex", 0)
NO_TIME: Final = Span(0.0, 0.0)
