"""The wheel carries configs, tools and the generator, and works where there is no checkout."""

from __future__ import annotations

import time
import zipfile
from email import message_from_bytes

import pytest
from conftest import OFFLINE, PIP
from installs import run, succeed
from locations import ROOT
from packaging.specifiers import SpecifierSet

MIM = 'mroi_plugin/.mim/'
CHECKOUT_ONLY = {
    f'tools/{name}.py'
    for name in ('check_equations', 'convert_detector', 'publish_model', 'quickstart')
}
INFERENCE = """
import numpy as np
import torch
import mroi_plugin
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model

cfg = load_config('mroi_synthetic')
torch.save({'state_dict': build_model(cfg.model).state_dict()}, 'start.pth')
model = mroi_plugin.Inferencer('mroi_synthetic', 'start.pth', device='cpu')
image = np.full((120, 160, 3), 100, np.uint8)
[result] = model(image, boxes=[[40, 20, 40, 80]])
print(cfg.filename)
print(mroi_plugin.__file__)
print(result.error, result.faces.shape)
"""


def contents(path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return {name for name in archive.namelist() if '.dist-info/' not in name}


def sources(folder: str, *suffixes: str) -> set[str]:
    """Files of a folder of the checkout, caches left out."""
    files = (path for path in (ROOT / folder).rglob('*') if path.suffix in suffixes)
    return {str(path.relative_to(ROOT)) for path in files}


def test_it_carries_what_a_checkout_has_at_its_root(wheel):
    carried = {name[len(MIM) :] for name in contents(wheel) if name.startswith(MIM)}
    expected = {'model-index.yml'} | sources('configs', '.py', '.md', '.yml')
    expected |= sources('tools', '.py') - CHECKOUT_ONLY
    expected |= sources('projects/synthetic_humans', '.py', '.md')
    assert carried == expected


def test_it_carries_the_package_and_its_data(wheel):
    carried = {name for name in contents(wheel) if not name.startswith(MIM)}
    suffixes = ('.py', '.npz', '.safetensors', '.onnx', '.md', '.css', '.j2')
    assert carried == sources('mroi_plugin', *suffixes)


def test_what_it_says_of_itself(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith('.dist-info/METADATA'))
        head = message_from_bytes(archive.read(name))
    version: dict[str, str] = {}
    exec((ROOT / 'mroi_plugin' / 'version.py').read_text(), version)
    assert head['Version'] == version['__version__']
    pythons = SpecifierSet(head['Requires-Python'])
    assert [f'3.{minor}' in pythons for minor in range(8, 14)] == [False, *[True] * 4, False]


def test_building_leaves_nothing_that_hides_configs(wheel, source_tree):
    assert not list(source_tree.rglob('.mim'))
    assert [path.name for path in (source_tree / 'build').iterdir()] == ['lib']
    assert not list((ROOT / 'mroi_plugin').rglob('.mim'))


def test_a_wheel_from_the_source_archive_is_the_same(wheel, source_tree, tmp_path):
    code = f'from setuptools.build_meta import build_sdist; build_sdist({str(tmp_path)!r})'
    succeed(PIP[0], '-c', code, cwd=source_tree)
    (archive,) = tmp_path.glob('*.tar.gz')
    succeed(*PIP, 'wheel', *OFFLINE, '-w', tmp_path, archive)
    (again,) = tmp_path.glob('*.whl')
    assert contents(again) == contents(wheel)


def test_help_comes_at_once(installed, tmp_path):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        shown = succeed(installed.bin / 'mroi', '--help', cwd=tmp_path)
        times.append(time.perf_counter() - start)
    assert 'train a config' in shown
    assert min(times) < 0.5


def test_configs_are_those_of_the_wheel(installed, tmp_path):
    names = succeed(installed.bin / 'mroi', 'configs', cwd=tmp_path)
    assert 'mroi_synthetic' in names and 'cliff_resnet50' in names
    lines = succeed(installed.bin / 'mroi', 'configs', '--paths', cwd=tmp_path).splitlines()
    root = installed.packages / MIM / 'configs'
    assert len(lines) > 30 and all(line.split()[1].startswith(f'{root}/') for line in lines)


def test_data_are_checked(installed, tmp_path):
    done = run(installed.bin / 'mroi', 'check-data', 'mroi_synthetic', cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert 'train_dataloader' in done.stdout and not done.stderr


def test_inference_by_the_name_of_a_config(installed, tmp_path):
    config, package, result = succeed(
        installed.python, '-W', 'ignore', '-c', INFERENCE, cwd=tmp_path
    ).splitlines()[-3:]
    assert config.startswith(str(installed.packages / MIM))
    assert package.startswith(str(installed.packages))
    assert result == 'None (13776, 3)'


@pytest.mark.parametrize('verb', ['make-data', 'train'])
def test_every_verb_finds_its_files(installed, tmp_path, verb):
    shown = succeed(installed.bin / 'mroi', verb, '--help', cwd=tmp_path)
    assert f'mroi {verb}' in shown


def test_the_generator_is_in_it(installed, tmp_path):
    done = run(installed.bin / 'mroi', 'make-data', '--train', '0', cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == 'error: --train must be a whole number >= 1, found 0\n'
