"""Errors and protocols as pure functions."""
