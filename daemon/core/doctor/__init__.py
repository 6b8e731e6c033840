"""What ``condord doctor`` makes of the facts it has gathered: one check for each question."""
