"""From crops to one feature per RoI: which pixels the backbone sees of each."""
