from datetime import date
from statistics import median

import numpy as np
from sim_world import packaged

from daemon.sim.history import with_generated


def test_generated_sessions_do_not_depend_on_how_far_they_are_asked_for() -> None:
    short = with_generated(packaged(), date(2025, 8, 29), 3)
    long = with_generated(packaged(), date(2026, 8, 31), 3)

    assert short.last == date(2025, 8, 29)
    assert all(long.days[day] == facts for day, facts in short.days.items())


def test_another_seed_gives_another_market() -> None:
    one, two = (with_generated(packaged(), date(2025, 5, 30), seed) for seed in (1, 2))

    assert one.facts(date(2025, 5, 30)) != two.facts(date(2025, 5, 30))


def test_history_that_reaches_the_date_is_left_alone() -> None:
    assert with_generated(packaged(), date(2020, 3, 2), 3) is packaged()


def test_generated_sessions_enclose_open_and_close_and_say_what_they_are() -> None:
    history = with_generated(packaged(), date(2027, 5, 28), 5)

    for facts in [facts for day, facts in history.days.items() if day > packaged().last]:
        assert facts.proxies == ("generated",)
        for ohlc in (facts.spx, facts.vix):
            assert 0 < ohlc.low <= min(ohlc.open, ohlc.close) <= max(ohlc.open, ohlc.close) <= ohlc.high
        assert all(expiry > facts.day for expiry, _ in facts.futures)


def test_long_paths_look_like_the_market_of_1990_to_2026() -> None:
    """Ranges asked of a generator: median VIX 15-20, 95 % 28-38, correlation -0.65 to -0.85, contango on 75-88 % of days."""
    paths = [with_generated(packaged(), date(2033, 12, 30), seed) for seed in range(6)]
    made = [[facts for day, facts in path.days.items() if day > packaged().last] for path in paths]
    vix = [np.array([facts.vix.close for facts in path]) for path in made]
    spx = [np.array([facts.spx.close for facts in path]) for path in made]
    moves = [np.corrcoef(np.diff(np.log(v)), np.diff(np.log(s)))[0, 1] for v, s in zip(vix, spx, strict=True)]
    contango = [facts.futures[1][1] > facts.futures[0][1] for path in made for facts in path]

    assert 15 <= median(np.concatenate(vix).tolist()) <= 20
    assert 28 <= np.quantile(np.concatenate(vix), 0.95) <= 38
    assert -0.85 <= float(np.mean(moves)) <= -0.65
    assert 0.75 <= float(np.mean(contango)) <= 0.88
    assert max(float(v.max()) for v in vix) > 40
