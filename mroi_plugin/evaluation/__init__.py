"""Evaluation by the protocol of the papers."""
