"""Several methods on one test set, measured the same way."""
