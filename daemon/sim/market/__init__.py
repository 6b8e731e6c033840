"""Market state at an instant: paths, surfaces, chains, quotes."""

from daemon.sim.market.chains import ContractSet, contract_set
from daemon.sim.market.market import Market, Snapshot, Values

__all__ = ["ContractSet", "Market", "Snapshot", "Values", "contract_set"]
