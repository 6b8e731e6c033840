"""Contracts, quotes, pricing and parity."""
