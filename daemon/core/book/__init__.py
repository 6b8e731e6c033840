"""Positions and cash as a fold; reconciliation."""
