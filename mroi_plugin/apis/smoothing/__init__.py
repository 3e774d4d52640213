"""Results of a video made steady."""
