"""Everything that is imported is required, and all lists of packages agree."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from installs import find_python, normalized, pinned, run
from locations import ROOT
from packaging.requirements import Requirement

from mroi_plugin.mmhuman3d_compat.loading import NEEDED, PACKAGES

FOLDER = ROOT / 'requirements'
GUIDE = (ROOT / 'docs' / 'installation.md').read_text(encoding='utf-8').replace('"', "'")
DISTRIBUTIONS = {
    'PIL': 'pillow',
    'cv2': 'opencv-python',
    'ioutrack': 'ioutrack-rs',
    'yaml': 'pyyaml',
    'skimage': 'scikit-image',
}
"""Packages by the module that they are imported as, where the names differ."""
INSTEAD = {'opencv-python-headless': 'opencv-python'}
OPTIONAL = ('demo', 'onnx', 'tflite', 'timm', 'transformers', 'viewer')
"""Extras that the package imports where they are needed."""
UNPINNED = {'torch', 'packaging', 'timm'}
"""timm brings a torchvision, which has to be made for the torch of the environment."""
NO_PINS = ('words.txt', 'existing_mmhuman3d.txt')
ITS_OWN = {'mroi_plugin', 'mmhuman3d', 'mmcv'}
STANDARD = getattr(sys, 'stdlib_module_names', None)  # Python 3.10 and newer


def constants() -> dict[str, list[str] | dict[str, list[str]]]:
    """The literal assignments of setup.py."""
    found = {}
    for node in ast.parse((ROOT / 'setup.py').read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


REQUIRED = {r.name: r for r in map(Requirement, constants()['REQUIREMENTS'])}
EXTRAS = {
    extra: {r.name: r for r in map(Requirement, requirements)}
    for extra, requirements in constants()['EXTRAS'].items()
}


def imported(path: Path) -> set[str]:
    """Top packages that a file imports, at its top or in functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition('.')[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition('.')[0])
    return found


def pins(*names: str) -> dict[str, str]:
    """Versions by name of files in requirements/."""
    return pinned([line for name in names for line in (FOLDER / name).read_text().splitlines()])


@pytest.mark.skipif(STANDARD is None, reason='Python 3.10 knows its own modules')
def test_imports_are_required():
    modules = set().union(*(imported(path) for path in (ROOT / 'mroi_plugin').rglob('*.py')))
    packages = {DISTRIBUTIONS.get(name, name) for name in modules - set(STANDARD) - ITS_OWN}
    assert packages >= {'torch', 'mmengine', 'opencv-python'}
    optional = set().union(*(EXTRAS[extra] for extra in OPTIONAL))
    assert packages - set(REQUIRED) - optional == set()


def test_requirements_are_imported():
    modules = set().union(*(imported(path) for path in (ROOT / 'mroi_plugin').rglob('*.py')))
    assert set(REQUIRED) - {DISTRIBUTIONS.get(name, name) for name in modules} == set()


def test_bounds_of_what_breaks():
    assert not REQUIRED['opencv-python'].specifier.contains('5.0.0.93')
    assert not REQUIRED['roma'].specifier.contains('1.6')
    assert REQUIRED['mmengine'].specifier.contains('0.10.7')
    assert not REQUIRED['mmengine'].specifier.contains('0.11.0')
    assert 'opencv-python-headless' not in REQUIRED  # both write the module cv2
    assert not EXTRAS['mmhuman3d']['setuptools'].specifier.contains('81.0.0')


def test_the_extra_has_what_mmhuman3d_imports():
    known = {**REQUIRED, **EXTRAS['mmhuman3d']}
    needed = [Requirement(text) for text in NEEDED.values()]
    missing = [r.name for r in needed if INSTEAD.get(r.name, r.name) not in known]
    assert missing == []
    assert EXTRAS['mmhuman3d']['yapf'].specifier == Requirement(NEEDED['yapf']).specifier
    assert {'setuptools', 'wheel'} <= set(EXTRAS['mmhuman3d'])


def test_pins_are_within_the_bounds():
    found = pins(*(path.name for path in FOLDER.glob('*.txt') if path.name not in NO_PINS))
    found = {INSTEAD.get(name, name): version for name, version in found.items()}
    everything = {**REQUIRED, **{k: v for extra in EXTRAS.values() for k, v in extra.items()}}
    unpinned = {n for n in everything if normalized(n) not in found} - UNPINNED
    assert unpinned == set()
    outside = {
        name: found[normalized(name)]
        for name, requirement in everything.items()
        if normalized(name) in found and not requirement.specifier.contains(found[normalized(name)])
    }
    assert outside == {}


def test_the_packages_of_mmhuman3d_are_the_same_everywhere():
    host = pins('host.txt')
    assert {f'{name}=={host[name]}' for name in PACKAGES} == set(PACKAGES.values())
    line = f'pip install --no-deps --no-build-isolation {" ".join(PACKAGES.values())}'
    assert line in GUIDE


def test_the_guide_names_the_extras_and_the_other_opencv():
    assert "pip install '.[mmhuman3d]'" in GUIDE
    assert all(f'`{extra}`' in GUIDE for extra in EXTRAS)
    assert 'pip uninstall -y opencv-python' in GUIDE
    assert "pip install 'opencv-python-headless<5'" in GUIDE


def test_an_old_python_is_told_in_one_sentence(tmp_path):
    code = f'import sys; sys.path.insert(0, {str(ROOT)!r}); import mroi_plugin'
    done = run(find_python('3.8'), '-c', code, cwd=tmp_path)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith('ImportError: mroi_plugin needs Python 3.9') and 'Python 3.8' in last
