"""What pip would install, into a new environment and into one that has mmhuman3d.

Nothing is installed: pip resolves from the metadata of the index, and the installed packages are
metadata as well.
"""

from __future__ import annotations

import re
import shlex

import pytest
from installs import Environment, find_python, pinned, release
from locations import ROOT

OLDER = {
    'addict': '2.4.0',
    'cdflib': '0.3.20',
    'chumpy': '0.70',
    'contourpy': '1.0.7',
    'cycler': '0.11.0',
    'einops': '0.6.1',
    'fonttools': '4.39.4',
    'h5py': '3.8.0',
    'importlib-resources': '5.12.0',
    'kiwisolver': '1.4.4',
    'matplotlib': '3.7.1',
    'mmcv': '1.5.3',
    'mmhuman3d': '0.11.0',
    'numpy': '1.23.5',
    'opencv-python': '4.7.0.72',
    'packaging': '23.1',
    'pandas': '1.5.3',
    'pillow': '9.5.0',
    'pyparsing': '3.0.9',
    'python-dateutil': '2.8.2',
    'pytorch3d': '0.7.4',
    'pytz': '2023.3',
    'pyyaml': '6.0',
    'scikit-image': '0.20.0',
    'scipy': '1.10.1',
    'six': '1.16.0',
    'smplx': '0.1.28',
    'torch': '1.13.1',
    'torchvision': '0.14.1',
    'tqdm': '4.65.0',
    'typing-extensions': '4.5.0',
    'yapf': '0.32.0',
    'zipp': '3.15.0',
}
"""An MMHuman3D environment of Python 3.9, as its documentation made it."""
NEWER = {
    **OLDER,
    'matplotlib': '3.9.4',
    'mmcv': '1.6.1',
    'mmengine': '0.10.5',
    'numpy': '2.0.2',
    'opencv-python': '4.12.0.88',
    'pandas': '2.3.3',
    'pillow': '11.3.0',
    'scipy': '1.13.1',
    'torch': '2.6.0',
    'torchvision': '0.21.0',
    'yapf': '0.43.0',
}
"""The same with packages of today."""
CONSTRAINTS = ROOT / 'requirements' / 'existing_mmhuman3d.txt'


@pytest.mark.parametrize('existing', [OLDER, NEWER], ids=['older', 'newer'])
def test_an_mmhuman3d_environment_keeps_every_version(existing, wheel, tmp_path):
    environment = Environment(tmp_path / 'existing', find_python('3.9'))
    environment.pretend(existing)
    installed = tmp_path / 'installed.txt'
    installed.write_text(environment.versions())
    assert pinned(installed.read_text().splitlines()).items() >= existing.items()
    found = environment.would_install('-c', installed, '-c', CONSTRAINTS, wheel)
    assert not set(found) & set(existing)
    assert {'mroi-plugin', 'roma', 'numba'} <= set(found)
    assert 'opencv-python-headless' not in found and 'torch' not in found


def test_that_is_the_documented_command():
    wanted = shlex.split(
        'pip install -c <(pip list --format=freeze) -c requirements/existing_mmhuman3d.txt .'
    )
    for path in (CONSTRAINTS, ROOT / 'docs' / 'installation.md', ROOT / 'README.md'):
        (line,) = re.findall(r'pip install -c .*', path.read_text(encoding='utf-8'))
        assert shlex.split(line) == wanted


@pytest.mark.parametrize('version', ['3.9', '3.12'])
def test_a_new_environment_gets_one_opencv(version, wheel, tmp_path):
    environment = Environment(tmp_path / 'new', find_python(version))
    environment.pretend({'torch': '2.6.0'})
    found = environment.would_install(f'{wheel}[mmhuman3d]')
    assert [name for name in found if name.startswith('opencv')] == ['opencv-python']
    assert release(found['opencv-python']) < (5,)
    assert (1, 5) <= release(found['roma']) < (1, 6)
    assert (0, 10, 4) <= release(found['mmengine']) < (0, 11)
    assert release(found['yapf']) < (0, 40, 2)
    assert 'torch' not in found
