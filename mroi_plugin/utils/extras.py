"""Packages that only some commands need."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def import_extra(package: str, extra: str) -> Any:
    """Import a package of an extra.

    Raises:
        ImportError: naming the extra and how to install it.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f'{package} cannot be imported ({error}). It is the extra "{extra}" of this package: '
            f'pip install {package}, see docs/installation.md.'
        ) from error
