"""The running parts of a gateway, as those above them see them. Made in ``app``, handed to ``web``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.door import Door
    from gateway.intake import Intake
    from gateway.metrics import Metrics
    from gateway.registry import Registry
    from gateway.sender import Lane
    from gateway.store.database import Store
    from gateway.store.desk import Rules

Clock = Callable[[], int]  # milliseconds since 1970, UTC


@dataclass(slots=True)
class Parts:
    """Everything a request may need."""

    settings: "Settings"
    store: "Store"
    registry: "Registry"
    intake: "Intake"
    metrics: "Metrics"
    clock: Clock
    rules: "Rules"
    queued: Callable[[], None]  # says to whoever sends that there may be work
    lanes: Mapping[str, "Lane"] = field(default_factory=dict)  # empty in a process of role api
    doors: "Sequence[Door]" = ()
    draining: bool = False
