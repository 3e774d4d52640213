"""``np.bool`` and ``np.int`` for the three modules of mmhuman3d that still use them."""

from __future__ import annotations

from functools import cache
from types import ModuleType

USERS = (
    'mmhuman3d.data.data_converters.expose_spin_smplx',
    'mmhuman3d.data.data_converters.pw3d',
    'mmhuman3d.data.datasets.pipelines.transforms',
)


@cache
def numpy_with_old_names() -> ModuleType:
    """A copy of numpy's namespace with the names that 1.24 removed; numpy itself is left alone."""
    import numpy as np

    module = ModuleType('numpy')
    vars(module).update({'bool': bool, 'int': int, **vars(np)})
    return module


def restore_old_names(module: ModuleType) -> None:
    """Let a freshly imported module of `USERS` see the old names."""
    if module.__name__ in USERS:
        module.np = numpy_with_old_names()
