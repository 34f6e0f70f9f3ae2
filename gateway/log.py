"""Logs: one line an event, on standard error, as JSON or for people. English, and never personal data.

Rules: nobody hands a telephone number, a name, a text or a secret to a logger. In case somebody does, what looks
like a telephone number is blanked, and of an exception only its type and its frames are told: its message may
hold what people wrote. The messages of the gateway's own exceptions and of the system's are known to be clean.

A module logs with ``logging.getLogger(__name__)`` and gives its fields in ``extra``.
"""

import logging
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any, Literal, TextIO

import orjson

#: Libraries that say too much, or say what people wrote, below this level.
QUIET = ("aiohttp", "aiosqlite", "alembic", "asyncio", "smpplib", "sqlalchemy", "py.warnings")

_NUMBER = re.compile(
    r"(?<![\w.])"
    r"(?!\d{4}-\d\d-\d\d(?!\d))"  # a date
    r"(?!\d{1,3}(?:\.\d{1,3}){3}(?![.\d]))"  # an IPv4 address
    r"(?:\+\d(?:[ .\-/()\u00a0\u202f]{0,3}\d){7,14}|\d(?:[ .\-/()\u00a0\u202f]{0,3}\d){8,14})(?!\w)"
)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """The text with everything that looks like a telephone number blanked, and always writable as UTF-8."""
    return _NUMBER.sub("[number]", text).encode("utf-8", "replace").decode()


class Guard(logging.Filter):
    """Cleans every record before it is written; never drops one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Blank numbers in the message and the fields; keep of an exception what is known to be clean."""
        message = record.getMessage()
        if record.name == "asyncio":  # the lines that follow the first repeat the exception and its values
            message = message.partition("\n")[0]
        record.msg, record.args = redact(message), None
        for name, value in _fields(record):
            setattr(record, name, _clean(value))
        if record.exc_info and record.exc_info[1] is not None:
            record.error, record.traceback = _error(record.exc_info[1]), list(_frames(record.exc_info[1]))
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def _clean(value: Any) -> Any:
    if isinstance(value, float) or value is None or (isinstance(value, int) and abs(value) < 2**63):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {redact(str(key)): _clean(item) for key, item in value.items()}
    return redact(str(value))


def _fields(record: logging.LogRecord) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in vars(record).items() if name not in _STANDARD]


def _error(error: BaseException) -> str:
    """The type of an exception, with its message only when that cannot hold what people wrote."""
    kind = type(error)
    clean = isinstance(error, OSError) or kind.__module__.partition(".")[0] == "gateway"
    return redact(f"{kind.__name__}: {error}") if clean and str(error) else kind.__name__


def _frames(error: BaseException) -> Iterator[str]:
    """The frames of an exception and of its causes, innermost last, without values."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _frames(cause)
        yield f"-- {_error(cause)}, then:"
    for frame in extract_tb(error.__traceback__):
        place = Path(frame.filename)
        yield f"{place.parent.name}/{place.name}:{frame.lineno} {frame.name}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """``{"time", "level", "logger", "message", fields…}``."""
        line = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        return orjson.dumps({**line, "message": record.getMessage(), **dict(_fields(record))}).decode()


class ConsoleFormatter(logging.Formatter):
    """For people at a terminal; a line stays a line."""

    def format(self, record: logging.LogRecord) -> str:
        """``10:59:03 INFO    gateway.sender: bound  account=operateur-a``."""
        clock = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = dict(_fields(record))
        frames = fields.pop("traceback", [])
        shown = "".join(f" {name}={value}" for name, value in fields.items())
        message = f"{record.getMessage()}{' ' if shown else ''}{shown}".replace("\r", "\\r").replace("\n", "\\n")
        return "\n    ".join([f"{clock} {record.levelname:<7} {record.name}: {message}", *frames])


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def setup(form: Literal["json", "console"], level: str, stream: TextIO | None = None) -> None:
    """Make the whole process log so, from this level up, to ``stream`` (standard error). May be called again."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(Guard())
    handler.setFormatter(JsonFormatter() if form == "json" else ConsoleFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)
