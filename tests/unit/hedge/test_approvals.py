"""Policies as texts, and what makes an approval count (004-22)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from approval_values import ADOPTION, DEFAULTS, KEYS, NEW, NOW, OLD, approval, signed, verify

from daemon.core.hedge.approvals import (
    Approval,
    Proposal,
    changes,
    judge,
    make_policy,
    read_approval,
    read_policy,
    read_proposal,
)


class TestPolicyText:
    def test_the_text_is_a_heading_and_sorted_lines_whatever_the_order_of_the_settings(self) -> None:
        turned = make_policy(dict(reversed(DEFAULTS.items())), dict(reversed(KEYS.items())), 2)

        assert turned.text == (
            "condord hedge policy 1\nCONDORD_HEDGE_L1_WEIGHT=4\nCONDORD_HEDGE_L2_WEIGHT=4\napprovals=2\n"
            "approver.alice=key-a\napprover.bob=key-b\napprover.carol=key-c\n"
        )
        assert turned.digest == OLD.digest == hashlib.sha256(turned.text.encode()).hexdigest()

    def test_what_is_read_back_is_the_same_policy(self) -> None:
        found = read_policy(OLD.text)

        assert (found.settings, found.approvers, found.needed) == (DEFAULTS, KEYS, 2)
        assert found.digest == OLD.digest

    @pytest.mark.parametrize(
        "text", ["", "something\n", OLD.text.replace("=4\n", "=4\nA=1\n", 1), OLD.text + "approver.bob=key-b\n"]
    )
    def test_a_text_that_is_not_canonical_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"first line|sorted|unpack"):
            read_policy(text)

    def test_without_approvers_how_many_are_needed_is_no_part_of_a_policy(self) -> None:
        assert make_policy(DEFAULTS, {}, 2).digest == make_policy(DEFAULTS, {}, 3).digest
        assert make_policy(DEFAULTS, {}, 2).needed == 0


class TestChanges:
    def test_settings_are_told_with_the_value_before_and_after(self) -> None:
        assert [str(each) for each in changes(OLD, NEW, DEFAULTS)] == [
            "CONDORD_HEDGE_L1_WEIGHT 4 -> 5",
            "CONDORD_HEDGE_L2_WEIGHT 4 -> 3",
        ]

    def test_who_approves_is_part_of_the_policy(self) -> None:
        others = make_policy(DEFAULTS, {"alice": "key-a", "bob": "another", "dave": "key-d"}, 1)

        assert [str(each) for each in changes(OLD, others, DEFAULTS)] == [
            "approvals 2 -> 1",
            "approver bob has another key",
            "approver carol removed",
            "approver dave added",
        ]

    def test_a_setting_that_a_later_version_brings_counts_with_its_default(self) -> None:
        later = {**DEFAULTS, "CONDORD_HEDGE_NEW": "7"}

        assert changes(OLD, make_policy(later, KEYS, 2), later) == ()
        (change,) = changes(OLD, make_policy({**later, "CONDORD_HEDGE_NEW": "8"}, KEYS, 2), later)
        assert str(change) == "CONDORD_HEDGE_NEW 7 -> 8"

    def test_a_setting_that_a_later_version_drops_is_told(self) -> None:
        fewer = make_policy({"CONDORD_HEDGE_L1_WEIGHT": "4"}, KEYS, 2)

        assert [str(each) for each in changes(OLD, fewer, {})] == ["CONDORD_HEDGE_L2_WEIGHT 4 -> none"]


class TestProposalText:
    GIVEN = Proposal(adoption=ADOPTION, in_force=OLD, wanted=NEW)

    def test_what_is_read_back_is_the_same_proposal(self) -> None:
        assert read_proposal(self.GIVEN.text) == self.GIVEN

    @pytest.mark.parametrize("text", ["", OLD.text, OLD.text + NEW.text, GIVEN.text + NEW.text, GIVEN.text + "A=1\n"])
    def test_a_text_that_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"two policies|sorted"):
            read_proposal(text)


class TestApprovalText:
    def test_what_is_read_back_is_the_same_approval(self) -> None:
        given = approval("alice")

        assert read_approval(given.text) == given

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda text: "",
            lambda text: text + "more\n",
            lambda text: text.replace("condord approval 1", "condord approval 2"),
            lambda text: text.replace("approver alice", "approver Alice"),
            lambda text: text.replace("+00:00", ""),
            lambda text: text.replace("issued 2026-03-02", "issued 2026-13-02"),
            lambda text: text.replace("signature ", "signature ====="),
        ],
    )
    def test_a_text_that_is_none_is_refused(self, spoil: Callable[[str], str]) -> None:
        with pytest.raises(ValueError, match=r"eight lines|time zone|month|base64"):
            read_approval(spoil(approval("alice").text))


class TestJudge:
    def verdict(self, given: Approval, *, signed: tuple[Approval, ...] = (), days_later: float = 0) -> str | None:
        now = NOW + timedelta(days=days_later)
        reason = judge(given, OLD, NEW, adoption=ADOPTION, signed=signed, verify=verify, now=now)
        return None if reason is None else reason.name

    def test_a_signed_approval_of_what_is_asked_for_counts(self) -> None:
        assert self.verdict(approval("alice"), signed=(approval("bob"),)) is None

    def test_somebody_who_is_no_approver_does_not_count(self) -> None:
        assert self.verdict(approval("mallory")) == "approver_unknown"

    def test_somebody_elses_signature_does_not_count(self) -> None:
        assert self.verdict(replace(approval("mallory"), approver="alice")) == "signature_wrong"

    @pytest.mark.parametrize(
        "change",
        [
            {"policy": OLD.digest},
            {"follows": NEW.digest},
            {"replaces": NEW.digest},
            {"approver": "bob"},
            {"issued_at": NOW - timedelta(days=1)},
            {"expires_at": NOW + timedelta(days=30)},
        ],
    )
    def test_nothing_of_an_approval_can_be_changed_after_it_was_signed(self, change: dict[str, object]) -> None:
        assert self.verdict(replace(approval("alice"), **change)) == "signature_wrong"  # type: ignore[arg-type]

    def test_an_approval_of_another_policy_does_not_count(self) -> None:
        other = make_policy({**DEFAULTS, "CONDORD_HEDGE_L1_WEIGHT": "6"}, KEYS, 2)

        assert self.verdict(approval("alice", other)) == "approval_of_another"

    def test_an_approval_from_before_the_last_adoption_does_not_count(self) -> None:
        assert self.verdict(approval("alice", NEW, "0" * 64)) == "approval_outdated"

    def test_an_approval_is_good_until_it_expires_and_no_longer(self) -> None:
        given = approval("alice", days=2)

        assert self.verdict(given, days_later=1.99) is None
        assert self.verdict(given, days_later=2) == "approval_expired"

    def test_an_approval_without_a_near_end_does_not_count(self) -> None:
        assert self.verdict(approval("alice", days=90)) is None
        assert self.verdict(approval("alice", days=91)) == "approval_too_long"

    def test_an_approval_that_was_signed_ahead_of_time_is_good_for_no_longer(self) -> None:
        issued, expires = NOW + timedelta(days=365), NOW + timedelta(days=379)
        given = signed(replace(approval("alice"), issued_at=issued, expires_at=expires))

        assert self.verdict(given) == "approval_too_long"

    def test_an_approval_given_for_other_changes_than_those_that_are_asked_for_does_not_count(self) -> None:
        told = make_policy({**DEFAULTS, "CONDORD_HEDGE_L1_WEIGHT": "5"}, KEYS, 2)

        assert self.verdict(signed(replace(approval("alice"), replaces=told.digest))) == "approval_misled"

    def test_the_same_person_counts_once(self) -> None:
        assert self.verdict(approval("alice", days=5), signed=(approval("alice"),)) == "approved_already"
