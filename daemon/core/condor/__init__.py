"""Choosing, sizing and exiting iron condors."""
