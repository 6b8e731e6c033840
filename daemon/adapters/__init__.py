"""One outside library a module."""
