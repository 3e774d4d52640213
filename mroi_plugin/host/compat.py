"""Loading mmhuman3d, with or without the packages that it imports for rendering and model zoos."""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module

from mroi_plugin.host.finder import install_finder
from mroi_plugin.host.pending import HOST_REGISTRIES, enter_components

INSTALL = (
    '`make install` sets up a fitting environment; in one of your own: pip install -r '
    'requirements/build.txt, then pip install --no-deps --no-build-isolation mmcv==1.6.1 '
    'mmhuman3d==0.11.0'
)


@cache
def load_host() -> None:
    """Import mmhuman3d's registries with all their components, and ours into them.

    Does nothing the second time. Importing any module of mmhuman3d after ``mroi_plugin`` has the
    same effect on that part of it.

    Raises:
        ImportError: if mmhuman3d or mmcv 1.x is missing, or something else that they cannot do
            without.
        KeyError: if mmhuman3d has another component of the name of one of ours.
    """
    install_finder()
    # Of mmhuman3d's modules alone: it calls torch.cross without a dimension, on (N, 3).
    warnings.filterwarnings('ignore', 'Using torch.cross without', UserWarning, r'mmhuman3d\.')
    try:
        for module in HOST_REGISTRIES.values():
            import_module(module)
    except (ImportError, AssertionError) as error:  # mmhuman3d asserts the version of mmcv
        raise ImportError(f'mmhuman3d cannot be imported: {error}. {INSTALL}.') from error
    enter_components()
