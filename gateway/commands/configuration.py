"""Where the configuration is looked for, and how it is read with the adapters' own options."""

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.config import ConfigError, ConfigProblem, Loaded, read

#: Looked at in this order, after --config and $VAGUEMESTRE_CONFIG.
PLACES = (Path("config.yaml"), Path("/etc/vaguemestre/config.yaml"))


def find(given: str | None, environ: Mapping[str, str] = os.environ, places: tuple[Path, ...] = PLACES) -> Path:
    """The configuration file to use. Raises ConfigError when there is none."""
    named = given or environ.get("VAGUEMESTRE_CONFIG")
    if named:
        return Path(named)
    for place in places:
        if place.exists():
            return place
    looked = " and ".join(str(place) for place in places)
    cure = "give its path with --config PATH or VAGUEMESTRE_CONFIG; config.example.yaml is one to start from"
    raise ConfigError([ConfigProblem(looked, 0, "", f"no configuration file: {cure}")])


def load_settings(given: str | None) -> Loaded:
    """Find and read it. Raises ConfigError."""
    from gateway.app import DOORS, OPTIONS

    return read(find(given), OPTIONS, doors=DOORS)
