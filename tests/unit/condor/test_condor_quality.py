"""Gates of quote quality: what each of them minds, with value and limit, and that all of them are named."""

import csv
import gzip
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from condor_values import NOW, POLICY, option, policy, quote

from daemon.core.condor.quality import ShortStrike, check_delta, judge_freshness, judge_move, judge_quotes
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.market.parity import parity_forward
from daemon.core.market.pricing import black76
from daemon.core.market.quotes import DataKind, Quote
from daemon.core.orders.intent import Reason

PUT_LONG, PUT_SHORT = option(3125, Right.PUT), option(3150, Right.PUT)
CALL_SHORT, CALL_LONG = option(3500, Right.CALL), option(3525, Right.CALL)
LEGS = (PUT_LONG, PUT_SHORT, CALL_SHORT, CALL_LONG)
GOOD = {
    PUT_LONG: quote(800, 830),
    PUT_SHORT: quote(1050, 1080),
    CALL_SHORT: quote(520, 540),
    CALL_LONG: quote(275, 290),
}
MAX_AGE_S = 30.0
DATA = Path(__file__).parents[3] / "../shared/data"
CHAINS, SNAPSHOTS = DATA / "spx_option_chains_intraday.csv.gz", DATA / "option_chain_snapshots.csv"


def judged(changes: dict[OptionContract, Quote | None], **settings: float) -> list[Reason]:
    quotes = {leg: changes.get(leg, known) for leg, known in GOOD.items()}
    present = {leg: known for leg, known in quotes.items() if known is not None}
    return list(judge_quotes(LEGS, present, NOW, policy=policy(**settings), max_age_s=MAX_AGE_S))


def names(reasons: Iterable[Reason]) -> list[str]:
    return [reason.name for reason in reasons]


class TestLegs:
    def test_good_quotes_pass_every_gate(self) -> None:
        assert judged({}) == []

    def test_a_leg_without_a_quote_is_missing_and_no_other_gate_speaks_for_it(self) -> None:
        (reason,) = judged({CALL_LONG: None})

        assert (reason.name, reason.value, reason.limit) == ("leg_not_quoted", 1, 0)
        assert str(CALL_LONG) in reason.text

    @pytest.mark.parametrize("half", [quote(None, 290), quote(275, None)])
    def test_a_quote_with_one_side_is_named(self, half: Quote) -> None:
        assert names(judged({CALL_LONG: half})) == ["leg_one_sided"]

    def test_a_bid_above_the_ask_is_named_with_how_far(self) -> None:
        (reason,) = judged({PUT_SHORT: quote(1090, 1080)})

        assert (reason.name, reason.value, reason.limit) == ("leg_crossed", 0.10, 0)

    def test_a_locked_quote_passes(self) -> None:
        assert judged({PUT_SHORT: quote(1080, 1080)}) == []

    @pytest.mark.parametrize("kind", [DataKind.DELAYED, DataKind.FROZEN, DataKind.DELAYED_FROZEN])
    def test_data_that_are_not_live_are_named_by_their_kind(self, kind: DataKind) -> None:
        (reason,) = judged({PUT_SHORT: replace(GOOD[PUT_SHORT], kind=kind)})

        assert (reason.name, reason.value, reason.limit) == ("data_not_live", kind.value, "live")

    def test_a_quote_older_than_allowed_is_stale(self) -> None:
        late = {leg: replace(known, at=NOW - timedelta(seconds=30.1)) for leg, known in GOOD.items()}

        (reason,) = judged(dict(late))

        assert (reason.name, reason.value, reason.limit) == ("quote_stale", 30.1, MAX_AGE_S)

    def test_legs_seen_at_different_times_do_not_belong_together(self) -> None:
        earlier = replace(GOOD[PUT_SHORT], at=NOW - timedelta(seconds=12))

        (reason,) = judged({PUT_SHORT: earlier}, quote_skew_max_s=10.0)

        assert (reason.name, reason.value, reason.limit) == ("quotes_skewed", 12.0, 10.0)
        assert judged({PUT_SHORT: earlier}, quote_skew_max_s=12.0) == []

    def test_a_wide_leg_is_held_against_the_share_of_its_mid_when_that_is_more(self) -> None:
        # A mid of 20.00 may be 10 % = 2.00 wide.
        assert judged({PUT_SHORT: quote(1900, 2100)}) == []

        (reason,) = judged({PUT_SHORT: quote(1895, 2105)})

        assert (reason.name, reason.value, reason.limit) == ("leg_spread_too_wide", 2.10, 2.0)

    def test_a_cheap_wing_may_be_as_wide_as_the_points_allow(self) -> None:
        # 1.00 wide around 0.75 is 133 % of the mid, and still within 1.00 point.
        assert judged({CALL_LONG: quote(25, 125)}) == []
        assert names(judged({CALL_LONG: quote(20, 125)})) == ["leg_spread_too_wide"]

    def test_every_gate_that_minds_is_named(self) -> None:
        old = replace(quote(1000, 1400), at=NOW - timedelta(seconds=45), kind=DataKind.DELAYED)

        found = names(
            judged({PUT_LONG: None, PUT_SHORT: old, CALL_SHORT: quote(None, 540), CALL_LONG: quote(300, 290)})
        )

        assert found == [
            "leg_not_quoted",
            "leg_one_sided",
            "leg_crossed",
            "data_not_live",
            "quote_stale",
            "quotes_skewed",
            "leg_spread_too_wide",
        ]

    def test_without_any_quote_only_their_absence_is_named(self) -> None:
        assert names(judge_quotes(LEGS, {}, NOW, policy=POLICY, max_age_s=MAX_AGE_S)) == ["leg_not_quoted"]
        assert judge_freshness({}, NOW, max_age_s=MAX_AGE_S) == ()


class TestMoveOfSpx:
    def test_a_quarter_of_a_percent_passes_and_more_is_named(self) -> None:
        # 0.25 % of 3,400 is 8.50 points.
        assert judge_move(3400.0, 3408.4, POLICY) == ()
        (reason,) = judge_move(3400.0, 3391.4, POLICY)

        assert (reason.name, reason.value, reason.limit) == ("spx_moved", 0.253, 0.25)


class TestDeltaCheck:
    SHORT = ShortStrike(PUT_SHORT, 0.15, 10.65)
    YEARS = 31 / 365

    def test_a_delta_that_agrees_passes_with_our_own_beside_it(self) -> None:
        own = check_delta(self.SHORT, 3370.0, self.YEARS, policy=POLICY).own_delta
        assert own is not None

        check = check_delta(replace(self.SHORT, broker_delta=own + 0.029), 3370.0, self.YEARS, policy=POLICY)

        assert check.refusals == ()

    def test_a_delta_that_disagrees_is_refused_with_both_values(self) -> None:
        own = check_delta(self.SHORT, 3370.0, self.YEARS, policy=POLICY).own_delta
        assert own is not None

        (reason,) = check_delta(
            replace(self.SHORT, broker_delta=own + 0.05), 3370.0, self.YEARS, policy=POLICY
        ).refusals

        assert (reason.name, reason.value, reason.limit) == ("deltas_disagree", 0.05, 0.03)
        assert f"{own + 0.05:.3f}" in reason.text
        assert f"{own:.3f}" in reason.text

    def test_a_delta_of_an_index_that_stands_two_percent_elsewhere_is_refused(self) -> None:
        # The broker's model has the right volatility and an old SPX: gamma of about 0.0015 times 67 points is 0.1.
        now, old = (black76(level, 3150.0, self.YEARS, 0.2, 1.0, is_call=False) for level in (3370.0, 3370.0 * 0.98))
        short = ShortStrike(PUT_SHORT, abs(float(old.delta)), float(now.price))

        (reason,) = check_delta(short, 3370.0, self.YEARS, policy=POLICY).refusals

        assert reason.name == "deltas_disagree"

    def test_a_mid_below_intrinsic_value_fits_no_volatility(self) -> None:
        check = check_delta(replace(self.SHORT, mid_pts=5.0), 3140.0, self.YEARS, policy=POLICY)

        assert (check.own_delta, names(check.refusals)) == (None, ["no_implied_vol"])


@pytest.mark.skipif(not CHAINS.exists(), reason="real option chains are not in ../shared/data")
def test_deltas_of_real_chains_in_regular_hours_pass_with_a_margin() -> None:
    """Every option of 0.08 to 0.25 delta within 60 days, on the parity forward of the round strike nearest SPX."""
    apart: list[float] = []
    for (taken_at, spot, expiry), chain in real_chains().items():
        years = (
            datetime.combine(expiry, time(16), ZoneInfo("America/New_York")) - taken_at
        ).total_seconds() / 31_536_000
        strike = min((key[0] for key in chain if key[0] % 25 == 0), key=lambda k: abs(k - spot), default=None)
        if strike is None or not 0.3 / 365 < years < 60 / 365:
            continue
        pair = [known[0] for right in "CP" if (known := chain.get((strike, right))) is not None]
        if len(pair) < 2:
            continue
        forward = parity_forward([strike], pair[:1], pair[1:], 1.0)
        for (level, right), (mid, delta) in chain.items():
            if 0.08 <= abs(delta) <= 0.25:
                contract = OptionContract(TradingClass.SPXW, expiry, round(level * 100), Right(right))
                check = check_delta(ShortStrike(contract, abs(delta), mid), forward, years, policy=POLICY)
                assert check.own_delta is not None
                apart.append(abs(check.own_delta - abs(delta)))

    assert len(apart) > 2_000
    assert max(apart) < 0.5 * POLICY.delta_check_max


def real_chains() -> dict[tuple[datetime, float, date], dict[tuple[float, str], tuple[float, float]]]:
    """Return (strike, right) -> (mid, delta) of SPXW by instant, SPX and expiry, for snapshots of regular hours."""
    with SNAPSHOTS.open(encoding="utf-8") as lines:
        taken = {
            row["snapshot_id"]: (datetime.fromisoformat(row["quote_ts_et"]), float(row["header_spot"]))
            for row in csv.DictReader(lines)
            if row["session"] == "rth" and row["header_spot"] and row["underlying"].endswith("SPX")
        }
    found: dict[tuple[datetime, float, date], dict[tuple[float, str], tuple[float, float]]] = {}
    with gzip.open(CHAINS, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["root"] == "SPXW" and row["snapshot_id"] in taken and row["delta"] and float(row["bid"] or 0) > 0:
                at, spot = taken[row["snapshot_id"]]
                key = (at.replace(tzinfo=ZoneInfo("America/New_York")), spot, date.fromisoformat(row["expiry"]))
                mid = (float(row["bid"]) + float(row["ask"])) / 2
                found.setdefault(key, {})[float(row["strike"]), row["right"]] = (mid, float(row["delta"]))
    return found
