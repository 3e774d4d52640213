"""Options that several verbs share, under the same names."""

from __future__ import annotations

import argparse

LAUNCHERS = ('none', 'pytorch', 'slurm')


def add_config(parser: argparse.ArgumentParser) -> None:
    """The config and ``--cfg-options``."""
    parser.add_argument('config', help='config file, or the name of a shipped one (mroi configs)')
    add_cfg_options(parser)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """The checkpoint of the config."""
    parser.add_argument('checkpoint', help='checkpoint of that config')


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """``--cfg-options KEY=VALUE ...``."""
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )


def add_launcher(parser: argparse.ArgumentParser) -> None:
    """``--launcher``, and the rank that launchers pass."""
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def add_work_dir(parser: argparse.ArgumentParser) -> None:
    """``--work-dir``."""
    parser.add_argument('--work-dir', help='folder for logs and checkpoints (work_dirs/CONFIG)')
