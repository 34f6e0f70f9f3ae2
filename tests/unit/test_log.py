"""Logs: one line an event, and never what people wrote."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from gateway import log
from gateway.store.database import StoreUnavailable


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where this test's log goes; the process's logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in log.QUIET}
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_line_has_its_fields(stream: io.StringIO) -> None:
    log.setup("json", "info", stream)
    logging.getLogger("gateway.sender").info("bound as %s", "demo", extra={"account": "operateur-a", "room": 10})
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "gateway.sender",
        "message": "bound as demo",
        "account": "operateur-a",
        "room": 10,
    }


def test_console_line_stays_a_line(stream: io.StringIO) -> None:
    log.setup("console", "info", stream)
    logging.getLogger("gateway").warning("refused\nINFO forged", extra={"account": "a\r\nb"})
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("WARNING gateway: refused\\nINFO forged  account=a\\r\\nb\n")


@pytest.mark.parametrize(
    "number",
    [
        "+33612345678",
        "33612345678",
        "0033612345678",
        "0612345678",
        "612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "06-12-34-56-78",
        "06\u00a012\u202f34 56 78",
        "+33 (0)6 12 34 56 78",
        "+352621123456",
        "+687 12.34.56",
    ],
)
def test_numbers_are_blanked_wherever_they_stand(stream: io.StringIO, number: str) -> None:
    log.setup("json", "info", stream)
    logger = logging.getLogger("gateway")
    logger.info("to %s", number, extra={"field": number, "listed": [number]})
    try:
        raise OSError(f"cannot reach {number}")
    except OSError:
        logger.exception("failed")
    assert number not in json.dumps(lines(stream), ensure_ascii=False)
    assert stream.getvalue().count("[number]") == 4


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:59:03.123456",
        "2026-11-22 10:59:03",
        "192.168.100.200",
        "127.0.0.1:8080",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    assert log.redact(text) == text


@pytest.mark.parametrize("value", [2**80, "\udce9", {2**80: "\udce9"}, float("nan"), object()])
@pytest.mark.parametrize("form", ["json", "console"])
def test_any_value_can_be_written(value: object, form: Literal["json", "console"]) -> None:
    with io.TextIOWrapper(io.BytesIO(), "utf-8") as file:
        record = logging.makeLogRecord({"name": "gateway", "msg": "odd \udce9", "levelname": "INFO", "field": value})
        assert log.Guard().filter(record)
        formatter = log.JsonFormatter() if form == "json" else log.ConsoleFormatter()
        file.write(formatter.format(record))


def test_an_exception_tells_its_type_and_frames_only(stream: io.StringIO) -> None:
    log.setup("json", "info", stream)
    try:
        try:
            raise KeyError("Pauline est absente")
        except KeyError as error:
            raise ValueError("REITER Pauline") from error
    except ValueError:
        logging.getLogger("gateway").exception("failed")
    (line,) = lines(stream)
    assert line["error"] == "ValueError"
    assert "-- KeyError, then:" in line["traceback"]
    assert line["traceback"][-1].startswith("unit/test_log.py:")
    assert "Pauline" not in stream.getvalue()


def test_our_own_exceptions_say_why(stream: io.StringIO) -> None:
    log.setup("console", "info", stream)
    try:
        raise StoreUnavailable("disk full")
    except StoreUnavailable:
        logging.getLogger("gateway").exception("not kept")
    assert "error=StoreUnavailable: disk full\n    unit/test_log.py:" in stream.getvalue()


def test_asyncio_does_not_repeat_the_values_of_a_lost_exception(stream: io.StringIO) -> None:
    log.setup("json", "info", stream)
    message = "Task exception was never retrieved\nfuture: <Task finished exception=ValueError('Pauline')>"
    logging.getLogger("asyncio").error(message, exc_info=ValueError("Pauline"))
    assert [line["message"] for line in lines(stream)] == ["Task exception was never retrieved"]
    assert "Pauline" not in stream.getvalue()


def test_libraries_are_quiet_at_any_level(stream: io.StringIO) -> None:
    log.setup("json", "debug", stream)
    for name in log.QUIET:
        logging.getLogger(name).info("too much")
    logging.getLogger("sqlalchemy.engine").info("SELECT")
    logging.getLogger("gateway").debug("wanted")
    assert [line["message"] for line in lines(stream)] == ["wanted"]


def test_setting_up_again_replaces(stream: io.StringIO) -> None:
    log.setup("console", "info", io.StringIO())
    log.setup("json", "error", stream)
    logging.getLogger("gateway").info("not this")
    logging.getLogger("gateway").error("once")
    assert len(lines(stream)) == 1
