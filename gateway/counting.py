"""Counters, gauges and histograms as cheap as an addition; Prometheus' client asks for them when it is asked.

Its own cost a microsecond or more each, a dozen times a message: they are made for several threads. These are
changed by the loop alone.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import inf
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Sample = tuple[str, dict[str, str], float]


class Count:
    """A number that only grows."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        """Add to it."""
        self.value += amount

    @staticmethod
    def metric(name: str, text: str) -> Metric:
        """What it is called: ``name`` ends in ``_total``."""
        return Metric(name.removesuffix("_total"), text, "counter")

    def samples(self) -> Iterator[Sample]:
        """What is written of it: suffix of the name, more labels, value."""
        yield "", {}, self.value


class Level:
    """A number that goes up and down."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def set(self, value: float) -> None:
        """It is this now."""
        self.value = value

    @staticmethod
    def metric(name: str, text: str) -> Metric:
        """What it is called."""
        return Metric(name, text, "gauge")

    def samples(self) -> Iterator[Sample]:
        """What is written of it: suffix of the name, more labels, value."""
        yield "", {}, self.value


class Spread:
    """How many values fell below each bound; ``bounds`` ascending."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    @staticmethod
    def metric(name: str, text: str) -> Metric:
        """What it is called."""
        return Metric(name, text, "histogram")

    def samples(self) -> Iterator[Sample]:
        """What is written of it: suffix of the name, more labels, value. Buckets hold those below them, too."""
        for bound, below in zip((*self.bounds, inf), accumulate(self.counts), strict=True):
            yield "_bucket", {"le": _written(bound)}, float(below)
        yield "_count", {}, float(sum(self.counts))
        yield "_sum", {}, self.total


Child = TypeVar("Child", Count, Level, Spread)


class Family(Collector, Generic[Child]):
    """One metric: a child for each combination of its labels' values, made by ``make`` when it is first named."""

    def __init__(
        self, registry: CollectorRegistry, make: Callable[[], Child], name: str, text: str, labels: Sequence[str]
    ) -> None:
        self._make: Callable[[], Child] = make
        self._name, self._text, self._labels = name, text, labels
        self._children: dict[tuple[str, ...], Child] = {}
        self._like: Child = make()
        registry.register(self)

    def labels(self, *values: str) -> Child:
        """The child of these values, in the order of the metric's labels."""
        child = self._children.get(values)
        if child is None:
            child = self._children[values] = self._make()
        return child

    def describe(self) -> list[Metric]:
        """Its name, which no other metric may have."""
        return [self._like.metric(self._name, self._text)]

    def collect(self) -> Iterator[Metric]:
        """The metric as Prometheus' client writes it."""
        metric = self._like.metric(self._name, self._text)
        for values, child in self._children.items():
            labels = dict(zip(self._labels, values, strict=True))
            for suffix, more, value in child.samples():
                metric.add_sample(f"{self._name}{suffix}", labels | more, value)
        yield metric


def _written(bound: float) -> str:
    return str(floatToGoString(bound))  # type: ignore[no-untyped-call]
