"""How mmhuman3d and mmcv 1.x are imported: with stand-ins, and followed by our entries in their
registries."""

from __future__ import annotations

import builtins
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType

from mroi_plugin.mmhuman3d_compat.mmcv_version import is_old_mmcv
from mroi_plugin.mmhuman3d_compat.numpy_names import restore_old_names
from mroi_plugin.mmhuman3d_compat.placeholders import import_with_stand_ins
from mroi_plugin.mmhuman3d_compat.registration import enter_components

PACKAGES = ('mmhuman3d', 'mmcv')
BUILTINS_WITH_STAND_INS = {**vars(builtins), '__import__': import_with_stand_ins}


class MMHuman3DFinder(MetaPathFinder):
    """Lets the other finders find modules of `PACKAGES`, and has them executed with stand-ins.

    Modules of mmcv 2.x are left alone: mmhuman3d cannot use them.
    """

    def __init__(self) -> None:
        self._thread = threading.local()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        package = fullname.partition('.')[0]
        if package not in PACKAGES:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return spec
        if package == 'mmcv' and not is_old_mmcv(spec.origin):
            return spec
        spec.loader.exec_module = partial(self._execute, spec.loader.exec_module)
        return spec

    def _execute(self, execute: Callable[[ModuleType], None], module: ModuleType) -> None:
        """Execute a module; after the outermost, none of this thread is half-executed."""
        depth = getattr(self._thread, 'depth', 0)
        self._thread.depth = depth + 1
        module.__dict__['__builtins__'] = BUILTINS_WITH_STAND_INS
        try:
            execute(module)
        finally:
            self._thread.depth = depth
        restore_old_names(module)
        if depth == 0:
            enter_components()


def install_finder() -> None:
    """Put the finder first in line; does nothing the second time."""
    if not any(isinstance(finder, MMHuman3DFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, MMHuman3DFinder())
