"""Every kind of fault says what it does, and is listed."""

from click.testing import CliRunner

from daemon.cli.run_commands import gateway
from daemon.sim.gateway.fault_plan import ABOUT, ARGUMENTS, Kind


def test_every_kind_of_fault_is_listed_with_what_it_takes() -> None:
    ran = CliRunner().invoke(gateway, ["--list-faults"])

    assert ran.exit_code == 0
    assert set(ABOUT) == set(ARGUMENTS) == set(Kind)
    assert all(f"{kind} " in ran.output and ABOUT[kind] in ran.output for kind in Kind)
    assert "seconds (float)" in ran.output
