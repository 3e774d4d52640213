"""mmhuman3d's registries as mmengine scope `mmhuman3d`; the host is loaded at the first look-up.

Its components keep their names: ``type='mmhuman3d.ResNet'``, ``type='mmhuman3d.SMPL'``. mmengine
has one kind of model where mmhuman3d has eight: a name that two of them share (none in 0.11) is
that of the first in the order of `HOST_MODELS`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

from mmengine.registry import DATASETS, MODELS, TRANSFORMS, Registry

from mroi_plugin.host.compat import load_host
from mroi_plugin.host.pending import HOST_REGISTRIES


class HostRegistry(Registry):
    """What mmhuman3d's registries of some kinds hold at the moment, its users' own included.

    Args:
        parent: mmengine's registry of the kind.
        kinds: names of mmhuman3d's registries.
    """

    def __init__(self, parent: Registry, kinds: Sequence[str]) -> None:
        super().__init__(parent.name, parent=parent, scope='mmhuman3d')
        self.kinds = tuple(kinds)

    def import_from_location(self) -> None:
        """Called by mmengine before each look-up."""
        load_host()
        for kind in self.kinds:
            registry = getattr(sys.modules[HOST_REGISTRIES[kind]], kind)
            for name, component in registry.module_dict.items():
                self._module_dict.setdefault(name, component)


HOST_MODELS = HostRegistry(
    MODELS,
    (
        'ARCHITECTURES',
        'BACKBONES',
        'NECKS',
        'HEADS',
        'LOSSES',
        'BODY_MODELS',
        'DISCRIMINATORS',
        'REGISTRANTS',
    ),
)
HOST_DATASETS = HostRegistry(DATASETS, ['DATASETS'])
HOST_TRANSFORMS = HostRegistry(TRANSFORMS, ['PIPELINES'])


def announce_scope(scope: str, module: ModuleType) -> None:
    """Let mmengine import ``<scope>.registry``, as it does at every build, without a warning.

    It takes a scope's name for a package's, which `mroi` is not.
    """
    sys.modules.setdefault(f'{scope}.registry', module)
