"""Builds running programs from settings; the only package that knows concrete classes."""
