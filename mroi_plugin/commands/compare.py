"""Compare several methods on one test set: errors, size, GFLOPs, speed and memory."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import add_cfg_options, folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi compare``."""
    parser.add_argument(
        'methods',
        nargs='+',
        metavar='CONFIG[=CHECKPOINT]',
        help='without a checkpoint, the last of work_dirs/<name of the config>',
    )
    parser.add_argument(
        '--out', type=folder, required=True, help='folder for comparison.json, .csv and .md'
    )
    parser.add_argument(
        '--epochs',
        type=int,
        metavar='N',
        help='first train every method that is given without a checkpoint for N epochs',
    )
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compare; exit status 2 with one message if it cannot be done."""
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.analysis.comparison.compare import compare

        compare(args.methods, args.out, args.epochs, args.cfg_options)
    return 0
