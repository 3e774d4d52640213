"""The run of a config: checks, checkpoints, hooks, loops, strategies."""
