"""Packaging of mroi_plugin; the pinned environment is in requirements/ and the Makefile."""

from pathlib import Path

from setuptools import find_packages, setup

setup(
    name='mroi_plugin',
    version='0.1.0',
    description='Multi-RoI human mesh recovery for MMHuman3D and MMEngine',
    long_description=Path('README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.9,<3.13',
    packages=find_packages(include=['mroi_plugin', 'mroi_plugin.*']),
    package_data={'mroi_plugin': ['assets/*', 'reports/*.css']},
    # mmcv and mmhuman3d are left out on purpose: an existing MMHuman3D environment keeps its own.
    install_requires=[
        'matplotlib',
        'mmengine>=0.10.4',
        'numba',
        'numpy',
        'opencv-python-headless',
        'pandas',
        'pillow',
        'rich',
        'roma',
        'scipy',
        'simplejpeg',
        'smplx',
        'torch>=1.13',
        'trimesh',
    ],
    extras_require={
        'body': ['anny==0.6.2', 'fast-simplification==0.2.0', 'rtree', 'scipy'],
        'onnx': ['onnx>=1.14', 'onnxruntime>=1.16'],
        'transformers': ['transformers>=4.48'],
    },
    entry_points={'console_scripts': ['mroi = mroi_plugin.cli:main']},
)
