"""Run a script of mmhuman3d's where pytorch3d or torchvision is missing:
``python -m mroi_plugin.mmhuman3d_compat tools/train.py ARGUMENTS``."""

from __future__ import annotations

import os.path as osp
import runpy
import sys


def main() -> None:
    """Run the script as if it had been called itself, mroi_plugin being imported already."""
    if len(sys.argv) < 2 or not osp.isfile(sys.argv[1]):
        found = repr(sys.argv[1]) if len(sys.argv) > 1 else 'nothing'
        sys.exit(
            f'python -m mroi_plugin.mmhuman3d_compat SCRIPT ...: expected a Python file, '
            f'found {found}.'
        )
    del sys.argv[0]
    sys.path.insert(0, osp.dirname(osp.abspath(sys.argv[0])))
    runpy.run_path(sys.argv[0], run_name='__main__')


if __name__ == '__main__':
    main()
