"""Orders, fills, margin, account and settlement."""
