"""Version of the installed mmcv, read from its files without importing it."""

from __future__ import annotations

import importlib.util
import os.path as osp
import re
from functools import cache

VERSION = re.compile(r"""^__version__\s*=\s*['"]([^'"]+)['"]""", re.MULTILINE)


@cache
def _version_in(folder: str) -> str | None:
    path = osp.join(folder, 'version.py')
    if not osp.isfile(path):
        return None
    with open(path, encoding='utf-8') as file:
        found = VERSION.search(file.read())
    return found.group(1) if found else None


def is_old_mmcv(origin: str | None) -> bool:
    """Whether a module of mmcv is one of mmcv 1.x; yes where its version is unknown.

    Args:
        origin: path of the module.
    """
    parts = (origin or '').replace('\\', '/').split('/')
    folders = ['/'.join(parts[: i + 1]) for i, part in enumerate(parts) if part == 'mmcv']
    version = next(filter(None, map(_version_in, folders)), None)
    return version is None or version.split('.')[0] == '1'


def installed_mmcv() -> str | None:
    """Version of the installed mmcv, None if there is none or it does not say."""
    spec = importlib.util.find_spec('mmcv')
    return None if spec is None or spec.origin is None else _version_in(osp.dirname(spec.origin))
