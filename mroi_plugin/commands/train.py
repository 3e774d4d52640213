"""Train a config with the mmengine Runner."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import add_config, add_launcher, add_work_dir, count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi train``."""
    add_config(parser)
    add_work_dir(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='resume from CHECKPOINT, or from the latest one of the work dir',
    )
    parser.add_argument('--epochs', type=int, metavar='N', help="length in place of the config's")
    parser.add_argument('--amp', action='store_true', help='bfloat16 where it does no harm')
    parser.add_argument(
        '--compile', action='store_true', help='torch.compile the network (torch >= 2)'
    )
    parser.add_argument(
        '--report-gradients',
        nargs='?',
        type=count,
        const=10,
        default=0,
        metavar='N',
        help='log the gradient of every loss on the backbone, first N iterations (10)',
    )
    add_launcher(parser)


def run(args: argparse.Namespace) -> int:
    """Train; exit status 2 with one message if it cannot be done."""
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.apis.train import train

        train(
            args.config,
            work_dir=args.work_dir,
            resume=args.resume,
            amp=args.amp,
            compile_model=args.compile,
            launcher=args.launcher,
            options=args.cfg_options,
            epochs=args.epochs,
            report_gradients=args.report_gradients,
        )
    return 0
