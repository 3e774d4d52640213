#!/usr/bin/env python
"""Test a checkpoint on the test set of a config file."""

from __future__ import annotations

import argparse


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint of that config')
    parser.add_argument(
        '--out', metavar='JSON', help='write the metrics there (WORK_DIR/metrics.json)'
    )
    parser.add_argument('--work-dir', help='folder for logs and pictures (work_dirs/CONFIG)')
    parser.add_argument(
        '--pictures', type=int, default=0, metavar='N', help='draw N test photos with mesh and RoIs'
    )
    parser.add_argument(
        '--worst',
        type=int,
        default=0,
        metavar='K',
        help='draw the K persons with the largest error',
    )
    parser.add_argument(
        '--protocol',
        metavar='NAME',
        help='test set and metric: pw3d, h36m_p1, h36m_p2, mpi_inf_3dhp, or a file like theirs',
    )
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm'), default='none')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from mroi_plugin.engine import report_user_errors, test

    with report_user_errors():
        test(
            args.config,
            args.checkpoint,
            out=args.out,
            work_dir=args.work_dir,
            launcher=args.launcher,
            options=args.cfg_options,
            pictures=args.pictures,
            protocol=args.protocol,
            worst=args.worst,
        )


if __name__ == '__main__':
    main()
