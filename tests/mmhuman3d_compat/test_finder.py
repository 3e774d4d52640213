"""mmhuman3d imports wholly, in any order with mroi_plugin, and nothing else notices."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch
from fresh import run_code, run_python, write_stub

PARTS_OF_PYTORCH3D = (
    *('ops', 'structures.utils', 'transforms', 'io.obj_io', 'renderer.cameras', 'renderer.utils'),
    *('renderer.lighting', 'renderer.mesh.textures', 'renderer.mesh.shader'),
    'renderer.mesh.rasterizer',
)

EVERY_MODULE = """
import importlib, pkgutil, sys
from importlib.util import find_spec
from mroi_plugin.mmhuman3d_compat.placeholders import PLACEHOLDERS
absent = [name for name in PLACEHOLDERS if find_spec(name) is None]

import mmhuman3d
failed = set()
for module in pkgutil.walk_packages(mmhuman3d.__path__, 'mmhuman3d.', onerror=failed.add):
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        failed.add(f'{module.name}: {error}')
assert all('mpr_renderer.cuda' in failure for failure in failed), failed  # to be compiled

for name in absent:
    assert find_spec(name) is None and name not in sys.modules
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        continue
    raise AssertionError(name)
"""


def test_every_module_of_the_host_imports_and_nothing_else_notices():
    run_code(EVERY_MODULE)


def test_host_imported_by_the_user_after_us_knows_our_components():
    run_code(
        'import mroi_plugin, sys\n'
        'from mmhuman3d.models.losses.builder import build_loss\n'
        'assert type(build_loss(dict(type="CameraConsistencyLoss"))).__module__ =='
        ' "mroi_plugin.models.losses.camera_consistency"\n'
        'from mmhuman3d.data.datasets.builder import PIPELINES\n'
        'assert PIPELINES.get("MultiRoICrop").__module__.startswith("mroi_plugin")'
    )


def test_stock_host_with_real_packages_before_us(tmp_path):
    """mmhuman3d as its users have it; the plugin comes by ``custom_imports`` of a config."""
    stubs = (f'pytorch3d.{part}' for part in PARTS_OF_PYTORCH3D)
    write_stub(tmp_path, 'torchvision.models', 'colormap', *stubs)
    (tmp_path / 'config.py').write_text('custom_imports = dict(imports=["mroi_plugin"])\n')
    run_code(
        'import sys\n'
        'from mmhuman3d.models.architectures.builder import ARCHITECTURES\n'
        'from mmhuman3d.apis import train_model\n'
        'assert "mroi_plugin" not in sys.modules\n'
        'assert ARCHITECTURES.get("MultiRoIEstimator") is None\n'
        'import mmcv\n'
        f'mmcv.Config.fromfile({str(tmp_path / "config.py")!r})\n'
        'assert ARCHITECTURES.get("MultiRoIEstimator").__module__.startswith("mroi_plugin")\n'
        'import mmhuman3d.core.cameras.cameras as cameras, torchvision\n'
        f'for module in (cameras.cameras, torchvision):\n'
        f'    assert module.__file__.startswith({str(tmp_path)!r}), module',
        tmp_path,
    )


def test_real_packages_are_used_after_us_too(tmp_path):
    write_stub(tmp_path, 'torchvision.models', 'vedo')
    run_code(
        'import mroi_plugin\n'
        'import mmcv.runner.checkpoint as c, mmhuman3d.core.renderer.vedo_render as v\n'
        f'for module in (c.torchvision, v.vedo):\n'
        f'    assert module.__file__.startswith({str(tmp_path)!r}), module',
        tmp_path,
    )


def test_a_script_of_the_host_runs_with_stand_ins(tmp_path):
    script = tmp_path / 'train.py'
    (tmp_path / 'beside.py').write_text('')
    script.write_text(
        'import sys, beside\nfrom mmhuman3d.apis import train_model\n'
        'if __name__ == "__main__": print(sys.argv[1:])\n'
    )
    output = run_python('-m', 'mroi_plugin.mmhuman3d_compat', script, 'config.py', '--seed', '3')
    assert "['config.py', '--seed', '3']" in output
    with pytest.raises(AssertionError, match=r'expected a Python file, found .gone\.py'):
        run_python('-m', 'mroi_plugin.mmhuman3d_compat', 'gone.py')


@pytest.mark.skipif(not hasattr(torch, 'compile'), reason='torch.compile needs torch 2')
def test_host_modules_compile_without_a_break():
    from mroi_plugin.registry import MODELS

    backbone = MODELS.build(dict(type='mmhuman3d.ResNet', depth=18, out_indices=(3,)))
    backbone.eval()
    img = torch.rand(1, 3, 32, 32)
    compiled = torch.compile(backbone, backend='eager', fullgraph=True)
    torch.testing.assert_close(compiled(img)[-1], backbone(img)[-1])


def test_files_and_sources_stay_those_of_the_host():
    spec = find_spec('mmhuman3d.models.heads.hmr_head')
    assert spec.origin.endswith('hmr_head.py') and 'class HMRHead' in spec.loader.get_source(
        'mmhuman3d.models.heads.hmr_head'
    )
