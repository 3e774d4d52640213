#!/usr/bin/env python
"""Train a group of ablations with equal budget; one table and one picture of curves."""

from __future__ import annotations

import argparse


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'group', help='components, rois, crops, relation, fusion or camera (configs/ablations/)'
    )
    parser.add_argument('--seeds', type=int, nargs='+', default=[0], metavar='S')
    parser.add_argument('--epochs', type=int, metavar='E', help="of every training (the config's)")
    parser.add_argument('--jobs', type=int, default=1, metavar='J', help='trainings at a time')
    parser.add_argument('--out', help='folder (work_dirs/ablations/DATASET/GROUP)')
    parser.add_argument(
        '--dataset',
        default='embedded',
        help='embedded (made here), or papers: train on COCO, test on 3DPW',
    )
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from mroi_plugin.engine import report_user_errors

    with report_user_errors():
        from mroi_plugin.ablation import ablate

        ablate(
            args.group,
            args.seeds,
            args.epochs,
            args.jobs,
            args.out,
            args.dataset,
            args.cfg_options,
        )


if __name__ == '__main__':
    main()
