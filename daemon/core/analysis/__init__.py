"""What the sessions of a period came to and why: pure functions over rows of closing figures."""
