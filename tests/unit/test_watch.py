"""What is told of an account's links: counted each time, logged once."""

import logging

import pytest

from gateway.metrics import Metrics
from gateway.provider import Notice, Trouble
from gateway.watch import MOST, Watch


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def watch(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> Watch:
    caplog.set_level(logging.INFO)
    return Watch("a", metrics, 100.0)


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str | None]]:
    return [(record.levelname, record.message, record.__dict__.get("why")) for record in caplog.records]


def test_a_failure_is_counted_each_time_and_told_once(
    watch: Watch, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        watch.failed(Trouble.PASSWORD, "bind refused: wrong password")
    watch.failed(Trouble.UNREACHABLE, "cannot connect")
    watch.failed(Trouble.PASSWORD, "bind refused: wrong password")
    assert said(caplog) == [
        ("WARNING", "no link to the provider", "bind refused: wrong password"),
        ("WARNING", "no link to the provider", "cannot connect"),
    ]
    text = metrics.render().decode()
    assert 'vaguemestre_bind_failures_total{account="a",reason="password"} 4.0' in text
    assert 'vaguemestre_bind_failures_total{account="a",reason="unreachable"} 1.0' in text


def test_when_all_is_well_again_it_is_told_and_the_next_failure_too(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.failed(Trouble.UNREACHABLE, "cannot connect")
    watch.look(101, sends=True, bound=1, why="1 of 2 links: cannot connect")
    watch.look(102, sends=True, bound=2, why="")
    watch.look(103, sends=True, bound=2, why="")
    watch.failed(Trouble.UNREACHABLE, "cannot connect")
    assert [message for _, message, _ in said(caplog)] == [
        "no link to the provider",
        "links are up again",
        "no link to the provider",
    ]


def test_a_broken_link_is_counted(watch: Watch, metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    watch.lost("connection lost")
    watch.lost("connection lost")
    assert len(caplog.records) == 1
    assert 'vaguemestre_links_lost_total{account="a"} 2.0' in metrics.render().decode()


def test_alerts_are_counted_and_not_told(watch: Watch, metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    watch.noticed(Notice.ALERT, "alert_notification")
    watch.noticed(Notice.UNKNOWN, "0x00000111")
    assert [why for _, _, why in said(caplog)] == ["0x00000111"]
    assert 'notice="alert_notification"} 1.0' in metrics.render().decode()


def test_what_a_peer_makes_up_does_not_fill_the_log(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(MOST + 10):
        watch.noticed(Notice.UNKNOWN, f"0x{number:08X}")
    assert len(caplog.records) == MOST


def test_since_when_it_cannot_send(watch: Watch) -> None:
    assert watch.down_since == 100
    watch.look(110, sends=True, bound=1, why="")
    assert watch.down_since is None
    watch.look(120, sends=False, bound=0, why="cut")
    watch.look(130, sends=False, bound=0, why="cut")
    assert watch.down_since == 120
