"""Our counters are written as Prometheus' own would be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.counting import Count, Family, Level, Spread

BOUNDS = (0.005, 0.5, 1, 60)


def theirs() -> tuple[CollectorRegistry, Counter, Gauge, Histogram]:
    registry = CollectorRegistry()
    counter = Counter("a_total", "Counts.", ("kind",), registry=registry)
    gauge = Gauge("b", "Stands.", ("kind", "place"), registry=registry)
    return registry, counter, gauge, Histogram("c_seconds", "Spreads.", ("kind",), buckets=BOUNDS, registry=registry)


def ours() -> tuple[CollectorRegistry, Family[Count], Family[Level], Family[Spread]]:
    registry = CollectorRegistry()
    counter = Family(registry, Count, "a_total", "Counts.", ("kind",))
    gauge = Family(registry, Level, "b", "Stands.", ("kind", "place"))
    return registry, counter, gauge, Family(registry, lambda: Spread(BOUNDS), "c_seconds", "Spreads.", ("kind",))


def lines(registry: CollectorRegistry) -> list[str]:
    """What Prometheus reads, without the instants of creation, which are switched off or of no use."""
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


NAMES = st.sampled_from(["x", "y", 'quoted "é"\n'])
CHANGES = st.one_of(
    st.tuples(st.just(0), NAMES, st.sampled_from([1.0, 2.5])),
    st.tuples(st.just(1), NAMES, st.floats(-5, 5)),
    st.tuples(st.just(2), NAMES, st.sampled_from([0.0, 0.005, 0.0051, 0.5, 1.0, 59.0, 60.0, 61.0, 1e9])),
)


@given(st.lists(CHANGES, max_size=20))
def test_they_are_written_alike(changes: list[tuple[int, str, float]]) -> None:
    made: list[Any] = [theirs(), ours()]
    for registry, counter, gauge, spread in made:
        for what, name, value in changes:
            if what == 0:
                counter.labels(name).inc(value)
            elif what == 1:
                gauge.labels(name, "here").set(value)
            else:
                spread.labels(name).observe(value)
        assert registry.get_sample_value("none") is None
    assert lines(made[1][0]) == lines(made[0][0])


def test_one_name_is_registered_once() -> None:
    registry, *_ = ours()
    with pytest.raises(ValueError, match="Duplicated"):
        Family(registry, Count, "a_total", "Again.", ())
