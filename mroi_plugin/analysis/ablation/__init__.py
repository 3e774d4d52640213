"""The papers' ablations: groups of configs with equal budget, one table each."""
