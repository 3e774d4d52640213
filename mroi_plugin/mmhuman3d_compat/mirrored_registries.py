"""mmhuman3d's registries as mmengine scope `mmhuman3d`, which is imported at the first look-up.

Its components keep their names: ``type='mmhuman3d.ResNet'``, ``type='mmhuman3d.SMPL'``. mmengine
has one kind of model where mmhuman3d has eight: a name that two of them share (none in 0.11) is
that of the first in the order of `MMHUMAN3D_MODELS`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mmengine.registry import DATASETS, MODELS, TRANSFORMS, Registry

from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.registry import MMHUMAN3D_REGISTRIES


class MirroredRegistry(Registry):
    """The present entries of mmhuman3d's registries of some kinds, its users' own included.

    Args:
        parent: mmengine's registry of the kind.
        kinds: names of mmhuman3d's registries.
    """

    def __init__(self, parent: Registry, kinds: Sequence[str]) -> None:
        super().__init__(parent.name, parent=parent, scope='mmhuman3d')
        self.kinds = tuple(kinds)

    def import_from_location(self) -> None:
        """Called by mmengine before each look-up."""
        load_mmhuman3d()
        for kind in self.kinds:
            registry = getattr(sys.modules[MMHUMAN3D_REGISTRIES[kind]], kind)
            for name, component in registry.module_dict.items():
                self._module_dict.setdefault(name, component)


MMHUMAN3D_MODELS = MirroredRegistry(
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
MMHUMAN3D_DATASETS = MirroredRegistry(DATASETS, ['DATASETS'])
MMHUMAN3D_TRANSFORMS = MirroredRegistry(TRANSFORMS, ['PIPELINES'])
