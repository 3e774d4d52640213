"""Stand-ins for packages that mmhuman3d imports at module level and needs in a few functions only:
those that are missing, and those that are slow to import.

They are handed to the importing module of mmhuman3d or mmcv and to nobody else: nothing enters
``sys.modules``, so to all other code a missing package stays missing.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import FunctionType, ModuleType
from typing import Any

PLACEHOLDERS = {
    'pytorch3d': 'rendering; it has no wheel, build it for your torch',
    'torchvision': 'weights named torchvision://; pip install the version that matches your torch',
    'vedo': 'camera plots; pip install vedo',
    'colormap': 'colored mesh videos; pip install colormap easydev',
    'cdflib': 'converting Human3.6M; pip install "cdflib<0.4"',
    'plyfile': 'converting EHF; pip install plyfile',
}
"""What mmhuman3d 0.11 and mmcv 1.6 use each package for and how to get it."""

LATE = frozenset({'tifffile'})
"""Packages that are imported when something of them is used: a twentieth of the time to start."""

SUBSTITUTES = {'pickle5': 'pickle'}
"""Backports that do not build any more, and the module of the standard library they come from."""


EQUIVALENTS = {'pytorch3d.transforms': 'mroi_plugin.mmhuman3d_compat.rotations'}
"""Modules of missing packages whose functions we have: mmhuman3d computes with them."""


class Missing(type):
    """Type of every name taken from a missing package: subclass or annotate with it freely, any
    use is an error."""

    _missing_name: str

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """A stand-in where it is used as a decorator.

        Raises:
            ModuleNotFoundError: anywhere else.
        """
        if len(args) == 1 and not kwargs and isinstance(args[0], (FunctionType, type)):
            return stand_in(f'{cls._missing_name}.{args[0].__name__}')
        raise ModuleNotFoundError(cls._complaint(), name=cls._package())

    def __getattr__(cls, name: str) -> Any:
        if name == '__version__':
            raise ModuleNotFoundError(cls._complaint(), name=cls._package())
        if name.startswith('__'):
            raise AttributeError(f'{name}: {cls._complaint()}')
        equivalent = EQUIVALENTS.get(cls._missing_name)
        if equivalent and hasattr(import_module(equivalent), name):
            return getattr(import_module(equivalent), name)
        return stand_in(f'{cls._missing_name}.{name}')

    def _package(cls) -> str:
        return cls._missing_name.partition('.')[0]

    def _complaint(cls) -> str:
        package = cls._package()
        return (
            f'{cls._missing_name} is needed here, but {package} is not installed. mmhuman3d uses '
            f'{package} for {PLACEHOLDERS[package]}; or leave out what calls it.'
        )


class LateModule(ModuleType):
    """Stands for an installed package until something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


@cache
def stand_in(name: str) -> Missing:
    """The stand-in for a dotted name of a missing package."""
    return Missing(name.rpartition('.')[2], (), {'_missing_name': name})


def import_with_stand_ins(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    """``__import__`` of mmhuman3d's modules: the real one first, a stand-in where it finds nothing,
    and at once for packages that are `LATE`.

    Only imports at module level get stand-ins for what is missing; inside a function, it is an
    error as always.

    Raises:
        ModuleNotFoundError: if something else is missing.
    """
    if name in LATE and name not in sys.modules and not fromlist and find_spec(name) is not None:
        return LateModule(name)
    try:
        return builtins.__import__(name, globals, locals, fromlist, level)
    except ModuleNotFoundError as error:
        package = name.partition('.')[0]
        if level or locals is not globals or error.name != package:
            raise
        if package in SUBSTITUTES:
            return import_module(SUBSTITUTES[package])
        if package not in PLACEHOLDERS:
            raise
        return stand_in(name if fromlist else package)
