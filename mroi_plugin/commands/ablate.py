"""Train a group of ablations with equal budget; one table and one picture of curves."""

from __future__ import annotations

import argparse

from mroi_plugin.analysis.ablation.groups import GROUPS
from mroi_plugin.commands.options import add_cfg_options, folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi ablate``."""
    add = parser.add_argument
    add(
        'group',
        help=f'{", ".join(list(GROUPS)[:-1])} or {list(GROUPS)[-1]} (configs/ablations/)',
    )
    add('--seeds', type=int, nargs='+', default=[0], metavar='S')
    add('--epochs', type=int, metavar='N', help="of every training (the config's)")
    add('--jobs', type=int, default=1, metavar='J', help='trainings at a time')
    add('--out', type=folder, help='folder (work_dirs/ablations/DATASET)')
    add(
        '--dataset',
        default='embedded',
        help='embedded (made here); open: the features of mroi_open_cached, after make-data; '
        'or papers: train on COCO, test on 3DPW',
    )
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> int:
    """Train the group; exit status 2 with one message if it cannot be done."""
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.analysis.ablation.ablate import ablate

        ablate(
            args.group,
            args.seeds,
            args.epochs,
            args.jobs,
            args.out,
            args.dataset,
            args.cfg_options,
        )
    return 0
