"""Settings that contradict each other are refused with both names, values and places."""

import pytest

from daemon.errors import SettingsError
from daemon.settings import Settings, load

HOME = {"HOME": "/home/somebody"}
IB = {"CONDORD_GATEWAY_MODE": "ib"}


def read(**changes: str) -> Settings:
    return load([], HOME | {f"CONDORD_{name}": text for name, text in changes.items()})


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"CONDOR_DTE_MIN": "31"}, ["CONDOR_DTE_MIN=31", "CONDOR_DTE_TARGET=30"]),
        ({"CONDOR_DTE_MAX": "29"}, ["CONDOR_DTE_TARGET=30", "CONDOR_DTE_MAX=29"]),
        ({"CONDOR_SHORT_DELTA_MIN": "0.16"}, ["SHORT_DELTA_MIN=0.16", "SHORT_DELTA=0.15"]),
        ({"CONDOR_SHORT_DELTA_MAX": "0.14"}, ["SHORT_DELTA=0.15", "SHORT_DELTA_MAX=0.14"]),
        ({"RISK_QUICK_RATIO_HOLD_MIN": "2"}, ["QUICK_RATIO_HOLD_MIN=2", "QUICK_RATIO_MIN=1.5", "must not be above"]),
        ({"CONDOR_VIX_GATE_MIN": "40"}, ["VIX_GATE_MIN=40", "VIX_GATE_MAX=40"]),
        ({"CONDOR_TIME_EXIT_DTE": "25"}, ["TIME_EXIT_DTE=25", "CONDOR_DTE_MIN=25"]),
        ({"CONDOR_WING_PTS": "55"}, ["ENTRY_RISK_PCT=5", "WING_PTS=55", "WING_NOTIONAL_MAX_USD=100000"]),
        ({"CONDOR_DTE_MIN": "0", "CONDOR_TIME_EXIT_ENABLED": "false"}, ["TAKE_PROFIT_ENABLED=true", "DTE_MIN=0"]),
        (
            {
                "CONDOR_DTE_MIN": "0",
                "CONDOR_TIME_EXIT_ENABLED": "false",
                "CONDOR_TAKE_PROFIT_ENABLED": "false",
                "SCHEDULE_CONDOR_ENTRY_UNTIL": "16:00",
                "SCHEDULE_HEDGE_RESIZE": "16:00",
            },
            ["CONDOR_ENTRY_UNTIL=16:00", "DTE_MIN=0", "stops trading at 16:00"],
        ),
        (
            {"CONDOR_DTE_MIN": "0", "CONDOR_TIME_EXIT_DTE": "0", "CONDOR_TAKE_PROFIT_ENABLED": "false"},
            ["TIME_EXIT_DTE=0", "DTE_MIN=0"],
        ),
        ({"HEDGE_DRIFT_UPSIDE": "adjust"}, ["HEDGE_DRIFT_UPSIDE=adjust", "CONDOR_DRIFT_MODE=watch", "only watch it"]),
        ({"HEDGE_DRIFT_CREDIT_PCT": "41"}, ["DRIFT_CREDIT_PCT=41", "DRIFT_CREDIT_MAX_PCT=40", "must not be above"]),
        ({"HEDGE_DRIFT_OTM_PCT": "40"}, ["DRIFT_OTM_PCT=40", "DRIFT_SHORT_OTM_PCT=40", "must be below"]),
        ({"HEDGE_DRIFT_DTE_MIN": "11"}, ["DRIFT_DTE_MIN=11", "DRIFT_DTE_TARGET=10"]),
        (
            {"HEDGE_DRIFT_MONTHLY_ONLY": "true"},
            ["DRIFT_DTE_MIN=7", "DRIFT_DTE_MAX=14", "DRIFT_MONTHLY_ONLY=true", "no VIX expiry is listed"],
        ),
        ({"HEDGE_ETF_SELL_DTE": "30"}, ["ETF_SELL_DTE=30", "ETF_DTE_MIN=30", "must be below"]),
        (
            {
                "HEDGE_ETF_DTE_MIN": "30",
                "HEDGE_ETF_DTE_TARGET": "31",
                "HEDGE_ETF_DTE_MAX": "31",
                "HEDGE_ETF_MONTHLY_ONLY": "true",
            },
            ["ETF_DTE_MIN=30", "ETF_DTE_MAX=31", "ETF_MONTHLY_ONLY=true", "no VXX expiry is listed"],
        ),
        ({"HEDGE_SLEEVE_SHORT_OTM_PCT": "5"}, ["SLEEVE_OTM_PCT=10", "SLEEVE_SHORT_OTM_PCT=5", "must be below"]),
        ({"CONDOR_TIME_EXIT_DTE": "1", "CONDOR_DTE_MIN": "1"}, ["TIME_EXIT_DTE=1", "DTE_MIN=1"]),
        (
            {"CONDOR_WINGS_BY": "delta", "CONDOR_WING_DELTA": "0.12"},
            ["WING_DELTA=0.12", "SHORT_DELTA_MIN=0.12", "must be below"],
        ),
        (
            {"CONDOR_WINGS_BY": "delta", "CONDOR_WING_MIN_PTS": "30", "CONDOR_WING_MAX_PTS": "20"},
            ["WING_MIN_PTS=30", "WING_MAX_PTS=20"],
        ),
        (
            {"CONDOR_WINGS_BY": "delta", "CONDOR_WING_MIN_PTS": "55", "CONDOR_WING_MAX_PTS": "60"},
            ["ENTRY_RISK_PCT=5", "WING_MIN_PTS=55", "none fits"],
        ),
        (
            {"CONDOR_STRIKES_BY": "credit", "CONDOR_WING_PTS": "5", "CONDOR_CREDIT_TOLERANCE_PTS": "1.15"},
            ["CREDIT_TOLERANCE_PTS=1.15", "CREDIT_TARGET_PTS=1.15", "must be below"],
        ),
        (
            {"CONDOR_STRIKES_BY": "credit", "CONDOR_CREDIT_TARGET_PTS": "49.70"},
            ["CREDIT_TARGET_PTS=49.7", "CREDIT_TOLERANCE_PTS=0.3", "WING_PTS=25", "cannot bring"],
        ),
        (
            {"CONDOR_STRIKES_BY": "credit", "CONDOR_SIDES": "put", "CONDOR_CREDIT_TARGET_PTS": "24.70"},
            ["CREDIT_TARGET_PTS=24.7", "WING_PTS=25", "cannot bring"],
        ),
        # 1.15 + 0.30 is below 15 % of 10 points.
        (
            {"CONDOR_STRIKES_BY": "credit", "CONDOR_WING_PTS": "10"},
            ["CREDIT_TARGET_PTS=1.15", "MIN_CREDIT_PCT=15", "WING_PTS=10", "nothing would be entered"],
        ),
        (
            {"CONDOR_STRIKES_BY": "expected_move", "CONDOR_MOVE_MULTIPLE": "0.2"},
            ["MOVE_TOLERANCE=0.2", "MOVE_MULTIPLE=0.2", "must be below"],
        ),
        (
            {"CONDOR_LADDER_STEP_S": "600", "SCHEDULE_CONDOR_ENTRY": "15:40"},
            ["LADDER_STEP_S=600", "CONDOR_ENTRY=15:40"],
        ),
        ({"SCHEDULE_CONDOR_ENTRY": "15:45"}, ["SCHEDULE_CONDOR_ENTRY=15:45", "CONDOR_ENTRY_UNTIL=15:45"]),
        ({"SCHEDULE_HEDGE_RESIZE": "15:40"}, ["CONDOR_ENTRY_UNTIL=15:45", "HEDGE_RESIZE=15:40"]),
        ({"SCHEDULE_SETTLEMENT": "16:40"}, ["SETTLEMENT=16:40", "END_OF_DAY=16:40"]),
        ({"GATEWAY_RECONNECT_MIN_S": "20", "GATEWAY_RECONNECT_MAX_S": "10"}, ["MIN_S=20", "MAX_S=10"]),
        ({"HEDGE_MODERATE_VIX_FROM": "25"}, ["MODERATE_VIX_FROM=25", "HIGH_VIX_FROM=25"]),
        ({"HEDGE_LOW_VIX_FROM": "15"}, ["LOW_VIX_FROM=15", "MODERATE_VIX_FROM=15"]),
        ({"HEDGE_HIGH_VIX_TO": "25"}, ["HIGH_VIX_FROM=25", "HIGH_VIX_TO=25"]),
        ({"HEDGE_LOW_PCT_MAX": "13"}, ["LOW_PCT_MAX=13", "MODERATE_PCT_MIN=12"]),
        ({"HEDGE_MODERATE_PCT_MAX": "26"}, ["MODERATE_PCT_MAX=26", "HIGH_PCT_MIN=25"]),
        ({"HEDGE_HIGH_PCT_MIN": "36"}, ["HIGH_PCT_MIN=36", "HIGH_PCT_MAX=35"]),
        ({"HEDGE_HYSTERESIS_PTS": "5"}, ["HYSTERESIS_PTS=5", "MODERATE_VIX_FROM=15", "HIGH_VIX_FROM=25"]),
        ({"HEDGE_L1_DTE_MIN": "13"}, ["L1_DTE_MIN=13", "L1_DTE_TARGET=12"]),
        ({"HEDGE_L2_MIN_BUY_DTE": "46"}, ["L2_MIN_BUY_DTE=46", "L2_DTE_MAX=45"]),
        ({"HEDGE_L3_ROLL_DAYS": "80", "HEDGE_L3_ROLL_UNTIL_DAYS": "85"}, ["L3_ROLL_DAYS=80", "L3_MIN_BUY_DTE=80"]),
        ({"HEDGE_L1_ROLL_FROM_DAYS": "9"}, ["L1_ROLL_FROM_DAYS=9", "L1_ROLL_DAYS=8"]),
        ({"HEDGE_L2_ROLL_UNTIL_DAYS": "20"}, ["L2_ROLL_DAYS=21", "L2_ROLL_UNTIL_DAYS=20"]),
        ({"HEDGE_L1_ROLL_UNTIL_DAYS": "15"}, ["L1_ROLL_FROM_DAYS=7", "L1_ROLL_UNTIL_DAYS=15", "would reach into"]),
        (
            {"HEDGE_L2_STRUCTURE": "call_spread", "HEDGE_L2_SHORT_OTM_PCT": "10"},
            ["L2_OTM_PCT=10", "L2_SHORT_OTM_PCT=10"],
        ),
        (
            {"HEDGE_L2_INSTRUMENT": "spx_put_spread"},
            ["L2_INSTRUMENT=spx_put_spread", "HEDGE_SPLIT=ratio", "take dollars"],
        ),
        (
            {"HEDGE_L2_INSTRUMENT": "spx_put_spread", "HEDGE_SPLIT": "dollars", "HEDGE_TOTAL": "fixed_contracts"},
            ["L2_INSTRUMENT=spx_put_spread", "HEDGE_TOTAL=fixed_contracts"],
        ),
        (
            {"HEDGE_L3_INSTRUMENT": "spx_put_spread", "HEDGE_SPLIT": "dollars", "HEDGE_MEASURE": "vix_notional"},
            ["L3_INSTRUMENT=spx_put_spread", "HEDGE_MEASURE=vix_notional"],
        ),
        (
            {"HEDGE_L1_INSTRUMENT": "vix_future", "HEDGE_SPLIT": "dollars"},
            ["L1_DTE_MIN=9", "L1_DTE_MAX=16", "no VX expiry is listed"],
        ),
        (
            {
                "HEDGE_L1_INSTRUMENT": "vix_future",
                "HEDGE_L1_DTE_MAX": "47",
                "HEDGE_SPLIT": "dollars",
                "HEDGE_MEASURE": "premium",
            },
            ["L1_INSTRUMENT=vix_future", "HEDGE_MEASURE=premium", "take delta_dollars or vix_notional"],
        ),
        ({"HEDGE_L2_SHORT_DELTA": "0.25"}, ["L2_SHORT_DELTA=0.25", "L2_LONG_DELTA=0.25"]),
        (
            {
                "HEDGE_L3_INSTRUMENT": "spx_put_spread",
                "HEDGE_SPLIT": "dollars",
                "HEDGE_L3_DTE_MIN": "80",
                "HEDGE_L3_DTE_MAX": "90",
            },
            ["L3_DTE_MAX=90", "no SPXW expiry is listed"],
        ),
        ({"HEDGE_L1_MONTHLY_ONLY": "true"}, ["L1_DTE_MIN=9", "L1_DTE_MAX=16", "L1_MONTHLY_ONLY=true", "no VIX expiry"]),
        ({"HEDGE_L3_DTE_MAX": "92", "HEDGE_L3_DTE_TARGET": "90"}, ["L3_DTE_MAX=92", "no VIX expiry is listed"]),
        (
            {"HEDGE_L1_WEIGHT": "5"},
            ["L1_WEIGHT=5", "L2_WEIGHT=4", "L3_WEIGHT=2", "tenths of the hedge and must add up to 10, not 11"],
        ),
        ({"GATEWAY_MODE": "ib", "GATEWAY_PORT": "4001"}, ["GATEWAY_PORT=4001", "ALLOW_LIVE_PORT=false"]),
        ({"GATEWAY_MODE": "ib", "GATEWAY_PORT": "7496"}, ["GATEWAY_PORT=7496", "ALLOW_LIVE_PORT=false"]),
        ({"GATEWAY_MODE": "ib", "STORE_SYNCHRONOUS": "OFF"}, ["STORE_SYNCHRONOUS=OFF", "GATEWAY_MODE=ib"]),
    ],
)
def test_settings_that_contradict_each_other_are_refused_together(changes: dict[str, str], names: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**changes)

    (problem,) = caught.value.problems
    assert all(name in problem for name in names)
    assert "do not go together" in problem


@pytest.mark.parametrize(
    "changes",
    [
        {"GATEWAY_PORT": "4001"},
        {"HEDGE_DRIFT_UPSIDE": "adjust", "CONDOR_DRIFT_MODE": "act"},
        {"GATEWAY_MODE": "ib", "GATEWAY_PORT": "4001", "GATEWAY_ALLOW_LIVE_PORT": "true"},
        {"STORE_SYNCHRONOUS": "OFF"},
        {"CONDOR_TIME_EXIT_DTE": "25", "CONDOR_TIME_EXIT_ENABLED": "false"},
        {"CONDOR_WING_PTS": "55", "CONDOR_ENABLED": "false"},
        {"CONDOR_WING_PTS": "50"},
        {"CONDOR_WINGS_BY": "delta", "CONDOR_WING_PTS": "55"},
        {"CONDOR_WING_DELTA": "0.2", "CONDOR_CREDIT_TOLERANCE_PTS": "9", "CONDOR_MOVE_MULTIPLE": "0.1"},
        {"CONDOR_STRIKES_BY": "credit", "CONDOR_WING_PTS": "5"},
        {"CONDOR_STRIKES_BY": "credit", "CONDOR_CREDIT_TARGET_PTS": "4", "CONDOR_SIDES": "call"},
        {"HEDGE_ENABLED": "false", "HEDGE_L1_WEIGHT": "0", "HEDGE_L2_WEIGHT": "0", "HEDGE_L3_WEIGHT": "0"},
    ],
)
def test_what_cannot_do_harm_is_allowed(changes: dict[str, str]) -> None:
    read(**changes)


def test_a_conflict_says_where_each_value_came_from() -> None:
    with pytest.raises(SettingsError) as caught:
        read(CONDOR_DTE_MIN="31")

    (problem,) = caught.value.problems
    names, _, why = problem.partition(" do not go together: ")
    assert names == "CONDORD_CONDOR_DTE_MIN=31 (environment) and CONDORD_CONDOR_DTE_TARGET=30 (default)"
    assert why == "the first must not be above the second"


def test_a_wrong_value_is_not_told_again_as_a_conflict() -> None:
    with pytest.raises(SettingsError) as caught:
        read(CONDOR_DTE_TARGET="900", CONDOR_DTE_MIN="36")

    assert len(caught.value.problems) == 1
    assert "is out of range" in caught.value.problems[0]
