"""Every setting of the program: declared once, read from env files and the environment, checked all at once.

The names below are imported when they are first used: ``daemon.settings.folders`` is there without the model.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from daemon.settings.condor_group import CondorSettings
    from daemon.settings.document import Row, env_file_text, rows, table_text
    from daemon.settings.fields import GatewayMode, LogFormat, Synchronous
    from daemon.settings.folders import environment
    from daemon.settings.groups import (
        GatewaySettings,
        LogSettings,
        RiskSettings,
        ScheduleSettings,
        StoreSettings,
    )
    from daemon.settings.hedge_group import HedgeSettings
    from daemon.settings.loading import load, replaced
    from daemon.settings.model import ServiceManager, Settings, Source, SourceKind

_PLACES: Final = {
    "condor_group": ("CondorSettings",),
    "document": ("Row", "env_file_text", "rows", "table_text"),
    "fields": ("GatewayMode", "LogFormat", "Synchronous"),
    "folders": ("environment",),
    "groups": ("GatewaySettings", "LogSettings", "RiskSettings", "ScheduleSettings", "StoreSettings"),
    "hedge_group": ("HedgeSettings",),
    "loading": ("load", "replaced"),
    "model": ("ServiceManager", "Settings", "Source", "SourceKind"),
}

__all__ = [
    "CondorSettings",
    "GatewayMode",
    "GatewaySettings",
    "HedgeSettings",
    "LogFormat",
    "LogSettings",
    "RiskSettings",
    "Row",
    "ScheduleSettings",
    "ServiceManager",
    "Settings",
    "Source",
    "SourceKind",
    "StoreSettings",
    "Synchronous",
    "env_file_text",
    "environment",
    "load",
    "replaced",
    "rows",
    "table_text",
]


def __getattr__(name: str) -> object:
    """Import a public name (PEP 562)."""
    for module, names in _PLACES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
