"""The embedded data set: photographs of the free body with exact annotations.

Names are resolved on first use, so importing this package imports neither numba nor mmhuman3d.
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    'SyntheticBody': 'body',
    'Wardrobe': 'wardrobe',
    'annotate': 'samples',
    'build_synthetic_data': 'build',
    'encode_photo': 'samples',
    'sample_scene': 'samples',
    'take_photo': 'photo',
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    """Import the module that holds `name`; raise AttributeError for unknown names."""
    if name not in _HOME:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_HOME[name]}'), name)
