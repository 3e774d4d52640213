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

from mroi_plugin.host.numpy_names import restore_old_names
from mroi_plugin.host.pending import enter_components
from mroi_plugin.host.placeholders import import_for_host
from mroi_plugin.host.safe_loading import make_reader_safe

HOSTS = ('mmhuman3d', 'mmcv')
HOST_BUILTINS = {**vars(builtins), '__import__': import_for_host}


class HostFinder(MetaPathFinder):
    """Lets the other finders find the host's modules, and has them executed in its own way."""

    def __init__(self) -> None:
        self._thread = threading.local()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition('.')[0] not in HOSTS:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader.exec_module = partial(self._execute, spec.loader.exec_module)
        return spec

    def _execute(self, execute: Callable[[ModuleType], None], module: ModuleType) -> None:
        """Execute a module of the host; after the outermost, none of this thread is half-done."""
        depth = getattr(self._thread, 'depth', 0)
        self._thread.depth = depth + 1
        module.__dict__['__builtins__'] = HOST_BUILTINS
        try:
            execute(module)
        finally:
            self._thread.depth = depth
        restore_old_names(module)
        make_reader_safe(module)
        if depth == 0:
            enter_components()


def install_finder() -> None:
    """Put the finder first in line; does nothing the second time."""
    if not any(isinstance(finder, HostFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, HostFinder())
