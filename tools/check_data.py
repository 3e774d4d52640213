#!/usr/bin/env python
"""Check everything that a config needs; exit status 1 if training could not start on sound data."""

from __future__ import annotations

import argparse


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--samples', type=int, default=64, metavar='N', help='persons compared with their joints'
    )
    parser.add_argument('--photos', type=int, default=8, metavar='N', help='photos that are read')
    parser.add_argument(
        '--render', type=int, default=0, metavar='N', help='persons to draw with RoIs and mesh'
    )
    parser.add_argument('--out', help='folder (work_dirs/check_data/CONFIG)')
    parser.add_argument('--seed', type=int, default=0, help='of the choice of persons')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from mroi_plugin.engine import report_user_errors

    with report_user_errors():
        from mroi_plugin.data_check import check_data

        good = check_data(
            args.config,
            args.samples,
            args.photos,
            args.render,
            args.out,
            args.seed,
            args.cfg_options,
        )
    raise SystemExit(0 if good else 1)


if __name__ == '__main__':
    main()
