"""Loading the host: light until asked for, idempotent, one clear error where it cannot."""

from __future__ import annotations

import pytest
from fresh import run_code

LOAD = 'try: load_host()\nexcept ImportError as error: print(error)\nelse: raise SystemExit(1)'


def test_importing_the_plugin_is_light():
    run_code(
        'import sys, mroi_plugin\n'
        'heavy = {"mmhuman3d", "mmcv", "smplx", "numba", "mroi_plugin.models"} & set(sys.modules)\n'
        'assert not heavy, heavy'
    )


def test_loading_the_host_twice_is_once():
    run_code(
        'import sys\n'
        'from mroi_plugin.host import load_host\n'
        'load_host()\n'
        'before = set(sys.modules), [type(f) for f in sys.meta_path]\n'
        'load_host()\n'
        'import mroi_plugin.host\n'
        'assert before == (set(sys.modules), [type(f) for f in sys.meta_path])\n'
        'assert sum(t.__name__ == "HostFinder" for t in before[1]) == 1'
    )


@pytest.mark.parametrize('package', ['mmhuman3d', 'mmcv'])
def test_a_missing_host_is_one_clear_error_and_the_rest_works(package):
    message = run_code(
        'import sys\n'
        f'sys.modules[{package!r}] = None\n'
        'import mroi_plugin\n'
        'from mroi_plugin.host import load_host\n'
        'from mmengine.registry import MODELS\n'
        f'{LOAD}\n{LOAD}\n'
        'assert MODELS.build(dict(type="mroi.CameraConsistencyLoss")) is not None\n'
        + LOAD.replace('load_host()', 'MODELS.get("mmhuman3d.ResNet")')
    )
    assert package in message and message.count('make install') == 3


def test_a_wrong_version_of_mmcv_is_named(tmp_path):
    (tmp_path / 'mmcv.py').write_text('__version__ = "2.1.0"')
    message = run_code(f'from mroi_plugin.host import load_host\n{LOAD}', tmp_path)
    assert '2.1.0' in message and 'mmcv==1.6.1' in message
