"""Pictures without OpenGL: a software renderer and the overlays that are built on it.

Names are resolved on first use, so importing this package does not import numba.
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    'Lighting': 'shading',
    'Mesh': 'renderer',
    'RenderedImage': 'renderer',
    'render': 'renderer',
    'vertex_normals': 'shading',
    'draw_joints': 'drawing',
    'draw_label': 'drawing',
    'draw_rois': 'drawing',
    'stack_row': 'drawing',
    'write_image': 'drawing',
    'crop_strip': 'overlay',
    'mesh_over_photo': 'overlay',
    'roi_crops': 'overlay',
    'side_by_side': 'overlay',
    'side_view': 'overlay',
    'PersonPanel': 'person_rows',
    'contact_sheet': 'person_rows',
    'person_row': 'person_rows',
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    """Import the module that holds `name`; raise AttributeError for unknown names."""
    if name not in _HOME:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_HOME[name]}'), name)
