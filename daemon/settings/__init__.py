"""Every setting of the program: declared once, read from env files and the environment, checked all at once."""

from daemon.settings.condor_group import CondorSettings
from daemon.settings.document import Row, env_file_text, rows, table_text
from daemon.settings.fields import GatewayMode, LogFormat, Synchronous
from daemon.settings.groups import (
    GatewaySettings,
    LogSettings,
    RiskSettings,
    ScheduleSettings,
    StoreSettings,
)
from daemon.settings.hedge_group import HedgeSettings
from daemon.settings.loading import environment, load, replaced
from daemon.settings.model import ServiceManager, Settings, Source, SourceKind

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
