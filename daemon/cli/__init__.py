"""Commands: parse and call, nothing more."""
