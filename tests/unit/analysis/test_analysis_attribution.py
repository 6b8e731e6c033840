from dataclasses import replace
from datetime import date

import pytest
from analysis_values import gain, row, rows

from daemon.core.analysis.attribution import (
    attribute,
    by_move,
    by_regime,
    by_state,
    is_calm,
    unknown_signals,
    variance_income,
)
from daemon.core.analysis.rows import CONDORS


class TestSources:
    def test_sources_and_what_the_book_does_not_explain_are_the_change_of_net_liquidation(self) -> None:
        first = row(
            gains={CONDORS: gain(500, fees_usd=5.25, value_usd=-480), "L1": gain(-200, fees_usd=1, value_usd=190)}
        )
        second = row(
            date(2020, 3, 3),
            gains={
                CONDORS: gain(before_usd=-480, value_usd=-300),
                "L1": gain(before_usd=190, value_usd=150),
            },
            nlv_usd_cents=first.net_liquidation_usd_cents,
        )
        # Condors 500 - 5.25 - 300, L1 -200 - 1 + 150; net liquidation also earned 3.21 of interest.
        second = replace(second, net_liquidation_usd_cents=100_000_000 + 19_475 - 5_100 + 321)
        found = attribute([first, second])

        assert {total.name: total.usd_cents for total in found.totals} == {CONDORS: 19_475, "L1": -5_100}
        assert found.fees_usd_cents == 625
        assert (found.change_usd_cents, found.other_usd_cents) == (14_696, 321)

    def test_a_missing_mark_at_an_end_is_unknown_and_one_in_between_is_not_needed(self) -> None:
        known = [gain(-200, value_usd=None), gain(before_usd=None, value_usd=150)]
        between = [row(gains={CONDORS: gain(), "L1": known[0]}), row(gains={CONDORS: gain(), "L1": known[1]})]

        assert attribute(between).totals[1].usd_cents == -5_000
        assert attribute(between[:1]).totals[1].usd_cents is None
        assert attribute(between[:1]).other_usd_cents is None


class TestKinds:
    @pytest.mark.parametrize(
        ("spx", "vix", "calm"),
        [
            ((3000.0, 2971.0), (25.0, 27.0), True),
            ((3000.0, 2970.0), (25.0, 27.0), False),  # exactly 1 % down
            ((3000.0, 3029.0), (25.1, 24.0), False),
            ((None, 3000.0), (15.0, 15.0), False),
        ],
    )
    def test_a_calm_session_moves_less_than_1_percent_from_a_vix_of_at_most_25(
        self, spx: tuple[float | None, float], vix: tuple[float, float], calm: bool
    ) -> None:
        assert is_calm(row(spx=spx, vix=vix)) is calm

    def test_convexity_counts_every_session_of_at_least_such_a_fall(self) -> None:
        spx = [3000.0, 3000.0, 2969.0, 2900.0, 2800.0]  # 0, -1.03, -2.3, -3.4 %
        found = {one.name: one for one in by_move(rows([0.0] * 4, [-10.0, 50.0, 200.0, 400.0], spx_pts=spx))}

        assert {name: (one.sessions, one.hedge_usd) for name, one in found.items()} == {
            "all": (4, 640),
            "calm": (1, -10),
            "SPX -1 % or less": (3, 650),
            "SPX -2 % or less": (2, 600),
            "SPX -3 % or less": (1, 400),
            "SPX +1 % or more": (0, 0),
        }

    def test_the_carry_of_a_month_is_of_the_mean_wing_notional_and_21_sessions(self) -> None:
        # 7 calm sessions of -20 dollars on 50,000 dollars: 3 x 140 / 50,000 = 0.84 %.
        calm = by_move([row(hedge_usd=-20, wings_usd=50_000) for _ in range(7)])[1]

        assert calm.hedge_pct == pytest.approx(-0.84)

    def test_without_sessions_or_wings_there_is_no_percentage(self) -> None:
        assert by_move([row(wings_usd=0)])[0].hedge_pct is None
        assert by_move([row(spx=(3000.0, 2900.0))])[1].hedge_pct is None

    def test_a_layer_with_an_unknown_session_is_unknown_in_its_sums_and_the_others_are_not(self) -> None:
        dark = row(gains={CONDORS: gain(7), "L1": gain(before_usd=None)})

        assert by_move([row(hedge_usd=1), dark])[0].gains_usd == {CONDORS: 7, "L1": None}

    def test_sessions_without_a_computation_are_a_regime_of_their_own(self) -> None:
        found = {one.name: one.sessions for one in by_regime([row(regime="high"), row(regime=None)])}

        assert found == {"low": 0, "moderate": 0, "high": 1, "unknown": 1}


class TestStates:
    def test_a_session_counts_for_every_signal_that_spoke_before_it(self) -> None:
        spoken = row(
            hedge_usd=30, states={"breadth": "bearish_divergence", "curve": "backwardation", "reer": "unknown"}
        )
        quiet = row(hedge_usd=-5, states={"breadth": "neutral", "curve": "neutral", "reer": "unknown"})
        found = {one.name: one.hedge_usd for one in by_state([spoken, quiet, row(hedge_usd=2)])}

        assert found == {"breadth bearish_divergence": 30, "curve backwardation": 30, "none spoke": -5, "unknown": 2}

    def test_what_was_stale_or_missing_is_counted_and_said_nothing(self) -> None:
        assert unknown_signals([row(states={"reer": "unknown", "curve": "neutral"}), row()]) == {"reer": 1}


class TestVarianceIncome:
    def test_short_gamma_earns_what_is_implied_over_what_is_realised(self) -> None:
        # 0.5 x 0.4 dollars a point a point x 3000^2 x (0.20^2 - 0.10^2) / 252 = 214.29 dollars.
        one = row(hedge_usd=-100, spx=(3000.0, 3000.0), vix=(20.0, 20.0), gamma_usd=-0.4, realised_vol=0.10)
        found = variance_income([one, row(hedge_usd=-7)])

        assert found.income_usd == pytest.approx(0.5 * 0.4 * 9e6 * 0.03 / 252)
        assert (found.hedge_cost_usd, found.sessions, found.unknown, found.covered) == (100, 1, 1, True)

    def test_realised_above_implied_is_a_loss(self) -> None:
        one = row(vix=(20.0, 20.0), gamma_usd=-0.4, realised_vol=0.30)

        assert variance_income([one]).income_usd < 0
