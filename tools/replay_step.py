#!/usr/bin/env python
"""Run the training step again at which a loss was not finite."""

from __future__ import annotations

import argparse


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config of the training; the copy in its work dir is best')
    parser.add_argument('dump', help='failed_step_N.pth in the work dir')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from mroi_plugin.engine import report_user_errors
    from mroi_plugin.reliability.replay import replay_step

    with report_user_errors():
        print(replay_step(args.config, args.dump, args.cfg_options).describe())


if __name__ == '__main__':
    main()
