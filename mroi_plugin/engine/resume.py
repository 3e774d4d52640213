"""The checkpoint to resume from: the last complete one of a work dir."""

from __future__ import annotations

import logging
import os
import os.path as osp
import re

from mmengine.logging import print_log

from mroi_plugin.engine.checkpoints import read_checkpoint
from mroi_plugin.utils.state_dicts import plain_names

NAMES = re.compile(r'(epoch|iter)_(\d+)\.pth')
"""Checkpoints that training can resume from; ``best_*.pth`` has no optimizer."""
NEEDED = ('meta', 'message_hub', 'optimizer')
"""What a run resumes, beside the weights."""


def latest_checkpoint(work_dir: str) -> str | None:
    """The checkpoint of a work dir that was written last and is whole; None if there is none.

    Those that cannot be resumed from are skipped with a warning. The file ``last_checkpoint``
    is not asked: it may name one that is gone.

    Raises:
        ValueError: if there are checkpoints and none of them is whole.
    """
    entries = os.scandir(work_dir) if osp.isdir(work_dir) else ()
    found = [entry for entry in entries if NAMES.fullmatch(entry.name)]
    for entry in sorted(found, key=lambda entry: entry.stat().st_mtime_ns, reverse=True):
        try:
            check_resumable(entry.path)
            return entry.path
        except ValueError as error:
            print_log(f'skipped: {error}', logger='current', level=logging.WARNING)
    if found:
        raise ValueError(
            f'{work_dir} (--resume): none of its {len(found)} checkpoints can be resumed from; '
            'remove them to start anew, or give another with --resume CKPT.'
        )
    return None


def last_checkpoint(work_dir: str) -> str | None:
    """The checkpoint that a training names as its last, in its work dir, wherever that was then;
    None if there is none. It is not opened."""
    told = osp.join(work_dir, 'last_checkpoint')
    if not osp.isfile(told):
        return None
    with open(told, encoding='utf-8') as file:
        path = osp.join(work_dir, osp.basename(file.read().strip()))
    return path if osp.isfile(path) else None


def check_resumable(path: str) -> None:
    """Refuse a checkpoint that training cannot resume from.

    Raises:
        FileNotFoundError: if it is missing.
        ValueError: if it is damaged, or holds weights alone.
    """
    content = read_checkpoint(path)
    if set(plain_names(content['state_dict'])) != set(content['state_dict']):
        raise ValueError(
            f'{path} (--resume): its parameters have names of another trainer, first '
            f'{next(iter(content["state_dict"]))}. To start from its weights alone, set load_from '
            'to it.'
        )
    lacking = [name for name in NEEDED if not isinstance(content.get(name), dict)]
    meta = content.get('meta')
    if not lacking:
        lacking = [f'meta.{key}' for key in ('epoch', 'iter') if not isinstance(meta.get(key), int)]
    if lacking:
        raise ValueError(
            f'{path} (--resume) has no {", ".join(lacking)}: training resumes from a checkpoint '
            'like epoch_N.pth. To start from its weights alone, set load_from to it.'
        )
