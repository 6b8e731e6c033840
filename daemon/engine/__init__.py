"""Use cases over the ports: gather, decide, act."""
