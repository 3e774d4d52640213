"""Code in an interpreter of its own: what is imported, and in which order, matters here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from locations import ROOT


def run_python(*arguments: str | Path, path: Path | None = None) -> str:
    """Output of a fresh interpreter, ``path`` being first in line for imports.

    Raises:
        AssertionError: with its error output, if it fails.
    """
    folders = [str(folder) for folder in (path, ROOT, os.environ.get('PYTHONPATH')) if folder]
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(folders)},
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def run_code(code: str, path: Path | None = None) -> str:
    """`run_python` of a piece of code."""
    return run_python('-c', code, path=path)


def write_stub(folder: Path, *modules: str) -> None:
    """Packages that have any name one asks them for, as a real installation would."""
    text = (
        'from pathlib import Path\n'
        '__version__ = "9.9"\n'
        'def __getattr__(name):\n'
        '    if name.startswith("__") or Path(__file__).with_name(name).is_dir():\n'
        '        raise AttributeError(name)\n'
        '    return type(name, (), {})\n'
    )
    for module in modules:
        package = folder.joinpath(*module.split('.'))
        for parent in (package, *package.parents):
            if parent == folder:
                break
            parent.mkdir(exist_ok=True, parents=True)
            (parent / '__init__.py').write_text(text)
