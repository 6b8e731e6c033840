"""The TWS protocol: codec, sessions, server, faults."""
