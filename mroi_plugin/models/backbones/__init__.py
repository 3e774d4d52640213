"""Encoders of one crop."""
