"""The hedge policy in words: in force, waiting, and a log that cannot be read (004-18, 004-22)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from approval_values import DEFAULTS, KEYS, NEW, NOW, OLD, SESSION, approval, grown, log_of, verify

from daemon.core.hedge.approvals import make_policy
from daemon.core.hedge.governance import receive, standing
from daemon.report.governance import policy_lines, session_lines, shortened, waited_at_close


def test_a_policy_that_waits_is_told_with_its_changes_and_signatures() -> None:
    log = log_of(OLD, NEW)
    steps, _ = receive(standing(log), NEW, approval("bob"), defaults=DEFAULTS, verify=verify, now=NOW)

    first, *rest = policy_lines(grown(log, *steps), NOW)

    assert first.startswith("ATTENTION: ")
    assert first.endswith("which has 1 of 2 approvals (by bob); still to sign: alice, carol")
    assert rest == ["CONDORD_HEDGE_L1_WEIGHT 4 -> 5", "CONDORD_HEDGE_L2_WEIGHT 4 -> 3"]


def test_an_approval_that_has_expired_is_not_counted_any_more() -> None:
    log = log_of(OLD, NEW)
    steps, _ = receive(standing(log), NEW, approval("bob"), defaults=DEFAULTS, verify=verify, now=NOW)

    (first, *_) = policy_lines(grown(log, *steps), NOW + timedelta(days=14))

    assert "which has 0 of 2 approvals; still to sign: alice, bob, carol" in first


def test_a_policy_in_force_is_told_with_who_decides() -> None:
    (people,) = policy_lines(log_of(OLD), NOW)
    (owner,) = policy_lines(log_of(make_policy(DEFAULTS, {}, 2)), NOW)

    assert people.endswith("in force; changes need 2 of 3 approvers (alice, bob, carol)")
    assert owner.endswith("in force; the owner of the settings alone decides about changes")
    assert policy_lines((), NOW) == ("none yet; the first start takes that of the settings",)


def test_a_page_knows_only_what_waited_when_its_session_ended() -> None:
    log = log_of(OLD, NEW)

    assert "waits for approval" in waited_at_close(log, SESSION)
    assert waited_at_close(log, SESSION - timedelta(days=1)) == ""
    assert waited_at_close(log_of(OLD), SESSION) == ""


def test_a_log_that_cannot_be_read_is_told_and_breaks_no_page() -> None:
    (entry,) = log_of(OLD)
    spoiled = (replace(entry, step=replace(entry.step, body="nonsense")),)

    assert policy_lines(spoiled, NOW)[0].startswith("ATTENTION: the governance log cannot be read")
    assert waited_at_close(spoiled, SESSION).startswith("the governance log cannot be read")


def test_of_many_changes_a_line_names_the_first_and_counts_the_others() -> None:
    settings = {f"CONDORD_HEDGE_X{n:02}": "1" for n in range(12)}
    changed = make_policy(dict.fromkeys(settings, "2"), KEYS, 2)
    log = log_of(make_policy(settings, KEYS, 2), changed)

    lines = session_lines(log[1:])

    assert "CONDORD_HEDGE_X07 1 -> 2; and 4 more" in " ".join(line.strip() for line in lines)
    assert all(len(line) <= 125 for line in lines)
    assert shortened("a; b") == "a; b"
