"""Checkpoints of mmhuman3d's runner on a disk that fills up."""

from __future__ import annotations

import os

import pytest
import torch

from mroi_plugin.adapters.whole_checkpoints import write_whole_files
from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d


def test_a_full_disk_leaves_the_old_checkpoint(small_disk):
    load_mmhuman3d()
    from mmcv.runner import save_checkpoint

    write_whole_files()
    model, path = torch.nn.Linear(64, 64), small_disk.folder / 'epoch_1.pth'
    save_checkpoint(model, str(path))
    before = path.read_bytes()
    small_disk.make('full')
    with pytest.raises(OSError, match=r'epoch_1.pth .* cannot be written: No space left'):
        save_checkpoint(torch.nn.Linear(64, 96), str(path))
    assert path.read_bytes() == before
    assert sorted(os.listdir(small_disk.folder)) == ['epoch_1.pth', 'filler']
