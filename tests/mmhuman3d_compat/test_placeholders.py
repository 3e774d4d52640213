"""Stand-ins reach host modules alone, let them be imported, and refuse every use."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest
from torch import nn

from mroi_plugin.mmhuman3d_compat import placeholders
from mroi_plugin.mmhuman3d_compat.finder import BUILTINS_WITH_STAND_INS
from mroi_plugin.mmhuman3d_compat.placeholders import (
    PLACEHOLDERS,
    Missing,
    import_with_stand_ins,
    stand_in,
)


class Absent:
    """First in line on ``sys.meta_path``: none of the packages is installed."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition('.')[0] in (*PLACEHOLDERS, 'pickle5'):
            raise ModuleNotFoundError(f'No module named {fullname!r}', name=fullname)


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch):
    monkeypatch.setattr(sys, 'meta_path', [Absent(), *sys.meta_path])
    for name in list(sys.modules):
        if name.partition('.')[0] in PLACEHOLDERS:
            monkeypatch.delitem(sys.modules, name)


def execute(code):
    """Execute code as a module of the host."""
    names = {
        '__builtins__': BUILTINS_WITH_STAND_INS,
        '__name__': 'mmhuman3d.some',
        '__package__': '',
    }
    exec(code, names)
    return names


@pytest.mark.parametrize('package', PLACEHOLDERS)
@pytest.mark.parametrize(
    'statement',
    [
        'import {}\nthing = {}.part.Thing',
        'import {}.part as part\nthing = part.Thing',
        'from {} import Thing as thing',
        'from {}.part.deeper import Thing as thing',
    ],
)
def test_every_form_of_import_at_module_level(package, statement):
    thing = execute(statement.replace('{}', package))['thing']
    with pytest.raises(ModuleNotFoundError, match=f'{package}.* is not installed') as caught:
        thing('argument', option=1)
    assert caught.value.name == package and PLACEHOLDERS[package] in str(caught.value)


def test_nothing_enters_sys_modules():
    before = dict(sys.modules)
    execute('from torchvision.models import resnet50')
    assert {name for name in sys.modules if sys.modules[name] is not before.get(name)} == set()


@pytest.mark.parametrize(
    'code',
    [
        'def function():\n    import torchvision\nfunction()',
        'import nowhere',
        'from nowhere.deeper import thing',
        'import importlib\nimportlib.import_module("torchvision")',
    ],
    ids=['in a function', 'not listed', 'not listed, deeper', 'by importlib'],
)
def test_other_imports_fail_as_always(code):
    with pytest.raises(ModuleNotFoundError):
        execute(code)


def test_what_another_package_lacks_is_its_own_affair(tmp_path, monkeypatch):
    (tmp_path / 'needs_vedo.py').write_text('import vedo')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match='vedo'):
        execute('import needs_vedo')


def test_a_part_that_a_real_package_lacks_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, 'vedo', ModuleType('vedo'))
    assert execute('import vedo')['vedo'] is sys.modules['vedo']
    with pytest.raises(ModuleNotFoundError):
        execute('import vedo.plotter')


def test_backport_is_taken_from_the_standard_library():
    assert execute('import pickle5 as p')['p'] is pickle


def test_relative_imports_are_never_stood_in_for():
    names = {'__name__': 'mroi_plugin.x', '__package__': 'mroi_plugin'}
    with pytest.raises(ModuleNotFoundError):
        import_with_stand_ins('torchvision', names, names, ('x',), 1)


def test_classes_may_be_derived_decorated_and_annotated():
    Meshes = stand_in('pytorch3d.structures.Meshes')

    class Mine(Meshes):
        def extra(self) -> Meshes:
            return self

        @classmethod
        def make(cls):
            return cls()

    class Mixed(nn.Module, stand_in('pytorch3d.renderer.cameras.CamerasBase')):
        pass

    decorated = stand_in('vedo.decorate')(Mine.extra)
    for use in (Mine, Mine.make, Mixed, decorated):
        with pytest.raises(ModuleNotFoundError, match='is not installed'):
            use()
    assert not isinstance(3, Meshes) and issubclass(Mine, Meshes)
    assert isinstance(decorated, Missing)
    assert stand_in('pytorch3d.structures').Meshes is Meshes


def test_versions_are_refused_and_other_dunders_absent():
    with pytest.raises(ModuleNotFoundError, match='torchvision is not installed'):
        stand_in('torchvision').__version__  # noqa: B018
    assert not hasattr(stand_in('torchvision'), '__array__')
    with pytest.raises(AttributeError, match='__code__: pytorch3d.* is not installed'):
        stand_in('pytorch3d.transforms.axis_angle_to_matrix').__code__  # noqa: B018


def test_a_slow_package_is_imported_when_it_is_used(tmp_path, monkeypatch):
    (tmp_path / 'slow_to_import.py').write_text('def answer(): return 42')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(placeholders, 'LATE', frozenset({'slow_to_import', 'never_installed'}))
    found = execute('import slow_to_import')['slow_to_import']
    assert 'slow_to_import' not in sys.modules
    assert found.answer() == 42 and sys.modules.pop('slow_to_import').answer() == 42
    with pytest.raises(AttributeError, match='question'):
        found.question  # noqa: B018
    with pytest.raises(ModuleNotFoundError, match='never_installed'):
        execute('import never_installed')


def test_mmcv_reads_tiff_images_with_the_package_that_comes_late(tmp_path):
    tifffile = pytest.importorskip('tifffile')
    image = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    tifffile.imwrite(tmp_path / 'a.tif', image, photometric='rgb')
    code = (
        'import sys\n'
        'from mroi_plugin.mmhuman3d_compat.loading import host_module\n'
        'imread = host_module("mmcv.image.io").imread\n'
        'assert "tifffile" not in sys.modules\n'
        f'print(imread({str(tmp_path / "a.tif")!r}, "unchanged", backend="tifffile").tolist())\n'
    )
    told = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == image.tolist()
