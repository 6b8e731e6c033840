"""Market state at an instant: paths, surfaces, chains, quotes."""
