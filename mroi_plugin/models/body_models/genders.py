"""Codes of the genders that bodies are made for."""

from __future__ import annotations

from typing import Any

NEUTRAL = -1
GENDER_NAMES = {0: 'male', 1: 'female', NEUTRAL: 'neutral'}
WORDS = {
    **dict.fromkeys(('m', 'male', 'man', 'boy'), 0),
    **dict.fromkeys(('f', 'female', 'woman', 'girl'), 1),
    **dict.fromkeys(('n', 'neutral', 'unknown'), NEUTRAL),
}


def gender_code(value: Any) -> int | None:
    """Code of a gender: 0 male, 1 female, -1 neutral; None if it says none of these.

    Args:
        value: one of `WORDS` in any case, as text, bytes or the name of an enum's member, or a
            code.
    """
    word = value.decode('utf-8', 'replace') if isinstance(value, bytes) else str(value)
    try:
        return int(float(word)) if float(word) in GENDER_NAMES else None
    except ValueError:
        return WORDS.get(word.strip().lower().split('.')[-1])
