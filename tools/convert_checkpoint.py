#!/usr/bin/env python
"""Convert weights of the method's authors, of CLIFF's or of a 2D-pose network for a config."""

from __future__ import annotations

import argparse


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', help='file to convert; nothing in it is executed')
    parser.add_argument('--config', required=True, help='config of the network to fill')
    parser.add_argument(
        '--out', required=True, metavar='PTH', help='file to write, report beside it'
    )
    parser.add_argument(
        '--source', default='auto', help='auto, released, cliff, hrnet_pose or pose_resnet'
    )
    parser.add_argument('--partial', action='store_true', help='take what fits, report the rest')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from mroi_plugin.engine import report_user_errors

    with report_user_errors():
        from mroi_plugin.conversion.command import convert_checkpoint

        convert_checkpoint(
            args.checkpoint, args.config, args.out, args.source, args.partial, args.cfg_options
        )


if __name__ == '__main__':
    main()
