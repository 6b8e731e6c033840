"""Market history: a folder of daily files, the table that ships, and a generator that continues either."""

from daemon.sim.history.facts import DailyFacts, History, Ohlc
from daemon.sim.history.folder import load_folder
from daemon.sim.history.generate import with_generated
from daemon.sim.history.packaged import load_packaged

__all__ = ["DailyFacts", "History", "Ohlc", "load_folder", "load_packaged", "with_generated"]
