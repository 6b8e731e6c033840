"""The simulated exchange and its gateway."""
