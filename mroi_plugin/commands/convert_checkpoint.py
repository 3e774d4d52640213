"""Convert weights of the method's authors, of CLIFF's or of a 2D-pose network for a config."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import add_config, file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi convert-checkpoint``."""
    add_config(parser)
    add = parser.add_argument
    add('checkpoint', help='file to convert; nothing in it is executed')
    add('--out', type=file, required=True, metavar='PTH', help='file to write, report beside it')
    add('--source', default='auto', help='auto, released, cliff, hrnet_pose or pose_resnet')
    add('--partial', action='store_true', help='take what fits, report the rest')


def run(args: argparse.Namespace) -> int:
    """Convert; exit status 2 with one message if it cannot be done."""
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.deploy.converters.convert_checkpoint import convert_checkpoint

        convert_checkpoint(
            args.config, args.checkpoint, args.out, args.source, args.partial, args.cfg_options
        )
    return 0
