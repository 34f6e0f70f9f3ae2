"""What is counted, for Prometheus (contract section 7). Never a telephone number, a name or a text in a label.

Each gateway has its own registry, so that several may live in one process (tests, the demo).
"""

from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Gauge, Info, ProcessCollector, generate_latest

from gateway import __version__
from gateway.counting import Count, Family, Level, Spread

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_ANSWER = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_QUEUE = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400)
_RECEIPT = (1, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, 259_200)


class Metrics:
    """All metrics of one gateway. Label values are given to ``labels`` in the order of the names below."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry(auto_describe=False)

        def counter(name: str, text: str, *labels: str) -> Family[Count]:
            return Family(registry, Count, f"vaguemestre_{name}", text, labels)

        def gauge(name: str, text: str, *labels: str) -> Family[Level]:
            return Family(registry, Level, f"vaguemestre_{name}", text, labels)

        def histogram(name: str, text: str, bounds: tuple[float, ...], *labels: str) -> Family[Spread]:
            return Family(registry, partial(Spread, bounds), f"vaguemestre_{name}", text, labels)

        self.messages = counter("messages_total", "Messages that took a state.", "school", "action", "status")
        self.parts = counter("parts_total", "Outcomes of handing a part to a provider.", "account", "result")
        self.queue_messages = gauge("queue_messages", "Messages not handed over yet.", "mode", "state")
        self.queue_oldest_seconds = gauge("queue_oldest_seconds", "Age of the oldest that may leave.", "mode")
        self.submit_seconds = histogram("submit_seconds", "From a submit to its answer.", _ANSWER, "account")
        self.accept_to_submit = histogram(
            "accept_to_submit_seconds", "From acceptance, release or schedule to the submit.", _QUEUE
        ).labels()
        self.uncertain = gauge("uncertain", "Parts that may or may not have been sent.", "account")
        self.receipts = counter("receipts_total", "Delivery receipts stored.", "account", "state")
        self.receipts_unmatched = gauge("receipts_unmatched", "Receipts whose part is not known.", "account")
        self.receipt_delay = histogram(
            "receipt_delay_seconds", "From a submit to its final receipt.", _RECEIPT, "account"
        )
        self.inbound = counter("inbound_total", "Messages from telephones, stored.", "account", "kind")
        self.throttled = counter("throttled_total", "Submits that the provider refused as too fast.", "account")
        self.account_rate = gauge("account_rate", "Parts a second that leave at most now.", "account")
        self.account_bound = gauge("account_bound", "Links up to the provider.", "account")
        self.bind_failures = counter("bind_failures_total", "Links that could not be made.", "account", "reason")
        self.links_lost = counter("links_lost_total", "Links that broke.", "account")
        self.notices = counter("provider_notices_total", "What concerns no message.", "account", "notice")
        self.door_binds = gauge("door_binds", "Binds of an application at the doors.", "app")
        self.door_refusals = counter("door_refusals_total", "Visitors whom a door did not let in.", "app", "why")
        self.door_submits = counter("door_submits_total", "Answers of doors to submissions.", "app", "status")
        self.door_pieces = counter("door_pieces_total", "Pieces of texts that never became whole.", "app", "why")
        self.door_deliveries = counter("door_deliveries_total", "What became of deliveries.", "app", "result")
        self.door_outbox = gauge("door_outbox", "Deliveries that wait for an application.", "app")
        self.http_requests = counter("http_requests_total", "HTTP requests answered.", "route", "method", "status")
        self.relayed = counter("relay_connections_total", "Connections passed to a relay, or given back by one.", "way")
        self.http_seconds = histogram("http_request_seconds", "Time to answer a request.", _ANSWER, "route")
        self.commit_seconds = histogram("store_commit_seconds", "A group of work, begin to durable.", _FAST).labels()
        self.store_bytes = Gauge("vaguemestre_store_bytes", "Size of the database and its log.", registry=registry)
        Info("vaguemestre_build", "The version that runs.", registry=registry).info({"version": __version__})
        ProcessCollector(registry=registry)

    def http_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request was answered; ``route`` as declared (``/v1/messages/{id}``), never the path itself."""
        self.http_requests.labels(route, method, str(status)).inc()
        self.http_seconds.labels(route).observe(seconds)

    def commit(self, seconds: float) -> None:
        """One commit of the store took so long."""
        self.commit_seconds.observe(seconds)

    def set_store_bytes(self, size: Callable[[], int]) -> None:
        """Ask ``size`` for the bytes of the database whenever the metrics are read."""
        self.store_bytes.set_function(size)

    def render(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)
