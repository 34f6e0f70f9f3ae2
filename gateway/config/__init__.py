"""The configuration: one YAML file, every key checked, every error at once (contract section 6)."""

from gateway.config.loader import Loaded, load, read
from gateway.config.settings import (
    App,
    Defaults,
    HttpSettings,
    LogSettings,
    MetricsListen,
    ReceiptSettings,
    RetentionSettings,
    Role,
    Settings,
    StopSettings,
    StoreSettings,
)
from gateway.yamlfile.problem import ConfigError, ConfigProblem

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
    "RetentionSettings",
    "Role",
    "Settings",
    "StopSettings",
    "StoreSettings",
    "load",
    "read",
]
