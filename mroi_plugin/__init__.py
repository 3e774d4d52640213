"""Multi-RoI human mesh recovery for MMHuman3D and MMEngine; importing it connects them."""

import sys

if sys.version_info < (3, 9):
    raise ImportError(
        'mroi_plugin needs Python 3.9 or newer with torch 1.13 or newer, and this is Python %d.%d: '
        'make a newer environment (README.md, "Install").' % sys.version_info[:2]
    )

from mroi_plugin.mmhuman3d_compat import connect as _connect
from mroi_plugin.version import __version__

__all__ = ['Inferencer', '__version__']

_connect()


def __getattr__(name: str) -> object:
    """The inferencer, imported when it is asked for: torch and mmengine come with it."""
    if name != 'Inferencer':
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from mroi_plugin.apis.inferencer import Inferencer

    return Inferencer
