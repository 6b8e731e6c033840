"""Intents, their state machine, limit-price ladders."""
