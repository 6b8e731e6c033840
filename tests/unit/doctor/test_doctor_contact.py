"""What the doctor says of a first contact: the rung that broke fails, those before it are OK, those behind it untold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daemon.core.doctor.catalogue import Group, spec
from daemon.core.doctor.check import State, all_checks, exit_code
from daemon.core.doctor.contact import RUNGS, Contact, ContactPolicy, Trouble, contact_checks

NOW = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
GOOD = Contact(
    address="127.0.0.1:4002",
    client_id=18,
    server_version=176,
    accounts=("DU1234567",),
    account="DU1234567",
    gateway_time=NOW,
    our_time=NOW,
    net_liquidation_usd_cents=100_000_000,
)
POLICY = ContactPolicy(clock_skew_max_s=5, follow_gateway_clock=False, book_of=None, scratch=False)
BEHIND = ("broker_link", "gateway_clock")


def states(contact: Contact, policy: ContactPolicy = POLICY) -> dict[str, State]:
    return {check.name: check.state for check in contact_checks(contact, policy)}


def test_a_contact_without_trouble_is_ok_on_every_rung() -> None:
    assert states(GOOD) == dict.fromkeys((*RUNGS, *BEHIND), State.OK)


@pytest.mark.parametrize("trouble", Trouble)
def test_a_trouble_fails_one_rung_and_ends_the_ladder(trouble: Trouble) -> None:
    found = states(replace(GOOD, trouble=trouble, text="because"))
    (broken,) = (name for name, state in found.items() if state is State.FAIL)

    assert trouble in RUNGS[broken]
    assert list(found) == list(RUNGS)[: list(RUNGS).index(broken) + 1]
    assert [state for name, state in found.items() if name != broken] == [State.OK] * (len(found) - 1)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Trouble.NO_LISTENER, 4),
        (Trouble.LIVE_PORT, 4),
        (Trouble.LIVE_ACCOUNT, 4),
        (Trouble.READ_ONLY, 4),
        (Trouble.CLIENT_ID_IN_USE, 4),
        (Trouble.OWN_ACCOUNT, 2),
    ],
)
def test_a_trouble_has_the_exit_code_of_who_mends_it(trouble: Trouble, code: int) -> None:
    assert exit_code(contact_checks(replace(GOOD, trouble=trouble, text="because"), POLICY)) == code


def test_what_stands_behind_a_broken_rung_is_skipped_and_never_ok() -> None:
    made = contact_checks(replace(GOOD, trouble=Trouble.LIVE_ACCOUNT, text="U1"), POLICY)

    checks = all_checks(made, why_not=dict.fromkeys(Group, "paper_account failed"))

    behind = [check for check in checks if spec(check.name).group is Group.MARKET]
    assert {check.state for check in behind} == {State.SKIPPED}
    assert {check.text for check in behind} == {"paper_account failed"}


def test_a_book_of_another_account_fails() -> None:
    other = replace(POLICY, book_of="PAPER DU7654321")

    assert states(GOOD, other)["own_account"] is State.FAIL
    assert states(GOOD, replace(POLICY, book_of="PAPER DU1234567"))["own_account"] is State.OK
    # The exchange that is made for a look has an account of its own.
    assert states(GOOD, replace(other, scratch=True))["own_account"] is State.OK


def test_missing_account_values_warn() -> None:
    assert states(replace(GOOD, net_liquidation_usd_cents=None))["account_data"] is State.WARN


def test_a_lost_broker_fails_and_a_lost_farm_warns() -> None:
    assert states(replace(GOOD, broker_lost="Connectivity has been lost"))["broker_link"] is State.FAIL
    assert states(replace(GOOD, farms_lost=("farm usopt is broken",)))["broker_link"] is State.WARN


@pytest.mark.parametrize(
    ("ahead_s", "state"), [(0.9, State.OK), (-2.4, State.OK), (3, State.WARN), (-5.5, State.FAIL), (86_400, State.FAIL)]
)
def test_the_clock_is_held_against_the_gateways(ahead_s: float, state: State) -> None:
    contact = replace(GOOD, our_time=NOW + timedelta(seconds=ahead_s))

    assert states(contact)["gateway_clock"] is state


def test_only_a_simulated_gateways_clock_is_followed() -> None:
    follow = replace(POLICY, follow_gateway_clock=True)
    far = replace(GOOD, our_time=NOW + timedelta(days=2000))

    assert states(replace(far, simulated=True), follow)["gateway_clock"] is State.OK
    assert states(far, follow)["gateway_clock"] is State.FAIL


def test_a_simulated_account_says_so() -> None:
    texts = [check.text for check in contact_checks(replace(GOOD, simulated=True), replace(POLICY, scratch=True))]

    assert sum("SIMULATED" in text for text in texts) == 3
