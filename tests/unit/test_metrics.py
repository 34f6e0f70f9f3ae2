"""Metrics: what is counted, and that the reference says the same."""

import re
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest

from gateway import __version__
from gateway.metrics import Metrics
from gateway.provider import Notice, Outcome, Trouble
from gateway.states import Status

REFERENCE = Path(__file__).parents[2] / "docs" / "metrics.md"

#: Contract section 7, but what belongs to parts that do not exist yet; and what was added to it.
NAMES = {
    "messages_total": "school,action,status",
    "parts_total": "account,result",
    "queue_messages": "mode,state",
    "queue_oldest_seconds": "mode",
    "submit_seconds": "account",
    "accept_to_submit_seconds": "",
    "uncertain": "account",
    "receipts_total": "account,state",
    "receipts_unmatched": "account",
    "receipt_delay_seconds": "account",
    "inbound_total": "account,kind",
    "throttled_total": "account",
    "account_rate": "account",
    "account_bound": "account",
    "bind_failures_total": "account,reason",
    "links_lost_total": "account",
    "relay_connections_total": "way",
    "provider_notices_total": "account,notice",
    "door_binds": "app",
    "door_refusals_total": "app,why",
    "door_submits_total": "app,status",
    "door_pieces_total": "app,why",
    "door_deliveries_total": "app,result",
    "door_outbox": "app",
    "http_requests_total": "route,method,status",
    "http_request_seconds": "route",
    "store_commit_seconds": "",
    "store_bytes": "",
    "build_info": "version",
}


def used() -> Metrics:
    """Metrics in which everything was counted once."""
    metrics = Metrics()
    metrics.messages.labels("0570051W", "ABSENCE", "held").inc()
    metrics.parts.labels("a", "accepted").inc()
    metrics.queue_messages.labels("standard", "held").set(3)
    metrics.queue_oldest_seconds.labels("standard").set(1.5)
    metrics.submit_seconds.labels("a").observe(0.02)
    metrics.accept_to_submit.observe(0.3)
    metrics.uncertain.labels("a").set(0)
    metrics.receipts.labels("a", "DELIVRD").inc()
    metrics.receipts_unmatched.labels("a").set(0)
    metrics.receipt_delay.labels("a").observe(4)
    metrics.inbound.labels("a", "reply").inc()
    metrics.throttled.labels("a").inc()
    metrics.account_rate.labels("a").set(20)
    metrics.account_bound.labels("a").set(1)
    metrics.bind_failures.labels("a", "password").inc()
    metrics.links_lost.labels("a").inc()
    metrics.notices.labels("a", "alert_notification").inc()
    metrics.door_binds.labels("erp").set(1)
    metrics.door_refusals.labels("erp", "wrong password").inc()
    metrics.door_submits.labels("erp", "ROK").inc()
    metrics.door_pieces.labels("erp", "pieces_missing").inc()
    metrics.door_deliveries.labels("erp", "taken").inc()
    metrics.door_outbox.labels("erp").set(2)
    metrics.relayed.labels("passed").inc()
    metrics.http_request("/v1/messages/{id}", "GET", 200, 0.001)
    metrics.commit(0.004)
    metrics.set_store_bytes(lambda: 4096)
    return metrics


def exposed(metrics: Metrics) -> dict[str, tuple[str, set[str]]]:
    """name -> (type, labels) of what Prometheus would read."""
    text = metrics.render().decode()
    kinds = dict(re.findall(r"^# TYPE vaguemestre_(\w+) (\w+)$", text, re.M))
    found = {}
    for name, kind in kinds.items():
        sample = re.search(rf"^vaguemestre_{name}(?:_count)?(?:{{(.*)}})? ", text, re.M)
        assert sample, name
        found[name] = (kind, set(re.findall(r'(\w+)="', sample[1] or "")))
    return found


def test_names_and_labels_are_those_of_the_contract() -> None:
    assert {name: labels for name, (_, labels) in exposed(used()).items()} == {
        name: set(labels.split(",")) - {""} for name, labels in NAMES.items()
    }


def test_the_reference_says_the_same() -> None:
    rows = re.findall(r"^\| `vaguemestre_(\w+)` \| (\w+) \| (.*?) ?\|", REFERENCE.read_text("utf-8"), re.M)
    documented = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    assert documented == exposed(used())


def test_values_are_counted() -> None:
    text = used().render().decode()
    assert 'vaguemestre_http_requests_total{method="GET",route="/v1/messages/{id}",status="200"} 1.0' in text
    assert "vaguemestre_store_bytes 4096.0" in text
    assert "vaguemestre_store_commit_seconds_count 1.0" in text
    assert f'vaguemestre_build_info{{version="{__version__}"}} 1.0' in text


def test_children_are_kept() -> None:
    metrics = Metrics()
    assert metrics.parts.labels("a", "accepted") is metrics.parts.labels("a", "accepted")


def test_the_reference_names_every_result() -> None:
    page = REFERENCE.read_text("utf-8")
    row = re.search(r"^\| `result` \|.*$", page, re.M)
    assert row
    assert {kind.__name__.lower() for kind in get_args(Outcome)} <= set(re.findall(r"`(\w+)`", row[0]))


def test_the_reference_names_every_state() -> None:
    row = re.search(r"^\| `status` \(messages\) \|.*$", REFERENCE.read_text("utf-8"), re.M)
    assert row
    assert set(re.findall(r"`(\w+)`", row[0])) - {"status"} == {status.value for status in Status}


@pytest.mark.parametrize(("label", "words"), [("reason", Trouble), ("notice", Notice)])
def test_the_reference_names_every_trouble(label: str, words: type[StrEnum]) -> None:
    row = re.search(rf"^\| `{label}` \|.*$", REFERENCE.read_text("utf-8"), re.M)
    assert row
    assert set(re.findall(r"`(\w+)`", row[0])) - {label} == {word.value for word in words}


def test_two_gateways_do_not_share() -> None:
    one, other = Metrics(), Metrics()
    one.throttled.labels("a").inc()
    assert 'vaguemestre_throttled_total{account="a"}' not in other.render().decode()
