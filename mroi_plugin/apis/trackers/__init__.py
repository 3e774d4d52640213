"""Identities of people across the frames of a video."""
