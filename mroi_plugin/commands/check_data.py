"""Check everything that a config needs; exit status 1 if training could not start on sound data."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import add_config, count, folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi check-data``."""
    add_config(parser)
    add = parser.add_argument
    add('--samples', type=count, default=64, metavar='N', help='people compared with their joints')
    add('--images', type=count, default=8, metavar='N', help='images that are read')
    add('--num-show', type=count, default=0, metavar='N', help='people to draw with RoIs and mesh')
    add('--out', type=folder, help='folder (work_dirs/check_data/CONFIG)')
    add('--seed', type=int, default=0, help='of the choice of people')


def run(args: argparse.Namespace) -> int:
    """Check; exit status 2 with one message if the config cannot be read."""
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.data_preparation.data_check.check import check_data

        good = check_data(
            args.config,
            args.samples,
            args.images,
            args.num_show,
            args.out,
            args.seed,
            args.cfg_options,
        )
    return 0 if good else 1
