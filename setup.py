"""Packaging of mroi_plugin; the pinned environment of a checkout is in requirements/."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent

REQUIREMENTS = [
    'av>=15.1',
    'filelock>=3.10',
    'ioutrack-rs>=0.4',
    'jinja2',
    'matplotlib',
    'mmengine>=0.10.4,<0.11',  # private members of it are used
    'numba',
    'numpy>=1.22',
    'opencv-python>=4.5,<5',  # the one that mmengine asks for; 5 is untested
    'pandas',
    'pillow',
    'plotly',
    'pyyaml',
    'rich',
    'roma>=1.5,<1.6',  # later ones need torch 2
    'safetensors>=0.4',
    'scipy',
    'simplejpeg',
    'smplx',
    'torch>=1.13',
    'trimesh',
]
"""Without mmhuman3d and mmcv 1.x: what they require cannot be resolved any more, and an MMHuman3D
environment has them. docs/installation.md has the line that installs them."""
EXTRAS = {
    # What mmhuman3d 0.11 and mmcv 1.6.1 import besides, and what mmcv 1.6.1 is built with.
    'mmhuman3d': [
        'addict',
        'einops',
        'h5py',
        'packaging',
        'pyyaml',
        'scikit-image',
        'setuptools<81',
        'tqdm',
        'wheel',
        'yapf<0.40.2',
    ],
    'demo': ['gradio>=6'],
    'onnx': ['onnx>=1.14', 'onnxruntime>=1.16'],
    'tensorboard': ['tensorboard>=2.10'],
    'tflite': ['tflite>=2.10'],
    'timm': ['timm>=1.0.9'],
    'transformers': ['transformers>=4.48'],
    'viewer': ['viser>=1.0'],
    'wandb': ['wandb>=0.16'],
}

SHIPPED = ('configs', 'tools', 'projects/synthetic_humans', 'model-index.yml')
"""What a wheel has in ``mroi_plugin/.mim``, as OpenMMLab's packages do, and a checkout has here."""
SUFFIXES = {'.py', '.md', '.yml'}
LEFT_OUT = {
    'tests',
    'build',
    'check_equations.py',
    'convert_detector.py',
    'publish_model.py',
    'quickstart.py',
}
"""Names of folders and files that need a checkout, or are no sources."""


def shipped_files() -> Iterator[Path]:
    """Files for ``.mim``, relative to the root."""
    for name in SHIPPED:
        top = ROOT / name
        for path in [top] if top.is_file() else sorted(top.rglob('*')):
            relative = path.relative_to(ROOT)
            if path.suffix in SUFFIXES and not LEFT_OUT & set(relative.parts):
                yield relative


class BuildPy(build_py):
    """Builds the package with ``.mim`` in it; an editable install finds that at the root."""

    def run(self) -> None:
        """Build as always, then add ``.mim``; never in the source tree, whose configs it hides."""
        super().run()
        if self.editable_mode:
            return
        for path in shipped_files():
            target = Path(self.build_lib, 'mroi_plugin', '.mim', path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, target)


def version() -> str:
    """The version, read without importing the package."""
    text = (ROOT / 'mroi_plugin' / 'version.py').read_text(encoding='utf-8')
    return re.search(r"^__version__ = '([^']+)'", text, re.MULTILINE).group(1)


def build_folders(scratch: str) -> dict[str, dict[str, str]]:
    """Options that build outside of the source tree, which may be read-only and in which the files
    of an earlier build would get into the next wheel."""
    options = {'build': {'build_base': scratch}}
    if not os.access(ROOT, os.W_OK):
        options['egg_info'] = {'egg_base': scratch}
    return options


with tempfile.TemporaryDirectory(prefix='mroi_plugin_') as scratch:
    setup(
        name='mroi_plugin',
        version=version(),
        description='Multi-RoI human mesh recovery for MMHuman3D and MMEngine',
        long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
        long_description_content_type='text/markdown',
        license='Apache-2.0',
        python_requires='>=3.9,<3.13',
        packages=find_packages(include=['mroi_plugin', 'mroi_plugin.*']),
        package_data={
            'mroi_plugin': [
                'assets/*',
                'assets/*/*',
                'analysis/report/*.css',
                'analysis/report/*.j2',
            ]
        },
        cmdclass={'build_py': BuildPy},
        options=build_folders(scratch),
        install_requires=REQUIREMENTS,
        extras_require=EXTRAS,
        entry_points={'console_scripts': ['mroi = mroi_plugin.cli:main']},
    )
