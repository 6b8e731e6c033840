from datetime import date

import pytest
from hedge_values import POLICY
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.hedge.regime import RegimeDecision, RegimeState, decide_regime, ramp_pct

SESSION = date(2020, 3, 2)
EARLIER = date(2020, 2, 24)
LOW, MODERATE = RegimeState("low", None), RegimeState("moderate", None)
HIGH = RegimeState("high", EARLIER)
VIX = st.floats(5, 90)
STATES = st.sampled_from([None, LOW, MODERATE, HIGH, RegimeState("moderate", EARLIER)])


def decide(vix: float, previous: RegimeState | None = None, sessions: int | None = None) -> RegimeDecision:
    if previous is not None and previous.high_since is not None and sessions is None:
        sessions = 5
    return decide_regime(vix, previous, SESSION, sessions, POLICY)


def names(decision: RegimeDecision) -> list[str]:
    return [reason.name for reason in decision.reasons]


class TestFirstDecision:
    # 004-02: low below 15, moderate from 15 to 25, high above 25. 004-03 to 004-05: the percentages.
    @pytest.mark.parametrize(
        ("vix", "name", "pct"),
        [
            (9.0, "low", 6.0),
            (10.0, "low", 6.0),
            (12.5, "low", 7.0),
            (14.99, "low", 7.996),
            (15.0, "moderate", 12.0),
            (20.0, "moderate", 15.0),
            (25.0, "moderate", 18.0),
            (25.01, "high", 25.0067),
            (32.5, "high", 30.0),
            (40.0, "high", 35.0),
            (82.69, "high", 35.0),
        ],
    )
    def test_the_percentage_runs_along_the_band_of_the_value(self, vix: float, name: str, pct: float) -> None:
        decision = decide(vix)

        assert decision.state.name == name
        assert decision.pct == pytest.approx(pct, abs=1e-3)

    @pytest.mark.parametrize("vix", [0.0, -1.0, float("nan"), float("inf")])
    def test_a_vix_that_is_no_price_is_an_error(self, vix: float) -> None:
        with pytest.raises(ValueError, match="must be a positive number"):
            decide(vix)


class TestHysteresis:
    @pytest.mark.parametrize(
        ("previous", "vix", "name"),
        [
            (LOW, 15.49, "low"),
            (LOW, 15.5, "moderate"),
            (MODERATE, 14.5, "moderate"),
            (MODERATE, 14.49, "low"),
            (MODERATE, 25.5, "moderate"),
            (MODERATE, 25.51, "high"),
            (HIGH, 24.51, "high"),
            (HIGH, 24.5, "moderate"),
            (LOW, 40.0, "high"),
            (HIGH, 12.0, "low"),
        ],
    )
    def test_the_regime_changes_only_beyond_the_border_by_half_a_point(
        self, previous: RegimeState, vix: float, name: str
    ) -> None:
        assert decide(vix, previous).state.name == name

    @pytest.mark.parametrize(("previous", "vix", "pct"), [(LOW, 15.3, 8.0), (MODERATE, 14.7, 12.0), (HIGH, 24.7, 25.0)])
    def test_the_ramp_is_clipped_to_the_band_that_was_kept(self, previous: RegimeState, vix: float, pct: float) -> None:
        decision = decide(vix, previous)

        assert decision.pct == pct
        assert names(decision) == ["regime_kept_by_hysteresis"]

    def test_a_change_is_named(self) -> None:
        assert names(decide(30.0, MODERATE)) == ["regime_changed"]

    def test_nothing_is_said_while_nothing_happens(self) -> None:
        assert names(decide(20.0, MODERATE)) == []

    def test_a_regime_that_no_band_has_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="none of low, moderate, high"):
            decide(20.0, RegimeState("calm", None))


class TestFallback:
    def test_the_count_starts_when_vix_first_exceeds_the_border(self) -> None:
        assert decide(26.0, MODERATE).state == RegimeState("high", SESSION)

    def test_exceeding_it_by_less_than_the_hysteresis_starts_the_count_too(self) -> None:
        assert decide(25.2, MODERATE).state == RegimeState("moderate", SESSION)

    def test_the_start_is_kept_while_vix_stays_up(self) -> None:
        assert decide(60.0, HIGH).state == HIGH
        assert decide(24.8, HIGH).state == HIGH
        assert decide(26.0, RegimeState("moderate", EARLIER)).state == HIGH

    @pytest.mark.parametrize(("sessions", "pct"), [(1, 35.0), (19, 35.0), (20, 18.0), (45, 18.0)])
    def test_after_twenty_sessions_the_top_of_the_moderate_band_holds(self, sessions: int, pct: float) -> None:
        decision = decide(45.0, HIGH, sessions)

        assert decision.pct == pct
        assert decision.state == HIGH
        assert ("high_fallback" in names(decision)) is (pct == 18.0)

    def test_below_the_border_by_the_hysteresis_everything_is_forgotten(self) -> None:
        decision = decide(24.4, HIGH, 45)

        assert decision.state == MODERATE
        assert decision.pct == pytest.approx(17.64)

    def test_a_new_rise_counts_from_the_start(self) -> None:
        after = decide(24.4, HIGH, 45)

        assert decide(30.0, after.state).pct == pytest.approx(25 + 10 / 3)

    def test_a_high_regime_without_a_start_gets_one(self) -> None:
        assert decide(30.0, RegimeState("high", None)).state.high_since == SESSION
        assert decide(24.8, RegimeState("high", None)).state.high_since == SESSION

    def test_an_unknown_number_of_sessions_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="number of sessions"):
            decide_regime(30.0, HIGH, SESSION, None, POLICY)


class TestProperties:
    @given(VIX, STATES, st.integers(0, 60))
    def test_the_percentage_lies_in_its_band_or_is_the_fall_back(
        self, vix: float, previous: RegimeState | None, sessions: int
    ) -> None:
        decision = decide(vix, previous, sessions)
        band = {band.name: band for band in (POLICY.low, POLICY.moderate, POLICY.high)}[decision.state.name]

        if "high_fallback" in names(decision):
            assert (decision.state.name, decision.pct) == ("high", 18.0)
        else:
            assert band.pct_low <= decision.pct <= band.pct_high

    @given(VIX, VIX, STATES, st.integers(0, 19))
    def test_a_higher_vix_never_wants_less_from_the_same_state(
        self, one: float, other: float, previous: RegimeState | None, sessions: int
    ) -> None:
        lower, higher = sorted((one, other))

        assert decide(lower, previous, sessions).pct <= decide(higher, previous, sessions).pct

    @given(VIX, STATES, st.integers(0, 19))
    def test_the_same_value_again_changes_nothing(
        self, vix: float, previous: RegimeState | None, sessions: int
    ) -> None:
        first = decide(vix, previous, sessions)
        again = decide(vix, first.state, sessions)

        assert (again.state, again.pct) == (first.state, first.pct)

    @given(VIX)
    def test_the_ramp_never_leaves_the_band(self, vix: float) -> None:
        assert 6.0 <= ramp_pct(vix, POLICY.low) <= 8.0
