#!/usr/bin/env python
"""Train a model of a config file with the mmengine Runner."""

from __future__ import annotations

import argparse


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file, e.g. configs/mroi_synthetic.py')
    parser.add_argument('--work-dir', help='folder for logs and checkpoints (work_dirs/CONFIG)')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CKPT',
        help='go on from CKPT, or from the latest checkpoint of the work dir',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision (needs an accelerator)')
    parser.add_argument(
        '--compile', action='store_true', help='torch.compile the model (torch >= 2)'
    )
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm'), default='none')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from mroi_plugin.engine import report_user_errors, train

    with report_user_errors():
        train(
            args.config,
            work_dir=args.work_dir,
            resume=args.resume,
            amp=args.amp,
            compile_model=args.compile,
            launcher=args.launcher,
            options=args.cfg_options,
        )


if __name__ == '__main__':
    main()
