from datetime import date

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
