"""Two gateways measured in turn: when both are at their steady state, and what came of it."""

import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

Stats = Mapping[str, Any]

RATE = "end_to_end_per_s"
COLUMNS = {
    "msg/s end to end": RATE,
    "HTTP accepts/s": "accepts_per_s",
    "HTTP p50 ms": "http_p50_ms",
    "p99 ms": "http_p99_ms",
    "CPU s/10k": "cpu_s_per_10k",
    "peak MB": "peak_mb",
    "lost": "lost",
    "doubled": "duplicated",
}

#: From one run to the next a rate may fall by this share and still be called steady.
FALL = 0.1


class Pair(NamedTuple):
    """One run of each, one after the other."""

    ours: Stats
    theirs: Stats

    @property
    def ratio(self) -> float:
        """Our rate to theirs; infinite when they carried nothing."""
        return self.ours[RATE] / self.theirs[RATE] if self.theirs[RATE] else float("inf")

    @property
    def faults(self) -> int:
        """Messages lost or doubled by either."""
        return sum(int(one["lost"] + one["duplicated"]) for one in self)


def steady(pairs: Sequence[Pair]) -> bool:
    """Whether their rate fell no more, twice in a row: who writes later begins fast, and pays when memory is full."""
    rates = [pair.theirs[RATE] for pair in pairs[-3:]]
    return len(rates) == 3 and all(after >= (1 - FALL) * before for before, after in pairwise(rates))


def median_ratio(pairs: Sequence[Pair]) -> float:
    """The median of the pairs' ratios, not the ratio of medians: a pair shares its minute."""
    return statistics.median(pair.ratio for pair in pairs)


def table(names: Sequence[str], pairs: Sequence[Pair]) -> str:
    """Median (minimum-maximum) of the runs, a line a gateway."""
    lines = ["| gateway | " + " | ".join(COLUMNS) + " |", "| --- |" + " ---: |" * len(COLUMNS)]
    for name, results in zip(names, zip(*pairs, strict=True), strict=True):
        cells = [_cell([float(result[key]) for result in results]) for key in COLUMNS.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def warming(pairs: Sequence[Pair]) -> str:
    """Each pair before the steady state, the cold one first."""
    lines = ["| before | ours msg/s | Kannel msg/s | ratio |", "| --- |" + " ---: |" * 3]
    for place, pair in enumerate(pairs, 1):
        rates = " | ".join(_number(one[RATE]) for one in pair)
        lines.append(f"| {'cold' if place == 1 else place} | {rates} | {pair.ratio:.2f} |")
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.4g}" if low == high else f"{_number(middle)} ({_number(low)}-{_number(high)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
