"""kill -9 of the daemon in the middle of an entry: no second order, no lost fill (`make kills N=...` tries many more)."""

from __future__ import annotations

from pathlib import Path

import pytest
from kills import Kill, Moment, trial


@pytest.mark.parametrize(
    "kill",
    [
        Kill(Moment.FINDING_STRIKES, after_s=0.4),
        Kill(Moment.SENT),
        Kill(Moment.WORKING, after_s=0.5),
        Kill(Moment.PARTLY_FILLED),
    ],
    ids=lambda kill: kill.moment.name.lower(),
)
def test_a_daemon_killed_in_the_middle_of_an_entry_doubles_and_loses_nothing(tmp_path: Path, kill: Kill) -> None:
    found = trial(tmp_path, kill)

    found.check()
    assert found.taken_over == (kill.moment is not Moment.FINDING_STRIKES)
