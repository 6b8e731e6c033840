"""The TWS protocol: codec, sessions, server, faults."""

from daemon.sim.gateway.config import MARKER_CODE, MARKER_TEXT, GatewayConfig
from daemon.sim.gateway.faults import FaultPlan
from daemon.sim.gateway.gateway import Gateway
from daemon.sim.gateway.session import Session
from daemon.sim.gateway.tcp import serve_tcp

__all__ = ["MARKER_CODE", "MARKER_TEXT", "FaultPlan", "Gateway", "GatewayConfig", "Session", "serve_tcp"]
