"""The configuration: one YAML file, every key checked, every error at once (contract section 6)."""

from gateway.config.loader import Loaded, load, read
from gateway.config.problem import ConfigError, ConfigProblem
from gateway.config.settings import (
    App,
    Defaults,
    HttpSettings,
    LogSettings,
    MetricsListen,
    ReceiptSettings,
    Role,
    Settings,
    StopSettings,
    StoreSettings,
)

__all__ = [
    "App",
    "ConfigError",
    "ConfigProblem",
    "Defaults",
    "HttpSettings",
    "Loaded",
    "LogSettings",
    "MetricsListen",
    "ReceiptSettings",
    "Role",
    "Settings",
    "StopSettings",
    "StoreSettings",
    "load",
    "read",
]
