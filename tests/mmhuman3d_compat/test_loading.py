"""Loading the host: light until asked for, idempotent, one clear error where it cannot."""

from __future__ import annotations

import pytest
from fresh import run_code

LOAD = 'try: load_mmhuman3d()\nexcept ImportError as error: print(error)\nelse: raise SystemExit(1)'


def test_importing_the_plugin_is_light():
    run_code(
        'import sys, mroi_plugin\n'
        'heavy = {"mmhuman3d", "mmcv", "smplx", "numba", "torch", "mmengine", "numpy"}\n'
        'found = {*heavy, "mroi_plugin.registry"} & set(sys.modules)\n'
        'assert not found, found'
    )


def test_inference_imports_what_it_needs():
    """Of mmhuman3d the body and the names of joints; meshes and tables when they are written."""
    run_code(
        'import sys\n'
        'from mroi_plugin import Inferencer\n'
        'import mroi_plugin.apis.saving\n'
        'from mroi_plugin.engine.config import load_config\n'
        'from mroi_plugin.engine.model_builder import build_model\n'
        'build_model(load_config("mroi_open").model)\n'
        'late = {"trimesh", "pandas", "mmhuman3d.models.heads", "mmhuman3d.data.datasets"}\n'
        'assert not late & set(sys.modules), late & set(sys.modules)\n'
        'assert "mmhuman3d.models.body_models.smpl" in sys.modules'
    )


@pytest.mark.parametrize('version', ['1.8.0', '1.12.1+cu113'])
def test_an_older_torch_is_one_sentence(version):
    told = run_code(
        f'import torch\ntorch.__version__ = {version!r}\n'
        'try: import mroi_plugin.registry\n'
        'except ImportError as error: print(error)'
    )
    assert 'needs torch 1.13 or newer' in told and version in told and told.count('\n') == 1


def test_loading_mmhuman3d_twice_is_once():
    run_code(
        'import sys\n'
        'from mroi_plugin.mmhuman3d_compat import load_mmhuman3d\n'
        'load_mmhuman3d()\n'
        'before = set(sys.modules), [type(f) for f in sys.meta_path]\n'
        'load_mmhuman3d()\n'
        'import mroi_plugin.mmhuman3d_compat\n'
        'assert before == (set(sys.modules), [type(f) for f in sys.meta_path])\n'
        'assert sum(t.__name__ == "MMHuman3DFinder" for t in before[1]) == 1'
    )


@pytest.mark.parametrize('package', ['mmhuman3d', 'mmcv'])
def test_a_missing_host_is_one_clear_error_and_the_rest_works(package):
    message = run_code(
        'import sys\n'
        f'sys.modules[{package!r}] = None\n'
        'import mroi_plugin\n'
        'from mroi_plugin.mmhuman3d_compat import load_mmhuman3d\n'
        'from mmengine.registry import MODELS\n'
        f'{LOAD}\n{LOAD}\n'
        'assert MODELS.build(dict(type="mroi_plugin.CameraConsistencyLoss")) is not None\n'
        + LOAD.replace('load_mmhuman3d()', 'MODELS.get("mmhuman3d.ResNet")')
    )
    assert package in message and message.count('pip install') == 6


def test_a_wrong_version_of_mmcv_is_named(tmp_path):
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / '__init__.py').write_text('import pytorch3d_that_is_missing')
    (tmp_path / 'mmcv' / 'version.py').write_text("__version__ = '2.1.0'")
    message = run_code(f'from mroi_plugin.mmhuman3d_compat import load_mmhuman3d\n{LOAD}', tmp_path)
    assert 'mmcv 2.1.0' in message and 'separate environment' in message
    assert 'pip install' not in message


def test_modules_of_mmcv_2_get_no_stand_ins(tmp_path):
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / '__init__.py').write_text('import torchvision')
    (tmp_path / 'mmcv' / 'version.py').write_text("__version__ = '2.1.0'")
    run_code(
        'import mroi_plugin, sys\n'
        'sys.modules["torchvision"] = None\n'
        'try: import mmcv\n'
        'except ImportError as error: assert "torchvision" in str(error)\n'
        'else: raise SystemExit(1)\n',
        tmp_path,
    )


def test_everything_that_is_missing_is_named_at_once():
    message = run_code(
        'import sys\n'
        'from importlib import util\n'
        'real = util.find_spec\n'
        'absent = {"einops", "h5py", "yapf", "mmhuman3d"}\n'
        'util.find_spec = lambda name, *a: None if name in absent else real(name, *a)\n'
        f'from mroi_plugin.mmhuman3d_compat import load_mmhuman3d\n{LOAD}'
    )
    assert 'for einops, h5py, yapf<0.40.2, mmhuman3d==0.11.0 are not installed' in message
    assert 'pip install einops h5py "yapf<0.40.2"' in message
    assert '--no-deps --no-build-isolation mmhuman3d==0.11.0' in message
