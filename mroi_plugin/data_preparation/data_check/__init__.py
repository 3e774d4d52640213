"""Checks of everything that a config needs."""
