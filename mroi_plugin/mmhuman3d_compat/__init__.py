"""Import of mmhuman3d 0.11, its conventions, and its registries as an mmengine scope.

Importing this package imports neither mmhuman3d, mmcv nor torch.
"""

import sys
from importlib import import_module

from mroi_plugin.mmhuman3d_compat.finder import install_finder
from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.mmhuman3d_compat.registration import enter_components


def connect() -> None:
    """Give mmhuman3d stand-ins and our components, imported before or after the plugin.

    Where mmengine is imported already, it gets the scope ``mmhuman3d`` at once; otherwise with our
    components.

    Raises:
        KeyError: if mmhuman3d has another component of the name of one of ours.
    """
    install_finder()
    enter_components()
    if 'mmengine.registry' in sys.modules:
        import_module(f'{__name__}.mirrored_registries')


__all__ = ['connect', 'load_mmhuman3d']
