"""Gates, limits and the run state."""
