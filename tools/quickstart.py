#!/usr/bin/env python
"""Make the embedded data, train a backbone, CLIFF and Multi-RoI on it, test both, draw pictures,
print a table."""

from __future__ import annotations

import argparse


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--out', default='work_dirs/quickstart', help='folder for everything it writes'
    )
    parser.add_argument('--pictures', type=int, default=8, help='number of test photos to draw')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from mroi_plugin.engine import report_user_errors

    with report_user_errors():
        from mroi_plugin.quickstart import quickstart

        quickstart(args.out, pictures=args.pictures, options=args.cfg_options)


if __name__ == '__main__':
    main()
