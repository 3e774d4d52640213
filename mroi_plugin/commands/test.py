"""Test a checkpoint on the test set of a config."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import (
    add_checkpoint,
    add_config,
    add_launcher,
    add_work_dir,
    count,
    file,
    folder,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi test``."""
    add_config(parser)
    add_checkpoint(parser)
    add_work_dir(parser)
    add = parser.add_argument
    add('--out', type=file, metavar='JSON', help='file for the metrics (WORK_DIR/metrics.json)')
    add('--show-dir', type=folder, metavar='DIR', help='folder for pictures (WORK_DIR/pictures)')
    add('--num-show', type=count, default=0, metavar='N', help='draw N test images with meshes')
    add('--worst', type=count, default=0, metavar='K', help='draw the K people with largest errors')
    add(
        '--protocol',
        metavar='NAME',
        help='test set and metric: pw3d, h36m_p1, h36m_p2, h36m_p1_mocap, h36m_p2_mocap, '
        'mpi_inf_3dhp, or a file like theirs',
    )
    add_launcher(parser)


def run(args: argparse.Namespace) -> int:
    """Test; exit status 2 with one message if it cannot be done."""
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.apis.test import test

        test(
            args.config,
            args.checkpoint,
            out=args.out,
            work_dir=args.work_dir,
            launcher=args.launcher,
            options=args.cfg_options,
            num_show=args.num_show,
            protocol=args.protocol,
            worst=args.worst,
            show_dir=args.show_dir,
        )
    return 0
