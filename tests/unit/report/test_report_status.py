import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime

import pytest

from daemon.core.records import LimitUse
from daemon.report.status import StatusView, status_json, status_text

FULL = StatusView(
    mode="PAPER DU123",
    version="0.1.0",
    pid=4711,
    now=datetime(2020, 3, 9, 16, 0, tzinfo=UTC),
    session=date(2020, 3, 9),
    session_note="market open",
    link="SYNCED",
    run_state="EXITS_ONLY",
    run_state_by="person",
    run_state_reason="travelling",
    next_jobs=((datetime(2020, 3, 9, 19, 30, tzinfo=UTC), "condor_entry"),),
    reconciled_at=datetime(2020, 3, 9, 15, 55, tzinfo=UTC),
    breaks_open=0,
    positions=42,
    condors_open=11,
    wing_notional_usd=55_000,
    spx=2746.56,
    vix=54.46,
    regime="high",
    hedge_pct=35.0,
    hedge_target_usd=19_250.4,
    hedge_held_usd=18_000,
    contracts_held=5,
    contracts_target=6,
    beside_held={"drift": 16, "sleeve": 0, "etf": 0},
    net_liquidation_usd_cents=98_886_375,
    pnl_usd_cents=-1_113_625,
    risk_at=datetime(2020, 3, 9, 15, 40, tzinfo=UTC),
    theta_usd=-132.4,
    worst_usd=-23_604.0,
    worst_scenario="-$23,604 with SPX -20 %, VIX -40 %, after 21 days",
)


def test_the_screen_shows_what_is_known() -> None:
    text = status_text(FULL)

    for part in (
        "PAPER DU123",
        "process 4711",
        "2020-03-09 12:00 EDT",
        "EXITS_ONLY (by person: travelling)",
        "no break open",
        "11 open, wing notional $55,000; 42 positions",
        "5 of 6 contracts; held $18,000, target $19,250 (p 35.00 %); beside them drift 16",
        "theta -$132 a day; worst scenario -$23,604 with SPX -20 %, VIX -40 %, after 21 days;",
        "2020-03-09 11:40 EDT",
        "$988,863.75",
        "-$11,136.25",
        "2020-03-09 15:30 EDT condor_entry",
    ):
        assert part in text


def test_what_is_unknown_is_said_and_never_shown_as_zero() -> None:
    text = status_text(StatusView(mode="SIMULATED", version="0.1.0", pid=4711))

    assert "open breaks unknown" in text
    assert "risk          not measured yet" in text
    assert "none scheduled" in text
    assert "$0" not in text
    assert " 0 " not in text


def test_a_risk_that_was_measured_in_part_says_what_is_unknown() -> None:
    text = status_text(replace(FULL, theta_usd=None, worst_usd=None, worst_scenario="unknown"))

    assert "theta unknown; worst scenario unknown" in text


def test_a_daemon_that_does_not_run_leaves_out_what_only_a_running_one_knows() -> None:
    text = status_text(replace(FULL, pid=None, now=None, session=None, link=None, next_jobs=()))

    labels = [line.split("  ")[0] for line in text.splitlines()]
    assert "not running" in text
    assert not {"now", "link", "next"} & set(labels)
    assert {"run state", "condors", "hedge", "account"} <= set(labels)


def test_a_daemon_that_does_not_answer_is_said_to_run() -> None:
    text = status_text(replace(FULL, pid=None, now=None, session=None, link=None, next_jobs=(), silent=True))

    assert "ATTENTION: it runs and does not answer" in text
    assert "not running" not in text


def test_a_folder_without_a_database_says_how_to_begin() -> None:
    text = status_text(StatusView(mode="no database yet", version="0.1.0"))

    assert len(text.splitlines()) == 2
    assert "condord run" in text


def test_breaks_and_orders_without_evidence_ask_for_attention() -> None:
    text = status_text(replace(FULL, breaks_open=2, unknown_orders=("cd.20200309.condor.ENTRY.C20200309-1.1",)))

    assert "ATTENTION: 2 breaks open" in text
    assert "no evidence yet of cd.20200309.condor.ENTRY.C20200309-1.1" in text


NAMES = ("open condors", "wing notional", "margin", "quick ratio", "session loss", "week loss", "drawdown")
LONG = "it goes on and on, with all that a gateway can say about what it does not want to do just now, " * 4
CROWDED = replace(
    FULL,
    link_text=LONG,
    run_state_reason=LONG,
    halt_file="/var/lib/condord/HALT",
    halt_file_text=LONG,
    breaks_open=12,
    unknown_orders=tuple(f"cd.20200309.condor.ENTRY.C20200309-{n}.1" for n in range(9)),
    beside_held={"drift": 16, "sleeve": 4, "etf": 2},
    hedge_policy=tuple(f"change {n}: {LONG}" for n in range(9)),
    limits=tuple(LimitUse(name, 10.5, 10, unit="%") for name in NAMES * 2),
    last_decision=LONG,
    next_jobs=tuple((datetime(2020, 3, 9, 19, n, tzinfo=UTC), "condor_entry") for n in range(9)),
    settings_pending=12,
)


@pytest.mark.parametrize(
    ("view", "width", "lines_max"),
    [(FULL, 80, 20), (FULL, 100, 20), (CROWDED, 80, 33), (CROWDED, 100, 30), (CROWDED, 200, 30)],
)
def test_the_screen_is_one_screen(view: StatusView, width: int, lines_max: int) -> None:
    lines = status_text(view, width).splitlines()

    assert len(lines) <= lines_max
    assert max(map(len, lines)) <= width


def test_what_is_left_out_of_the_screen_is_counted() -> None:
    text = " ".join(status_text(CROWDED).split())

    assert "and 7 more" in text
    assert "19:03" not in text
    assert "5 more" in text
    assert "and 7 more changes" in text


def test_limits_that_are_breached_come_first_and_those_that_nothing_is_used_of_are_counted() -> None:
    kept, broken, idle = LimitUse("margin", 5, 50, unit="%"), LimitUse("drawdown", 11, 10, unit="%"), 3
    unused = (LimitUse("orders", 0, 40, unit="") for _ in range(idle))
    text = status_text(replace(FULL, limits=(kept, broken, *unused)), 200)

    assert "drawdown 11.00 % of 10.00 % ATTENTION: BREACHED; margin 5.00 % of 50.00 %; nothing of 3 limits" in text


def test_json_carries_every_field_with_money_in_dollars() -> None:
    found = json.loads(json.dumps(status_json(FULL)))

    assert set(found) == {field.name.replace("_usd_cents", "_usd") for field in fields(StatusView)}
    assert found["net_liquidation_usd"] == 988_863.75
    assert found["next_jobs"] == [{"at": "2020-03-09T19:30:00+00:00", "job": "condor_entry"}]
    assert found["session"] == "2020-03-09"


def test_json_of_the_unknown_is_null() -> None:
    found = status_json(StatusView(mode="SIMULATED", version="0.1.0"))

    assert (found["pid"], found["breaks_open"], found["net_liquidation_usd"]) == (None, None, None)


def test_changes_that_wait_for_a_restart_are_one_line() -> None:
    assert "\nsettings      2 changes pending: restart to put into force" in status_text(
        replace(FULL, settings_pending=2)
    )
    assert "a restart could not read them" in status_text(replace(FULL, settings_pending=None))
    assert "settings" not in status_text(FULL)
