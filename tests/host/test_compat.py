"""The host imports without pytorch3d, torchvision and chumpy, and nothing else notices."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

ABSENT = [name for name in ('pytorch3d', 'torchvision', 'vedo') if find_spec(name) is None]


def python(code, path=None):
    """Run code in a fresh interpreter, with a folder in front of the import path."""
    prefix = f'import sys; sys.path.insert(0, {str(path)!r})\n' if path else 'import sys\n'
    done = subprocess.run(
        [sys.executable, '-c', prefix + code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_importing_the_plugin_is_light():
    python(
        'import mroi_plugin\n'
        'heavy = {"mmhuman3d", "mmcv", "smplx", "numba", "cv2.dnn", "mroi_plugin.models"}\n'
        'assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()'
    )


def test_host_imports_and_leaves_no_placeholder_behind():
    python(
        'from mroi_plugin.host import load_host\n'
        'load_host(); load_host()\n'
        'import mmhuman3d.apis, mmhuman3d.core.cameras, mmhuman3d.data.datasets\n'
        'from mmhuman3d.models.architectures.builder import build_architecture\n'
        f'for name in {ABSENT!r}:\n'
        '    assert name not in sys.modules, name\n'
        '    try: __import__(name)\n'
        '    except ImportError: continue\n'
        '    raise AssertionError(name)'
    )


@pytest.mark.skipif('pytorch3d' not in ABSENT, reason='pytorch3d is installed')
def test_using_what_is_missing_says_what_and_why():
    message = python(
        'from mroi_plugin.host import load_host\n'
        'load_host()\n'
        'import mmhuman3d.core.cameras.cameras as c\n'
        'from mroi_plugin.host.placeholders import Missing\n'
        'missing = [v for v in vars(c).values() if isinstance(v, Missing)]\n'
        'try: missing[0]()\n'
        'except ImportError as error: print(error)'
    )
    assert 'pytorch3d' in message and 'is not installed' in message and 'wheel' in message


def test_a_real_package_is_never_shadowed(tmp_path):
    package = tmp_path / 'torchvision'
    (package / 'models').mkdir(parents=True)
    (package / '__init__.py').write_text('__version__ = "9.9"\nfrom . import models\n')
    (package / 'models' / '__init__.py').write_text('')
    python(
        'from mroi_plugin.host import load_host\n'
        'load_host()\n'
        'import torchvision\n'
        f'assert torchvision.__file__.startswith({str(tmp_path)!r})\n'
        'assert torchvision.__version__ == "9.9"',
        tmp_path,
    )


def test_a_missing_host_is_one_clear_error(tmp_path):
    (tmp_path / 'mmcv.py').write_text('raise ImportError("no mmcv here")')
    message = python(
        'from mroi_plugin.host import load_host\n'
        'try: load_host()\n'
        'except ImportError as error: print(error)',
        tmp_path,
    )
    assert 'no mmcv here' in message and 'make install' in message
