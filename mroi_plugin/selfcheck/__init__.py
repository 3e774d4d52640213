"""``python -m mroi_plugin.selfcheck``: every equation on this machine against a float64 loop."""
