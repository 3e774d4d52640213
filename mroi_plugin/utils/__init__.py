"""Files, errors, ranks and configs: what every other package may use."""
