"""Write the synthetic data set: rendered people with exact annotations, no downloads."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import folder


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog='mroi make-data', description=__doc__)
    parser.add_argument(
        '--out', type=folder, default='data/synthetic', help='data prefix to write to'
    )
    parser.add_argument('--train', type=int, default=2000, help='number of training images')
    parser.add_argument('--test', type=int, default=300, help='number of test images')
    parser.add_argument('--seed', type=int, default=0, help='same seed, same bytes')
    parser.add_argument('--jobs', type=int, default=2, help='number of processes')
    parser.add_argument('--force', action='store_true', help='rebuild what is there')
    return parser.parse_args()


def main() -> None:
    """Build the data set, or say that it is there already."""
    args = parse_args()
    from synthetic_humans.build import build_synthetic_data

    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        built = build_synthetic_data(**vars(args))
    done = 'written to' if built else 'already complete in'
    print(f'{args.train} training and {args.test} test images {done} {args.out}')


if __name__ == '__main__':
    main()
