"""Packaging of the generator of the synthetic data; it needs mroi_plugin."""

from setuptools import find_packages, setup

setup(
    name='synthetic_humans',
    version='0.1.0',
    description='Rendered people with exact annotations, and the build of the free body',
    license='Apache-2.0',
    python_requires='>=3.9',
    packages=find_packages(),
    install_requires=['mroi_plugin', 'scipy', 'rich'],
    extras_require={
        'backgrounds': ['scikit-image'],
        'body': ['anny==0.6.2', 'fast-simplification==0.2.0', 'rtree'],
    },
)
