"""Which settings approvers sign, and the settings as they hold under an approved policy (004-22)."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.errors import SettingsError
from daemon.settings import Settings, load, replaced
from daemon.settings.catalogue import approval_defaults, approval_texts, by_name, catalogue

HOME = {"HOME": "/home/somebody"}


def settings(**names: str) -> Settings:
    return load([], {**HOME, **{f"CONDORD_{name}": text for name, text in names.items()}})


@pytest.mark.parametrize(
    "name",
    [
        "ENABLED",
        "ROLLS_ENABLED",
        "BASE",
        "TOTAL",
        "L1_DTE_MIN",
        "L2_ROLL_DAYS",
        "L3_WEIGHT",
        "L1_OTM_PCT",
        "L1_STRUCTURE",
        "LOW_PCT_MIN",
        "MODERATE_VIX_FROM",
        "HIGH_PCT_MAX",
        "BUDGET_CARRY_MAX_PCT",
        "HARVEST_LAST_FLOOR_PCT",
        "ADJUST_MULTIPLIER_MAX",
        "ADJUST_DIVERGENCE_SHIFT_PCT",
    ],
)
def test_what_makes_the_hedge_needs_approval(name: str) -> None:
    assert by_name()[f"CONDORD_HEDGE_{name}"].approval


@pytest.mark.parametrize("name", ["MAX_SPREAD_PCT", "MIN_BID_PTS", "MIN_OPEN_INTEREST"])
def test_a_condition_that_can_refuse_every_purchase_needs_approval_for_it_removes_all_layers(name: str) -> None:
    assert by_name()[f"CONDORD_HEDGE_{name}"].approval


@pytest.mark.parametrize(
    "name",
    ["HEDGE_LADDER_STEP_S", "HEDGE_ROLL_ORDER", "HEDGE_ADJUST_RSI_HIGH", "CONDOR_WING_PTS", "RISK_CONDORS_MAX"],
)
def test_how_orders_are_worked_signals_condors_and_limits_need_none(name: str) -> None:
    assert not by_name()[f"CONDORD_{name}"].approval


def test_every_other_setting_keeps_its_value_and_source_under_an_approved_policy() -> None:
    given = settings(HEDGE_L1_WEIGHT="5", HEDGE_L2_WEIGHT="3", CONDOR_WING_PTS="30", HEDGE_LADDER_STEP_S="20")

    found = replaced(given, approval_defaults())

    assert (found.hedge.l1.weight, found.hedge.l2.weight) == (4, 4)
    assert (found.condor.wing_pts, found.hedge.ladder_step_s) == (30, 20)
    assert str(found.origin.sources["CONDORD_HEDGE_L1_WEIGHT"]) == "approved policy"
    assert str(found.origin.sources["CONDORD_CONDOR_WING_PTS"]) == "environment"
    assert (found.state_dir, found.log_dir) == (given.state_dir, given.log_dir)


def test_an_approved_policy_of_every_setting_is_rebuilt_from_its_texts(tmp_path: Path) -> None:
    presets = Path(__file__).parents[3] / "config/presets"
    for preset in sorted(presets.glob("*.env")):
        given = load([preset], HOME)

        found = replaced(settings(), approval_texts(given))

        assert found.hedge_policy() == load([preset], HOME).hedge_policy(), preset
        assert found.adjustment_policy() == given.adjustment_policy(), preset


def test_a_setting_that_is_no_more_is_left_out() -> None:
    assert replaced(settings(), {"CONDORD_HEDGE_GONE": "1"}).hedge == settings().hedge


def test_a_policy_that_contradicts_the_other_settings_is_named() -> None:
    with pytest.raises(SettingsError, match=r"CONDORD_HEDGE_L1_WEIGHT=9 \(approved policy\).*do not go together"):
        replaced(settings(), {"CONDORD_HEDGE_L1_WEIGHT": "9"})


def test_the_references_mark_what_needs_approval() -> None:
    table = (Path(__file__).parents[3] / "config/settings.md").read_text(encoding="utf-8")
    marked = {line.split("`")[1] for line in table.splitlines() if "*Needs approval.*" in line and line[0] == "|"}

    assert marked == {spec.name for spec in catalogue() if spec.approval}
