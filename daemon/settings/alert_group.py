"""The settings of alerts and metrics, and the rules of the alert desk."""

from __future__ import annotations

from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

from daemon.core.alerts.kinds import AlertLevel
from daemon.core.alerts.policy import AlertPolicy
from daemon.core.calendar.resets import ResetPolicy
from daemon.settings.fields import Group, LeastAlert, OptionalFile, PromFile, TimeOfDay, TimeZone, setting

_DAY: Final = time(0), time(23, 59)
_ZONE: Final = "by CONDORD_ALERT_ZONE"


class AlertSettings(Group):
    """Messages to a person by mail, chat or push (docs/alerts.md); off without an outlet."""

    urls_file: OptionalFile = setting(
        None,
        "File of the outlets, one URL a line; empty takes the credential `alert_urls` of the service, or sends nothing.",
        unit="file",
        allowed="empty, or a file",
    )
    level: LeastAlert = setting(
        AlertLevel.ATTENTION, "The least level that is sent; the digest of the day has a setting of its own."
    )
    digest: bool = setting(True, "Whether the end of each session is sent in a sentence, with what needs attention.")
    quiet_from: TimeOfDay = setting(
        time(0),
        "Begin of the quiet hours, in which alerts wait for their end; the same as their end for none.",
        unit=_ZONE,
        ge=_DAY[0],
        le=_DAY[1],
    )
    quiet_until: TimeOfDay = setting(
        time(0), "End of the quiet hours; what waited comes in one message.", unit=_ZONE, ge=_DAY[0], le=_DAY[1]
    )
    quiet_urgent: bool = setting(True, "Whether urgent alerts are sent in quiet hours all the same.")
    zone: TimeZone = setting(
        "America/New_York",
        "Time zone of the quiet hours and of the times in messages.",
        allowed="a name of the time-zone database, as Europe/Berlin",
    )
    gather_s: float = setting(10, "How long a message waits for what happens at the same time.", unit="s", ge=0, le=600)
    wait_s: float = setting(
        120,
        "How long what often passes by itself, as a lost link, must last until it is sent.",
        unit="s",
        ge=0,
        le=3600,
    )
    repeat_min: int = setting(
        60,
        "Time until a cause that repeats or lasts is sent again; it doubles with each message up to a day.",
        unit="min",
        ge=1,
        le=1440,
    )
    kind_per_hour: int = setting(
        4,
        "Most messages an hour about one kind of alert; further ones wait and are counted.",
        unit="messages",
        ge=1,
        le=1000,
    )
    per_hour: int = setting(12, "The same for all kinds together; urgent ones pass.", unit="messages", ge=1, le=1000)
    deadline_s: float = setting(
        30,
        "How long an outlet may take for a message until it is broken off and tried again later.",
        unit="s",
        ge=1,
        le=300,
    )


class MetricsSettings(Group):
    """Figures for Prometheus (docs/metrics.md); off without a port and a file."""

    port: int = setting(0, "TCP port on 127.0.0.1 where Prometheus reads; 0 for none.", unit="port", ge=0, le=65535)
    file: PromFile = setting(
        None,
        "File for the textfile collector of node_exporter; empty for none.",
        unit="file",
        allowed="empty, or a file that ends in .prom",
    )
    every_s: float = setting(15, "How often the figures are taken.", unit="s", ge=1, le=3600)

    @property
    def wanted(self) -> bool:
        """Return whether anybody is to get figures."""
        return self.port != 0 or self.file is not None


def alert_policy(group: AlertSettings, resets: ResetPolicy) -> AlertPolicy:
    """Build the rules of the alert desk."""
    values = group.model_dump(exclude={"urls_file", "deadline_s", "zone"})
    return AlertPolicy(**values, zone=ZoneInfo(group.zone), resets=resets)
