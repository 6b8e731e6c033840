"""Layers, sizing, rolls and strikes of the VIX-call hedge."""
