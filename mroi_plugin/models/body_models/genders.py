"""Codes of the genders that bodies are made for."""

from __future__ import annotations

GENDERS = {'m': 0, 'male': 0, 'f': 1, 'female': 1}
"""Everything else is neutral."""
NEUTRAL = -1
GENDER_NAMES = {0: 'male', 1: 'female', NEUTRAL: 'neutral'}
