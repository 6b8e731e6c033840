"""Rehearses one window with several hedges, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from daemon.app.rehearse import RehearsalPlan, RehearsalResult, rehearse_window
from daemon.settings import Settings, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way to hedge: its name, where its settings come from, and what is rehearsed with them."""

    name: str
    env_files: tuple[Path, ...]
    given: Mapping[str, str]
    """Our names in the environment."""
    overrides: Mapping[str, str]
    first: date
    last: date
    history: Path | None
    seed: int
    out: Path

    def settings(self) -> Settings:
        """Read the settings. Raises SettingsError."""
        return load(self.env_files, self.given, overrides=self.overrides)


def rehearse_arms(
    arms: Sequence[Arm], *, processes: int, done: Callable[[str, RehearsalResult], None]
) -> tuple[RehearsalResult, ...]:
    """Rehearse every arm and return the results in their order; ``done`` is told of each as it ends.

    The first failure is raised once the rehearsals that have begun are over; those that have not are dropped.
    """
    # Virtual time and the collector's frozen generation are of a whole process: each arm gets a new one.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        began: dict[Future[RehearsalResult], str] = {pool.submit(_rehearsed, arm): arm.name for arm in arms}
        try:
            for future in as_completed(began):
                done(began[future], future.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        return tuple(future.result() for future in began)


def _rehearsed(arm: Arm) -> RehearsalResult:
    plan = RehearsalPlan(
        settings=arm.settings(),
        first=arm.first,
        last=arm.last,
        history=arm.history,
        seed=arm.seed,
        faults=None,
        out=arm.out,
    )
    return rehearse_window(plan, lambda _: None)
