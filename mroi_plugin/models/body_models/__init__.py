"""Bodies in SMPL's format: the licensed one where its files are, and one that is free."""
