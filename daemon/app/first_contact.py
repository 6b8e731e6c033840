"""What is checked of every new connection before anything is done with it: whose clock, whose account."""

from __future__ import annotations

from datetime import UTC, datetime

from daemon.app.program import Program
from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.orders.broker_facts import Connected
from daemon.core.records import ACCOUNT_KEY, MODE_KEY
from daemon.errors import SettingsError


class FirstContact:
    """Takes a simulated gateway's clock over, and keeps one state folder to one account."""

    def __init__(self, program: Program, *, follow_gateway_clock: bool) -> None:
        self._program = program
        self._clock_wanted = follow_gateway_clock

    def check(self, connected: Connected) -> None:
        """Look at a new connection; raises SettingsError for one that must not be used."""
        if self._clock_wanted:
            self._follow(connected)
        self._keep_account(connected)

    def _follow(self, connected: Connected) -> None:
        """Take the gateway's time over, but only from one that says it is simulated (decision 1).

        Once: jobs are scheduled by it. A gateway that comes back with another time fails the check of clocks.
        """
        if not connected.simulated:
            raise SettingsError(
                "--clock gateway: this gateway does not say that it is simulated, and a shifted clock never "
                "reaches a real account; run without --clock"
            )
        self._clock_wanted = False
        clock = self._program.clock
        clock.follow(connected.gateway_time - datetime.now(UTC))
        local = clock.now().astimezone(NEW_YORK)
        self._program.engine.desk.journal.emit("clock_followed", {"new_york": f"{local:%Y-%m-%d %H:%M:%S}"})

    def _keep_account(self, connected: Connected) -> None:
        """Refuse another account than the one whose positions the book holds."""
        mode = "SIMULATED" if connected.simulated else "PAPER"
        ours = f"{mode} {connected.account}"
        store = self._program.store
        before = store.meta(ACCOUNT_KEY)
        if before is not None and before != ours:
            raise SettingsError(
                f"the state folder {self._program.settings.state_dir} holds the book of {before}, and this gateway "
                f"serves {ours}: name another folder with CONDORD_STATE_DIR, or connect to the account of the book"
            )
        if before is None:
            store.set_meta(ACCOUNT_KEY, ours)
        if mode != self._program.mode:
            self._program.mode = mode
            store.set_meta(MODE_KEY, mode)
