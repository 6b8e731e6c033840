from datetime import date
from statistics import median

import numpy as np
from sim_world import packaged

from daemon.sim.history import with_generated


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
