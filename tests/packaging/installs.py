"""Interpreters, environments and what pip would install into them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command without the checkout on the import path; its exit status is not checked."""
    env = {key: value for key, value in os.environ.items() if key != 'PYTHONPATH'}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def succeed(*command: str | Path, cwd: Path | None = None) -> str:
    """Output of a command that must succeed."""
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def find_python(version: str) -> str:
    """An interpreter of a version such as ``3.9``; skips the test where there is none."""
    for candidate in _interpreters(version):
        asked = run(candidate, '-c', 'import sys, venv; print("%d.%d" % sys.version_info[:2])')
        if asked.returncode == 0 and asked.stdout.strip() == version:
            return str(candidate)
    pytest.skip(f'no Python {version} here, neither in PATH nor of pyenv')


def _interpreters(version: str) -> Iterator[str | Path]:
    if sys.version_info[:2] == tuple(map(int, version.split('.'))):
        yield sys.executable
    pyenv = Path(os.environ.get('PYENV_ROOT') or Path.home() / '.pyenv')
    yield from sorted(pyenv.glob(f'versions/{version}.*/bin/python'))
    found = shutil.which(f'python{version}')
    if found:
        yield found


class Environment:
    """A new virtual environment that the pip of this one installs into.

    Args:
        folder: where to make it.
        python: the interpreter.
    """

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        succeed(python, '-m', 'venv', '--without-pip', folder)
        self.bin = folder / 'bin'
        self.python = self.bin / 'python'
        self.pip = (sys.executable, '-m', 'pip', '--python', self.python)
        asked = succeed(self.python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))')
        self.packages = Path(asked.strip())

    def pretend(self, versions: Mapping[str, str]) -> None:
        """Have pip believe that these are installed.

        There is metadata and nothing else: pip resolves by metadata alone, and a set such as torch
        1.13 with CUDA, mmcv 1.5 and pytorch3d would be gigabytes.
        """
        for name, version in versions.items():
            folder = self.packages / f'{name.replace("-", "_")}-{version}.dist-info'
            folder.mkdir()
            text = f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'
            (folder / 'METADATA').write_text(text)
            (folder / 'INSTALLER').write_text('nobody\n')
            (folder / 'RECORD').write_text('')

    def versions(self) -> str:
        """What is installed, a constraint a line."""
        return succeed(*self.pip, 'list', '--format=freeze')

    def would_install(self, *arguments: str | Path) -> dict[str, str]:
        """Versions by normalized name that ``pip install`` would install; nothing is installed.

        Skips the test where there is no package index, or pip is too new for the interpreter.
        """
        report = self.bin / 'report.json'
        done = run(*self.pip, 'install', '-q', '--dry-run', '--report', report, *arguments)
        if 'version of pip does not support' in done.stderr:
            pytest.skip(done.stderr.strip())
        if done.returncode and run(*self.pip, 'index', 'versions', 'mmengine').returncode:
            pytest.skip('no package index can be reached')
        assert done.returncode == 0, done.stderr[-4000:]
        entries = [entry['metadata'] for entry in json.loads(report.read_text())['install']]
        return {normalized(entry['name']): entry['version'] for entry in entries}


def normalized(name: str) -> str:
    """A package's name as the index compares them."""
    return re.sub(r'[-_.]+', '-', name).lower()


def release(version: str) -> tuple[int, ...]:
    """Numbers of a version, for comparison."""
    return tuple(int(part) for part in re.findall(r'\d+', version.split('+')[0]))


def pinned(lines: Sequence[str]) -> dict[str, str]:
    """Version by normalized name of ``name==version`` lines."""
    found = (line.partition('#')[0].strip().partition('==') for line in lines)
    return {normalized(name): version for name, separator, version in found if separator}
