"""Importing mmhuman3d, with or without its packages for rendering and model zoos."""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from mroi_plugin.mmhuman3d_compat.finder import install_finder
from mroi_plugin.mmhuman3d_compat.mmcv_version import installed_mmcv
from mroi_plugin.mmhuman3d_compat.registration import enter_components

NEEDED = {
    'addict': 'addict',
    'cv2': 'opencv-python<5',
    'einops': 'einops',
    'h5py': 'h5py',
    'matplotlib': 'matplotlib',
    'pandas': 'pandas',
    'scipy': 'scipy',
    'skimage': 'scikit-image',
    'smplx': 'smplx',
    'tqdm': 'tqdm',
    'yaml': 'pyyaml',
    'yapf': 'yapf<0.40.2',
}
"""What mmhuman3d and mmcv import wherever the plugin uses them, and the names to install it by."""
PACKAGES = {'mmcv': 'mmcv==1.6.1', 'mmhuman3d': 'mmhuman3d==0.11.0'}
"""Installed without their requirements, some of which do not build any more."""


@cache
def load_mmhuman3d() -> None:
    """Import mmhuman3d's registries with all their components, and ours into them.

    Does nothing the second time. It takes more than a second: for a part of mmhuman3d that others
    do not build on, there is `host_module`.

    Raises:
        ImportError: see `host_module`.
        KeyError: if mmhuman3d has another component of the name of one of ours.
    """
    for module in import_module('mroi_plugin.registry').MMHUMAN3D_REGISTRIES.values():
        host_module(module)
    enter_components()


def host_module(name: str) -> ModuleType:
    """A module of mmhuman3d or mmcv, with what it imports and no more; our components are in those
    of mmhuman3d's registries that are among it.

    Raises:
        ImportError: if mmhuman3d or mmcv 1.x is missing, or something else that they cannot do
            without; everything that is missing is named.
    """
    _prepare()
    try:
        return import_module(name)
    except (ImportError, AssertionError) as error:  # mmhuman3d asserts the version of mmcv
        raise ImportError(
            f'mmhuman3d cannot be imported: {error}. README.md, "Install", has an environment that '
            'works.'
        ) from error


@cache
def _prepare() -> None:
    install_finder()
    problem = missing_packages()
    if problem:
        raise ImportError(problem)
    # Of mmhuman3d's modules alone: it calls torch.cross without a dimension, on (N, 3).
    warnings.filterwarnings('ignore', 'Using torch.cross without', UserWarning, r'mmhuman3d\.')


def missing_packages() -> str | None:
    """Everything that mmhuman3d lacks here and how to install it, or None; imports nothing."""
    version = installed_mmcv()
    if version is not None and int(version.split('.')[0]) > 1:
        return (
            f'mmhuman3d needs mmcv 1.3.17 to 1.6.1, and this environment has mmcv {version}, which '
            'mmpose, mmdet and others here may need: leave it as it is and make a separate '
            'environment for mmhuman3d (README.md, "Install").'
        )
    missing = [name for module, name in NEEDED.items() if find_spec(module) is None]
    packages = [name for module, name in PACKAGES.items() if find_spec(module) is None]
    if not (missing or packages):
        return None
    commands = [f'pip install {_quoted(missing)}'] if missing else []
    if packages:
        commands.append('pip install "setuptools<81" wheel')
        commands.append(f'pip install --no-deps --no-build-isolation {_quoted(packages)}')
    return (
        f'mmhuman3d cannot be imported, for {", ".join([*missing, *packages])} '
        f'{"is" if len(missing) + len(packages) == 1 else "are"} not installed: '
        + ' && '.join(commands)
    )


def _quoted(names: list[str]) -> str:
    return ' '.join(f'"{name}"' if '<' in name else name for name in names)
