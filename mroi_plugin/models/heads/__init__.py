"""From RoI features to a body and cameras."""
