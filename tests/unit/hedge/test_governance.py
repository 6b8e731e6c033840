"""What follows from settings and approvals, and the log that cannot be changed unseen (004-18, 004-22)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from approval_values import DEFAULTS, KEYS, NEW, NOW, OLD, SESSION, approval, grown, log_of, signature, verify

from daemon.core.hedge.approvals import Approval, PolicyText, make_policy
from daemon.core.hedge.governance import Act, GovernanceEntry, audit, pending, receive, settle, standing

ALONE = make_policy(DEFAULTS, {}, 2)


def acts(log: tuple[GovernanceEntry, ...]) -> list[Act]:
    return [entry.step.act for entry in log]


def handed_in(
    log: tuple[GovernanceEntry, ...], *given: Approval, wanted: PolicyText = NEW
) -> tuple[tuple[GovernanceEntry, ...], list[str]]:
    """The log after approvals were handed in, and the names of the refusals."""
    refused = []
    for each in given:
        steps, reason = receive(standing(log), wanted, each, defaults=DEFAULTS, verify=verify, now=NOW)
        log = grown(log, *steps)
        refused += [] if reason is None else [reason.name]
    return log, refused


class TestStart:
    def test_the_first_policy_is_adopted_because_nobody_is_there_to_approve_it(self) -> None:
        log = log_of(OLD)

        assert acts(log) == [Act.ADOPTED]
        assert standing(log).in_force == OLD

    def test_the_same_settings_again_write_nothing(self) -> None:
        assert log_of(OLD, OLD, OLD) == log_of(OLD)

    def test_other_settings_are_proposed_once_and_the_policy_in_force_stays(self) -> None:
        log = log_of(OLD, NEW, NEW)

        assert acts(log) == [Act.ADOPTED, Act.PROPOSED]
        assert standing(log).in_force == OLD
        assert log[1].step.text == "CONDORD_HEDGE_L1_WEIGHT 4 -> 5; CONDORD_HEDGE_L2_WEIGHT 4 -> 3"

    def test_settings_that_return_withdraw_the_proposal(self) -> None:
        log = log_of(OLD, NEW, OLD)

        assert acts(log) == [Act.ADOPTED, Act.PROPOSED, Act.WITHDRAWN]
        assert pending(standing(log), NOW) is None

    def test_where_nobody_approves_the_owner_decides_alone(self) -> None:
        log = log_of(ALONE, NEW)

        assert acts(log) == [Act.ADOPTED, Act.ADOPTED]
        assert (log[1].step.who, standing(log).in_force) == ("the owner", NEW)

    @pytest.mark.parametrize(
        "other",
        [
            ALONE,
            make_policy(DEFAULTS, {"alice": "key-a"}, 1),
            make_policy(DEFAULTS, KEYS, 1),
            make_policy(DEFAULTS, {**KEYS, "mallory": "key-m"}, 2),
        ],
        ids=["no approvers", "fewer approvers", "fewer needed", "one more approver"],
    )
    def test_who_approves_cannot_be_changed_without_approval(self, other: PolicyText) -> None:
        log = log_of(OLD, other)

        assert acts(log) == [Act.ADOPTED, Act.PROPOSED]
        assert standing(log).in_force == OLD


class TestApprovals:
    def test_the_last_approval_that_is_needed_adopts_the_policy(self) -> None:
        one, _ = handed_in(log_of(OLD, NEW), approval("carol"))
        two, _ = handed_in(one, approval("alice"))

        assert standing(one).in_force == OLD
        assert acts(two)[2:] == [Act.APPROVED, Act.APPROVED, Act.ADOPTED]
        assert (standing(two).in_force, two[-1].step.who) == (NEW, "alice, carol")

    def test_who_has_signed_and_who_has_not_is_known(self) -> None:
        log, _ = handed_in(log_of(OLD, NEW), approval("bob"))
        waits = pending(standing(log), NOW)

        assert waits is not None
        assert ([each.approver for each in waits.signed], waits.needed, waits.open) == (["bob"], 2, ("alice", "carol"))

    def test_an_approval_may_come_before_the_start_that_proposes(self) -> None:
        log, _ = handed_in(log_of(OLD), approval("alice"))

        assert acts(log) == [Act.ADOPTED, Act.PROPOSED, Act.APPROVED]

    def test_an_approval_that_has_expired_meanwhile_counts_no_more_and_may_be_given_anew(self) -> None:
        log, _ = handed_in(log_of(OLD, NEW), approval("alice", days=1))
        later, late = standing(log), NOW + timedelta(days=2)

        steps, reason = receive(later, NEW, approval("bob"), defaults=DEFAULTS, verify=verify, now=late)
        again, _ = receive(
            standing(grown(log, *steps)), NEW, approval("alice", days=9), defaults=DEFAULTS, verify=verify, now=late
        )

        assert (reason, [step.act for step in steps]) == (None, [Act.APPROVED])
        assert [step.act for step in again] == [Act.APPROVED, Act.ADOPTED]

    @pytest.mark.parametrize(
        ("given", "name"),
        [
            (approval("mallory"), "approver_unknown"),
            (replace(approval("alice"), approver="bob"), "signature_wrong"),
            (approval("alice", days=-1), "approval_expired"),
            (approval("alice", OLD), "approval_of_another"),
        ],
    )
    def test_a_refusal_is_written_and_changes_nothing_else(self, given: Approval, name: str) -> None:
        before = log_of(OLD, NEW)

        log, refused = handed_in(before, given)

        assert refused == [name]
        assert acts(log) == [Act.ADOPTED, Act.PROPOSED, Act.REFUSED]
        assert replace(standing(log)) == standing(before)

    def test_an_approval_cannot_be_used_again_after_the_policy_was_changed_back(self) -> None:
        adopted, _ = handed_in(log_of(OLD, NEW), approval("alice"), approval("bob"))
        here = adopted[-1].digest
        back, _ = handed_in(
            adopted,
            approval("alice", OLD, here, replaces=NEW),
            approval("bob", OLD, here, replaces=NEW),
            wanted=OLD,
        )

        _, refused = handed_in(back, approval("alice"), approval("bob"))

        assert standing(back).in_force == OLD
        assert refused == ["approval_outdated", "approval_outdated"]

    def test_whoever_signs_after_the_adoption_is_told_that_nothing_is_to_approve(self) -> None:
        log, refused = handed_in(log_of(OLD, NEW), approval("alice"), approval("bob"), approval("carol"))

        assert refused == ["nothing_proposed"]
        assert log[-1].step.text == (
            "the settings in use ask for the policy that is in force, so nothing is to approve; "
            "a daemon uses changed settings after a restart"
        )

    def test_where_the_owner_decides_alone_there_is_nothing_to_approve(self) -> None:
        assert handed_in(log_of(ALONE), approval("alice"), wanted=NEW)[1] == ["nobody_approves"]

    def test_settings_that_ask_for_the_policy_in_force_need_no_approval(self) -> None:
        assert handed_in(log_of(OLD), approval("alice", OLD), wanted=OLD)[1] == ["nothing_proposed"]

    def test_approvers_are_exchanged_by_those_who_approve_now(self) -> None:
        people = {"alice": "key-a", "bob": "key-b", "dave": "key-d"}
        wanted = make_policy(DEFAULTS, people, 2)

        log, refused = handed_in(
            log_of(OLD, wanted), approval("carol", wanted), approval("alice", wanted), wanted=wanted
        )

        assert refused == []
        assert standing(log).in_force == wanted
        later = make_policy({**DEFAULTS, "CONDORD_HEDGE_L1_WEIGHT": "3"}, people, 2)
        assert handed_in(log, approval("carol", later, log[-1].digest), wanted=later)[1] == ["approver_unknown"]


class TestAudit:
    LOG = handed_in(log_of(OLD, NEW), approval("alice"), approval("mallory"), approval("bob"))[0]

    def test_a_log_as_it_was_written_is_right(self) -> None:
        assert acts(self.LOG) == [
            Act.ADOPTED,
            Act.PROPOSED,
            Act.APPROVED,
            Act.REFUSED,
            Act.APPROVED,
            Act.ADOPTED,
        ]
        assert audit(self.LOG, verify) is None
        assert audit((), verify) is None

    @pytest.mark.parametrize("place", range(6))
    def test_an_entry_that_was_changed_is_found(self, place: int) -> None:
        entry = self.LOG[place]
        changed = replace(entry, step=replace(entry.step, text="something else"))

        found = audit((*self.LOG[:place], changed, *self.LOG[place + 1 :]), verify)

        assert found == f"entry {place + 1} of the governance log was changed after it was written"

    @pytest.mark.parametrize("place", range(5))
    def test_an_entry_that_was_changed_with_its_digest_does_not_fit_the_next(self, place: int) -> None:
        entry = replace(self.LOG[place], session=SESSION + timedelta(days=1))
        changed = replace(entry, digest=entry.digested())

        found = audit((*self.LOG[:place], changed, *self.LOG[place + 1 :]), verify)

        assert found == f"entry {place + 2} of the governance log does not follow from the one before"

    def test_an_entry_that_was_left_out_is_found(self) -> None:
        assert audit((*self.LOG[:3], *self.LOG[4:]), verify) == "entry 5 of the governance log should have number 4"

    def test_an_adoption_without_enough_approvals_is_found_in_a_chain_that_is_right(self) -> None:
        adopted = self.LOG[-1].step
        forged = grown(self.LOG[:3], adopted)

        assert audit(forged, verify) == "entry 4 of the governance log adopts a policy with 1 of 2 approvals"

    def test_an_approval_that_was_forged_into_the_chain_is_found(self) -> None:
        given = replace(approval("bob"), signature=signature("another key", approval("bob").message))
        step = replace(self.LOG[4].step, body=given.text)

        found = audit(grown(self.LOG[:4], step), verify)

        assert found == (
            "entry 5 of the governance log has an approval that does not count: "
            "the signature is not by bob's key, or the approval was changed"
        )

    def test_an_old_approval_that_was_written_into_the_log_again_is_found(self) -> None:
        here = self.LOG[-1].digest
        back, _ = handed_in(
            self.LOG,
            approval("alice", OLD, here, replaces=NEW),
            approval("bob", OLD, here, replaces=NEW),
            wanted=OLD,
        )
        again = grown(back, *(self.LOG[place].step for place in (1, 2, 4, 5)))

        assert (standing(back).in_force, standing(again).in_force) == (OLD, NEW)
        assert audit(again, verify) == (
            "entry 12 of the governance log has an approval that does not count: "
            "another policy has been adopted since the proposal was made; sign the present proposal"
        )

    def test_an_approval_that_had_expired_when_it_was_written_is_found(self) -> None:
        given = approval("bob", days=-1)
        step = replace(self.LOG[4].step, body=given.text)

        found = audit(grown(self.LOG[:4], step), verify)

        assert found is not None
        assert "entry 5 of the governance log has an approval that does not count: the approval of bob has exp" in found

    def test_an_adoption_whose_text_is_another_policy_is_found(self) -> None:
        step = replace(self.LOG[0].step, body=NEW.text)

        assert audit(grown((), step), verify) == "entry 1 of the governance log names another policy than its text"


def test_enough_approvals_that_are_there_at_a_start_adopt_the_policy() -> None:
    log, _ = handed_in(log_of(OLD, NEW), approval("alice"), approval("bob"))
    cut = log[:-1]  # as if the last write had been lost, which one transaction excludes

    (step,) = settle(standing(cut), NEW, DEFAULTS, NOW)

    assert (step.act, step.who) == (Act.ADOPTED, "alice, bob")
