from sim_world import packaged

from daemon.core.calendar.sessions import session
from daemon.sim.market.clock import minutes_of, ordinal
from daemon.sim.market.path import session_paths


def test_every_packaged_session_meets_open_high_low_and_close_to_the_last_digit() -> None:
    for day, facts in packaged().days.items():
        paths = session_paths(facts.spx, facts.vix, minutes=minutes_of(session(day)), seed=1, ordinal=ordinal(day))
        for levels, ohlc in ((paths.spx, facts.spx), (paths.vix, facts.vix)):
            met = (levels[0], levels.max(), levels.min(), levels[-1])
            assert met == (ohlc.open, ohlc.high, ohlc.low, ohlc.close), day
