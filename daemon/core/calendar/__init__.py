"""Sessions, early closes, expiries and settlements."""
