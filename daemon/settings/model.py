"""All settings as one frozen value, and the policies that the core gets from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from pydantic import PrivateAttr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from daemon.core.alerts.policy import AlertPolicy
from daemon.core.calendar.resets import ResetPolicy
from daemon.core.calendar.schedule import SchedulePolicy
from daemon.core.condor.policy import CondorPolicy
from daemon.core.hedge.adjustments import AdjustmentPolicy
from daemon.core.hedge.monitors import MonitorPolicy
from daemon.core.hedge.policy import Band, HedgePolicy, LayerPolicy
from daemon.core.hedge.signal_values import SignalPolicy
from daemon.core.risk.limits import RiskLimits
from daemon.settings.adjust_group import adjustment_policy, signal_policy
from daemon.settings.alert_group import AlertSettings, MetricsSettings, alert_policy
from daemon.settings.beside_group import drift_policy, etf_policy, sleeve_policy
from daemon.settings.budget_group import budget_policy
from daemon.settings.condor_group import CondorSettings
from daemon.settings.fields import Folder, OptionalFolder, pts100, setting
from daemon.settings.folders import FOLDERS
from daemon.settings.groups import (
    GatewaySettings,
    LogSettings,
    RiskSettings,
    ScheduleSettings,
    StoreSettings,
)
from daemon.settings.harvest_group import harvest_policy
from daemon.settings.hedge_group import BandSettings, HedgeSettings, LayerSettings
from daemon.settings.monitor_group import monitor_policy
from daemon.settings.names import PREFIX


class SourceKind(StrEnum):
    """Where a value came from; a later kind wins over an earlier one."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"
    APPROVED = "approved policy"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the value of one setting came from; ``place`` is file:line, or the variable a default came from."""

    kind: SourceKind
    place: str = ""

    def __str__(self) -> str:
        if self.kind is SourceKind.FILE:
            return self.place
        return f"{self.kind} ({self.place})" if self.place else str(self.kind)


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """What the service manager told us: sd_notify(3), sd_watchdog_enabled(3), systemd.exec(5)."""

    notify_socket: str | None = None
    watchdog_usec: int | None = None
    journal_stream: str | None = None
    credentials_dir: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the settings were read from, to read it again."""

    env_files: tuple[Path, ...] = ()
    environ: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    overrides: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Full names with texts, of the command line."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How a set of settings came about."""

    sources: Mapping[str, Source]
    """By full name; a name that is absent has its default."""
    folder_defaults: Mapping[str, str]
    """The defaults of the folders on this machine, by full name."""
    warnings: tuple[str, ...]
    service: ServiceManager
    reading: Reading = Reading()


class Settings(BaseSettings):
    """Every setting of the program, checked. Made by ``load`` only."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", allow_inf_nan=False)

    state_dir: Folder = setting(
        ...,
        "Where the database, the lock and the simulated account are kept.",
        unit="folder",
        allowed="a folder",
        default_text="~/.local/state/condord",
    )
    log_dir: Folder = setting(
        ...,
        "Where the file of each session is written.",
        unit="folder",
        allowed="a folder",
        default_text="~/.local/state/condord/logs",
    )
    runtime_dir: Folder = setting(
        ...,
        "Where the control socket is.",
        unit="folder",
        allowed="a folder",
        default_text="~/.local/state/condord",
    )
    macro_dir: OptionalFolder = setting(
        None,
        "Where the files of macro figures are: exchange rate, valuation, growth, prices, bill rate, breadth; may stay empty.",
        unit="folder",
        allowed="empty, or a folder",
    )
    gateway: GatewaySettings = GatewaySettings()
    schedule: ScheduleSettings = ScheduleSettings()
    condor: CondorSettings = CondorSettings()
    hedge: HedgeSettings = HedgeSettings()
    risk: RiskSettings = RiskSettings()
    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()
    alert: AlertSettings = AlertSettings()
    metrics: MetricsSettings = MetricsSettings()

    _origin: Origin = PrivateAttr(
        default_factory=lambda: Origin(MappingProxyType({}), MappingProxyType({}), (), ServiceManager())
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 -- see above
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- see above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- see above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- see above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from ``load`` alone, which knows the file and line of each."""
        return (init_settings,)

    @property
    def origin(self) -> Origin:
        """Return where the values came from."""
        return self._origin

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what is allowed but worth a look."""
        return self._origin.warnings

    @property
    def service(self) -> ServiceManager:
        """Return what the service manager told us."""
        return self._origin.service

    @property
    def digest(self) -> str:
        """Return 12 characters that change with any setting but the folders."""
        values = self.model_dump_json(exclude={*FOLDERS})
        return hashlib.sha256(values.encode()).hexdigest()[:12]

    def condor_policy(self) -> CondorPolicy:
        """Build the rules of the condor desk."""
        return _condor_policy(self.condor)

    def hedge_policy(self) -> HedgePolicy:
        """Build the rules of the hedge."""
        return _hedge_policy(self.hedge)

    def signal_policy(self) -> SignalPolicy:
        """Build the rules of the signals."""
        return signal_policy(self.hedge.adjust, self.hedge.monitor)

    def adjustment_policy(self) -> AdjustmentPolicy:
        """Build how far the signals may move the hedge."""
        return adjustment_policy(self.hedge.adjust)

    def monitor_policy(self) -> MonitorPolicy:
        """Build how often is looked for arbitrage."""
        return monitor_policy(self.hedge.monitor)

    def risk_limits(self) -> RiskLimits:
        """Build the limits of the risk monitor."""
        return _risk_limits(self.risk)

    def alert_policy(self) -> AlertPolicy:
        """Build the rules of the alert desk."""
        return alert_policy(self.alert, self.reset_policy())

    def reset_policy(self) -> ResetPolicy:
        """Build the times of announced outages."""
        gateway = self.gateway
        return ResetPolicy(
            night_from=gateway.reset_from,
            night_until=gateway.reset_until,
            weekend_from=gateway.weekend_reset_from,
            weekend_until=gateway.weekend_reset_until,
            weekly_login=gateway.weekly_login,
        )

    def schedule_policy(self) -> SchedulePolicy:
        """Build the job times."""
        return SchedulePolicy(**self.schedule.model_dump(exclude={"economic_calendar"}))


def _condor_policy(group: CondorSettings) -> CondorPolicy:
    prices = {"credit_target_pts", "credit_tolerance_pts", "leg_spread_max_pts"}
    prices |= {"ladder_step_pts", "ladder_through_pts"}
    return CondorPolicy(
        **group.model_dump(exclude=prices),
        credit_target_pts100=pts100(group.credit_target_pts),
        credit_tolerance_pts100=pts100(group.credit_tolerance_pts),
        leg_spread_max_pts100=pts100(group.leg_spread_max_pts),
        ladder_step_pts100=pts100(group.ladder_step_pts),
        ladder_through_pts100=pts100(group.ladder_through_pts),
    )


def _risk_limits(group: RiskSettings) -> RiskLimits:
    prices = {"collar_condor_pts", "collar_call_min_pts"}
    return RiskLimits(
        **group.model_dump(exclude=prices),
        collar_condor_pts100=pts100(group.collar_condor_pts),
        collar_call_min_pts100=pts100(group.collar_call_min_pts),
    )


def _hedge_policy(group: HedgeSettings) -> HedgePolicy:
    edges = (group.low_vix_from, group.moderate_vix_from, group.high_vix_from, group.high_vix_to)
    return HedgePolicy(
        enabled=group.enabled,
        rolls_enabled=group.rolls_enabled,
        roll_order=group.roll_order,
        roll_by_vvix=group.roll_by_vvix,
        layers=(layer_policy("L1", group.l1), layer_policy("L2", group.l2), layer_policy("L3", group.l3)),
        base=group.base,
        measure=group.measure,
        split=group.split,
        total=group.total,
        flat_pct=group.flat_pct,
        fixed_contracts=group.fixed_contracts,
        break_even_pts=group.break_even_pts,
        low=_band("low", group.low, edges[0], edges[1]),
        moderate=_band("moderate", group.moderate, edges[1], edges[2]),
        high=_band("high", group.high, edges[2], edges[3]),
        low_regime_tilt_pct=group.low_regime_tilt_pct,
        hysteresis_pts=group.hysteresis_pts,
        high_fallback_sessions=group.high_fallback_sessions,
        resize_min_contracts=group.resize_min_contracts,
        resize_min_pct=group.resize_min_pct,
        ladder_step_pts100=pts100(group.ladder_step_pts),
        ladder_step_s=group.ladder_step_s,
        ladder_through_pts100=pts100(group.ladder_through_pts),
        max_spread_pct=group.max_spread_pct,
        min_bid_pts100=pts100(group.min_bid_pts),
        min_open_interest=group.min_open_interest,
        budget=budget_policy(group.budget),
        harvest=harvest_policy(group.harvest),
        drift=drift_policy(group.drift),
        sleeve=sleeve_policy(group.sleeve),
        etf=etf_policy(group.etf),
    )


def layer_policy(name: str, group: LayerSettings) -> LayerPolicy:
    """Build the rules of one layer."""
    return LayerPolicy(name=name, **group.model_dump())


def _band(name: str, group: BandSettings, vix_low: float, vix_high: float) -> Band:
    return Band(name=name, vix_low=vix_low, vix_high=vix_high, pct_low=group.pct_min, pct_high=group.pct_max)
