#!/usr/bin/env python
"""Render the body in 5 shapes and 4 poses."""

from __future__ import annotations

import argparse


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', default='docs/free_body_sheet.png', help='picture to write')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from mroi_plugin.body_models import load_free_body
    from mroi_plugin.datasets.synthetic import SyntheticBody
    from mroi_plugin.visualization import write_image
    from mroi_plugin.visualization.body_sheet import body_sheet

    print(f'wrote {write_image(args.out, body_sheet(SyntheticBody(load_free_body())))}')


if __name__ == '__main__':
    main()
