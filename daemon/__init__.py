"""condord: a paper-trading daemon for hedged SPX iron condors on Interactive Brokers."""

__version__ = "0.1.0"
