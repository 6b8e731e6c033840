"""Interactive Brokers through ib_insync, behind the Broker port. Names of the library stop in this folder."""

from daemon.adapters.ib.broker import IbBroker
from daemon.adapters.ib.config import IbConfig
from daemon.adapters.ib.transport import Peer, Transport

__all__ = ["IbBroker", "IbConfig", "Peer", "Transport"]
