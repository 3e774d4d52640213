"""Every equation of the package beside its float64 loop."""
