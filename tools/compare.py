#!/usr/bin/env python
"""Compare several methods on one test set: errors, size, GFLOPs, speed and memory."""

from __future__ import annotations

import argparse


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'methods',
        nargs='+',
        metavar='CONFIG[=CHECKPOINT]',
        help='without a checkpoint, the last of work_dirs/<name of the config>',
    )
    parser.add_argument('--out', required=True, help='folder for comparison.json, .csv and .md')
    parser.add_argument(
        '--epochs',
        type=int,
        metavar='N',
        help='first train every method that is given without a checkpoint for N epochs',
    )
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from mroi_plugin.engine import report_user_errors

    with report_user_errors():
        from mroi_plugin.comparison import compare

        compare(args.methods, args.out, args.epochs, args.cfg_options)


if __name__ == '__main__':
    main()
